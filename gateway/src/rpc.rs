//! The practice ledger as an Ethereum node would show it: the few JSON-RPC methods with which a
//! client checks balances, authorizations and settlements. Read-only.

mod block;
mod call;
mod log;
mod message;
mod method;
mod param;

pub(crate) use message::answer;
pub(crate) use method::Chain;

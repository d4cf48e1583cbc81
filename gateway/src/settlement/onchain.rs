//! Settlement on a chain: one gas key sends `transferWithAuthorization` to the token.
//!
//! The signed transaction is on disk before it is sent, and so is each that replaces it, so whatever
//! dies in between, what was sent is known, and of one gas nonce the chain takes one transaction; what
//! is not proven to have ended is unknown.

mod book;
mod chain;
mod contract;
mod fees;
mod follow;
mod gas;
mod keeper;
mod node;
mod queue;
mod reason;
mod signature;
mod transaction;
mod verify;

pub(crate) use chain::Chain;

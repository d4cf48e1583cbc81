//! The practice ledger: test USDC that behaves like the token contract it stands for.
//!
//! It keeps balances, executes each authorization nonce once, and makes a block for every
//! transaction, all in the gateway's own database. No key can move its money except by a signed
//! EIP-3009 authorization; what it does not have is a network, gas, or any value.

mod block;
mod record;
mod token;

pub(crate) use block::Block;
pub(crate) use record::{Filter, Record};
pub(crate) use token::{Ledger, Refusal, amount, usdc};

//! Settlement on a chain: one gas key sends `transferWithAuthorization` to the token.
//!
//! The signed transaction is on disk before it is sent, so whatever dies in between, it is sent
//! again byte for byte and executed at most once; and what is not proven to have ended is unknown.

mod book;
mod contract;
mod node;
mod reason;
mod settle;
mod transaction;

pub(crate) use settle::Chain;

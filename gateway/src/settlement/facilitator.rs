//! Settlement by somebody else: an x402 facilitator that is asked over HTTP.
//!
//! What it is asked is on disk before it is sent, so that exactly the same can be asked again. Its
//! word that a payment was executed is taken; its word that one was not is taken only for a payment
//! that it had not been asked to settle before. Everything else is unknown until the chain tells.

mod book;
mod judge;
mod look;
mod options;
mod request;
mod said;
mod server;
mod settle;
mod terms;

pub use options::SettleThrough;

pub(crate) use look::look;
pub(crate) use settle::Remote;

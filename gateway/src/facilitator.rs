//! Being a facilitator: verifying and settling for the resource servers of others.
//!
//! What `/verify` says changes nothing. `/settle` takes the same durable claim as a sale here, so an
//! authorization is executed once whoever presents it, by whichever door. Wire shapes and reason
//! strings are those of the x402 core specification (§7, §9).

mod asked;
mod options;
mod reply;
mod settle;
mod supported;
mod verify;

pub use options::Facilitator;

pub(crate) use asked::{Asked, Unasked};
pub(crate) use reply::{SettleReply, VerifyReply};
pub(crate) use settle::settle;
pub(crate) use supported::supported;
pub(crate) use verify::verify;

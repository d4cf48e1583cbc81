//! How much of a gateway one client, and one payer, may take.

mod allowance;
mod client;
mod crowd;
mod door;
mod gate;

pub use allowance::{Allowance, Traffic};
pub(crate) use client::Peer;
pub(crate) use gate::{Gate, at_the_gate};

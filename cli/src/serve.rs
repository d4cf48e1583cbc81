//! Serving HTTP on this machine: who may ask, where to listen, when to stop.

mod arguments;
mod guard;
mod listen;
mod pass;
mod token;

pub(crate) use arguments::DoorArguments;
pub(crate) use guard::{Guard, Refusal};
pub(crate) use listen::listen;
pub(crate) use pass::guarded;

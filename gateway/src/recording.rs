//! A streamed answer while it is made: written once, read by as many as come for it.
//!
//! Every event has an id. A reader that lost its connection names the last one it saw and goes on
//! behind it, byte for byte, whether the answer is still being made or was stored long ago.

mod resume;
mod shelf;
mod stream;
mod tape;

pub(crate) use resume::{Gap, resume};
pub(crate) use shelf::Recordings;
pub(crate) use stream::{Recording, Writer};

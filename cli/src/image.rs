//! `blockrun image`.

mod draw;
mod target;

pub(crate) use draw::{ImageArguments, run};

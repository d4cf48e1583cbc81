//! `blockrun chat` and `blockrun quote`.

mod arguments;
mod ask;
mod paper;
mod talk;

pub(crate) use arguments::{ChatArguments, Question};
pub(crate) use ask::{quote, run};

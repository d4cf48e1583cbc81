//! `blockrun doctor`: whether a paid call would work here, and what to do if not.

mod examine;
mod finding;
mod machine;
mod server;

pub(crate) use examine::{DoctorArguments, run};

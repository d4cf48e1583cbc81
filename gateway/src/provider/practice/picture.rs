//! Pictures: a pattern that follows from the request, and a band that says who drew it.

mod file;
mod pattern;

pub(super) use file::draw;

//! A page for whoever runs the gateway: what it earns and how it is, at a glance. Made here whole;
//! it has no script and loads nothing.

mod look;
mod page;
mod words;

pub(crate) use look::look;

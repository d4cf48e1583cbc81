//! Real upstreams: any number of OpenAI-compatible endpoints, named by a settings file.
//!
//! The first upstream of the file that serves a model is asked; those after it are its fallbacks.
//! One that fails again and again is left in peace for a while. Nothing of an upstream reaches a
//! caller but its answer, or the message of its 400: no name, no address, no key.

mod breaker;
mod events;
mod failure;
mod mapping;
mod pictures;
mod question;
mod reading;
mod request;
mod server;
mod service;
mod settings;

pub(crate) use mapping::Mapping;
pub(crate) use service::Upstreams;
pub(crate) use settings::{OutputLimit, PicturesAs, Upstream};

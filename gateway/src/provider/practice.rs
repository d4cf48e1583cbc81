//! The practice provider: deterministic, offline, and open about it.
//!
//! It greets, repeats, counts, reverses, adds; it calls tools, fills JSON schemas, streams, draws, and
//! reports honest usage. Everything an integration needs to see, except intelligence. Every answer
//! carries `system_fingerprint: "practice"` and prose says what wrote it.

mod answer;
mod picture;
mod reply;
mod schema;
mod service;
mod tool_call;
mod wire;

pub use service::PracticeProvider;

//! The chat request: checked in full before any price is named.

mod message;
mod request;
mod tool;

pub use request::{ChatRequest, Format};
pub use tool::{Tool, ToolChoice};

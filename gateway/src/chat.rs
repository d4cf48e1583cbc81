//! The chat request: checked in full before any price is named.

mod message;
mod request;
mod search;
mod tool;

pub(crate) use request::MAX_CHOICES;
pub use request::{ChatRequest, Format};
pub use search::Search;
pub use tool::{Tool, ToolChoice};

//! Chat completions in OpenAI's form: the request with its checks, the response without loss.

mod request;
mod response;

pub use request::ChatRequest;
pub use response::{ChatChoice, ChatMessage, ChatResponse, ChatUsage};

//! Chat completions in OpenAI's form: the request with its checks, the response without loss,
//! whole or in chunks.

mod accumulate;
mod chunk;
mod fallback;
pub(crate) mod lenient;
mod request;
mod response;
mod stream;
pub(crate) mod validate;

pub use accumulate::ChatAccumulator;
pub use chunk::{ChatChunk, ChunkChoice};
pub use fallback::ServerFallback;
pub use request::ChatRequest;
pub use response::{ChatChoice, ChatMessage, ChatResponse, ChatUsage};
pub use stream::ChatStream;

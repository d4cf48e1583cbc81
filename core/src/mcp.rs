//! x402 over MCP: tools of the Model Context Protocol that answer with a price are paid like requests
//! (x402 specification, transports-v2/mcp).
//!
//! The application keeps its MCP client, whatever it is and whatever it speaks: it lends a
//! [`ToolSession`], which performs one `tools/call`. Each leg of a call is one of those. What is
//! signed, recorded, sent again or given up is decided where it is decided for HTTP.

mod call;
mod carrier;
mod reply;
mod session;

pub use call::{ToolCall, ToolResult};
pub use session::ToolSession;

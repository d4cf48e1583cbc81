//! `blockrun mcp`: tools that pay, for hosts of the Model Context Protocol.

mod arguments;
mod input;
mod output;
mod progress;
mod reply;
mod schema;
mod server;
mod tools;

pub(crate) use arguments::{McpArguments, run};

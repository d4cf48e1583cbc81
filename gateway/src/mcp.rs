//! What is sold here, as tools of the Model Context Protocol, paid by x402 over MCP (x402
//! specification, transports-v2/mcp).
//!
//! The transport is streamable HTTP at its plainest: one message in a `POST`, its answer as JSON, no
//! session and no stream. A call of a tool is an order like any other: quoted, verified, claimed and
//! settled where those of HTTP are.

mod answer;
mod call;
mod message;
mod tool;

pub(crate) use call::call;
pub(crate) use message::{Message, Spoken, failed, succeeded};
pub(crate) use tool::{greeting, list};

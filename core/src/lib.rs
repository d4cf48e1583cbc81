//! Pay for AI calls by the request: a client of OpenAI-compatible endpoints that answer HTTP 402
//! with a price and accept a signed USDC payment in the next request (the x402 protocol, EIP-712
//! and EIP-3009). A call is charged exactly once or not at all.
//!
//! [`LLMClient`] is the whole of it for most programs. Below it, floor by floor, each naming only
//! floors below: [`http`] (paid requests) and [`chain`] (what a chain says), [`journal`] (what was
//! paid), [`flow`] (the state machine), [`policy`] (what may be signed), [`x402`] (the protocol),
//! [`quote`] (the price rule) and [`sse`] (event streams), [`wallet`] (who signs), and the facts:
//! [`money`], [`networks`], [`error`], [`clock`].
//! [`offline`] signs and verifies without a network; [`discovery`] finds what can be bought elsewhere.
//!
//! Nothing here creates a runtime, installs a logger, or reads a file when loaded.

#![forbid(unsafe_code)]

mod canonical;
pub mod chain;
pub mod chat;
pub mod client;
pub mod clock;
pub mod discovery;
pub mod error;
pub mod flow;
pub mod http;
pub mod images;
pub mod journal;
pub mod mcp;
pub mod models;
pub mod money;
pub mod networks;
pub mod offline;
pub mod policy;
pub mod quote;
pub mod sse;
pub mod wallet;
pub mod x402;

pub use canonical::canonical_json;
pub use chat::{ChatAccumulator, ChatChunk, ChatRequest, ChatResponse};
pub use client::{
    AgentWallet, ApiRequest, ClientOptions, HostError, LLMClient, PaymentMode, PollOptions,
    PrivateKey, Quote, WalletInUse, WalletStatus, ensure_wallet,
};
pub use discovery::{DiscoverOptions, Resource, ResourceOffer};
pub use error::{Error, ErrorKind, PaymentState, Result};
pub use images::{ImageRequest, ImageResponse};
pub use mcp::{ToolCall, ToolResult, ToolSession};
pub use models::Model;
pub use money::Usdc;

#![forbid(unsafe_code)]
//! gateway
mod catalog;
mod chat;
mod ledger;
mod problem;
mod provider;
mod store;
pub use catalog::*;
pub use chat::*;
pub use provider::*;

//! The HTTP surface.

mod admin;
mod answers;
mod body;
mod cached;
mod chat;
mod cors;
mod dashboard;
mod documents;
mod facilitator;
mod health;
mod images;
mod mcp;
mod metrics;
mod models;
mod pricing;
mod quote;
mod ready;
mod router;
mod rpc;
mod transactions;

pub(crate) use router::router;

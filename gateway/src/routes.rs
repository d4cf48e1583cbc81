//! The HTTP surface.

mod admin;
mod answers;
mod body;
mod chat;
mod facilitator;
mod health;
mod images;
mod models;
mod pricing;
mod quote;
mod router;
mod rpc;
mod transactions;

pub(crate) use router::router;

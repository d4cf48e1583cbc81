#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod admin;
mod app;
mod catalog;
mod chat;
mod claim;
mod config;
mod dashboard;
mod discovery;
mod doctor;
mod error;
mod facilitator;
mod field;
mod gallery;
mod images;
mod ledger;
mod mcp;
mod observe;
mod offer;
mod openapi;
mod origin;
#[cfg(feature = "otel")]
mod otlp;
mod outgoing;
mod problem;
mod provider;
mod quote;
mod recording;
mod revenue;
mod routes;
mod rpc;
mod sale;
mod sales;
mod serve;
mod service;
mod settings;
mod settlement;
mod signature;
mod stock;
mod store;
mod trace;
mod traffic;

pub use admin::{Admin, AdminToken, AdminTokenError};
pub use catalog::{Catalog, CatalogError, Model, PictureKind, PictureSize, Price};
pub use chat::{ChatRequest, Format, Search, Tool, ToolChoice};
pub use config::{Config, PRACTICE_PAYEE, Protocols, TlsFiles};
pub use doctor::{Finding, Health, examine};
pub use error::Error;
pub use facilitator::Facilitator;
pub use field::Invalid;
pub use images::ImageRequest;
#[cfg(feature = "otel")]
pub use otlp::{Traces, TracesError};
pub use provider::{
    Completion, DrawCall, Frames, Picture, PracticeProvider, Provider, ProviderCall, ProviderError,
    UpstreamState,
};
pub use revenue::{RevenueError, RevenueQuery, RevenueReport, RevenueRow};
pub use serve::{Gateway, Running};
pub use settings::{Reloaded, SettingsError};
pub use settlement::{Onchain, SettleThrough};
pub use store::Database;
pub use traffic::{Allowance, Traffic};

//! How agents find what is sold here, and what it costs.
//!
//! The bazaar extension of x402 describes an endpoint in its own 402; the listing
//! (`/discovery/resources`, by words `/discovery/search`) and the manifest (`/.well-known/x402`) say the same before anything is
//! asked for.

mod bazaar;
mod endpoint;
mod extension;
mod listing;
mod manifest;
mod query;
mod search;

pub(crate) use endpoint::Endpoint;
pub(crate) use extension::extensions;
pub(crate) use listing::listing;
pub(crate) use manifest::manifest;
pub(crate) use query::Query;
#[cfg(test)]
pub(crate) use query::{DEFAULT_LIMIT, LIMITS};
pub(crate) use search::search;

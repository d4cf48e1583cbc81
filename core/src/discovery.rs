//! What can be bought elsewhere: the paid resources that a server or a catalog of servers lists (x402
//! `GET /discovery/resources`, the "bazaar").
//!
//! A listing is somebody's word. Nothing here is paid by it: what a call costs, and whether it may be
//! paid, is decided when the resource itself asks for a payment, by its 402 and our policy.

mod page;
mod query;
mod resource;

pub use page::Page;
pub use query::DiscoverOptions;
pub use resource::{Resource, ResourceOffer};

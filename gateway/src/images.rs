//! The image request: checked in full before any price is named.

mod quote;
mod request;

pub(crate) use quote::quote;
pub(crate) use request::Delivery;
pub use request::ImageRequest;

//! The image request: checked in full before any price is named.

mod quote;
mod request;

pub(crate) use quote::quote;
pub use request::ImageRequest;
pub(crate) use request::{Delivery, MAX_PICTURES, MAX_PROMPT};

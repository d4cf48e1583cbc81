//! The pages for whoever runs the gateway, and who may see them.

mod access;
mod token;

pub(crate) use access::admit;
pub use token::{Admin, AdminToken, AdminTokenError};

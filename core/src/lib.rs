//! Pay for AI calls by the request.

#![forbid(unsafe_code)]

mod canonical;
pub mod clock;
pub mod error;
pub mod money;
pub mod networks;
pub mod offline;
pub mod policy;
pub mod quote;
pub mod wallet;
pub mod x402;

pub use canonical::canonical_json;
pub use error::{Error, ErrorKind, Result};
pub use money::Usdc;

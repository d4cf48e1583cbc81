//! Whether a gateway would work where it is to run, and what to do about it if not.

mod chain;
mod clock;
mod examine;
mod facilitator;
mod finding;
mod machine;
mod upstreams;

pub use examine::examine;
pub use finding::{Finding, Health};

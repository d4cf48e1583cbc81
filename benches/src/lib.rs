//! What the measuring programs share: payments that are signed beforehand, and what was measured.

mod payments;
mod report;

pub use payments::{Shop, Signed};
pub use report::Report;

/// Any failure ends a measurement.
pub type Problem = Box<dyn std::error::Error + Send + Sync>;

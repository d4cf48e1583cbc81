//! What the measuring programs share: the terms that are asked, the payments that came, payments
//! that are signed beforehand, rows of calls, and what was measured.

mod payments;
mod report;
mod row;
mod terms;
mod till;

pub use payments::{Shop, Signed};
pub use report::Report;
pub use row::{Call, Measured, Row, play};
pub use terms::Terms;
pub use till::Till;

/// Any failure ends a measurement.
pub type Problem = Box<dyn std::error::Error + Send + Sync>;

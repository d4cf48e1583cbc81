//! What the measuring programs share: the terms that are asked, the payments that came, payments
//! that are signed beforehand, rows of calls, the pieces of a call, and what was measured.

mod payments;
mod pieces;
mod report;
mod row;
mod terms;
mod till;

pub use payments::{Connection, Shop, Signed};
pub use pieces::Pieces;
pub use report::Report;
pub use row::{Call, Measured, Row, play};
pub use terms::Terms;
pub use till::Till;

/// Any failure ends a measurement.
pub type Problem = Box<dyn std::error::Error + Send + Sync>;

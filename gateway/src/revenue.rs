//! What a gateway earned, for its books.

mod day;
mod fetch;
mod query;
mod report;

pub(crate) use day::day_name;
pub use fetch::RevenueError;
pub use query::RevenueQuery;
pub use report::{RevenueReport, RevenueRow};

//! Every authorization before it is sent, and what became of it. Budgets are sums over it.
//!
//! This journal lives in memory and with the client object: it keeps a session's budget and shows
//! what was paid, but it does not survive the process.

mod memory;
mod record;

pub use memory::{Entry, Journal, RowId};
pub use record::{PaymentRecord, RecordState, Spending};

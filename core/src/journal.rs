//! Every authorization before it is sent, and what became of it. Budgets are sums over it.
//!
//! A row's life: `reserved` (leased to a process) → `signed` (from here on maybe sent) → `settled`,
//! `refused`, `unknown`, `released` or `cancelled`; what expires without proof is shown as
//! `presumed_charged` and counts in full. An authorization leaves the budgets only when it was never
//! sent, or on proof that it cannot be executed.
//!
//! The database is SQLite in the wallet home (`BLOCKRUN_HOME`, default `~/.blockrun`), shared by
//! all processes, opened at the first paid call and written by one connection a process. With
//! [`Durability::Process`] a record survives the death of the process, with [`Durability::Power`]
//! the loss of power. It holds no prompt, no answer, no private key, and no idempotency key but
//! those made up here; it does hold signed payments until they are compacted away, which is why the
//! file is private.

mod change;
mod compact;
mod lease;
mod list;
mod lookup;
mod open;
mod options;
mod payee;
mod record;
mod reserve;
mod row;
mod shared;
mod spending;
mod sums;
mod transaction;
mod writer;

pub use list::Unresolved;
pub use options::{Durability, JournalKind, JournalOptions, OnUnresolved};
pub use record::{
    BudgetState, Entry, Identity, PaymentFilter, PaymentRecord, RecordState, Reservation,
    Resumable, RowId, Spending, Standing,
};
pub use shared::{Journal, Proven};
pub use sums::{PaymentSum, SumBy, SumOf};
pub use writer::Visit;

use crate::error::{Error, ErrorKind};

/// A database error: nothing of the job was kept.
fn failed(cause: rusqlite::Error) -> Error {
    Error::new(ErrorKind::Journal, format!("the payment journal failed: {cause}"))
        .with_source(cause)
}

fn broken(cause: &dyn std::fmt::Display) -> Error {
    let message = format!("the payment journal cannot be written: {cause}. Nothing was signed");
    Error::new(ErrorKind::Journal, message)
}

//! SQLite: the embedded database, of one process.

mod open;
mod statement;
mod worker;

#[cfg(test)]
pub(super) use open::in_memory;
pub(super) use open::{exists, migrate, open};
pub(super) use rusqlite::Connection;
pub(super) use statement::{execute, query, read};

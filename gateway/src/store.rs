//! The durable memory: one SQLite database, written by one thread.

mod error;
mod open;
mod worker;

pub(crate) use error::StoreError;
pub(crate) use open::{dedicate, exists, open};
pub(crate) use worker::Store;

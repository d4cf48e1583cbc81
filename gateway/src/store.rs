//! The durable memory: SQLite within the process, or a PostgreSQL that several processes share.
//!
//! Whoever keeps something here writes one SQL text for both (see [`Db`]) and hands it to [`Store`].
//! Tables come with a numbered step for each kind of database (`schema`).

mod database;
mod db;
mod error;
mod lock;
mod open;
#[cfg(feature = "postgres")]
mod postgres;
pub(crate) mod process;
mod schema;
mod sqlite;
mod value;
mod work;

pub use database::Database;
pub(crate) use db::Db;
pub(crate) use error::StoreError;
pub(crate) use lock::Lock;
pub(crate) use open::{OpenError, dedicate, exists, look, migrate, open, reach};
pub(crate) use value::{Column, Row, Value, values};
pub(crate) use work::Store;

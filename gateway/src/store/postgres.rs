//! PostgreSQL: a database that several processes share.

mod connection;
mod line;
mod migrate;
mod open;
mod place;
mod statement;
#[cfg(test)]
mod tests;
mod worker;

pub(super) use connection::Connection;
#[cfg(test)]
pub(super) use open::for_test;
pub(super) use open::{look, migrate, open, reach};
pub(super) use statement::read;

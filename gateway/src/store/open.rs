//! Opening a store of whichever kind.

use std::{io, path::PathBuf};

#[cfg(feature = "postgres")]
use super::postgres;
use super::{Database, Db, Lock, Store, StoreError, process, schema::VERSION, sqlite, values};
use crate::config::Config;

/// The store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("data folder {path}: {source}")]
    Folder { path: PathBuf, source: io::Error },
    #[error("{path} is in use by another gateway; stop it or name another data folder")]
    InUse { path: PathBuf },
    #[error(
        "{place} was written by a newer version (schema {found}, this program knows {VERSION}); \
         update blockrun, or name another data folder or database"
    )]
    Newer { place: String, found: i64 },
    #[error(
        "{path} was written by a trial version (schema {found}, this program knows {VERSION}); \
         move it away or name another data folder"
    )]
    Older { path: PathBuf, found: i64 },
    #[error("{path}: {source}; if it is damaged, move it away or name another data folder")]
    File { path: PathBuf, source: rusqlite::Error },
    #[error(
        "the database cannot be used: {0}; see that it is there, that its URL is right, and that no other program has tables in it"
    )]
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "there is none"))]
    Database(String),
    #[error(
        "the database's tables are of version {found}, this program's of {VERSION}; \
         `blockrun gateway migrate` brings them up to date"
    )]
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "there is none"))]
    Behind { found: i64 },
    #[error("this build cannot read a shared database: build with the feature `postgres`")]
    #[cfg_attr(feature = "postgres", expect(dead_code, reason = "it can"))]
    Unbuilt,
    #[error("the store's threads could not be started: {0}")]
    Thread(io::Error),
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

impl OpenError {
    /// Whether a gateway that runs has it.
    pub(crate) const fn is_in_use(&self) -> bool {
        matches!(self, Self::InUse { .. })
    }
}

/// Whether a configuration's database is there before it is opened; of a shared one that is not known.
pub(crate) fn exists(config: &Config) -> bool {
    config.database.is_some() || config.data.as_deref().is_some_and(sqlite::exists)
}

/// Looks whether a configuration's database works: a shared one by connecting to it, another one by
/// opening it as a start does.
pub(crate) fn reach(config: &Config) -> Result<(), OpenError> {
    match &config.database {
        #[cfg(feature = "postgres")]
        Some(database) => postgres::reach(database),
        _ => open(config, ()).map(drop),
    }
}

/// A connection to a shared database for reading, which changes nothing.
#[cfg(feature = "postgres")]
pub(crate) fn look(database: &Database) -> Result<Db, OpenError> {
    postgres::look(database)
}

/// There is no such connection in this build.
#[cfg(not(feature = "postgres"))]
pub(crate) const fn look(_: &Database) -> Result<Db, OpenError> {
    Err(OpenError::Unbuilt)
}

/// Opens the database that a configuration names: a shared one, one in a data folder, which is made if
/// it is missing, or one in memory. `guard` is dropped when the store is closed again.
pub(crate) fn open(config: &Config, guard: impl Send + 'static) -> Result<Store, OpenError> {
    let process = process::number().map_err(OpenError::Random)?;
    match &config.database {
        #[cfg(feature = "postgres")]
        Some(database) => postgres::open(database, process, guard),
        _ => sqlite::open(config.data.as_deref(), process, guard),
    }
}

/// Brings the tables of a configuration's database to this program's version and returns the one that
/// they had; 0 is an empty database.
pub(crate) fn migrate(config: &Config) -> Result<i64, OpenError> {
    match &config.database {
        #[cfg(feature = "postgres")]
        Some(database) => postgres::migrate(database),
        _ => sqlite::migrate(config.data.as_deref()),
    }
}

/// Binds a database to one kind of settlement, at its first start.
pub(crate) fn dedicate(db: &Db, kind: &str) -> Result<(), StoreError> {
    // The first of two that start at once decides.
    db.lock(Lock::Ledger)?;
    let sql = "INSERT INTO settlement (kind) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM settlement)";
    db.execute(sql, values![kind])?;
    match db.one("SELECT kind FROM settlement", &[], |row| row.get::<String>(0))? {
        Some(own) if own != kind => Err(StoreError::OtherSettlement(own)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn play_money_and_real_money_do_not_meet() {
        let db = Db::for_test();
        dedicate(&db, "practice").unwrap();
        dedicate(&db, "practice").unwrap();
        let error = dedicate(&db, "onchain").unwrap_err();
        assert!(error.to_string().contains("is practice"), "{error}");
    }
}

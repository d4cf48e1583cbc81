//! A connection to whichever database there is.

#[cfg(feature = "postgres")]
use super::postgres;
use super::{Lock, Row, StoreError, Value, sqlite};
use crate::app::now;

/// A connection, within a transaction that its owner begins and ends.
///
/// One SQL text serves all kinds of databases. It is written in what they have in common; parameters
/// are `?1`, `?2` ...; a sum is cast to `BIGINT`. What they do not have in common is in
/// the modules `sqlite` and `postgres` and in the numbered schemas.
#[derive(Debug)]
pub(crate) struct Db {
    process: i64,
    backend: Backend,
}

#[derive(Debug)]
enum Backend {
    Sqlite(sqlite::Connection),
    #[cfg(feature = "postgres")]
    Postgres(Box<postgres::Connection>),
}

impl Db {
    /// `process` is who works on it: see [`process`](super::process).
    pub(super) const fn sqlite(connection: sqlite::Connection, process: i64) -> Self {
        Self { process, backend: Backend::Sqlite(connection) }
    }

    #[cfg(feature = "postgres")]
    pub(super) fn postgres(connection: postgres::Connection, process: i64) -> Self {
        Self { process, backend: Backend::Postgres(Box::new(connection)) }
    }

    /// This process among those that share the database.
    pub(crate) const fn process(&self) -> i64 {
        self.process
    }

    /// Whether other processes may work on the database too.
    pub(crate) const fn is_shared(&self) -> bool {
        !matches!(self.backend, Backend::Sqlite(_))
    }

    /// The time in Unix seconds, by the clock that all processes of the database go by.
    pub(super) fn clock(&self) -> Result<i64, StoreError> {
        match &self.backend {
            Backend::Sqlite(_) => Ok(now().cast_signed()),
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => {
                let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) AS BIGINT)";
                let time = self.one(sql, &[], |row| row.get(0))?;
                time.ok_or(StoreError::Damaged("the clock"))
            }
        }
    }

    /// Runs a statement and returns how many rows it changed.
    pub(crate) fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        match &self.backend {
            Backend::Sqlite(db) => sqlite::execute(db, sql, values),
            #[cfg(feature = "postgres")]
            Backend::Postgres(db) => db.execute(sql, values),
        }
    }

    /// The first row of a result, if there is one.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(sql, values, read)?.into_iter().next())
    }

    /// All rows of a result.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        match &self.backend {
            Backend::Sqlite(db) => sqlite::query(db, sql, values, read),
            #[cfg(feature = "postgres")]
            Backend::Postgres(db) => db.query(sql, values, read),
        }
    }

    /// Whether a query finds anything.
    pub(crate) fn exists(&self, sql: &str, values: &[Value<'_>]) -> Result<bool, StoreError> {
        Ok(self.one(sql, values, |_| Ok(()))?.is_some())
    }

    /// Waits until no other transaction has this lock, and has it to the end of its own. What is read
    /// after that is what was committed before. SQLite has one writer, so there it is always had.
    pub(crate) fn lock(&self, lock: Lock<'_>) -> Result<(), StoreError> {
        match (&self.backend, lock) {
            (Backend::Sqlite(_), _) => Ok(()),
            #[cfg(feature = "postgres")]
            (Backend::Postgres(_), lock) => {
                let sql = "SELECT pg_advisory_xact_lock(?1)";
                self.exists(sql, &[Value::Int(lock.number())]).map(drop)
            }
        }
    }
}

/// What a shared database is asked besides.
#[cfg(feature = "postgres")]
impl Db {
    /// Runs statements without parameters.
    pub(super) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Sqlite(db) => Ok(db.execute_batch(sql)?),
            Backend::Postgres(db) => db.batch(sql),
        }
    }

    /// The id of the transaction, if it has written anything.
    pub(super) fn transaction(&self) -> Result<Option<String>, StoreError> {
        match &self.backend {
            Backend::Sqlite(_) => Ok(None),
            Backend::Postgres(db) => db.transaction(),
        }
    }

    /// What became of a transaction, in PostgreSQL's words.
    pub(super) fn outcome(&self, transaction: &str) -> Result<Option<String>, StoreError> {
        match &self.backend {
            Backend::Sqlite(_) => Ok(None),
            Backend::Postgres(db) => db.outcome(transaction),
        }
    }
}

#[cfg(test)]
impl Db {
    /// An empty database for a test of what is on it: of the kind that this run of the tests is for.
    pub(crate) fn for_test() -> Self {
        #[cfg(feature = "postgres")]
        if let Some(url) = conformance::shared_database() {
            return postgres::for_test(&url);
        }
        sqlite::in_memory()
    }
}

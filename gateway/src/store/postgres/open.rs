//! Opening a shared database.

use std::sync::Arc;

use super::{
    migrate::{bring_up_to_date, version},
    place::Place,
    worker,
};
use crate::store::{Database, Db, OpenError, Store, StoreError, schema::VERSION};

/// Connects, migrates, and starts the threads. `guard` is dropped when the store is closed again.
pub(in crate::store) fn open(
    database: &Database,
    process: i64,
    guard: impl Send + 'static,
) -> Result<Store, OpenError> {
    let place = Arc::new(Place::of(database, process)?);
    let connection = place.connect().map_err(|error| OpenError::Database(error.to_string()))?;
    bring_up_to_date(&connection)?;
    let first = place.db(connection);
    worker::start(place, first, database.connections, guard).map_err(OpenError::Thread)
}

/// Connects, and changes nothing; tables that a start would refuse are refused.
pub(in crate::store) fn reach(database: &Database) -> Result<(), OpenError> {
    connected(database).map(drop)
}

/// Connects for reading, and changes nothing; tables of another version are refused.
pub(in crate::store) fn look(database: &Database) -> Result<Db, OpenError> {
    match connected(database)? {
        (db, VERSION) => Ok(db),
        (_, found) => Err(OpenError::Behind { found }),
    }
}

/// A connection, and the version of the tables, which is none that is not known yet.
fn connected(database: &Database) -> Result<(Db, i64), OpenError> {
    let place = Place::of(database, 0)?;
    let wrong = |error: StoreError| OpenError::Database(error.to_string());
    let connection = place.connect().map_err(wrong)?;
    let found = version(&connection).map_err(wrong)?;
    if found > VERSION {
        return Err(OpenError::Newer { place: "the database".into(), found });
    }
    Ok((place.db(connection), found))
}

/// Brings a database to this program's schema and returns the version that it had; 0 was empty.
pub(in crate::store) fn migrate(database: &Database) -> Result<i64, OpenError> {
    let connection = Place::of(database, 0)?.connect();
    bring_up_to_date(&connection.map_err(|error| OpenError::Database(error.to_string()))?)
}

/// One connection to a database, migrated, for tests of what is on it.
#[cfg(test)]
pub(in crate::store) fn for_test(url: &str) -> Db {
    let place = Place::of(&Database::new(url), 1).unwrap();
    let connection = place.connect().unwrap();
    bring_up_to_date(&connection).unwrap();
    place.db(connection)
}

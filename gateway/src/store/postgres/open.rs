//! Opening a shared database.

use std::sync::Arc;

use super::{migrate::bring_up_to_date, place::Place, worker};
#[cfg(test)]
use crate::store::Db;
use crate::store::{Database, OpenError, Store};

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

/// Connects, and changes nothing.
pub(in crate::store) fn reach(database: &Database) -> Result<(), OpenError> {
    let connected = Place::of(database, 0)?.connect();
    connected.map(drop).map_err(|error| OpenError::Database(error.to_string()))
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

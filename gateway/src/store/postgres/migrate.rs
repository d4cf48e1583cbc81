//! Bringing a database to this program's schema.

use super::Connection;
use crate::store::{
    OpenError, StoreError,
    schema::{POSTGRES, VERSION},
};

/// The oldest that can say what became of a transaction (`pg_xact_status` of a `xid8`).
const OLDEST: i64 = 130_000;

/// Whoever comes first does it; others that start at the same time wait and find it done. Returns the
/// version that was found.
pub(super) fn bring_up_to_date(db: &Connection) -> Result<i64, OpenError> {
    match within_transaction(db) {
        Ok(found) if found > VERSION => {
            Err(OpenError::Newer { place: "the database".into(), found })
        }
        done => done.map_err(|error| OpenError::Database(error.to_string())),
    }
}

/// The version of the tables; 0 where no gateway has been yet.
pub(super) fn version(db: &Connection) -> Result<i64, StoreError> {
    let sql = "SELECT CAST(to_regclass('gateway_schema') AS TEXT)";
    let table: Option<Option<String>> = db.query(sql, &[], |row| row.get(0))?.pop();
    if table.flatten().is_none() {
        return Ok(0);
    }
    let found = db.query("SELECT version FROM gateway_schema", &[], |row| row.get(0))?.pop();
    Ok(found.unwrap_or_default())
}

fn within_transaction(db: &Connection) -> Result<i64, StoreError> {
    let sql = "SELECT CAST(current_setting('server_version_num') AS BIGINT)";
    let server: i64 = db.query(sql, &[], |row| row.get(0))?.pop().unwrap_or_default();
    if server < OLDEST {
        return Err(StoreError::Database(format!(
            "PostgreSQL {} is too old, 13 is needed",
            server / 10_000
        )));
    }
    // The number is of nothing but this, whatever else uses the database.
    db.batch(
        "BEGIN; SELECT pg_advisory_xact_lock(7885216402310455);
         CREATE TABLE IF NOT EXISTS gateway_schema (version BIGINT NOT NULL)",
    )?;
    let found = db.query("SELECT version FROM gateway_schema", &[], |row| row.get(0))?.pop();
    let found = found.unwrap_or_default();
    if found < VERSION {
        for step in POSTGRES.iter().filter(|step| step.version > found) {
            db.batch(step.sql)?;
        }
        db.execute("DELETE FROM gateway_schema", &[])?;
        db.execute("INSERT INTO gateway_schema VALUES (?1)", &[VERSION.into()])?;
    }
    db.batch("COMMIT")?;
    Ok(found)
}

//! Pinned payees: at an origin nobody may be paid but whoever was paid there first.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Entry, failed};
use crate::error::{Error, Rejection, Result};

/// Remembers the payee of a first payment, and refuses another one later.
pub(super) fn check(db: &Connection, entry: &Entry) -> Result<()> {
    let (origin, payee) = (&entry.origin, &entry.record.payee);
    let sql = "SELECT payee FROM payees WHERE origin = ?1";
    let pinned: Option<String> =
        db.query_row(sql, params![origin], |row| row.get(0)).optional().map_err(failed)?;
    match pinned {
        None => db
            .execute("INSERT INTO payees VALUES (?1, ?2)", params![origin, payee])
            .map(drop)
            .map_err(failed),
        Some(pinned) if pinned == *payee => Ok(()),
        Some(pinned) => Err(Error::rejected(Rejection {
            field: "payTo".to_owned(),
            got: payee.clone(),
            allowed: format!("{pinned}, who was paid first at {origin} (policy)"),
        })),
    }
}

//! Keeps the database small: what ended long ago becomes a tombstone, so that its key stays spent.

use rusqlite::{Connection, params};

use super::{failed, spending};
use crate::{clock::Timestamp, error::Result};

/// Ended calls are kept this long, with what was signed for them.
const KEPT_SECONDS: u64 = 30 * 86_400;

/// Done once per process, before its first reservation. What is unresolved is never dropped.
pub(super) fn tidy(db: &Connection, now: Timestamp) -> Result<()> {
    let before = now.saturating_sub(KEPT_SECONDS).cast_signed();
    spending::prune(db, now).map_err(failed)?;
    db.execute(
        "INSERT OR IGNORE INTO tombstones
         SELECT key_hash, nonce, state, ?2 FROM calls
         WHERE created_at < ?1 AND state IN ('settled', 'cancelled')",
        params![before, now.cast_signed()],
    )
    .map_err(failed)?;
    let sql = "DELETE FROM calls
               WHERE created_at < ?1 AND state IN ('settled', 'cancelled', 'released')";
    if db.execute(sql, params![before]).map_err(failed)? > 0 {
        spending::prune_sessions(db).map_err(failed)?;
    }
    Ok(())
}

//! The public ids of calls. An id is a name, not a secret: whoever knows it gets nothing by it.

use super::{ClaimKey, Named};
use crate::store::{Db, Row, StoreError, values};

/// One of these ids that another call of the payer has, and has not ended without a settlement.
pub(super) fn foreign(
    db: &Db,
    key: &ClaimKey,
    ids: &[String],
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT 1 FROM ids JOIN claims ON claims.id = ids.claim
               WHERE ids.id = ?1 AND ids.payer = ?2
                     AND (network <> ?3 OR asset <> ?4 OR nonce <> ?5)
                     AND state NOT IN ('refused', 'released')";
    for id in ids {
        let call = values![id.as_str(), &key.payer, key.network, &key.asset, &key.nonce];
        if db.exists(sql, call)? {
            return Ok(Some(id.clone()));
        }
    }
    Ok(None)
}

/// Binds ids to a claim of their payer.
pub(super) fn bind(db: &Db, key: &ClaimKey, ids: &[String]) -> Result<(), StoreError> {
    let sql = "INSERT INTO ids (id, payer, claim) VALUES (?1, ?2, (SELECT id FROM claims
                   WHERE network = ?3 AND asset = ?4 AND payer = ?2 AND nonce = ?5))
               ON CONFLICT (id, payer) DO UPDATE SET claim = excluded.claim";
    for id in ids {
        let call = values![id.as_str(), &key.payer, key.network, &key.asset, &key.nonce];
        db.execute(sql, call)?;
    }
    Ok(())
}

/// The claims that go by an id: one for each payer that used it.
pub(crate) fn named(db: &Db, id: &str) -> Result<Vec<Named>, StoreError> {
    let sql = "SELECT network, asset, claims.payer, nonce, recovery
               FROM ids JOIN claims ON claims.id = ids.claim WHERE ids.id = ?1";
    // No id has one, and not every database takes it.
    if id.contains('\0') { Ok(Vec::new()) } else { db.all(sql, values![id], read) }
}

fn read(row: &Row<'_>) -> Result<Named, StoreError> {
    Ok(Named { key: ClaimKey::read(row)?, recovery: row.get(4)? })
}

//! The public ids of calls. An id is a name, not a secret: whoever knows it gets nothing by it.

use rusqlite::{Connection, Row, params};

use super::{ClaimKey, Named};
use crate::store::StoreError;

/// One of these ids that another call of the payer has, and has not ended without a settlement.
pub(super) fn foreign(
    db: &Connection,
    key: &ClaimKey,
    ids: &[String],
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT 1 FROM ids JOIN claims ON claims.id = ids.claim
               WHERE ids.id = ?1 AND ids.payer = ?2
                     AND (network <> ?3 OR asset <> ?4 OR nonce <> ?5)
                     AND state NOT IN ('refused', 'released')";
    let (asset, payer, nonce) = (key.asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice());
    for id in ids {
        let taken = db.prepare(sql)?.exists(params![id, payer, key.network, asset, nonce])?;
        if taken {
            return Ok(Some(id.clone()));
        }
    }
    Ok(None)
}

/// Binds ids to a claim of their payer.
pub(super) fn bind(
    db: &Connection,
    key: &ClaimKey,
    claim: i64,
    ids: &[String],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO ids (id, payer, claim) VALUES (?1, ?2, ?3)
               ON CONFLICT (id, payer) DO UPDATE SET claim = excluded.claim";
    for id in ids {
        db.execute(sql, params![id, key.payer.as_slice(), claim])?;
    }
    Ok(())
}

/// The claims that go by an id: one for each payer that used it.
pub(crate) fn named(db: &Connection, id: &str) -> Result<Vec<Named>, StoreError> {
    let sql = "SELECT network, asset, claims.payer, nonce, recovery
               FROM ids JOIN claims ON claims.id = ids.claim WHERE ids.id = ?1";
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([id], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

fn read(row: &Row<'_>) -> Result<Named, StoreError> {
    let recovery = row.get::<_, Option<[u8; 32]>>(4)?.map(Into::into);
    Ok(Named { key: ClaimKey::read(row)?, recovery })
}

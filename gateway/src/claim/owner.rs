//! Whose a claim is: the process's that works on it, or nobody's.

use super::ClaimKey;
use crate::store::{Db, StoreError, values};

/// Lets every claim go that nobody works on any more and for which nothing was sent.
pub(crate) fn release_orphans(db: &Db) -> Result<u64, StoreError> {
    let sql = "UPDATE claims SET state = 'released'
               WHERE (state = 'running' OR state = 'answered'
                      OR state = 'settling' OR state = 'streaming')
                     AND (state = 'running' OR state = 'answered') AND owner IS NULL";
    db.execute(sql, &[])
}

/// Takes on a settlement that is unknown, or a stream that is owed, unless another process works on
/// it. Returns whether it is ours.
pub(crate) fn adopt(db: &Db, key: &ClaimKey) -> Result<bool, StoreError> {
    let sql = "UPDATE claims SET owner = ?5
               WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4
                     AND state IN ('settling', 'streaming') AND (owner IS NULL OR owner = ?5)";
    let ClaimKey { network, asset, payer, nonce } = key;
    let adopted = db.execute(sql, values![*network, asset, payer, nonce, db.process()])?;
    Ok(adopted == 1)
}

/// What is ours and would not end by itself, should nobody here work on it any more.
pub(crate) fn unfinished(db: &Db) -> Result<Vec<ClaimKey>, StoreError> {
    let sql = "SELECT network, asset, payer, nonce FROM claims
               WHERE (state = 'running' OR state = 'answered'
                      OR state = 'settling' OR state = 'streaming')
                     AND owner = ?1 AND state <> 'settling' ORDER BY id + 0";
    db.all(sql, values![db.process()], ClaimKey::read)
}

/// Lets go of a claim of ours that nobody here works on, because a write failed: nothing was sent for
/// it, or its stream is owed.
pub(crate) fn abandon(db: &Db, key: &ClaimKey) -> Result<(), StoreError> {
    let sql = "UPDATE claims SET owner = NULL,
                   state = CASE state WHEN 'streaming' THEN state ELSE 'released' END
               WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4 AND owner = ?5
                     AND state IN ('running', 'answered', 'streaming')";
    let ClaimKey { network, asset, payer, nonce } = key;
    db.execute(sql, values![*network, asset, payer, nonce, db.process()]).map(drop)
}

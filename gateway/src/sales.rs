//! What was sold, as the claims know it: they stay for ever, so nothing is counted twice or lost.
//! All SQL about revenue is here.

use alloy::primitives::{Address, B256};
use blockrun_llm::Usdc;

use crate::{
    claim::ClaimKey,
    ledger::usdc,
    store::{Db, Row, StoreError, values},
};

/// Seconds of a day of UTC.
pub(crate) const DAY: u64 = 86_400;

/// What was sold of a model on a day, to one payer or to all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sold {
    /// Counted from the epoch of Unix.
    pub(crate) day: u64,
    pub(crate) model: String,
    pub(crate) payer: Option<Address>,
    pub(crate) calls: u64,
    pub(crate) amount: Usdc,
}

/// A settlement whose outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unknown {
    pub(crate) model: Option<String>,
    /// Unix seconds.
    pub(crate) taken_at: Option<u64>,
    pub(crate) amount: Usdc,
    pub(crate) txid: Option<B256>,
}

/// What was sold in a time of Unix seconds, its end excluded, by day and model and, if wanted, payer;
/// the oldest day first.
pub(crate) fn sold(
    db: &Db,
    (from, to): (u64, u64),
    by_payer: bool,
) -> Result<Vec<Sold>, StoreError> {
    let payer = if by_payer { ", payer" } else { "" };
    let sql = format!(
        "SELECT taken_at / 86400 AS day, model, count(*), CAST(sum(value) AS BIGINT){payer}
         FROM claims
         WHERE (state = 'streaming' OR state = 'settled' OR state = 'spent') AND model IS NOT NULL
               AND taken_at >= ?1 AND taken_at < ?2
         GROUP BY day, model{payer} ORDER BY day, model{payer}"
    );
    db.all(&sql, values![from, to], |row: &Row<'_>| {
        let payer = by_payer.then(|| row.get(4)).transpose()?;
        let (day, model, calls) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Sold { day, model, payer, calls, amount: usdc(row.get(3)?)? })
    })
}

/// What a claim is for; `None` when it is for nothing that was sold here.
pub(crate) fn model(db: &Db, key: &ClaimKey) -> Result<Option<String>, StoreError> {
    let sql = "SELECT model FROM claims
               WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4";
    let ClaimKey { network, asset, payer, nonce } = key;
    let found = db.one(sql, values![*network, asset, payer, nonce], |row| row.get(0))?;
    Ok(found.flatten())
}

/// How many settlements there are whose outcome is not known. The open states are named so that the
/// index of open claims serves.
pub(crate) fn unknown_count(db: &Db) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM claims
               WHERE (state = 'running' OR state = 'answered'
                      OR state = 'settling' OR state = 'streaming')
                     AND state = 'settling'";
    Ok(db.one(sql, &[], |row| row.get(0))?.unwrap_or_default())
}

/// Bytes of the answers that are kept, encryption included.
pub(crate) fn stored_bytes(db: &Db) -> Result<u64, StoreError> {
    let sql = "SELECT CAST(sum(bytes) AS BIGINT) FROM stored";
    Ok(db.one(sql, &[], |row| row.get(0))?.unwrap_or_default())
}

/// The settlements whose outcome is not known, oldest first, at most so many.
pub(crate) fn unknown(db: &Db, limit: u32) -> Result<Vec<Unknown>, StoreError> {
    let sql = "SELECT model, taken_at, value, txid FROM claims
               WHERE (state = 'running' OR state = 'answered'
                      OR state = 'settling' OR state = 'streaming')
                     AND state = 'settling' ORDER BY id + 0 LIMIT ?1";
    db.all(sql, values![u64::from(limit)], |row| {
        let (model, taken_at, txid) = (row.get(0)?, row.get(1)?, row.get(3)?);
        Ok(Unknown { model, taken_at, amount: usdc(row.get(2)?)?, txid })
    })
}

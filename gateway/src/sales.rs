//! What was sold, as the claims know it: they stay for ever, so nothing is counted twice or lost.
//! All SQL about revenue is here.

use alloy::primitives::{Address, B256};
use blockrun_llm::Usdc;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{claim::ClaimKey, ledger::usdc, store::StoreError};

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

/// Notes on a claim that was just taken what it is for.
pub(crate) fn note(
    db: &Connection,
    key: &ClaimKey,
    model: &str,
    now: u64,
) -> Result<(), StoreError> {
    let sql = "UPDATE claims SET model = ?5, taken_at = ?6
               WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4";
    let (asset, payer, nonce) = (key.asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice());
    db.execute(sql, params![key.network, asset, payer, nonce, model, now.cast_signed()])?;
    Ok(())
}

/// What was sold in a time of Unix seconds, its end excluded, by day and model and, if wanted, payer;
/// the oldest day first.
pub(crate) fn sold(
    db: &Connection,
    (from, to): (u64, u64),
    by_payer: bool,
) -> Result<Vec<Sold>, StoreError> {
    let payer = if by_payer { ", payer" } else { "" };
    let sql = format!(
        "SELECT taken_at / 86400 AS day, model, count(*), CAST(sum(value) AS BIGINT){payer}
         FROM claims
         WHERE state IN ('streaming', 'settled', 'spent') AND model IS NOT NULL
               AND taken_at >= ?1 AND taken_at < ?2
         GROUP BY day, model{payer} ORDER BY day, model{payer}"
    );
    let bound = |second: u64| i64::try_from(second).unwrap_or(i64::MAX);
    let read = |row: &Row<'_>| {
        let payer = by_payer.then(|| row.get::<_, [u8; 20]>(4)).transpose()?;
        let counted = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        Ok((counted(0)?, row.get(1)?, payer, counted(2)?, row.get::<_, i64>(3)?))
    };
    let mut statement = db.prepare(&sql)?;
    let rows = statement.query_map(params![bound(from), bound(to)], read)?;
    rows.map(|row| {
        let (day, model, payer, calls, amount) = row?;
        let payer = payer.map(Address::from);
        Ok(Sold { day, model, payer, calls, amount: usdc(amount)? })
    })
    .collect()
}

/// What a claim is for; `None` when it is for nothing that was sold here.
pub(crate) fn model(db: &Connection, key: &ClaimKey) -> Result<Option<String>, StoreError> {
    let sql = "SELECT model FROM claims
               WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4";
    let (asset, payer, nonce) = (key.asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice());
    let found = db.query_row(sql, params![key.network, asset, payer, nonce], |row| row.get(0));
    Ok(found.optional()?.flatten())
}

/// How many settlements there are whose outcome is not known. The open states are named so that the
/// index of open claims serves.
pub(crate) fn unknown_count(db: &Connection) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM claims
               WHERE state IN ('running', 'answered', 'settling', 'streaming')
                     AND state = 'settling'";
    Ok(db.query_row(sql, [], |row| row.get::<_, i64>(0))?.cast_unsigned())
}

/// Bytes of the answers that are kept, encryption included.
pub(crate) fn stored_bytes(db: &Connection) -> Result<u64, StoreError> {
    let bytes = db.query_row("SELECT bytes FROM stored", [], |row| row.get::<_, i64>(0));
    Ok(bytes?.cast_unsigned())
}

/// The settlements whose outcome is not known, oldest first, at most so many.
pub(crate) fn unknown(db: &Connection, limit: u32) -> Result<Vec<Unknown>, StoreError> {
    let sql = "SELECT model, taken_at, value, txid FROM claims
               WHERE state IN ('running', 'answered', 'settling', 'streaming')
                     AND state = 'settling' ORDER BY id LIMIT ?1";
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([i64::from(limit)], |row| {
        let taken_at = row.get::<_, Option<i64>>(1)?.map(i64::cast_unsigned);
        let txid = row.get::<_, Option<[u8; 32]>>(3)?.map(B256::from);
        Ok((row.get(0)?, taken_at, row.get::<_, i64>(2)?, txid))
    })?;
    rows.map(|row| {
        let (model, taken_at, amount, txid) = row?;
        Ok(Unknown { model, taken_at, amount: usdc(amount)?, txid })
    })
    .collect()
}

//! Transactions on disk: all SQL of the settlement on a chain.

use alloy::primitives::{Address, B256};
use rusqlite::{Connection, Row, params};

use super::transaction::Transaction;
use crate::{
    claim::{self, ClaimKey},
    settlement::Unavailable,
    store::StoreError,
};

const CLAIM: &str = "SELECT id FROM claims
                     WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4";

/// The transactions of one gas nonce: of them the chain takes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) gas_nonce: u64,
    /// When the newest was signed, in Unix seconds.
    pub(super) signed: u64,
    /// The one to be sent.
    pub(super) newest: Transaction,
    /// All of them, the newest last.
    pub(super) txids: Vec<B256>,
}

/// Picks the next gas nonce, has a transaction of it signed, and keeps that for a claim: from here on
/// it may be sent. `floor` is the least nonce that the chain takes.
///
/// The nonce is picked and kept in one transaction of the database: two of a nonce cannot be.
pub(super) fn enqueue(
    db: &Connection,
    key: &ClaimKey,
    sender: Address,
    floor: u64,
    now: u64,
    sign: impl FnOnce(u64) -> Result<Transaction, Unavailable>,
) -> Result<Result<Transaction, Unavailable>, StoreError> {
    let sql = "SELECT max(gas_nonce) FROM transactions WHERE sender = ?1";
    let last: Option<i64> = db.query_row(sql, [sender.as_slice()], |row| row.get(0))?;
    let next = last.map_or(floor, |last| floor.max(last.cast_unsigned() + 1));
    let transaction = match sign(next) {
        Ok(transaction) => transaction,
        Err(error) => return Ok(Err(error)),
    };
    claim::settling(db, key, transaction.txid)?;
    let sql = format!(
        "INSERT INTO transactions (claim, sender, gas_nonce, version, signed, raw)
         VALUES (({CLAIM}), ?5, ?6, 0, ?7, ?8)"
    );
    let (asset, payer, nonce) = (key.asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice());
    let (sender, next, now) = (sender.as_slice(), next.cast_signed(), now.cast_signed());
    let raw = &transaction.raw;
    db.execute(&sql, params![key.network, asset, payer, nonce, sender, next, now, raw])?;
    Ok(Ok(transaction))
}

/// Keeps one more transaction of a nonce, which may be sent from here on; `false` when there is a newer
/// one than its maker knew of.
pub(super) fn replace(
    db: &Connection,
    sender: Address,
    kept: &Kept,
    transaction: &Transaction,
    now: u64,
) -> Result<bool, StoreError> {
    let version = i64::try_from(kept.txids.len()).unwrap_or(i64::MAX);
    let sql = "INSERT INTO transactions (sender, gas_nonce, version, claim, signed, raw)
               SELECT sender, gas_nonce, ?3, claim, ?4, ?5 FROM transactions
               WHERE sender = ?1 AND gas_nonce = ?2 AND version = ?3 - 1
               ON CONFLICT DO NOTHING";
    let (sender, nonce) = (sender.as_slice(), kept.gas_nonce.cast_signed());
    let raw = &transaction.raw;
    if db.execute(sql, params![sender, nonce, version, now.cast_signed(), raw])? == 0 {
        return Ok(false);
    }
    let sql = "UPDATE claims SET txid = ?3 WHERE state = 'settling' AND id IN
                   (SELECT claim FROM transactions WHERE sender = ?1 AND gas_nonce = ?2)";
    db.execute(sql, params![sender, nonce, transaction.txid.as_slice()])?;
    Ok(true)
}

/// The transactions of a claim whose outcome is not booked.
pub(super) fn of_claim(db: &Connection, key: &ClaimKey) -> Result<Kept, StoreError> {
    let sql = format!(
        "SELECT gas_nonce, signed, raw FROM transactions WHERE claim = ({CLAIM})
         ORDER BY gas_nonce, version"
    );
    let (asset, payer, nonce) = (key.asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice());
    let mut statement = db.prepare(&sql)?;
    let kept = gathered(statement.query_map(params![key.network, asset, payer, nonce], read)?)?;
    kept.into_iter().next_back().ok_or(StoreError::Damaged("a settlement transaction"))
}

/// The transactions of a gas key from a nonce on, in the order in which the chain takes them.
pub(super) fn waiting(
    db: &Connection,
    sender: Address,
    from: u64,
) -> Result<Vec<Kept>, StoreError> {
    let sql = "SELECT gas_nonce, signed, raw FROM transactions
               WHERE sender = ?1 AND gas_nonce >= ?2 ORDER BY gas_nonce, version";
    let mut statement = db.prepare(sql)?;
    gathered(statement.query_map(params![sender.as_slice(), from.cast_signed()], read)?)
}

/// Gives a gas key what a gateway left that did not write down whose transactions they are.
pub(super) fn adopt(db: &Connection, sender: Address) -> Result<(), StoreError> {
    db.execute("UPDATE transactions SET sender = ?1 WHERE sender = x''", [sender.as_slice()])?;
    Ok(())
}

/// The oldest and the newest gas nonce that is kept.
pub(super) fn range(db: &Connection, sender: Address) -> Result<Option<(u64, u64)>, StoreError> {
    let sql = "SELECT min(gas_nonce), max(gas_nonce) FROM transactions WHERE sender = ?1";
    let ends: (Option<i64>, Option<i64>) =
        db.query_row(sql, [sender.as_slice()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(ends.0.zip(ends.1).map(|(first, last)| (first.cast_unsigned(), last.cast_unsigned())))
}

/// The outcome of a claim is booked: its transactions are nobody's any more. They stay, because the
/// chain takes none that comes after one that it has not got.
pub(super) fn detach(db: &Connection, key: &ClaimKey) -> Result<(), StoreError> {
    let sql = format!("UPDATE transactions SET claim = NULL WHERE claim = ({CLAIM})");
    let (asset, payer, nonce) = (key.asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice());
    db.execute(&sql, params![key.network, asset, payer, nonce])?;
    Ok(())
}

/// Forgets the transactions whose nonces are below one and whose outcome is booked. That of the newest
/// nonce stays: it is what the next one is counted from.
pub(super) fn forget(db: &Connection, sender: Address, below: u64) -> Result<(), StoreError> {
    let sql = "DELETE FROM transactions WHERE sender = ?1 AND gas_nonce < ?2 AND claim IS NULL
                   AND gas_nonce < (SELECT max(gas_nonce) FROM transactions WHERE sender = ?1)";
    db.execute(sql, params![sender.as_slice(), below.cast_signed()])?;
    Ok(())
}

type Stored = (i64, i64, Vec<u8>);

fn read(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn gathered(rows: impl Iterator<Item = rusqlite::Result<Stored>>) -> Result<Vec<Kept>, StoreError> {
    let mut all: Vec<Kept> = Vec::new();
    for row in rows {
        let (gas_nonce, signed, raw) = row?;
        let (gas_nonce, signed) = (gas_nonce.cast_unsigned(), signed.cast_unsigned());
        let transaction =
            Transaction::read(raw).ok_or(StoreError::Damaged("a settlement transaction"))?;
        match all.last_mut().filter(|kept| kept.gas_nonce == gas_nonce) {
            Some(kept) => {
                kept.txids.push(transaction.txid);
                (kept.newest, kept.signed) = (transaction, signed);
            }
            None => {
                let txids = vec![transaction.txid];
                all.push(Kept { gas_nonce, signed, newest: transaction, txids });
            }
        }
    }
    Ok(all)
}

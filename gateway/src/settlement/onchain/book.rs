//! Transactions on disk: all SQL of the settlement on a chain.

use alloy::primitives::{Address, B256};

use super::transaction::Transaction;
use crate::{
    claim::{self, ClaimKey},
    settlement::Unavailable,
    store::{Db, Lock, Row, StoreError, values},
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
    db: &Db,
    key: &ClaimKey,
    sender: Address,
    floor: u64,
    now: u64,
    sign: impl FnOnce(u64) -> Result<Transaction, Unavailable>,
) -> Result<Result<Transaction, Unavailable>, StoreError> {
    db.lock(Lock::Gas(&sender))?;
    let next = range(db, sender)?.map_or(floor, |(_, last)| floor.max(last + 1));
    let transaction = match sign(next) {
        Ok(transaction) => transaction,
        Err(error) => return Ok(Err(error)),
    };
    claim::settling(db, key, transaction.txid)?;
    let sql = format!(
        "INSERT INTO transactions (claim, sender, gas_nonce, version, signed, raw)
         VALUES (({CLAIM}), ?5, ?6, 0, ?7, ?8)"
    );
    let ClaimKey { network, asset, payer, nonce } = key;
    let raw = transaction.raw.as_slice();
    db.execute(&sql, values![*network, asset, payer, nonce, &sender, next, now, raw])?;
    Ok(Ok(transaction))
}

/// Keeps one more transaction of a nonce, which may be sent from here on; `false` when there is a newer
/// one than its maker knew of.
pub(super) fn replace(
    db: &Db,
    sender: Address,
    kept: &Kept,
    transaction: &Transaction,
    now: u64,
) -> Result<bool, StoreError> {
    let (nonce, version) = (kept.gas_nonce, kept.txids.len() as u64);
    let sql = "INSERT INTO transactions (sender, gas_nonce, version, claim, signed, raw)
               SELECT sender, gas_nonce, ?3, claim, ?4, ?5 FROM transactions
               WHERE sender = ?1 AND gas_nonce = ?2 AND version = ?3 - 1
               ON CONFLICT DO NOTHING";
    let row = values![&sender, nonce, version, now, transaction.raw.as_slice()];
    if db.execute(sql, row)? == 0 {
        return Ok(false);
    }
    let sql = "UPDATE claims SET txid = ?3 WHERE state = 'settling' AND id IN
                   (SELECT claim FROM transactions WHERE sender = ?1 AND gas_nonce = ?2)";
    db.execute(sql, values![&sender, nonce, &transaction.txid])?;
    Ok(true)
}

/// The transactions of a claim whose outcome is not booked.
pub(super) fn of_claim(db: &Db, key: &ClaimKey) -> Result<Kept, StoreError> {
    let sql = format!(
        "SELECT gas_nonce, signed, raw FROM transactions WHERE claim = ({CLAIM})
         ORDER BY gas_nonce, version"
    );
    let ClaimKey { network, asset, payer, nonce } = key;
    let kept = gathered(db.all(&sql, values![*network, asset, payer, nonce], read)?);
    kept.into_iter().next_back().ok_or(StoreError::Damaged("a settlement transaction"))
}

/// The transactions of a gas key from a nonce on, in the order in which the chain takes them.
pub(super) fn waiting(db: &Db, sender: Address, from: u64) -> Result<Vec<Kept>, StoreError> {
    let sql = "SELECT gas_nonce, signed, raw FROM transactions
               WHERE sender = ?1 AND gas_nonce >= ?2 ORDER BY gas_nonce, version";
    Ok(gathered(db.all(sql, values![&sender, from], read)?))
}

/// Gives a gas key what a gateway left that did not write down whose transactions they are.
pub(super) fn adopt(db: &Db, sender: Address) -> Result<(), StoreError> {
    let (sql, nobody) = ("UPDATE transactions SET sender = ?1 WHERE sender = ?2", [].as_slice());
    db.execute(sql, values![&sender, nobody]).map(drop)
}

/// The oldest and the newest gas nonce that is kept.
pub(super) fn range(db: &Db, sender: Address) -> Result<Option<(u64, u64)>, StoreError> {
    let sql = "SELECT min(gas_nonce), max(gas_nonce) FROM transactions WHERE sender = ?1";
    let ends = db.one(sql, values![&sender], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(ends.and_then(|(first, last): (Option<u64>, Option<u64>)| first.zip(last)))
}

/// The outcome of a claim is booked: its transactions are nobody's any more. They stay, because the
/// chain takes none that comes after one that it has not got.
pub(super) fn detach(db: &Db, key: &ClaimKey) -> Result<(), StoreError> {
    let sql = format!("UPDATE transactions SET claim = NULL WHERE claim = ({CLAIM})");
    let ClaimKey { network, asset, payer, nonce } = key;
    db.execute(&sql, values![*network, asset, payer, nonce]).map(drop)
}

/// Forgets the transactions whose nonces are below one and whose outcome is booked. That of the newest
/// nonce stays: it is what the next one is counted from.
pub(super) fn forget(db: &Db, sender: Address, below: u64) -> Result<(), StoreError> {
    let sql = "DELETE FROM transactions WHERE sender = ?1 AND gas_nonce < ?2 AND claim IS NULL
                   AND gas_nonce < (SELECT max(gas_nonce) FROM transactions WHERE sender = ?1)";
    db.execute(sql, values![&sender, below]).map(drop)
}

fn read(row: &Row<'_>) -> Result<(u64, Transaction), StoreError> {
    let transaction = Transaction::read(row.get(2)?);
    let transaction = transaction.ok_or(StoreError::Damaged("a settlement transaction"))?;
    Ok((row.get(1)?, transaction))
}

fn gathered(rows: Vec<(u64, Transaction)>) -> Vec<Kept> {
    let mut all: Vec<Kept> = Vec::new();
    for (signed, transaction) in rows {
        let Transaction { gas_nonce, txid, .. } = transaction;
        match all.last_mut().filter(|kept| kept.gas_nonce == gas_nonce) {
            Some(kept) => {
                kept.txids.push(txid);
                (kept.newest, kept.signed) = (transaction, signed);
            }
            None => {
                all.push(Kept { gas_nonce, signed, newest: transaction, txids: vec![txid] });
            }
        }
    }
    all
}

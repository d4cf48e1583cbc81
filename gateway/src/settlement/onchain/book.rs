//! Transactions on disk.

use rusqlite::{Connection, OptionalExtension, params};

use super::transaction::Transaction;
use crate::{
    claim::{self, ClaimKey},
    store::StoreError,
};

const CLAIM: &str = "SELECT id FROM claims
                     WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4";

/// Keeps a transaction that is about to be sent.
pub(super) fn store(
    db: &Connection,
    key: &ClaimKey,
    transaction: &Transaction,
) -> Result<(), StoreError> {
    claim::settling(db, key, transaction.txid)?;
    let sql =
        format!("INSERT INTO transactions (claim, gas_nonce, raw) VALUES (({CLAIM}), ?5, ?6)");
    let (asset, payer, nonce) = (key.asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice());
    let gas_nonce = transaction.gas_nonce.cast_signed();
    db.execute(&sql, params![key.network, asset, payer, nonce, gas_nonce, transaction.raw])?;
    Ok(())
}

/// The transaction of a claim.
pub(super) fn find(db: &Connection, key: &ClaimKey) -> Result<Transaction, StoreError> {
    let sql = format!("SELECT raw FROM transactions WHERE claim = ({CLAIM})");
    let (asset, payer, nonce) = (key.asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice());
    let raw = db.query_row(&sql, params![key.network, asset, payer, nonce], |row| row.get(0));
    let read = raw.optional()?.and_then(Transaction::read);
    read.ok_or(StoreError::Damaged("a settlement transaction"))
}

/// Forgets a transaction whose outcome is booked.
pub(super) fn forget(db: &Connection, key: &ClaimKey) -> Result<(), StoreError> {
    let sql = format!("DELETE FROM transactions WHERE claim = ({CLAIM})");
    let (asset, payer, nonce) = (key.asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice());
    db.execute(&sql, params![key.network, asset, payer, nonce])?;
    Ok(())
}

/// Every transaction whose outcome is not booked, in the order in which the chain takes them.
pub(super) fn outstanding(db: &Connection) -> Result<Vec<Transaction>, StoreError> {
    let mut statement = db.prepare("SELECT raw FROM transactions ORDER BY gas_nonce")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    let read = |raw| Transaction::read(raw).ok_or(StoreError::Damaged("a settlement transaction"));
    rows.map(|raw| read(raw?)).collect()
}

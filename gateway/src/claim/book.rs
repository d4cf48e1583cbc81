//! What becomes of a claim, step by step.

use alloy::primitives::B256;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Answer, ClaimKey, State};
use crate::store::StoreError;

/// A check failed before the provider was asked: the claim holds nothing and has no name.
pub(crate) fn refuse(db: &Connection, key: &ClaimKey) -> Result<(), StoreError> {
    let id = id(db, key)?;
    db.execute("DELETE FROM ids WHERE claim = ?1", [id])?;
    db.execute("UPDATE claims SET state = 'refused' WHERE id = ?1", [id])?;
    Ok(())
}

/// Lets a claim go: nothing was settled, the same payment may come again. An answer that is there
/// already stays for it.
pub(crate) fn release(db: &Connection, key: &ClaimKey) -> Result<(), StoreError> {
    let sql = "UPDATE claims SET state = 'released', txid = NULL WHERE id = ?1";
    db.execute(sql, [id(db, key)?])?;
    Ok(())
}

/// Lets every claim go for which nothing was sent: at start, when whoever worked on them is dead.
pub(crate) fn release_all(db: &Connection) -> Result<usize, StoreError> {
    let sql = "UPDATE claims SET state = 'released' WHERE state IN ('running', 'answered')";
    Ok(db.execute(sql, [])?)
}

/// The whole answer is there: from here on the provider is not asked again for this payment.
pub(crate) fn answered(db: &Connection, key: &ClaimKey, answer: &Answer) -> Result<(), StoreError> {
    let id = id(db, key)?;
    db.execute("UPDATE claims SET state = 'answered' WHERE id = ?1", [id])?;
    store(db, id, answer)
}

/// A transaction is about to be sent, or was sent and its outcome is not known. `None` is one whose id
/// only its sender knows; an id that is known already stays.
pub(crate) fn settling(
    db: &Connection,
    key: &ClaimKey,
    txid: impl Into<Option<B256>>,
) -> Result<(), StoreError> {
    let sql = "UPDATE claims SET state = 'settling', txid = coalesce(?2, txid) WHERE id = ?1";
    let txid = txid.into();
    db.execute(sql, params![id(db, key)?, txid.as_ref().map(B256::as_slice)])?;
    Ok(())
}

/// The transfer was executed. Without a stored answer, the claim is of a stream that begins now.
pub(crate) fn settled(db: &Connection, key: &ClaimKey, txid: B256) -> Result<(), StoreError> {
    let id = id(db, key)?;
    let there = db.prepare("SELECT 1 FROM answers WHERE claim = ?1")?.exists([id])?;
    let state = if there { State::Settled } else { State::Streaming };
    let sql = "UPDATE claims SET state = ?2, txid = ?3 WHERE id = ?1";
    db.execute(sql, params![id, state, txid.as_slice()])?;
    Ok(())
}

/// Keeps the answer of a claim whose stream has ended; `None` is one that is too long to be kept.
/// The settlement of the claim may be unknown still.
pub(crate) fn keep(
    db: &Connection,
    key: &ClaimKey,
    answer: Option<&Answer>,
) -> Result<(), StoreError> {
    let id = id(db, key)?;
    let state = if answer.is_some() { State::Settled } else { State::Spent };
    let sql = "UPDATE claims SET state = ?2 WHERE id = ?1 AND state = 'streaming'";
    let streaming = db.execute(sql, params![id, state])? == 1;
    match answer {
        Some(answer) if streaming || is(db, id, State::Settling)? => store(db, id, answer),
        _ => Ok(()),
    }
}

/// The answer of a settled claim was handed out and is not kept any more.
pub(crate) fn spend(db: &Connection, key: &ClaimKey) -> Result<(), StoreError> {
    let id = id(db, key)?;
    if is(db, id, State::Settled)? {
        db.execute("DELETE FROM answers WHERE claim = ?1", [id])?;
        db.execute("UPDATE claims SET state = 'spent' WHERE id = ?1", [id])?;
    }
    Ok(())
}

/// Keeps what there is of a settled answer that broke off; the whole of it is owed.
pub(crate) fn keep_part(db: &Connection, key: &ClaimKey, part: &Answer) -> Result<(), StoreError> {
    let id = id(db, key)?;
    if is(db, id, State::Streaming)? { store(db, id, part) } else { Ok(()) }
}

fn is(db: &Connection, id: i64, state: State) -> Result<bool, StoreError> {
    Ok(db
        .prepare("SELECT 1 FROM claims WHERE id = ?1 AND state = ?2")?
        .exists(params![id, state])?)
}

fn store(db: &Connection, id: i64, answer: &Answer) -> Result<(), StoreError> {
    let sql = "INSERT INTO answers (claim, streamed, sealed) VALUES (?1, ?2, ?3)
               ON CONFLICT (claim) DO UPDATE SET streamed = excluded.streamed,
                   sealed = excluded.sealed";
    db.execute(sql, params![id, answer.streamed, answer.sealed])?;
    Ok(())
}

fn id(db: &Connection, key: &ClaimKey) -> Result<i64, StoreError> {
    let sql = "SELECT id FROM claims
               WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4";
    let (asset, payer, nonce) = (key.asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice());
    let found =
        db.query_row(sql, params![key.network, asset, payer, nonce], |row| row.get(0)).optional();
    found?.ok_or(StoreError::Damaged("a claim"))
}

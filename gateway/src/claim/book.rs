//! What becomes of a claim.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Answer, ClaimKey, State};
use crate::{
    ledger::{Executed, Ledger, Refusal, Transfer},
    store::StoreError,
};

/// Lets a claim go: nothing was settled, the same payment may come again.
pub(crate) fn release(db: &Connection, key: &ClaimKey) -> Result<(), StoreError> {
    let id = id(db, key)?;
    db.execute("UPDATE claims SET state = 'released' WHERE id = ?1", [id])?;
    Ok(())
}

/// Lets every running claim go: at start, when whoever ran them is dead.
pub(crate) fn release_all(db: &Connection) -> Result<usize, StoreError> {
    Ok(db.execute("UPDATE claims SET state = 'released' WHERE state = 'running'", [])?)
}

/// Executes the transfer of a claim and keeps its answer, both or neither; without an answer the
/// claim is of a stream that begins now. A transfer that the token refuses releases the claim.
pub(crate) fn settle(
    db: &Connection,
    ledger: &Ledger,
    key: &ClaimKey,
    transfer: &Transfer,
    answer: Option<&Answer>,
    now: u64,
) -> Result<Result<Executed, Refusal>, StoreError> {
    let executed = match ledger.execute(db, transfer, now)? {
        Ok(executed) => executed,
        Err(refusal) => {
            release(db, key)?;
            return Ok(Err(refusal));
        }
    };
    let id = id(db, key)?;
    let state = if answer.is_some() { State::Settled } else { State::Streaming };
    let sql = "UPDATE claims SET state = ?2, txid = ?3 WHERE id = ?1";
    db.execute(sql, params![id, state, executed.txid.as_slice()])?;
    if let Some(answer) = answer {
        store(db, id, answer)?;
    }
    Ok(Ok(executed))
}

/// Keeps the answer of a settled claim whose stream has ended; `None` is one that is too long to be
/// kept.
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
        Some(answer) if streaming => store(db, id, answer),
        _ => Ok(()),
    }
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

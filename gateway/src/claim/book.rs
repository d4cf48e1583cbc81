//! What becomes of a claim, step by step. Only its owner changes it: a process that was taken for dead
//! and goes on all the same gets [`StoreError::Lost`].

use alloy::primitives::B256;

use super::{Answer, ClaimKey, State};
use crate::store::{Db, StoreError, Value, values};

/// A check failed before the provider was asked: the claim holds nothing and has no name.
pub(crate) fn refuse(db: &Db, key: &ClaimKey) -> Result<(), StoreError> {
    change(db, key, "state = 'refused', owner = NULL", &[])?;
    let sql = format!("DELETE FROM ids WHERE claim = ({CLAIM})");
    let ClaimKey { network, asset, payer, nonce } = key;
    db.execute(&sql, values![*network, asset, payer, nonce]).map(drop)
}

/// Lets a claim go: nothing was settled, the same payment may come again. An answer that is there
/// already stays for it.
pub(crate) fn release(db: &Db, key: &ClaimKey) -> Result<(), StoreError> {
    change(db, key, "state = 'released', txid = NULL, owner = NULL", &[])
}

/// The whole answer is there: from here on the provider is not asked again for this payment.
pub(crate) fn answered(db: &Db, key: &ClaimKey, answer: &Answer) -> Result<(), StoreError> {
    change(db, key, "state = 'answered'", &[])?;
    store(db, key, answer)
}

/// A transaction is about to be sent, or was sent and its outcome is not known. `None` is one whose id
/// only its sender knows; an id that is known already stays.
pub(crate) fn settling(
    db: &Db,
    key: &ClaimKey,
    txid: impl Into<Option<B256>>,
) -> Result<(), StoreError> {
    let txid = txid.into();
    let set = "state = 'settling', txid = coalesce(?6, txid)";
    change(db, key, set, values![txid.as_ref()])
}

/// The same where only its sender knows the transaction, with the answer that is not kept yet, if there
/// is one: [`answered`] and [`settling`] at once.
pub(crate) fn settling_with(
    db: &Db,
    key: &ClaimKey,
    answer: Option<&Answer>,
) -> Result<(), StoreError> {
    change(db, key, "state = 'settling'", &[])?;
    answer.map_or(Ok(()), |answer| store(db, key, answer))
}

/// The transfer was executed. Without a stored answer, the claim is of a stream that begins now, and
/// stays with its owner.
pub(crate) fn settled(db: &Db, key: &ClaimKey, txid: B256) -> Result<(), StoreError> {
    let kept = "EXISTS (SELECT 1 FROM answers WHERE claim = claims.id)";
    let set = format!(
        "txid = ?6, state = CASE WHEN {kept} THEN 'settled' ELSE 'streaming' END,
         owner = CASE WHEN {kept} THEN NULL ELSE owner END"
    );
    change(db, key, &set, values![&txid])
}

/// Keeps the answer of a claim whose stream has ended; `None` is one that is too long to be kept.
/// The settlement of the claim may be unknown still. Of a claim that has ended or that another process
/// has taken over, nothing is kept.
pub(crate) fn keep(db: &Db, key: &ClaimKey, answer: Option<&Answer>) -> Result<(), StoreError> {
    let state = if answer.is_some() { State::Settled } else { State::Spent };
    let ours = set(db, key, State::Streaming, "state = ?7, owner = NULL", state)?
        || set(db, key, State::Settling, "state = ?7", State::Settling)?;
    answer.filter(|_| ours).map_or(Ok(()), |answer| store(db, key, answer))
}

/// The answer of a settled claim is handed out and not kept any more. Returns whether it is: once.
pub(crate) fn spend(db: &Db, key: &ClaimKey) -> Result<bool, StoreError> {
    let sql = "UPDATE claims SET state = 'spent'
               WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4
                     AND state = 'settled' RETURNING id";
    let ClaimKey { network, asset, payer, nonce } = key;
    let spent: Option<i64> =
        db.one(sql, values![*network, asset, payer, nonce], |row| row.get(0))?;
    if let Some(id) = spent {
        db.execute("DELETE FROM answers WHERE claim = ?1", values![id])?;
    }
    Ok(spent.is_some())
}

/// Keeps what there is of a settled answer that broke off; the whole of it is owed, and whoever is
/// asked next makes it.
pub(crate) fn keep_part(db: &Db, key: &ClaimKey, part: Option<&Answer>) -> Result<(), StoreError> {
    let ours = set(db, key, State::Streaming, "state = ?7, owner = NULL", State::Streaming)?;
    part.filter(|_| ours).map_or(Ok(()), |part| store(db, key, part))
}

/// The number of a claim.
const CLAIM: &str = "SELECT id FROM claims
                     WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4";
const OWN: &str = "network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4 AND owner = ?5";

/// Changes a claim that is ours; what is set begins with `?6`.
fn change(db: &Db, key: &ClaimKey, change: &str, set: &[Value<'_>]) -> Result<(), StoreError> {
    let sql = format!("UPDATE claims SET {change} WHERE {OWN}");
    let ClaimKey { network, asset, payer, nonce } = key;
    let own = values![*network, asset, payer, nonce, db.process()];
    match db.execute(&sql, &[own, set].concat())? {
        0 => Err(StoreError::Lost),
        _ => Ok(()),
    }
}

/// Changes a claim if it is ours and in a state, and returns whether it is; `next` is `?7`.
fn set(
    db: &Db,
    key: &ClaimKey,
    state: State,
    change: &str,
    next: State,
) -> Result<bool, StoreError> {
    let sql = format!("UPDATE claims SET {change} WHERE {OWN} AND state = ?6");
    let ClaimKey { network, asset, payer, nonce } = key;
    let values = values![*network, asset, payer, nonce, db.process(), state, next];
    Ok(db.execute(&sql, values)? > 0)
}

fn store(db: &Db, key: &ClaimKey, answer: &Answer) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO answers (claim, streamed, sealed) VALUES (({CLAIM}), ?5, ?6)
         ON CONFLICT (claim) DO UPDATE SET streamed = excluded.streamed, sealed = excluded.sealed"
    );
    let ClaimKey { network, asset, payer, nonce } = key;
    let row = values![*network, asset, payer, nonce, answer.streamed, answer.sealed.as_slice()];
    db.execute(&sql, row).map(drop)
}

//! The claims on disk: looking one up, and taking it.

use alloy::primitives::B256;
use blockrun_llm::Usdc;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    Claim, ClaimKey, Limits, State,
    ids::{bind, foreign},
    room::{has_room, prune},
};
use crate::{
    ledger::{amount, usdc},
    settlement::{Pending, Transfer},
    store::StoreError,
};

/// How a paid request stands to the claim on its nonce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It may be taken.
    Free,
    /// What became of the settlement of this very payment is not known.
    Settling(Pending),
    /// This very payment for this very request was settled, and this is what is kept of it.
    Settled(Settled, Kept),
    /// The nonce belongs to something else; the text says to what.
    Conflict(&'static str),
}

/// A settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) txid: B256,
    pub(crate) value: Usdc,
}

/// What is kept of a settled claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Its answer.
    Answer(Answer),
    /// What there was of it when it broke off; the whole of it is owed.
    Part(Answer),
    /// Nothing yet: a stream was cut short and is owed.
    Owed,
    /// Nothing any more.
    Gone,
}

/// A sealed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Whether it travels as server-sent events.
    pub(crate) streamed: bool,
    pub(crate) sealed: Vec<u8>,
}

/// Outcome of [`take`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The claim is ours: the provider may be asked.
    Ours,
    /// The claim is ours, and its answer is there since an earlier attempt that settled nothing.
    Answered(Answer),
    /// There is no room for one more answer; nothing was claimed.
    Full,
    /// This id is of another call of the payer; nothing was claimed.
    OtherCall(String),
}

struct Stored {
    id: i64,
    request: B256,
    authorization: B256,
    recovery: Option<B256>,
    valid_before: u64,
    expires: u64,
    state: State,
    txid: Option<B256>,
    value: Usdc,
}

/// Looks a claim up. The caller has its turn, so a claim that still says `running` was left by a
/// write that failed, and is as good as released.
pub(crate) fn standing(db: &Connection, claim: &Claim, now: u64) -> Result<Standing, StoreError> {
    let Some(stored) = find(db, &claim.key)? else { return Ok(Standing::Free) };
    if stored.request != claim.request {
        return Ok(Standing::Conflict("another request"));
    }
    let same = stored.authorization == claim.authorization;
    match outcome(db, &claim.key, &stored, now)? {
        Standing::Free if stored.state == State::Refused => Ok(Standing::Free),
        Standing::Free if same || stored.valid_before <= now => Ok(Standing::Free),
        _ if !same => Ok(Standing::Conflict("another authorization")),
        _ if stored.recovery != claim.recovery => Ok(Standing::Conflict("another recovery token")),
        bought => Ok(bought),
    }
}

/// What was bought with a claim; [`Standing::Free`] is nothing yet.
pub(crate) fn bought(db: &Connection, key: &ClaimKey, now: u64) -> Result<Standing, StoreError> {
    let stored = find(db, key)?;
    stored.map_or(Ok(Standing::Free), |stored| outcome(db, key, &stored, now))
}

fn outcome(
    db: &Connection,
    key: &ClaimKey,
    stored: &Stored,
    now: u64,
) -> Result<Standing, StoreError> {
    let Stored { state, txid, value, .. } = *stored;
    Ok(match state {
        State::Settling => Standing::Settling(Pending { key: key.clone(), value, txid }),
        State::Streaming | State::Settled | State::Spent => {
            let txid = txid.ok_or(StoreError::Damaged("a settlement"))?;
            Standing::Settled(Settled { txid, value }, kept(db, stored, now)?)
        }
        _ => Standing::Free,
    })
}

/// Every settlement whose outcome is not known, oldest first.
pub(crate) fn pending(db: &Connection) -> Result<Vec<Pending>, StoreError> {
    let sql = "SELECT network, asset, payer, nonce, value, txid FROM claims
               WHERE state = 'settling' ORDER BY id";
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let key = ClaimKey::read(row);
        let (value, txid): (i64, Option<[u8; 32]>) = (row.get(4)?, row.get(5)?);
        let txid = txid.map(B256::from);
        Ok(key.and_then(|key| Ok(Pending { key, value: usdc(value)?, txid })))
    })?;
    rows.map(|row| row?).collect()
}

fn kept(db: &Connection, stored: &Stored, now: u64) -> Result<Kept, StoreError> {
    if stored.state == State::Spent || stored.expires <= now {
        return Ok(Kept::Gone);
    }
    Ok(match answer(db, stored.id)? {
        None => Kept::Owed,
        Some(part) if stored.state == State::Streaming => Kept::Part(part),
        Some(answer) => Kept::Answer(answer),
    })
}

fn answer(db: &Connection, claim: i64) -> Result<Option<Answer>, StoreError> {
    let sql = "SELECT streamed, sealed FROM answers WHERE claim = ?1";
    let read = |row: &Row<'_>| Ok(Answer { streamed: row.get(0)?, sealed: row.get(1)? });
    Ok(db.query_row(sql, [claim], read).optional()?)
}

/// Takes a free claim, which from here on holds its value of the payer's balance and room for its
/// answer.
pub(crate) fn take(
    db: &Connection,
    claim: &Claim,
    transfer: &Transfer,
    limits: &Limits,
    now: u64,
) -> Result<Taken, StoreError> {
    prune(db, now)?;
    if !has_room(db, limits, &claim.key)? {
        return Ok(Taken::Full);
    }
    if let Some(id) = foreign(db, &claim.key, &claim.ids)? {
        return Ok(Taken::OtherCall(id));
    }
    let before = find(db, &claim.key)?;
    let id = insert(db, claim, transfer, limits)?;
    bind(db, &claim.key, id, &claim.ids)?;
    let Some(before) = before else { return Ok(Taken::Ours) };
    // The seal is of the recovery token: under another one the answer cannot be opened any more.
    if before.recovery != claim.recovery {
        db.execute("DELETE FROM answers WHERE claim = ?1", [id])?;
    }
    Ok(answer(db, id)?.map_or(Taken::Ours, Taken::Answered))
}

fn insert(
    db: &Connection,
    claim: &Claim,
    transfer: &Transfer,
    limits: &Limits,
) -> Result<i64, StoreError> {
    Ok(db.query_row(
        "INSERT INTO claims (network, asset, payer, nonce, request, authorization, value,
             valid_before, expires, state, taken, recovery)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'running',
             (SELECT coalesce(max(taken), 0) + 1 FROM claims WHERE payer = ?3
                  AND state IN ('running', 'answered', 'settling', 'streaming')), ?10)
         ON CONFLICT (network, asset, payer, nonce) DO UPDATE SET request = excluded.request,
             authorization = excluded.authorization, value = excluded.value,
             valid_before = excluded.valid_before, expires = excluded.expires,
             state = excluded.state, taken = excluded.taken, recovery = excluded.recovery
         RETURNING id",
        params![
            claim.key.network,
            claim.key.asset.as_slice(),
            claim.key.payer.as_slice(),
            claim.key.nonce.as_slice(),
            claim.request.as_slice(),
            claim.authorization.as_slice(),
            amount(transfer.value)?,
            i64::try_from(transfer.valid_before).unwrap_or(i64::MAX),
            limits.expires(transfer.valid_before),
            claim.recovery.as_ref().map(B256::as_slice),
        ],
        |row| row.get(0),
    )?)
}

/// What the payer's claims that were taken before this one hold of its balance.
pub(crate) fn held(db: &Connection, key: &ClaimKey, now: u64) -> Result<Usdc, StoreError> {
    let sql = "SELECT coalesce(sum(other.value), 0) FROM claims own JOIN claims other
                   ON other.payer = own.payer AND other.taken < own.taken
               WHERE own.network = ?1 AND own.asset = ?2 AND own.payer = ?3 AND own.nonce = ?4
                     AND other.network = own.network AND other.asset = own.asset
                     AND other.state IN ('running', 'answered', 'settling', 'streaming')
                     AND other.state <> 'streaming'
                     AND other.valid_before > ?5";
    let (asset, payer, nonce) = (key.asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice());
    let bound = params![key.network, asset, payer, nonce, now.cast_signed()];
    usdc(db.query_row(sql, bound, |row| row.get(0))?)
}

fn find(db: &Connection, key: &ClaimKey) -> Result<Option<Stored>, StoreError> {
    let sql = "SELECT id, request, authorization, recovery, valid_before, expires, state, txid,
                      value
               FROM claims WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4";
    let (asset, payer, nonce) = (key.asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice());
    let bound = params![key.network, asset, payer, nonce];
    db.query_row(sql, bound, |row| Ok(read(row))).optional()?.transpose()
}

fn read(row: &Row<'_>) -> Result<Stored, StoreError> {
    let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    Ok(Stored {
        id: row.get(0)?,
        request: row.get::<_, [u8; 32]>(1)?.into(),
        authorization: row.get::<_, [u8; 32]>(2)?.into(),
        recovery: row.get::<_, Option<[u8; 32]>>(3)?.map(B256::from),
        valid_before: number(4)?,
        expires: number(5)?,
        state: row.get(6)?,
        txid: row.get::<_, Option<[u8; 32]>>(7)?.map(B256::from),
        value: usdc(row.get(8)?)?,
    })
}

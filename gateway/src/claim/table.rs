//! The claims on disk: looking one up, and taking it.

use alloy::primitives::B256;
use blockrun_llm::Usdc;

use super::{
    Claim, ClaimKey, Limits, State,
    ids::{bind, foreign},
    room::has_room,
};
use crate::{
    ledger::{amount, usdc},
    settlement::{Pending, Transfer},
    store::{Db, Lock, Row, StoreError, values},
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
    /// Another process works on it.
    Elsewhere(Elsewhere),
    /// The nonce belongs to something else; the text says to what.
    Conflict(&'static str),
}

/// What another process does with a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    /// It asks the provider.
    Making,
    /// It settles.
    Settling(Pending),
    /// It streams an answer that is settled.
    Streaming(Settled),
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
    /// It is not free any more, since another process was faster; nothing was claimed.
    NotFree,
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
    /// The process that works on it.
    owner: Option<i64>,
}

/// Looks a claim up. The caller has its turn, so a claim that is `running` and not another process's
/// was left by a write that failed, and is as good as released.
pub(crate) fn standing(db: &Db, claim: &Claim, now: u64) -> Result<Standing, StoreError> {
    let stored = find(db, &claim.key)?;
    stored.map_or(Ok(Standing::Free), |stored| judge(db, claim, &stored, now))
}

fn judge(db: &Db, claim: &Claim, stored: &Stored, now: u64) -> Result<Standing, StoreError> {
    if stored.request != claim.request {
        return Ok(Standing::Conflict("another request"));
    }
    let same = stored.authorization == claim.authorization;
    match outcome(db, &claim.key, stored, now)? {
        // It may still be let go.
        making @ Standing::Elsewhere(Elsewhere::Making) => Ok(making),
        Standing::Free if stored.state == State::Refused => Ok(Standing::Free),
        Standing::Free if same || stored.valid_before <= now => Ok(Standing::Free),
        _ if !same => Ok(Standing::Conflict("another authorization")),
        _ if stored.recovery != claim.recovery => Ok(Standing::Conflict("another recovery token")),
        bought => Ok(bought),
    }
}

/// What was bought with a claim; [`Standing::Free`] is nothing yet.
pub(crate) fn bought(db: &Db, key: &ClaimKey, now: u64) -> Result<Standing, StoreError> {
    let stored = find(db, key)?;
    stored.map_or(Ok(Standing::Free), |stored| outcome(db, key, &stored, now))
}

fn outcome(db: &Db, key: &ClaimKey, stored: &Stored, now: u64) -> Result<Standing, StoreError> {
    let Stored { state, txid, value, owner, .. } = *stored;
    let elsewhere = owner.is_some_and(|owner| owner != db.process());
    let pending = || Pending { key: key.clone(), value, txid };
    let settled = || match txid {
        Some(txid) => Ok(Settled { txid, value }),
        None => Err(StoreError::Damaged("a settlement")),
    };
    Ok(match state {
        State::Running | State::Answered if elsewhere => Standing::Elsewhere(Elsewhere::Making),
        State::Settling if elsewhere => Standing::Elsewhere(Elsewhere::Settling(pending())),
        State::Settling => Standing::Settling(pending()),
        State::Streaming if elsewhere => Standing::Elsewhere(Elsewhere::Streaming(settled()?)),
        State::Streaming | State::Settled | State::Spent => {
            Standing::Settled(settled()?, kept(db, stored, now)?)
        }
        _ => Standing::Free,
    })
}

/// Every settlement whose outcome is not known and that no other process works on, oldest first.
pub(crate) fn pending(db: &Db) -> Result<Vec<Pending>, StoreError> {
    db.all(PENDING, values![db.process()], |row| {
        let (key, value) = (ClaimKey::read(row)?, usdc(row.get(4)?)?);
        Ok(Pending { key, value, txid: row.get(5)? })
    })
}

/// The open states are named so that the index of open claims serves, and the order is of a sum so that the
/// table's own does not.
pub(super) const PENDING: &str = "
    SELECT network, asset, payer, nonce, value, txid FROM claims
    WHERE (state = 'running' OR state = 'answered'
           OR state = 'settling' OR state = 'streaming')
          AND state = 'settling'
          AND (owner IS NULL OR owner = ?1) ORDER BY id + 0";

fn kept(db: &Db, stored: &Stored, now: u64) -> Result<Kept, StoreError> {
    if stored.state == State::Spent || stored.expires <= now {
        return Ok(Kept::Gone);
    }
    Ok(match answer(db, stored.id)? {
        None => Kept::Owed,
        Some(part) if stored.state == State::Streaming => Kept::Part(part),
        Some(answer) => Kept::Answer(answer),
    })
}

fn answer(db: &Db, claim: i64) -> Result<Option<Answer>, StoreError> {
    let sql = "SELECT streamed, sealed FROM answers WHERE claim = ?1";
    db.one(sql, values![claim], |row| Ok(Answer { streamed: row.get(0)?, sealed: row.get(1)? }))
}

/// Takes a free claim, which from here on holds its value of the payer's balance and room for its
/// answer.
pub(crate) fn take(
    db: &Db,
    claim: &Claim,
    transfer: &Transfer,
    limits: &Limits,
    now: u64,
) -> Result<Taken, StoreError> {
    // What another process did with it meanwhile is seen from here on.
    db.lock(Lock::Payer(&claim.key.payer))?;
    let before = find(db, &claim.key)?;
    let standing = before.as_ref().map(|before| judge(db, claim, before, now)).transpose()?;
    if standing.is_some_and(|standing| standing != Standing::Free) {
        return Ok(Taken::NotFree);
    }
    if !has_room(db, limits, &claim.key)? {
        return Ok(Taken::Full);
    }
    if let Some(id) = foreign(db, &claim.key, &claim.ids)? {
        return Ok(Taken::OtherCall(id));
    }
    insert(db, claim, transfer, limits, now)?;
    bind(db, &claim.key, &claim.ids)?;
    let Some(before) = before else { return Ok(Taken::Ours) };
    // The seal is of the recovery token: under another one the answer cannot be opened any more.
    if before.recovery != claim.recovery {
        db.execute("DELETE FROM answers WHERE claim = ?1", values![before.id])?;
    }
    Ok(answer(db, before.id)?.map_or(Taken::Ours, Taken::Answered))
}

fn insert(
    db: &Db,
    claim: &Claim,
    transfer: &Transfer,
    limits: &Limits,
    now: u64,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO claims (network, asset, payer, nonce, request, \"authorization\", value,
                   valid_before, expires, state, taken, recovery, owner, model, taken_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'running',
                   (SELECT coalesce(max(taken), 0) + 1 FROM claims WHERE payer = ?3
                        AND (state = 'running' OR state = 'answered'
                             OR state = 'settling' OR state = 'streaming')),
                   ?10, ?11, ?12, ?13)
               ON CONFLICT (network, asset, payer, nonce) DO UPDATE SET request = excluded.request,
                   \"authorization\" = excluded.\"authorization\", value = excluded.value,
                   valid_before = excluded.valid_before, expires = excluded.expires,
                   state = excluded.state, taken = excluded.taken, recovery = excluded.recovery,
                   owner = excluded.owner, model = excluded.model, taken_at = excluded.taken_at";
    let ClaimKey { network, asset, payer, nonce } = &claim.key;
    let row = values![
        *network,
        asset,
        payer,
        nonce,
        &claim.request,
        &claim.authorization,
        amount(transfer.value)?,
        transfer.valid_before,
        limits.expires(transfer.valid_before),
        claim.recovery.as_ref(),
        db.process(),
        claim.model.as_deref(),
        now,
    ];
    db.execute(sql, row).map(drop)
}

/// What the payer's claims that were taken before this one hold of its balance.
pub(crate) fn held(db: &Db, key: &ClaimKey, now: u64) -> Result<Usdc, StoreError> {
    let ClaimKey { network, asset, payer, nonce } = key;
    let sum = db.one(HELD, values![*network, asset, payer, nonce, now], |row| row.get(0))?;
    usdc(sum.unwrap_or_default())
}

/// Only the payer's open claims are looked at: a condition on the network beside it would lead through the
/// index of all that it ever had.
pub(super) const HELD: &str = "
    SELECT CAST(coalesce(sum(CASE WHEN
                   network = ?1 AND asset = ?2 AND valid_before > ?5 AND state <> 'streaming'
                   AND taken < (SELECT taken FROM claims WHERE network = ?1 AND asset = ?2
                                    AND payer = ?3 AND nonce = ?4)
               THEN value ELSE 0 END), 0) AS BIGINT)
    FROM claims
    WHERE payer = ?3 AND (state = 'running' OR state = 'answered'
                          OR state = 'settling' OR state = 'streaming')";

fn find(db: &Db, key: &ClaimKey) -> Result<Option<Stored>, StoreError> {
    let sql = "SELECT id, request, \"authorization\", recovery, valid_before, expires, state, txid,
                      value, owner
               FROM claims WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4";
    let ClaimKey { network, asset, payer, nonce } = key;
    db.one(sql, values![*network, asset, payer, nonce], read)
}

fn read(row: &Row<'_>) -> Result<Stored, StoreError> {
    Ok(Stored {
        id: row.get(0)?,
        request: row.get(1)?,
        authorization: row.get(2)?,
        recovery: row.get(3)?,
        valid_before: row.get(4)?,
        expires: row.get(5)?,
        state: row.get(6)?,
        txid: row.get(7)?,
        value: usdc(row.get(8)?)?,
        owner: row.get(9)?,
    })
}

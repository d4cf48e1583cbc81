//! How much is kept of answers, and for how long.
//!
//! Every claim that may still bring an answer reserves the largest answer there can be, so a call
//! that was let in always finds room for what it paid for. Nothing is forgotten early to make room.

use super::{ClaimKey, State, seal::OVERHEAD};
use crate::{
    config::Config,
    store::{Db, Row, StoreError, Value, values},
};

/// Claims that one pruning looks at: others wait for it.
const MAX_PRUNED: u64 = 64;

/// The limits on stored answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes of one answer.
    pub(crate) answer: u64,
    /// Bytes of all answers, encryption included.
    pub(crate) total: u64,
    /// Seconds that an answer is kept beyond the validity of its payment.
    pub(crate) retention: u64,
}

impl Limits {
    pub(crate) const fn of(config: &Config) -> Self {
        Self {
            answer: config.answer_limit,
            total: config.answers_limit,
            retention: config.answer_retention.as_secs(),
        }
    }

    /// What one answer may take on disk.
    pub(crate) const fn largest(&self) -> u64 {
        self.answer.saturating_add(OVERHEAD)
    }

    /// Until when the answer to a payment is kept.
    pub(super) fn expires(&self, valid_before: u64) -> i64 {
        i64::try_from(valid_before.saturating_add(self.retention)).unwrap_or(i64::MAX)
    }
}

/// Every open claim, whether or not its answer is there already: of each only the index is read.
pub(super) const OPEN: &str = "
    SELECT CAST((SELECT sum(bytes) FROM stored) AS BIGINT),
           (SELECT count(*) FROM claims
            WHERE (state = 'running' OR state = 'answered'
                   OR state = 'settling' OR state = 'streaming'))";

/// Every other claim that may still bring an answer.
const COMING: &str = "
    SELECT CAST((SELECT sum(bytes) FROM stored) AS BIGINT),
           (SELECT count(*) FROM claims
            WHERE (state = 'running' OR state = 'answered'
                   OR state = 'settling' OR state = 'streaming')
                  AND (payer <> ?1 OR nonce <> ?2)
                  AND (state = 'streaming'
                       OR NOT EXISTS (SELECT 1 FROM answers WHERE claim = claims.id)))";

/// Whether one more answer of any size fits beside all that are stored or still to come. Only where it
/// gets tight are those counted exactly.
pub(super) fn has_room(db: &Db, limits: &Limits, key: &ClaimKey) -> Result<bool, StoreError> {
    Ok(fits(db, limits, OPEN, &[])? || fits(db, limits, COMING, values![&key.payer, &key.nonce])?)
}

/// Whether one more fits beside what a query counts: bytes that are stored, and answers to come.
fn fits(db: &Db, limits: &Limits, sql: &str, values: &[Value<'_>]) -> Result<bool, StoreError> {
    let read = |row: &Row<'_>| Ok((row.get::<u64>(0)?, row.get::<u64>(1)?));
    let found = db.one(sql, values, read)?;
    let (bytes, coming) = found.ok_or(StoreError::Damaged("the count of answers"))?;
    let reserved = limits.largest().saturating_mul(coming.saturating_add(1));
    Ok(bytes.saturating_add(reserved) <= limits.total)
}

/// Forgets answers whose time is over, and returns whether there may be more of them. Settled claims
/// stay, without them, so that a nonce is never taken again; of claims that settled nothing, nothing
/// has to stay.
pub(crate) fn prune(db: &Db, now: u64) -> Result<bool, StoreError> {
    let sql = "SELECT id, state FROM claims
               WHERE (state = 'refused' OR state = 'released'
                      OR state = 'streaming' OR state = 'settled')
                     AND expires <= ?1
               ORDER BY expires LIMIT ?2";
    let over = db.all(sql, values![now, MAX_PRUNED], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (id, state) in &over {
        forget(db, *id, *state)?;
    }
    Ok(over.len() as u64 == MAX_PRUNED)
}

/// Of a claim that is what it was a moment ago.
fn forget(db: &Db, id: i64, state: State) -> Result<(), StoreError> {
    if matches!(state, State::Streaming | State::Settled) {
        let sql = "UPDATE claims SET state = 'spent', owner = NULL WHERE id = ?1 AND state = ?2";
        if db.execute(sql, values![id, state])? == 1 {
            db.execute("DELETE FROM answers WHERE claim = ?1", values![id])?;
        }
    } else {
        db.execute("DELETE FROM claims WHERE id = ?1 AND state = ?2", values![id, state])?;
    }
    Ok(())
}

//! How much is kept of answers, and for how long.
//!
//! Every claim that may still bring an answer reserves the largest answer there can be, so a call
//! that was let in always finds room for what it paid for. Nothing is forgotten early to make room.

use rusqlite::{Connection, params};

use super::{ClaimKey, State, seal::OVERHEAD};
use crate::{config::Config, store::StoreError};

/// Claims that one pruning looks at: it happens within somebody's call.
const MAX_PRUNED: u32 = 64;

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

/// Whether one more answer of any size fits beside all that are stored or still to come.
pub(super) fn has_room(
    db: &Connection,
    limits: &Limits,
    key: &ClaimKey,
) -> Result<bool, StoreError> {
    let sql = "SELECT (SELECT bytes FROM stored),
                      (SELECT count(*) FROM claims
                       WHERE state IN ('running', 'answered', 'settling', 'streaming')
                             AND (payer <> ?1 OR nonce <> ?2)
                             AND (state = 'streaming'
                                  OR NOT EXISTS (SELECT 1 FROM answers WHERE claim = claims.id)))";
    let bound = params![key.payer.as_slice(), key.nonce.as_slice()];
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let (bytes, coming) = db.query_row(sql, bound, read)?;
    let (bytes, coming) = (bytes.cast_unsigned(), coming.cast_unsigned());
    let reserved = limits.largest().saturating_mul(coming.saturating_add(1));
    Ok(bytes.saturating_add(reserved) <= limits.total)
}

/// Forgets answers whose time is over. Settled claims stay, without them, so that a nonce is never
/// taken again; of claims that settled nothing, nothing has to stay.
pub(crate) fn prune(db: &Connection, now: u64) -> Result<(), StoreError> {
    let sql = "SELECT id, state FROM claims
               WHERE state IN ('refused', 'released', 'streaming', 'settled') AND expires <= ?1
               ORDER BY expires LIMIT ?2";
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map(params![now.cast_signed(), MAX_PRUNED], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, State>(1)?))
    })?;
    for row in rows.collect::<Result<Vec<_>, _>>()? {
        match row {
            (id, State::Streaming | State::Settled) => {
                db.execute("DELETE FROM answers WHERE claim = ?1", [id])?;
                db.execute("UPDATE claims SET state = 'spent' WHERE id = ?1", [id])?
            }
            (id, _) => db.execute("DELETE FROM claims WHERE id = ?1", [id])?,
        };
    }
    Ok(())
}

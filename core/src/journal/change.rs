//! What happens to a row that is there: recorded, closed, proven, kept.

use rusqlite::{Connection, OptionalExtension, Params, params};

use super::{
    Proven, RecordState, RowId, failed, lease,
    row::{COLUMNS, Stored, storable},
    spending::{self, Owner},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, Proof, Result},
    flow::{Outcome, Recording},
    money::Usdc,
};

/// Authorizations that are kept of a call: the one that is shown, and the one before it.
const KEPT: i64 = 2;

/// Writes a signed payment: from here on it may have been sent.
pub(super) fn record(db: &Connection, row: RowId, recording: &Recording) -> Result<()> {
    let expiry: u64 = recording.transfer.authorization.valid_before.saturating_to();
    let expiry = i64::try_from(expiry).unwrap_or(i64::MAX);
    let sql = "UPDATE calls SET state = 'signed', valid_before = max(coalesce(valid_before, 0), ?3)
               WHERE id = ?1 AND nonce = ?2";
    if execute(db, sql, params![row.id, row.nonce.0, expiry])? == 0 {
        return Err(lost());
    }
    let sql = "SELECT coalesce(max(number), 0) + 1 FROM authorizations WHERE call = ?1";
    let mut next = db.prepare_cached(sql).map_err(failed)?;
    let number: i64 = next.query_row([row.id], |row| row.get(0)).map_err(failed)?;
    let sql = "INSERT INTO authorizations VALUES (?1, ?2, ?3, ?4)";
    execute(db, sql, params![row.id, number, recording.header_name, recording.header_value])?;
    if number <= KEPT {
        return Ok(());
    }
    let sql = "DELETE FROM authorizations WHERE call = ?1 AND number <= ?2";
    execute(db, sql, params![row.id, number - KEPT]).map(drop)
}

/// How far a call has come when its books are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its answer has begun: the lease stays.
    Begun,
    /// It is over, and nobody has its answer.
    Closed,
    /// Its answer was handed over: from now on the same content is another purchase.
    Answered,
}

/// Writes how a call ended.
pub(super) fn enter(db: &Connection, row: RowId, outcome: &Outcome, ending: Ending) -> Result<()> {
    let Some(stored) = find(db, row)? else { return Ok(()) };
    let held = stored.record.amount;
    let set = |state, amount, transaction| set(db, &stored, state, amount, transaction, ending);
    // What was settled once stays settled, whatever a later look at it brings.
    if stored.record.state == RecordState::Settled {
        return set(RecordState::Settled, held, None);
    }
    match outcome {
        Outcome::Released if stored.carried > Usdc::ZERO => {
            give_back(db, &stored, held.saturating_sub(stored.carried))?;
            set(RecordState::Unknown, stored.carried, None)
        }
        Outcome::Released => {
            give_back(db, &stored, held)?;
            set(RecordState::Released, held, None)
        }
        Outcome::Refused { .. } => set(RecordState::Refused, held, None),
        Outcome::Unknown { .. } => set(RecordState::Unknown, held, None),
        // Its word does not show which authorization the server executed: the largest counts.
        Outcome::Settled { amount, transaction, proof: Proof::Server } => {
            set(RecordState::Settled, held.max(*amount), transaction.as_deref())
        }
        Outcome::Settled { amount, transaction, proof: Proof::Chain } => {
            give_back(db, &stored, held.saturating_sub(*amount))?;
            set(RecordState::Settled, *amount, transaction.as_deref())
        }
    }
}

/// Writes what is proven about an unresolved call: it was paid, or it cannot be executed any more.
/// One that is under way is left alone: it may be about to sign anew.
pub(super) fn prove(db: &Connection, row: RowId, proof: &Proven, now: Timestamp) -> Result<()> {
    let at_rest = |stored: &Stored| {
        let leased = lease::is_live(&stored.lease_owner, stored.lease_until, now);
        stored.record.state.is_unresolved() && !leased
    };
    let Some(stored) = find(db, row)?.filter(at_rest) else { return Ok(()) };
    let held = stored.record.amount;
    let set =
        |state, amount, transaction| set(db, &stored, state, amount, transaction, Ending::Closed);
    match proof {
        Proven::Paid { amount, transaction } => {
            give_back(db, &stored, held.saturating_sub(*amount))?;
            set(RecordState::Settled, *amount, Some(transaction))
        }
        Proven::Unexecutable { cancelled } => {
            give_back(db, &stored, held)?;
            let state = if *cancelled { RecordState::Cancelled } else { RecordState::Released };
            set(state, held, None)
        }
    }
}

/// Ends a lease and leaves everything else as it is.
pub(super) fn let_go(db: &Connection, row: RowId) -> Result<()> {
    let sql = "UPDATE calls SET lease_until = 0 WHERE id = ?1 AND nonce = ?2";
    execute(db, sql, params![row.id, row.nonce.0]).map(drop)
}

/// Keeps a lease while a call is under way.
pub(super) fn extend(db: &Connection, row: RowId, now: Timestamp) -> Result<()> {
    let until = (now + lease::SECONDS).cast_signed();
    let sql = "UPDATE calls SET lease_until = ?3
               WHERE id = ?1 AND nonce = ?2 AND lease_until > 0";
    execute(db, sql, params![row.id, row.nonce.0, until]).map(drop)
}

fn set(
    db: &Connection,
    stored: &Stored,
    state: RecordState,
    amount: Usdc,
    transaction: Option<&str>,
    ending: Ending,
) -> Result<()> {
    // What is not resolved waits for the next call of the same content.
    let over = ending == Ending::Answered && !state.is_unresolved();
    let open = stored.open && state.counts() && !over;
    let sql = "UPDATE calls SET state = ?2, amount = ?3, tx = coalesce(?4, tx), open = ?5,
                   lease_until = iif(?6, lease_until, 0)
               WHERE id = ?1";
    let (amount, leased) = (storable(amount)?, ending == Ending::Begun);
    let values = params![stored.id, state.name(), amount, transaction, open, leased];
    execute(db, sql, values).map(drop)
}

/// Runs a statement that is prepared once, and tells how many rows it changed.
pub(super) fn execute(db: &Connection, sql: &str, values: impl Params) -> Result<usize> {
    db.prepare_cached(sql).and_then(|mut one| one.execute(values)).map_err(failed)
}

pub(super) fn give_back(db: &Connection, stored: &Stored, amount: Usdc) -> Result<()> {
    if amount == Usdc::ZERO {
        return Ok(());
    }
    spending::correct(db, &stored.owner(), -storable(amount)?)
}

pub(super) fn find(db: &Connection, row: RowId) -> Result<Option<Stored>> {
    let sql = format!("SELECT {COLUMNS} FROM calls WHERE id = ?1 AND nonce = ?2");
    let mut statement = db.prepare_cached(&sql).map_err(failed)?;
    statement.query_row(params![row.id, row.nonce.0], Stored::read).optional().map_err(failed)
}

pub(super) fn lost() -> Error {
    Error::new(ErrorKind::Journal, "the journal lost the row of a call; nothing was sent")
}

impl Stored {
    /// What it holds in the budgets.
    pub(super) fn counted(&self) -> Usdc {
        if self.record.state.counts() { self.record.amount } else { Usdc::ZERO }
    }

    pub(super) fn owner(&self) -> Owner<'_> {
        Owner {
            session: &self.session,
            model: self.record.model.as_deref(),
            origin: &self.origin,
            counted_at: self.counted_at,
        }
    }
}

//! What happens to a row: reserved, raised, recorded, closed, proven.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Entry, OnUnresolved, Proven, RecordState, Reservation, RowId, Standing, failed, lease,
    lookup::{Clocks, Hashes, by_content, by_row},
    payee,
    row::{COLUMNS, Stored, storable},
    spending::{self, Owner},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, Result},
    flow::{Outcome, Recording},
    money::Usdc,
    policy::Budgets,
};

/// Reserves an amount for a call in all its budgets, or nothing. A call without a key whose content
/// was paid before and never answered is found instead.
pub(super) fn reserve(
    db: &Connection,
    entry: &Entry,
    hashes: &Hashes,
    policy: OnUnresolved,
    now: Timestamp,
) -> Result<Reservation> {
    let clocks = Clocks { local: now, server: entry.server_time };
    if entry.pin_payee {
        payee::check(db, entry)?;
    }
    let row = RowId(entry.identity.nonce);
    let earlier = find(db, row)?;
    let found = match (&earlier, entry.identity.keyed) {
        (_, false) => by_content(db, hashes, policy, clocks)?,
        // By the local clock alone it had expired, or another process was faster.
        (Some(stored), true) => by_row(db, stored, hashes, clocks)?,
        (None, true) => Standing::New,
    };
    if let Standing::Resume(found) = found {
        return Ok(Reservation::Found(found));
    }
    let carried = match &earlier {
        Some(stored) => carried(stored, clocks)?,
        None => Usdc::ZERO,
    };
    let (owner, budgets) = (entry.owner(), &entry.budgets);
    let own = earlier.as_ref().map_or(Usdc::ZERO, Stored::counted);
    let check = || spending::check(db, &owner, budgets, entry.record.amount, own, now);
    if check().is_err() {
        free_the_dead(db, now)?;
        check()?;
    }
    let amount = entry.record.amount.max(carried);
    if let Some(stored) = &earlier {
        give_back(db, stored, stored.counted())?;
        // What was signed then has expired, or was never sent.
        db.execute("DELETE FROM authorizations WHERE nonce = ?1", params![row.0.0])
            .map_err(failed)?;
    }
    insert(db, entry, hashes, amount, carried, now)?;
    spending::add(db, &owner, storable(amount)?).map_err(failed)?;
    Ok(Reservation::Made(row))
}

/// Frees what processes reserved that died before they signed anything.
fn free_the_dead(db: &Connection, now: Timestamp) -> Result<()> {
    let sql = format!("SELECT {COLUMNS} FROM calls WHERE state = 'reserved'");
    let mut statement = db.prepare_cached(&sql).map_err(failed)?;
    let reserved: Vec<Stored> =
        statement.query_map([], Stored::read).and_then(Iterator::collect).map_err(failed)?;
    for stored in reserved {
        if !lease::is_live(&stored.lease_owner, stored.lease_until, now) {
            close(db, RowId(stored.nonce), &Outcome::Released)?;
        }
    }
    Ok(())
}

/// What an earlier attempt of the same call still holds; an error when it cannot be made again.
fn carried(stored: &Stored, clocks: Clocks) -> Result<Usdc> {
    if lease::is_live(&stored.lease_owner, stored.lease_until, clocks.local) {
        let message = "the same call is under way; nothing was sent";
        return Err(Error::new(ErrorKind::IdempotencyInFlight, message));
    }
    match stored.state_at(clocks.earlier()) {
        RecordState::Reserved | RecordState::Released => Ok(stored.carried),
        RecordState::PresumedCharged => Ok(stored.record.amount),
        state => {
            let message = format!("the same call is {} already; nothing was sent", state.name());
            Err(Error::new(ErrorKind::IdempotencyConflict, message))
        }
    }
}

fn insert(
    db: &Connection,
    entry: &Entry,
    hashes: &Hashes,
    amount: Usdc,
    carried: Usdc,
    now: Timestamp,
) -> Result<()> {
    let record = &entry.record;
    let sql = "INSERT INTO calls (nonce, key_hash, key, payment_id, fingerprint, session, state,
            created_at, method, url, origin, model, wallet, network, payee, amount, carried,
            recovery, lease_owner, lease_until)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'reserved', ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
            ?17, ?18, ?19)
        ON CONFLICT (nonce) DO UPDATE SET session = excluded.session, state = 'reserved',
            created_at = excluded.created_at, network = excluded.network, payee = excluded.payee,
            amount = excluded.amount, carried = excluded.carried, recovery = excluded.recovery,
            lease_owner = excluded.lease_owner, lease_until = excluded.lease_until";
    let mut statement = db.prepare_cached(sql).map_err(failed)?;
    let done = statement.execute(params![
        entry.identity.nonce.0,
        hashes.key,
        record.key,
        record.payment_id,
        hashes.fingerprint,
        entry.session,
        record.created_at.cast_signed(),
        record.method,
        record.url,
        entry.origin,
        record.model,
        entry.identity.wallet.0.0,
        record.network,
        record.payee,
        storable(amount)?,
        storable(carried)?,
        entry.recovery,
        lease::owner()?,
        (now + lease::SECONDS).cast_signed(),
    ]);
    done.map(drop).map_err(failed)
}

/// Raises a call's reservation; a lower amount leaves it, because what was signed before can still
/// be executed.
pub(super) fn raise(
    db: &Connection,
    row: RowId,
    amount: Usdc,
    budgets: &Budgets,
    now: Timestamp,
) -> Result<()> {
    let stored = find(db, row)?.ok_or_else(lost)?;
    let held = stored.record.amount;
    if amount <= held {
        return Ok(());
    }
    spending::check(db, &stored.owner(), budgets, amount, held, now)?;
    let more = storable(amount.saturating_sub(held))?;
    spending::add(db, &stored.owner(), more).map_err(failed)?;
    db.execute("UPDATE calls SET amount = amount + ?2 WHERE nonce = ?1", params![row.0.0, more])
        .map(drop)
        .map_err(failed)
}

/// Writes a signed payment: from here on it may have been sent.
pub(super) fn record(db: &Connection, row: RowId, recording: &Recording) -> Result<()> {
    let expiry: u64 = recording.transfer.authorization.valid_before.saturating_to();
    let transfer = serde_json::to_string(&recording.transfer.authorization)
        .map_err(|cause| super::writer::broken(&cause))?;
    let sql = "UPDATE calls SET state = 'signed', unanswered = 1, valid_before = max(coalesce(valid_before, 0), ?2)
               WHERE nonce = ?1";
    let expiry = i64::try_from(expiry).unwrap_or(i64::MAX);
    let changed = db.prepare_cached(sql).and_then(|mut one| one.execute(params![row.0.0, expiry]));
    if changed.map_err(failed)? != 1 {
        return Err(lost());
    }
    let sql = "INSERT INTO authorizations
               SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4
               FROM authorizations WHERE nonce = ?1";
    let values = params![row.0.0, transfer, recording.header_name, recording.header_value];
    db.prepare_cached(sql).and_then(|mut one| one.execute(values)).map(drop).map_err(failed)
}

/// The answer of a call was handed over: from now on the same content is another purchase.
pub(super) fn answered(db: &Connection, row: RowId) -> Result<()> {
    let sql = "UPDATE calls SET unanswered = 0 WHERE nonce = ?1";
    db.prepare_cached(sql)
        .and_then(|mut one| one.execute(params![row.0.0]))
        .map(drop)
        .map_err(failed)
}

/// What becomes of a call's lease when its books are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lease {
    Ends,
    Stays,
}

/// Closes a call's books and gives up its lease.
pub(super) fn close(db: &Connection, row: RowId, outcome: &Outcome) -> Result<()> {
    enter(db, row, outcome, Lease::Ends)
}

/// Writes how a call ended.
pub(super) fn enter(db: &Connection, row: RowId, outcome: &Outcome, lease: Lease) -> Result<()> {
    let Some(stored) = find(db, row)? else { return Ok(()) };
    let held = stored.record.amount;
    let set = |state, amount, transaction| set(db, row, state, amount, transaction, lease);
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
        Outcome::Settled { amount, transaction } => {
            set(RecordState::Settled, held.max(*amount), transaction.as_deref())
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
    match proof {
        Proven::Paid { amount, transaction } => {
            give_back(db, &stored, held.saturating_sub(*amount))?;
            set(db, row, RecordState::Settled, *amount, Some(transaction), Lease::Ends)
        }
        Proven::Unexecutable { cancelled } => {
            give_back(db, &stored, held)?;
            let state = if *cancelled { RecordState::Cancelled } else { RecordState::Released };
            set(db, row, state, held, None, Lease::Ends)
        }
    }
}

/// Keeps a lease while a call is under way.
pub(super) fn extend(db: &Connection, row: RowId, now: Timestamp) -> Result<()> {
    let until = (now + lease::SECONDS).cast_signed();
    let sql = "UPDATE calls SET lease_until = ?2 WHERE nonce = ?1 AND lease_until > 0";
    db.execute(sql, params![row.0.0, until]).map(drop).map_err(failed)
}

fn set(
    db: &Connection,
    row: RowId,
    state: RecordState,
    amount: Usdc,
    transaction: Option<&str>,
    lease: Lease,
) -> Result<()> {
    let sql = "UPDATE calls SET state = ?2, amount = ?3, tx = coalesce(?4, tx),
                   lease_until = iif(?5, lease_until, 0),
                   unanswered = unanswered AND ?2 NOT IN ('released', 'cancelled')
               WHERE nonce = ?1";
    let values =
        params![row.0.0, state.name(), storable(amount)?, transaction, lease == Lease::Stays];
    db.prepare_cached(sql).and_then(|mut one| one.execute(values)).map(drop).map_err(failed)
}

fn give_back(db: &Connection, stored: &Stored, amount: Usdc) -> Result<()> {
    if amount == Usdc::ZERO {
        return Ok(());
    }
    spending::add(db, &stored.owner(), -storable(amount)?).map_err(failed)
}

pub(super) fn find(db: &Connection, row: RowId) -> Result<Option<Stored>> {
    let sql = format!("SELECT {COLUMNS} FROM calls WHERE nonce = ?1");
    let mut statement = db.prepare_cached(&sql).map_err(failed)?;
    statement.query_row(params![row.0.0], Stored::read).optional().map_err(failed)
}

fn lost() -> Error {
    Error::new(ErrorKind::Journal, "the journal lost the row of a call; nothing was sent")
}

impl Entry {
    fn owner(&self) -> Owner<'_> {
        Owner {
            session: &self.session,
            model: self.record.model.as_deref(),
            origin: &self.origin,
            created_at: self.record.created_at,
        }
    }
}

impl Stored {
    /// What it holds in the budgets.
    fn counted(&self) -> Usdc {
        if self.record.state.counts() { self.record.amount } else { Usdc::ZERO }
    }

    fn owner(&self) -> Owner<'_> {
        Owner {
            session: &self.session,
            model: self.record.model.as_deref(),
            origin: &self.origin,
            created_at: self.record.created_at,
        }
    }
}

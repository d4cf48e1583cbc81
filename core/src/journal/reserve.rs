//! Before anything is signed: an amount is counted in every budget of its call, or nothing is.

use rusqlite::{Connection, params};

use super::{
    Entry, OnUnresolved, RecordState, Reservation, RowId, Standing,
    change::{self, Ending, find, give_back, lost},
    failed, lease,
    lookup::{Clocks, Hashes, by_content, by_key},
    payee,
    row::{COLUMNS, Stored, storable},
    spending::{self, Owner},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, Result},
    flow::Outcome,
    money::Usdc,
    policy::Budgets,
};

/// Reserves an amount for a call in all its budgets, or nothing. A call that was paid before and
/// can be taken up is found instead: by its key, or without one by its content.
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
    // A key that was just made up has no row.
    let may_have_a_row = entry.identity.keyed || entry.identity.again;
    let (earlier, mut standing) = match may_have_a_row {
        true => by_key(db, &entry.identity, hashes, clocks)?,
        false => (None, Standing::New),
    };
    if !entry.identity.keyed && matches!(standing, Standing::New) {
        standing = by_content(db, hashes, policy, clocks)?;
    }
    match standing {
        Standing::New => {}
        // By the local clock alone it had expired, or another process was faster.
        Standing::Resume(found) => return Ok(Reservation::Found(found)),
        Standing::InFlight => {
            let message = "the same call is under way; nothing was sent";
            return Err(Error::new(ErrorKind::IdempotencyInFlight, message));
        }
    }
    let held = earlier.as_ref().map_or(Usdc::ZERO, Stored::counted);
    let counted_at = spending::time(db, now)?;
    within_budgets(db, entry, held, Times { now, counted_at })?;
    let carried = earlier.as_ref().map_or(Usdc::ZERO, |stored| carried(stored, clocks));
    let amount = entry.record.amount.max(carried);
    if let Some(stored) = &earlier {
        give_back(db, stored, held)?;
    }
    let id = write(db, entry, hashes, Held { amount, carried }, Times { now, counted_at })?;
    spending::add(db, &entry.owner(counted_at), storable(amount)?)?;
    // What was signed earlier may have been executed unnoticed: its answer opens with its token.
    let recovery = earlier.map_or_else(|| entry.recovery.clone(), |stored| stored.recovery);
    let row = RowId { id, nonce: entry.identity.nonce };
    Ok(Reservation::Made { row, recovery })
}

/// The time of day, and that of the windows.
#[derive(Clone, Copy)]
struct Times {
    now: Timestamp,
    counted_at: Timestamp,
}

/// What processes reserved that died before they signed is freed when it is needed.
fn within_budgets(db: &Connection, entry: &Entry, held: Usdc, times: Times) -> Result<()> {
    let (owner, amount) = (entry.owner(times.counted_at), entry.record.amount);
    let check = || spending::check(db, &owner, &entry.budgets, amount, held, times.counted_at);
    if check().is_ok() {
        return Ok(());
    }
    free_the_dead(db, times.now)?;
    check()
}

fn free_the_dead(db: &Connection, now: Timestamp) -> Result<()> {
    let sql = format!(
        "SELECT {COLUMNS} FROM calls INDEXED BY calls_open WHERE open = 1 AND state = 'reserved'"
    );
    let mut statement = db.prepare_cached(&sql).map_err(failed)?;
    let reserved: Vec<Stored> =
        statement.query_map([], Stored::read).and_then(Iterator::collect).map_err(failed)?;
    for stored in reserved {
        if !lease::is_live(&stored.lease_owner, stored.lease_until, now) {
            change::enter(db, stored.row(), &Outcome::Released, Ending::Closed)?;
        }
    }
    Ok(())
}

/// What an earlier attempt of the same call, which is made again, still holds.
fn carried(stored: &Stored, clocks: Clocks) -> Usdc {
    match stored.state_at(clocks.earlier()) {
        RecordState::PresumedCharged => stored.record.amount,
        _ => stored.carried,
    }
}

/// What a row holds in the budgets.
struct Held {
    amount: Usdc,
    /// Of it, from earlier attempts.
    carried: Usdc,
}

/// A call's first row.
const FIRST: &str =
    "INSERT INTO calls (payment_id, nonce, key_hash, key, fingerprint, session, state,
            open, created_at, method, url, origin, model, wallet, network, payee, amount, carried,
            recovery, lease_owner, lease_until, counted_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'reserved', 1, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
            ?16, ?17, ?18, ?19, ?20)";
/// A call that is made again keeps its row, and the token of its answer.
const AGAIN: &str = "ON CONFLICT (payment_id) DO UPDATE SET session = excluded.session,
            state = 'reserved', open = 1, created_at = excluded.created_at,
            counted_at = excluded.counted_at, network = excluded.network,
            payee = excluded.payee, amount = excluded.amount, carried = excluded.carried,
            lease_owner = excluded.lease_owner, lease_until = excluded.lease_until";

/// Writes a call's row and tells its number. (`RETURNING` would make a table for it, each time.)
fn write(db: &Connection, entry: &Entry, hashes: &Hashes, held: Held, times: Times) -> Result<i64> {
    let record = &entry.record;
    let values = params![
        record.payment_id,
        entry.identity.nonce.0,
        hashes.key,
        record.key,
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
        storable(held.amount)?,
        storable(held.carried)?,
        entry.recovery,
        lease::owner()?,
        (times.now + lease::SECONDS).cast_signed(),
        times.counted_at.cast_signed(),
    ];
    if change::execute(db, &format!("{FIRST} ON CONFLICT DO NOTHING"), values)? == 1 {
        return Ok(db.last_insert_rowid());
    }
    change::execute(db, &format!("{FIRST} {AGAIN}"), values)?;
    let sql = "SELECT id FROM calls WHERE payment_id = ?1";
    let mut statement = db.prepare_cached(sql).map_err(failed)?;
    statement.query_row([&record.payment_id], |row| row.get(0)).map_err(failed)
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
    let time = spending::time(db, now)?;
    spending::check(db, &stored.owner(), budgets, amount, held, time)?;
    let more = storable(amount.saturating_sub(held))?;
    spending::correct(db, &stored.owner(), more)?;
    let sql = "UPDATE calls SET amount = amount + ?2 WHERE id = ?1";
    change::execute(db, sql, params![stored.id, more]).map(drop)
}

impl Entry {
    fn owner(&self, counted_at: Timestamp) -> Owner<'_> {
        Owner {
            session: &self.session,
            model: self.record.model.as_deref(),
            origin: &self.origin,
            counted_at,
        }
    }
}

//! What the journal shows: payments, sums, and what is still open.

use alloy::primitives::{Address, B256};
use rusqlite::{Connection, params};
use url::Url;

use super::{
    PaymentFilter, PaymentRecord, RecordState, RowId, Spending, failed,
    row::{COLUMNS, Stored, micro},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    x402::Origin,
};

/// Payments that are listed unless a filter says otherwise.
const LISTED: usize = 1_000;

/// What a filter says of a row but for its time and its state: session, model and origin.
pub(super) const CHOSEN: &str = "(?2 IS NULL OR session = ?2) AND (?3 IS NULL OR model = ?3)
     AND (?4 IS NULL OR origin = ?4)";

/// Payments that pass a filter, oldest first.
pub(super) fn payments(
    db: &Connection,
    filter: &PaymentFilter,
    session: [u8; 16],
    now: Timestamp,
) -> Result<Vec<PaymentRecord>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM calls
         WHERE created_at >= ?1 AND {CHOSEN}
         ORDER BY created_at DESC, id DESC"
    );
    let mut statement = db.prepare_cached(&sql).map_err(failed)?;
    let origin = filter.origin.as_deref().map(stored_origin).transpose()?;
    let bound = params![since(filter), filter.own.then_some(session), filter.model, origin];
    let rows = statement.query_map(bound, Stored::read).map_err(failed)?;
    let mut found = Vec::new();
    for row in rows {
        if found.len() == filter.limit.unwrap_or(LISTED) {
            break;
        }
        let stored = row.map_err(failed)?;
        let state = stored.state_at(now);
        if filter.state.is_none_or(|wanted| wanted == state) {
            found.push(PaymentRecord { state, ..stored.record });
        }
    }
    found.reverse();
    Ok(found)
}

/// The time from which on a filter wants payments.
pub(super) fn since(filter: &PaymentFilter) -> i64 {
    i64::try_from(filter.since.unwrap_or(0)).unwrap_or(i64::MAX)
}

/// The origin of a URL, as it is stored.
pub(super) fn stored_origin(url: &str) -> Result<String> {
    let origin = Url::parse(url).ok().as_ref().and_then(Origin::of);
    let problem =
        || Error::argument("origin", &format!("{url:?} is not a URL: write https://host"));
    Ok(origin.ok_or_else(problem)?.to_string())
}

/// Sums over a client's payments.
pub(super) fn spending(db: &Connection, session: [u8; 16], now: Timestamp) -> Result<Spending> {
    let sql = "SELECT state, coalesce(valid_before <= ?2, 0), count(*), sum(amount) FROM calls
               WHERE session = ?1 GROUP BY 1, 2";
    let mut statement = db.prepare_cached(sql).map_err(failed)?;
    let mut rows = statement.query(params![session, now.cast_signed()]).map_err(failed)?;
    let mut sums = Spending::default();
    while let Some(row) = rows.next().map_err(failed)? {
        let name: String = row.get(0).map_err(failed)?;
        let expired: bool = row.get(1).map_err(failed)?;
        let count: i64 = row.get(2).map_err(failed)?;
        let amount = micro(row.get(3).map_err(failed)?);
        match RecordState::from_name(&name) {
            Some(RecordState::Settled) => {
                sums.total = sums.total.saturating_add(amount);
                sums.calls += count.cast_unsigned();
            }
            Some(state) if !state.counts() => {}
            Some(state) if state.is_unresolved() && expired => {
                sums.presumed = sums.presumed.saturating_add(amount);
            }
            _ => sums.reserved = sums.reserved.saturating_add(amount),
        }
    }
    Ok(sums)
}

/// An open question for the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The row.
    pub row: RowId,
    /// What is known.
    pub record: PaymentRecord,
    /// Who pays.
    pub wallet: Address,
    /// The nonce to ask for.
    pub nonce: B256,
}

/// Calls whose payment was sent and never resolved, the oldest first, at most `limit`.
pub(super) fn unresolved(db: &Connection, limit: usize) -> Result<Vec<Unresolved>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM calls INDEXED BY calls_open
         WHERE open = 1 AND state IN ('signed', 'refused', 'unknown')
         ORDER BY created_at, id LIMIT ?1"
    );
    let mut statement = db.prepare_cached(&sql).map_err(failed)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![limit], Stored::read).map_err(failed)?;
    rows.map(|row| {
        let stored = row.map_err(failed)?;
        let (row, Stored { nonce, wallet, record, .. }) = (stored.row(), stored);
        Ok(Unresolved { row, record, wallet, nonce })
    })
    .collect()
}

/// The row of a call by its public id.
pub(super) fn by_payment_id(db: &Connection, id: &str) -> Result<Option<Stored>> {
    use rusqlite::OptionalExtension;
    let sql = format!("SELECT {COLUMNS} FROM calls WHERE payment_id = ?1");
    db.query_row(&sql, params![id], Stored::read).optional().map_err(failed)
}

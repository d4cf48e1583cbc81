//! What counts in the budgets: sums by scope and minute, and their running totals.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::{BudgetState, change::execute, failed, row::micro};
use crate::{
    clock::Timestamp,
    error::{Error, Limit, Result},
    money::Usdc,
    policy::{Budgets, DAY, Scope},
};

/// Width of a bucket: a window may count up to a minute more than it should, never less.
const MINUTE: u64 = 60;

/// Whose money a sum is.
pub(super) struct Owner<'a> {
    pub(super) session: &'a [u8],
    pub(super) model: Option<&'a str>,
    pub(super) origin: &'a str,
    /// When the windows count it, see [`time`].
    pub(super) counted_at: Timestamp,
}

impl Owner<'_> {
    /// The rows that a payment counts in: table scope, name, bucket. A session has one bucket.
    fn rows(&self) -> Vec<(&'static str, &[u8], u64)> {
        let minute = self.counted_at / MINUTE;
        let mut rows = vec![
            ("all", b"".as_slice(), minute),
            ("session", self.session, 0),
            ("origin", self.origin.as_bytes(), minute),
        ];
        rows.extend(self.model.map(|model| ("model", model.as_bytes(), minute)));
        rows
    }

    /// Name under which a scope's sum is kept.
    fn name(&self, scope: Scope) -> &[u8] {
        match scope {
            Scope::Session => self.session,
            Scope::Model => self.model.unwrap_or_default().as_bytes(),
            Scope::Origin => self.origin.as_bytes(),
            Scope::Call | Scope::Hour | Scope::Day => b"",
        }
    }
}

/// The time that windows run on: a clock that is set back does not take it back, so nothing that was
/// spent meanwhile leaves a window early. (A clock that is far ahead signs nothing: see
/// `ClockSkew`.)
pub(super) fn time(db: &Connection, now: Timestamp) -> Result<Timestamp> {
    let sql = "SELECT max(minute) FROM spending WHERE scope = 'all' AND name = x''";
    let mut statement = db.prepare_cached(sql).map_err(failed)?;
    let newest: Option<i64> = statement.query_row([], |row| row.get(0)).map_err(failed)?;
    Ok(newest.map_or(now, |minute| now.max(minute.cast_unsigned() * MINUTE)))
}

/// Counts an amount at [`time`]: no bucket is newer.
pub(super) fn add(db: &Connection, owner: &Owner<'_>, amount: i64) -> Result<()> {
    let here = "UPDATE spending SET amount = amount + ?4, total = total + ?4
                WHERE scope = ?1 AND name = ?2 AND minute = ?3";
    let first = "INSERT INTO spending SELECT ?1, ?2, ?3, ?4, ?4 + coalesce(
                     (SELECT total FROM spending WHERE scope = ?1 AND name = ?2 AND minute < ?3
                      ORDER BY minute DESC LIMIT 1), 0)";
    for (scope, name, minute) in owner.rows() {
        let values = params![scope, name, minute.cast_signed(), amount];
        if execute(db, here, values)? == 0 {
            execute(db, first, values)?;
        }
    }
    Ok(())
}

/// Counts an amount, or with a negative one gives it back, where newer buckets may have begun.
pub(super) fn correct(db: &Connection, owner: &Owner<'_>, amount: i64) -> Result<()> {
    add(db, owner, amount)?;
    let later = "UPDATE spending SET total = total + ?4
                 WHERE scope = ?1 AND name = ?2 AND minute > ?3";
    for (scope, name, minute) in owner.rows() {
        execute(db, later, params![scope, name, minute.cast_signed(), amount])?;
    }
    Ok(())
}

/// Refuses an amount that any budget of its call does not cover. `held` is what the call has
/// reserved already.
pub(super) fn check(
    db: &Connection,
    owner: &Owner<'_>,
    budgets: &Budgets,
    amount: Usdc,
    held: Usdc,
    now: Timestamp,
) -> Result<()> {
    for (scope, limit) in budgets.for_call(owner.model, owner.origin) {
        let name = owner.name(scope);
        let since = scope.window().map_or(0, |window| now.saturating_sub(window) / MINUTE);
        let counted = sum(db, table_scope(scope), name, since)?.saturating_sub(held);
        let wanted = counted.saturating_add(amount);
        if wanted > limit {
            return Err(Error::over_limit(Limit {
                quoted: amount,
                limit,
                scope: scope.name(),
                reserved: counted,
                frees_at: frees_at(db, scope, name, since, wanted.saturating_sub(limit))?,
            }));
        }
    }
    Ok(())
}

/// What is left of each budget over many calls, in the order of [`Scope`].
pub(super) fn states(
    db: &Connection,
    session: [u8; 16],
    budgets: &Budgets,
    now: Timestamp,
) -> Result<Vec<BudgetState>> {
    let now = time(db, now)?;
    let named = |map: &BTreeMap<String, Usdc>, scope: Scope| {
        map.iter().map(|(name, limit)| (scope, Some(name.clone()), *limit)).collect::<Vec<_>>()
    };
    let whole =
        [(Scope::Session, budgets.session), (Scope::Hour, budgets.hour), (Scope::Day, budgets.day)];
    let whole = whole.into_iter().filter_map(|(scope, limit)| Some((scope, None, limit?)));
    let all = whole
        .chain(named(&budgets.models, Scope::Model))
        .chain(named(&budgets.origins, Scope::Origin));
    all.map(|(scope, name, limit)| {
        let since = scope.window().map_or(0, |window| now.saturating_sub(window) / MINUTE);
        let key = match (scope, &name) {
            (Scope::Session, _) => session.as_slice(),
            (_, Some(name)) => name.as_bytes(),
            _ => b"",
        };
        let counted = sum(db, table_scope(scope), key, since)?;
        Ok(BudgetState::new(scope, name, limit, counted))
    })
    .collect()
}

const fn table_scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Session => "session",
        Scope::Model => "model",
        Scope::Origin => "origin",
        Scope::Call | Scope::Hour | Scope::Day => "all",
    }
}

fn sum(db: &Connection, scope: &str, name: &[u8], since: u64) -> Result<Usdc> {
    let sql = "SELECT coalesce(
                   (SELECT total FROM spending WHERE scope = ?1 AND name = ?2 AND minute >= ?3
                    ORDER BY minute DESC LIMIT 1)
                   - (SELECT total - amount FROM spending
                      WHERE scope = ?1 AND name = ?2 AND minute >= ?3 ORDER BY minute LIMIT 1), 0)";
    let mut statement = db.prepare_cached(sql).map_err(failed)?;
    let total: i64 = statement
        .query_row(params![scope, name, since.cast_signed()], |row| row.get(0))
        .map_err(failed)?;
    Ok(micro(total))
}

/// When enough of a rolling window has passed for `over` to be free again.
fn frees_at(
    db: &Connection,
    scope: Scope,
    name: &[u8],
    since: u64,
    over: Usdc,
) -> Result<Option<Timestamp>> {
    let Some(window) = scope.window() else { return Ok(None) };
    let sql = "SELECT minute, amount FROM spending
               WHERE scope = ?1 AND name = ?2 AND minute >= ?3 ORDER BY minute";
    let mut statement = db.prepare_cached(sql).map_err(failed)?;
    let mut rows =
        statement.query(params![table_scope(scope), name, since.cast_signed()]).map_err(failed)?;
    let mut freed = Usdc::ZERO;
    while let Some(row) = rows.next().map_err(failed)? {
        let minute: i64 = row.get(0).map_err(failed)?;
        freed = freed.saturating_add(micro(row.get(1).map_err(failed)?));
        if freed >= over {
            return Ok(Some((minute.cast_unsigned() + 1) * MINUTE + window));
        }
    }
    Ok(None)
}

/// Drops buckets that no window reaches any more.
pub(super) fn prune(db: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let oldest = now.saturating_sub(2 * DAY) / MINUTE;
    let sql = "DELETE FROM spending WHERE minute > 0 AND minute < ?1";
    db.execute(sql, params![oldest.cast_signed()]).map(drop)
}

/// Drops the sums of clients of which no call is left.
pub(super) fn prune_sessions(db: &Connection) -> rusqlite::Result<()> {
    let sql = "DELETE FROM spending WHERE scope = 'session'
               AND NOT EXISTS (SELECT 1 FROM calls WHERE session = spending.name)";
    db.execute(sql, []).map(drop)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::journal::open::open_memory;

    fn owner(minute: u64) -> Owner<'static> {
        Owner { session: b"s", model: None, origin: "o", counted_at: minute * MINUTE }
    }

    #[test]
    fn what_is_left_is_what_a_call_may_still_cost() {
        let db = open_memory().unwrap().db;
        let (now, session) = (100 * DAY, *b"0123456789abcdef");
        let owner = |session, model, at: u64| Owner {
            session,
            model: Some(model),
            origin: "https://a:443",
            counted_at: at,
        };
        add(&db, &owner(&session, "m", now), 3).unwrap();
        correct(&db, &owner(b"another session!", "n", now - 2 * 3_600), 4).unwrap();
        let limit = |amount| Some(Usdc::from_micro(amount));
        let budgets = Budgets {
            session: limit(5),
            hour: limit(6),
            day: limit(6),
            models: [("n".to_owned(), Usdc::from_micro(9))].into(),
            origins: [("https://a:443".to_owned(), Usdc::from_micro(7))].into(),
        };
        let states = states(&db, session, &budgets, now).unwrap();
        let told: Vec<_> =
            states.iter().map(|one| (one.scope, one.counted.micro(), one.left.micro())).collect();
        let expected =
            [("session", 3, 2), ("hour", 3, 3), ("day", 7, 0), ("model", 4, 5), ("origin", 7, 0)];
        assert_eq!(told, expected);
        for (amount, fits) in [(2, true), (3, false)] {
            let budgets = Budgets { session: budgets.session, ..Budgets::default() };
            let owner = owner(&session, "m", now);
            let amount = Usdc::from_micro(amount);
            let checked = check(&db, &owner, &budgets, amount, Usdc::ZERO, now);
            assert_eq!(checked.is_ok(), fits);
        }
    }

    proptest! {
        #[test]
        fn a_window_is_the_sum_of_its_minutes_in_whatever_order_they_came(
            spent in prop::collection::vec((1_u64..20, 0_i64..100), 1..40),
            given_back in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
            since in 0_u64..22,
        ) {
            let db = open_memory().unwrap().db;
            let mut left = spent;
            for (minute, amount) in &left {
                correct(&db, &owner(*minute), *amount).unwrap();
            }
            for index in given_back {
                let (minute, amount) = index.get_mut(&mut left);
                correct(&db, &owner(*minute), -*amount).unwrap();
                *amount = 0;
            }
            let within = left.iter().filter(|(minute, _)| *minute >= since);
            let expected: i64 = within.map(|(_, amount)| amount).sum();
            prop_assert_eq!(sum(&db, "all", b"", since).unwrap(), micro(expected));
            let session: i64 = left.iter().map(|(_, amount)| amount).sum();
            prop_assert_eq!(sum(&db, "session", b"s", 0).unwrap(), micro(session));
        }
    }
}

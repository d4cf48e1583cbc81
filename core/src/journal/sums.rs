//! Sums over the payments of a wallet home, made by the database: at a million rows a second's work.

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::{
    PaymentFilter, failed,
    list::{CHOSEN, since, stored_origin},
    row::micro,
};
use crate::{clock::Timestamp, error::Result, money::Usdc, policy::DAY};

/// What there is a sum for each of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SumBy {
    /// A day of UTC.
    Day,
    /// A model.
    Model,
    /// A server.
    Origin,
}

/// What a sum is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SumOf {
    /// The day that begins at this Unix time.
    Day(Timestamp),
    /// Calls of this model; `None` for those that name no model.
    Model(Option<String>),
    /// Calls to this server, `scheme://host:port`.
    Origin(String),
}

/// A sum of payments that count in the budgets: not of those that were never sent, or proven not to
/// be executable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaymentSum {
    /// What it is of.
    pub of: SumOf,
    /// Number of payments.
    pub payments: u64,
    /// Number of those that were sent and of which it is not known whether they are settled.
    pub unresolved: u64,
    /// Settled, in micro-USDC.
    pub settled: Usdc,
    /// Not known to be settled, in micro-USDC.
    pub open: Usdc,
}

impl PaymentSum {
    fn read(by: SumBy, row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            of: match by {
                SumBy::Day => SumOf::Day(row.get::<_, i64>(0)?.cast_unsigned() * DAY),
                SumBy::Model => SumOf::Model(row.get(0)?),
                SumBy::Origin => SumOf::Origin(row.get(0)?),
            },
            payments: row.get::<_, i64>(1)?.cast_unsigned(),
            unresolved: row.get::<_, i64>(2)?.cast_unsigned(),
            settled: micro(row.get(3)?),
            open: micro(row.get(4)?),
        })
    }
}

/// Sums over the payments that pass a filter, in the order of what they are of.
pub(super) fn sums(
    db: &Connection,
    by: SumBy,
    filter: &PaymentFilter,
    session: [u8; 16],
    now: Timestamp,
) -> Result<Vec<PaymentSum>> {
    let group = match by {
        SumBy::Day => format!("created_at / {DAY}"),
        SumBy::Model => "model".to_owned(),
        SumBy::Origin => "origin".to_owned(),
    };
    // Without a beginning the whole table is read as it lies, which an index would make slower.
    let beginning = if filter.since.is_some() { "created_at" } else { "+created_at" };
    let sql = format!(
        "SELECT {group}, count(*), sum(state IN ('signed', 'refused', 'unknown')),
             sum(iif(state = 'settled', amount, 0)), sum(iif(state = 'settled', 0, amount))
         FROM calls
         WHERE state NOT IN ('released', 'cancelled') AND {beginning} >= ?1 AND {CHOSEN}
             AND (?5 IS NULL OR ?5 =
                 iif(state IN ('signed', 'refused', 'unknown') AND coalesce(valid_before <= ?6, 0),
                     'presumed_charged', state))
         GROUP BY 1 ORDER BY 1"
    );
    let mut statement = db.prepare_cached(&sql).map_err(failed)?;
    let origin = filter.origin.as_deref().map(stored_origin).transpose()?;
    let state = filter.state.map(super::RecordState::name);
    let bound = params![
        since(filter),
        filter.own.then_some(session),
        filter.model,
        origin,
        state,
        now.cast_signed()
    ];
    let rows = statement.query_map(bound, |row| PaymentSum::read(by, row)).map_err(failed)?;
    rows.map(|row| row.map_err(failed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{RecordState, open::open_memory};

    fn insert(db: &Connection, state: &str, at: u64, model: Option<&str>, amount: i64) {
        let sql =
            "INSERT INTO calls (payment_id, nonce, key_hash, fingerprint, session, state, open,
                created_at, counted_at, method, url, origin, model, wallet, network, payee, amount,
                carried, valid_before, recovery, lease_owner, lease_until)
            VALUES (hex(randomblob(16)), randomblob(32), randomblob(32), x'', ?4, ?1, 0, ?2, ?2,
                'POST', 'https://a.test/v1', 'https://a.test:443', ?3, zeroblob(20), 'eip155:8453',
                '', ?5, 0, ?2 + 60, '', '', 0)";
        let session = [u8::from(model.is_none()); 16];
        db.execute(sql, params![state, at.cast_signed(), model, session, amount]).unwrap();
    }

    fn told(sums: Vec<PaymentSum>) -> Vec<(SumOf, u64, u64, u128, u128)> {
        let told = |one: PaymentSum| {
            (one.of, one.payments, one.unresolved, one.settled.micro(), one.open.micro())
        };
        sums.into_iter().map(told).collect()
    }

    #[test]
    fn what_counts_is_added_up() {
        let db = open_memory().unwrap().db;
        for (state, at, model, amount) in [
            ("settled", 0, Some("a"), 10),
            ("released", 0, Some("a"), 1_000),
            ("settled", 90_000, Some("b"), 40),
            ("unknown", 90_001, Some("b"), 5),
            ("reserved", 90_002, None, 7),
            ("cancelled", 90_002, None, 1_000),
        ] {
            insert(&db, state, at, model, amount);
        }
        let all = PaymentFilter::default();
        let ask = |by, filter: &PaymentFilter| sums(&db, by, filter, [1; 16], 90_061).unwrap();
        let day = |number: u64| SumOf::Day(number * DAY);
        assert_eq!(told(ask(SumBy::Day, &all)), [(day(0), 1, 0, 10, 0), (day(1), 3, 1, 40, 12)]);
        let model = |name: &str| SumOf::Model(Some(name.to_owned()));
        let by_model = [
            (SumOf::Model(None), 1, 0, 0, 7),
            (model("a"), 1, 0, 10, 0),
            (model("b"), 2, 1, 40, 5),
        ];
        assert_eq!(told(ask(SumBy::Model, &all)), by_model);
        let origin = SumOf::Origin("https://a.test:443".to_owned());
        assert_eq!(told(ask(SumBy::Origin, &all)), [(origin.clone(), 4, 1, 50, 12)]);

        let of = |filter| told(ask(SumBy::Origin, &filter));
        let named = PaymentFilter { model: Some("b".into()), ..all.clone() };
        assert_eq!(of(named), [(origin.clone(), 2, 1, 40, 5)]);
        let elsewhere = PaymentFilter { origin: Some("https://b.test".into()), ..all.clone() };
        assert_eq!(of(elsewhere), []);
        let late = PaymentFilter { since: Some(90_001), ..all.clone() };
        assert_eq!(of(late), [(origin.clone(), 2, 1, 0, 12)]);
        let own = PaymentFilter { own: true, ..all.clone() };
        assert_eq!(of(own), [(origin.clone(), 1, 0, 0, 7)]);
        // It expired at 90,061.
        let presumed = Some(RecordState::PresumedCharged);
        assert_eq!(of(PaymentFilter { state: presumed, ..all }), [(origin, 1, 1, 0, 5)]);
    }

    #[test]
    fn an_address_that_is_none_is_named() {
        let filter = PaymentFilter { origin: Some("a.test".into()), ..PaymentFilter::default() };
        let db = open_memory().unwrap().db;
        let error = sums(&db, SumBy::Day, &filter, [0; 16], 0).unwrap_err();
        assert_eq!(error.field(), Some("origin"));
    }
}

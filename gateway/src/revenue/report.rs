//! The answer: rows and their sums, as JSON or CSV.

use std::collections::BTreeMap;

use alloy::primitives::Address;
use blockrun_llm::Usdc;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{RevenueQuery, day_name};
use crate::sales::Sold;

/// What was earned: settled calls alone. Amounts are whole micro-USDC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevenueReport {
    /// By day, model and payer, as far as they were asked for, in this order.
    pub rows: Vec<RevenueRow>,
    /// Settled calls of all rows.
    pub calls: u64,
    /// What they were paid together.
    #[serde(with = "micro")]
    pub micro_usdc: Usdc,
}

/// A row; what was not asked for is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevenueRow {
    /// The day on which the calls were made, as `2026-01-31` (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// Id of the model that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Address of the payer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payer: Option<String>,
    /// Settled calls.
    pub calls: u64,
    /// What they were paid together.
    #[serde(with = "micro")]
    pub micro_usdc: Usdc,
}

impl RevenueReport {
    /// Adds up what was sold, as far as the query does not want it apart.
    pub(super) fn of(query: &RevenueQuery, sold: Vec<Sold>) -> Self {
        type Key = (Option<u64>, Option<String>, Option<Address>);
        let mut sums = BTreeMap::<Key, (u64, Usdc)>::new();
        let (mut calls, mut micro_usdc) = (0, Usdc::ZERO);
        for one in sold {
            let key = (query.day.then_some(one.day), query.model.then_some(one.model), one.payer);
            let sum = sums.entry(key).or_insert((0, Usdc::ZERO));
            (sum.0, sum.1) = (sum.0 + one.calls, sum.1.saturating_add(one.amount));
            (calls, micro_usdc) = (calls + one.calls, micro_usdc.saturating_add(one.amount));
        }
        let rows = sums.into_iter().map(|((day, model, payer), (calls, micro_usdc))| RevenueRow {
            day: day.map(day_name),
            model,
            payer: payer.map(|payer| payer.to_string()),
            calls,
            micro_usdc,
        });
        Self { rows: rows.collect(), calls, micro_usdc }
    }

    /// The report as JSON: `rows`, `calls`, `micro_usdc` (a string of digits).
    #[must_use]
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The rows as CSV (RFC 4180) with a line of names: `day,model,payer,calls,micro_usdc`. What was
    /// not asked for is empty.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = "day,model,payer,calls,micro_usdc\n".to_owned();
        for row in &self.rows {
            let [day, model, payer] = [&row.day, &row.model, &row.payer]
                .map(|value| quoted(value.as_deref().unwrap_or_default()));
            let amount = row.micro_usdc.micro();
            text += &format!("{day},{model},{payer},{},{amount}\n", row.calls);
        }
        text
    }
}

/// A value of a CSV file: in quotes where it would not be one value without.
fn quoted(value: &str) -> String {
    if value.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}

/// Amounts as strings of digits: they may be larger than what every reader of JSON counts to.
mod micro {
    use blockrun_llm::Usdc;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(amount: &Usdc, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&amount.micro())
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Usdc, D::Error> {
        let digits = String::deserialize(from)?;
        digits.parse().map(Usdc::from_micro).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(query: &RevenueQuery) -> RevenueReport {
        let sold = |day, model: &str, payer, calls, micro| Sold {
            day,
            model: model.to_owned(),
            payer: query.payer.then(|| Address::repeat_byte(payer)),
            calls,
            amount: Usdc::from_micro(micro),
        };
        let all = vec![
            sold(0, "a", 1, 1, 1_000),
            sold(0, "b", 2, 2, 5_000),
            sold(1, "a", 2, 3, u128::from(u64::MAX)),
        ];
        RevenueReport::of(query, all)
    }

    #[test]
    fn rows_are_added_up_as_far_as_nobody_wants_them_apart() {
        let by_model = report(&RevenueQuery { model: true, ..RevenueQuery::default() });
        let csv = "day,model,payer,calls,micro_usdc\n,a,,4,18446744073709552615\n,b,,2,5000\n";
        assert_eq!(by_model.to_csv(), csv);
        let total = report(&RevenueQuery::default());
        assert_eq!((total.rows.len(), total.calls), (1, 6));
        assert_eq!(total.micro_usdc.micro(), u128::from(u64::MAX) + 6_000);
        let all =
            report(&RevenueQuery { day: true, model: true, payer: true, ..Default::default() });
        assert_eq!(all.rows.len(), 3);
        assert_eq!(all.rows[2].day.as_deref(), Some("1970-01-02"));
        assert_eq!(serde_json::from_value::<RevenueReport>(all.to_json()).unwrap(), all);
    }

    #[test]
    fn a_value_stays_one_value() {
        assert_eq!(quoted("openai/gpt-4o"), "openai/gpt-4o");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}

//! The page, as its template wants it.

use std::collections::BTreeMap;

use askama::Template;
use blockrun_llm::{Usdc, networks::Network};

use super::words::{latency, percent, span};
use crate::{
    observe::Calls,
    provider::UpstreamState,
    revenue::day_name,
    sales::{DAY, Sold, Unknown},
};

/// Days that the page looks back, today included.
pub(super) const DAYS: u64 = 30;
/// Height of the highest bar, and its lower edge.
const HEIGHT: u128 = 150;
const FLOOR: u128 = 160;
/// From one bar to the next.
const STEP: u64 = 30;
/// An outcome that is unknown for longer than a settlement takes.
const LONG: u64 = 300;

/// What there is to see.
pub(super) struct Seen {
    pub(super) practice: bool,
    pub(super) network: &'static Network,
    pub(super) draining: bool,
    /// Seconds since the start.
    pub(super) up: u64,
    pub(super) now: u64,
    pub(super) sold: Vec<Sold>,
    pub(super) unknown: Vec<Unknown>,
    pub(super) unknown_count: u64,
    pub(super) calls: Calls,
    pub(super) upstreams: Vec<UpstreamState>,
}

/// The page. Askama escapes what goes into it.
#[derive(Debug, Template)]
#[template(path = "dashboard.html")]
pub(crate) struct Page {
    /// Lets the page's own style through its content security policy.
    pub(crate) nonce: String,
    practice: bool,
    money: String,
    draining: bool,
    version: &'static str,
    up: String,
    unit: &'static str,
    days: u64,
    cards: Vec<Card>,
    bars: Vec<Bar>,
    first_day: String,
    last_day: String,
    models: Vec<ModelRow>,
    unknown: Vec<UnknownRow>,
    unknown_count: u64,
    latencies: Vec<Latency>,
    outcomes: Vec<Row>,
    upstreams: Vec<UpstreamState>,
}

#[derive(Debug)]
struct Card {
    name: &'static str,
    value: String,
    beside: String,
    tone: &'static str,
}

#[derive(Debug)]
struct Bar {
    day: String,
    amount: Usdc,
    calls: u64,
    x: u64,
    y: u128,
    height: u128,
}

#[derive(Debug)]
struct ModelRow {
    name: String,
    calls: u64,
    amount: Usdc,
    share: u128,
}

#[derive(Debug)]
struct UnknownRow {
    model: String,
    amount: Usdc,
    age: String,
    tone: &'static str,
    transaction: String,
    /// Its beginning and end.
    short: String,
}

#[derive(Debug)]
struct Latency {
    name: &'static str,
    count: u64,
    average: String,
}

#[derive(Debug)]
struct Row {
    name: &'static str,
    count: u64,
    tone: &'static str,
}

impl Page {
    pub(super) fn of(seen: Seen) -> Self {
        let today = seen.now / DAY;
        let first = (today + 1).saturating_sub(DAYS);
        let unit = if seen.practice { "test USDC" } else { "USDC" };
        let kind = match (seen.practice, seen.network.testnet) {
            (true, _) => "practice money",
            (false, true) => "test money",
            (false, false) => "real money",
        };
        Self {
            nonce: String::new(),
            practice: seen.practice || seen.network.testnet,
            money: format!("{kind} · {}", seen.network.name),
            draining: seen.draining,
            version: env!("CARGO_PKG_VERSION"),
            up: span(seen.up),
            unit,
            days: DAYS,
            cards: cards(&seen, today, unit),
            bars: bars(&seen.sold, first, today),
            first_day: day_name(first),
            last_day: day_name(today),
            models: models(&seen.sold),
            unknown: seen.unknown.into_iter().map(|one| unknown_row(one, seen.now)).collect(),
            unknown_count: seen.unknown_count,
            latencies: latencies(&seen.calls),
            outcomes: outcomes(&seen.calls),
            upstreams: seen.upstreams,
        }
    }
}

/// Calls and amount of what passes.
fn sum<'a>(sold: impl IntoIterator<Item = &'a Sold>) -> (u64, Usdc) {
    sold.into_iter().fold((0, Usdc::ZERO), |(calls, amount), one| {
        (calls + one.calls, amount.saturating_add(one.amount))
    })
}

fn cards(seen: &Seen, today: u64, unit: &'static str) -> Vec<Card> {
    let since = |name, days: u64| {
        let (calls, amount) = sum(seen.sold.iter().filter(|one| one.day + days > today));
        Card { name, value: amount.to_string(), beside: format!("{unit}, {calls} calls"), tone: "" }
    };
    let Calls { answered, failed, .. } = seen.calls;
    let share = percent(u128::from(failed), u128::from(answered + failed));
    let errors = Card {
        name: "Error rate",
        value: format!("{share} %"),
        beside: format!("{failed} of {} since the start", answered + failed),
        tone: if share > 4 { "bad" } else { "" },
    };
    let unknown = Card {
        name: "Unknown settlements",
        value: seen.unknown_count.to_string(),
        beside: "now, in the database".to_owned(),
        tone: if seen.unknown_count > 0 { "warn" } else { "good" },
    };
    vec![since("Today", 1), since("7 days", 7), since("30 days", DAYS), errors, unknown]
}

fn bars(sold: &[Sold], first: u64, today: u64) -> Vec<Bar> {
    let days: Vec<_> =
        (first..=today).map(|day| (day, sum(sold.iter().filter(|one| one.day == day)))).collect();
    let most = days.iter().map(|(_, (_, amount))| amount.micro()).max().unwrap_or_default().max(1);
    let bar = |(n, (day, (calls, amount))): (u64, (u64, (u64, Usdc)))| {
        // A day that earned anything is seen.
        let least = u128::from(calls > 0) * 2;
        let height = amount.micro().saturating_mul(HEIGHT).div_ceil(most).clamp(least, HEIGHT);
        Bar { day: day_name(day), amount, calls, x: 4 + n * STEP, y: FLOOR - height, height }
    };
    (0..).zip(days).map(bar).collect()
}

fn models(sold: &[Sold]) -> Vec<ModelRow> {
    let mut by_model = BTreeMap::<&str, Vec<&Sold>>::new();
    for one in sold {
        by_model.entry(&one.model).or_default().push(one);
    }
    let whole = sum(sold).1.micro();
    let row = |(name, sold): (&str, Vec<&Sold>)| {
        let (calls, amount) = sum(sold);
        ModelRow { name: name.to_owned(), calls, amount, share: percent(amount.micro(), whole) }
    };
    let mut rows: Vec<_> = by_model.into_iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.amount));
    rows
}

fn unknown_row(one: Unknown, now: u64) -> UnknownRow {
    let age = one.taken_at.map(|taken_at| now.saturating_sub(taken_at));
    let transaction = one.txid.map_or_else(|| "–".to_owned(), |txid| txid.to_string());
    let ends = transaction.get(..10).zip(transaction.get(transaction.len().saturating_sub(8)..));
    UnknownRow {
        short: ends.map_or_else(|| transaction.clone(), |(start, end)| format!("{start}…{end}")),
        model: one.model.unwrap_or_else(|| "–".to_owned()),
        amount: one.amount,
        age: age.map_or_else(|| "–".to_owned(), span),
        tone: if age.is_some_and(|age| age > LONG) { "bad" } else { "warn" },
        transaction,
    }
}

fn latencies(calls: &Calls) -> Vec<Latency> {
    [
        ("Head of an answer", calls.first_byte),
        ("Whole answer", calls.whole),
        ("Settlement", calls.settlement),
    ]
    .map(|(name, times)| Latency { name, count: times.count, average: latency(times.average()) })
    .into()
}

fn outcomes(calls: &Calls) -> Vec<Row> {
    let row = |name, count, tone| Row { name, count, tone: if count > 0 { tone } else { "" } };
    vec![
        row("Answered", calls.answered, "good"),
        row("Told the price", calls.payment_required, ""),
        row("Payments verified", calls.verified, ""),
        row("Payment refused", calls.refused, "warn"),
        row("Bad request or conflict", calls.bad_request, ""),
        row("Over a limit", calls.limited, "warn"),
        row("Left by the caller", calls.left, ""),
        row("Failed", calls.failed, "bad"),
        row("In flight", calls.in_flight, ""),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sold(day: u64, model: &str, calls: u64, micro: u128) -> Sold {
        let amount = Usdc::from_micro(micro);
        Sold { day, model: model.into(), payer: None, calls, amount }
    }

    #[test]
    fn a_day_that_earned_anything_is_seen_and_none_leaves_the_picture() {
        let all =
            [sold(100, "a", 1, 1), sold(101, "a", 1, u128::from(u64::MAX)), sold(101, "b", 1, 5)];
        let bars = bars(&all, 72, 101);
        assert_eq!(bars.len(), 30);
        assert_eq!((bars[0].height, bars[28].height, bars[29].height), (0, 2, HEIGHT));
        assert!(bars.iter().all(|bar| bar.x + 22 <= 900 && bar.y + bar.height == FLOOR));
    }

    #[test]
    fn the_best_model_comes_first() {
        let rows = models(&[sold(1, "a", 1, 10), sold(1, "b", 2, 20), sold(2, "b", 1, 10)]);
        let seen: Vec<_> =
            rows.iter().map(|row| (row.name.as_str(), row.calls, row.share)).collect();
        assert_eq!(seen, [("b", 3, 75), ("a", 1, 25)]);
    }
}

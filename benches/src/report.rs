//! What a load measured.

use std::{collections::HashSet, time::Duration};

use serde_json::{Value, json};

/// The calls of one load.
#[derive(Debug, Default)]
pub struct Report {
    latencies: Vec<Duration>,
    transactions: HashSet<String>,
    paid: u128,
    failed: usize,
    failure: Option<String>,
}

impl Report {
    /// Notes a call that was answered: what it paid, and the transaction of its receipt.
    pub fn answered(&mut self, latency: Duration, amount: u128, transaction: String) {
        self.latencies.push(latency);
        self.transactions.insert(transaction);
        self.paid += amount;
    }

    /// Notes a call that was not; the first one is told.
    pub fn failed(&mut self, why: impl FnOnce() -> String) {
        self.failed += 1;
        self.failure.get_or_insert_with(why);
    }

    /// Adds what another connection measured.
    pub fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.transactions.extend(other.transactions);
        self.paid += other.paid;
        self.failed += other.failed;
        self.failure = self.failure.take().or(other.failure);
    }

    /// As JSON: calls, failures, calls a second, latencies in microseconds, micro-USDC paid, and by how many
    /// transactions.
    #[must_use]
    pub fn to_json(mut self, took: Duration) -> Value {
        self.latencies.sort_unstable();
        let at = |share: usize| {
            let place = self.latencies.len().saturating_sub(1) * share / 100;
            self.latencies.get(place).map(Duration::as_micros)
        };
        json!({
            "calls": self.latencies.len(),
            "failed": self.failed,
            "failure": self.failure,
            "seconds": took.as_secs_f64(),
            "per_second": self.latencies.len() as f64 / took.as_secs_f64(),
            "median_us": at(50).map(|us| us as u64),
            "p99_us": at(99).map(|us| us as u64),
            "paid_micro": self.paid as u64,
            "transactions": self.transactions.len(),
        })
    }
}

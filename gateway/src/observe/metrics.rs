//! Counting.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use blockrun_llm::Usdc;
use prometheus_client::{encoding::text::encode, registry::Registry};

use super::{
    calls::{Tally, is_sold},
    figures::Figures,
    label::{ByLimit, ByModel, ByOutcome, ByReason, ByRoute, ByUpstream, Served, reason},
};
use crate::{
    provider::UpstreamState,
    settlement::{Gas, Outcome, Unavailable},
};

/// How `/metrics` is read: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a gateway has counted since it started.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    pub(super) figures: Figures,
    pub(super) tallies: Tallies,
}

/// Times of what is sold.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    pub(super) first_byte: Tally,
    pub(super) whole: Tally,
    pub(super) settlement: Tally,
}

/// What the database has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    /// Settlements whose outcome is not known.
    pub(crate) unknown: u64,
    /// Bytes of answers.
    pub(crate) stored: u64,
}

/// How a request ended.
#[derive(Debug)]
pub(super) struct End<'a> {
    pub(super) route: &'a str,
    pub(super) status: u16,
    pub(super) reason: Option<&'static str>,
    pub(super) first_byte: Option<Duration>,
    pub(super) whole: Duration,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let figures = Figures::new();
        let mut registry = Registry::with_prefix("blockrun");
        figures.register(&mut registry);
        Self { registry, figures, tallies: Tallies::default() }
    }

    /// Counts a request that ended.
    pub(super) fn served(&self, end: &End<'_>) {
        let (figures, route) = (&self.figures, end.route.to_owned());
        let by = ByRoute { route: route.clone() };
        figures.requests.get_or_create(&Served { route, status: end.status }).inc();
        figures.whole.get_or_create(&by).observe(end.whole.as_secs_f64());
        if let Some(first_byte) = end.first_byte {
            figures.first_byte.get_or_create(&by).observe(first_byte.as_secs_f64());
        }
        if is_sold(end.route) && end.status < 300 {
            self.tallies.whole.add(end.whole);
            end.first_byte.iter().for_each(|time| self.tallies.first_byte.add(*time));
        }
        match (end.status, end.reason) {
            (402, Some("payment_required")) => drop(figures.payment_required.inc()),
            (402, Some(code)) => {
                figures.refused.get_or_create(&ByReason { reason: reason(code) }).inc();
            }
            _ => (),
        }
    }

    /// Counts a payment whose terms and signature are good.
    pub(crate) fn verified(&self) {
        self.figures.verified.inc();
    }

    /// Counts a request that met a limit.
    pub(crate) fn limited(&self, limit: &'static str) {
        self.figures.limited.get_or_create(&ByLimit { limit }).inc();
    }

    /// Counts how a settlement that was begun at some time ended.
    pub(crate) fn settled(&self, began: Instant, outcome: &Result<Outcome, Unavailable>) {
        if outcome.is_ok() {
            self.tallies.settlement.add(began.elapsed());
        }
        let outcome = match outcome {
            Ok(Outcome::Settled(_)) => "settled",
            Ok(Outcome::Refused(_)) => "refused",
            Ok(Outcome::Unknown(_)) => "unknown",
            Err(_) => "unavailable",
        };
        let times = self.figures.settlements.get_or_create(&ByOutcome { outcome });
        times.observe(began.elapsed().as_secs_f64());
    }

    /// Counts what a call was paid. Beyond 18 trillion USDC the counter starts again.
    pub(crate) fn earned(&self, model: &str, amount: Usdc) {
        let by = ByModel { model: model.to_owned() };
        self.figures.sold.get_or_create(&by).inc();
        self.figures.revenue.get_or_create(&by).inc_by(amount.micro() as u64);
    }

    /// Begins to measure a question to the provider.
    pub(crate) fn asking(self: &Arc<Self>, model: &str) -> Asking {
        let by = ByModel { model: model.to_owned() };
        Asking { metrics: Arc::clone(self), by, began: Instant::now(), answered: false }
    }

    /// Everything as text, with what is so at the moment.
    pub(crate) fn text(
        &self,
        upstreams: &[UpstreamState],
        kept: Kept,
        gas: Option<Gas>,
    ) -> Result<String, fmt::Error> {
        let now = &self.figures.now;
        // Those of a settings file that was replaced are gone.
        now.resting.clear();
        for upstream in upstreams {
            let by = ByUpstream { upstream: upstream.name.clone() };
            now.resting.get_or_create(&by).set(i64::from(upstream.resting));
        }
        now.unknown.set(kept.unknown.cast_signed());
        now.stored.set(kept.stored.cast_signed());
        if let Some(Gas { wei, settlements, .. }) = gas {
            now.gas_wei.set(f64::from(wei));
            now.gas_settlements.set(i64::try_from(settlements).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// A question to the provider; one that is given up counts as failed.
#[derive(Debug)]
pub(crate) struct Asking {
    metrics: Arc<Metrics>,
    by: ByModel,
    began: Instant,
    answered: bool,
}

impl Asking {
    /// Says how it ended.
    pub(crate) fn ended<T, E>(mut self, result: Result<T, E>) -> Result<T, E> {
        self.answered = result.is_ok();
        result
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let Self { metrics, by, began, answered } = self;
        metrics.figures.provider.get_or_create(by).observe(began.elapsed().as_secs_f64());
        if !*answered {
            metrics.figures.provider_failures.get_or_create(by).inc();
        }
    }
}

//! The figures of calls, for people.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{
    Metrics,
    label::{CLIENT_GONE, Served},
};

/// The routes of what is sold.
const SOLD: [&str; 2] = ["/api/v1/chat/completions", "/api/v1/images/generations"];

/// What became of the calls to what is sold, since the start.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calls {
    pub(crate) answered: u64,
    pub(crate) payment_required: u64,
    pub(crate) verified: u64,
    pub(crate) refused: u64,
    pub(crate) bad_request: u64,
    pub(crate) limited: u64,
    pub(crate) left: u64,
    pub(crate) failed: u64,
    pub(crate) in_flight: u64,
    pub(crate) first_byte: Times,
    pub(crate) whole: Times,
    pub(crate) settlement: Times,
}

/// How often something took its time. Histograms do not tell what they have seen.
#[derive(Debug, Default)]
pub(super) struct Tally {
    count: AtomicU64,
    micros: AtomicU64,
}

/// How often, and how long together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Times {
    pub(crate) count: u64,
    micros: u64,
}

impl Tally {
    pub(super) fn add(&self, time: Duration) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    fn times(&self) -> Times {
        let read = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Times { count: read(&self.count), micros: read(&self.micros) }
    }
}

/// Whether a route is one of what is sold.
pub(super) fn is_sold(route: &str) -> bool {
    SOLD.contains(&route)
}

impl Times {
    /// How long it takes; `None` before the first time.
    pub(crate) fn average(&self) -> Option<Duration> {
        self.micros.checked_div(self.count).map(Duration::from_micros)
    }
}

impl Metrics {
    /// What became of the calls so far.
    pub(crate) fn calls(&self) -> Calls {
        let figures = &self.figures;
        let count = |statuses: &[u16]| -> u64 {
            let all = SOLD.iter().flat_map(|route| statuses.iter().map(move |one| (route, *one)));
            let labels = all.map(|(route, status)| Served { route: (*route).to_owned(), status });
            labels.filter_map(|label| figures.requests.get(&label).map(|one| one.get())).sum()
        };
        let (told, priced) = (count(&[402]), figures.payment_required.get());
        Calls {
            answered: count(&[200]),
            payment_required: priced,
            verified: figures.verified.get(),
            refused: told.saturating_sub(priced),
            bad_request: count(&[400, 405, 408, 409, 410, 413]),
            limited: count(&[429]),
            left: count(&[CLIENT_GONE]),
            failed: count(&[500, 503]),
            in_flight: u64::try_from(figures.in_flight.get()).unwrap_or_default(),
            first_byte: self.tallies.first_byte.times(),
            whole: self.tallies.whole.times(),
            settlement: self.tallies.settlement.times(),
        }
    }
}

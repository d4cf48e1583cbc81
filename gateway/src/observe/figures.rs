//! The figures of a gateway, by the names under which Prometheus gets them.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        gauge::Gauge,
        histogram::Histogram,
    },
    registry::{Registry, Unit},
};

use super::label::{ByLimit, ByModel, ByOutcome, ByReason, ByRoute, ByUpstream, Served};

/// From 1 ms to 5 minutes, which is longer than anything may take.
const SECONDS: [f64; 16] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0,
];

/// Times in [`SECONDS`].
#[derive(Debug, Clone)]
pub(super) struct Timed;

impl MetricConstructor<Histogram> for Timed {
    fn new_metric(&self) -> Histogram {
        Histogram::new(SECONDS)
    }
}

type Times<L> = Family<L, Histogram, Timed>;

/// All figures; those under `now` are set when they are asked for.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) requests: Family<Served, Counter>,
    pub(super) in_flight: Gauge,
    pub(super) whole: Times<ByRoute>,
    pub(super) first_byte: Times<ByRoute>,
    pub(super) payment_required: Counter,
    pub(super) verified: Counter,
    pub(super) refused: Family<ByReason, Counter>,
    pub(super) settlements: Times<ByOutcome>,
    pub(super) provider: Times<ByModel>,
    pub(super) provider_failures: Family<ByModel, Counter>,
    pub(super) revenue: Family<ByModel, Counter>,
    pub(super) sold: Family<ByModel, Counter>,
    pub(super) limited: Family<ByLimit, Counter>,
    pub(super) now: Now,
}

/// What is so at the moment.
#[derive(Debug, Default)]
pub(super) struct Now {
    pub(super) resting: Family<ByUpstream, Gauge>,
    pub(super) unknown: Gauge,
    pub(super) stored: Gauge,
    pub(super) gas_wei: Gauge<f64, AtomicU64>,
    pub(super) gas_settlements: Gauge,
}

impl Figures {
    pub(super) fn new() -> Self {
        Self {
            requests: Family::default(),
            in_flight: Gauge::default(),
            whole: Times::new_with_constructor(Timed),
            first_byte: Times::new_with_constructor(Timed),
            payment_required: Counter::default(),
            verified: Counter::default(),
            refused: Family::default(),
            settlements: Times::new_with_constructor(Timed),
            provider: Times::new_with_constructor(Timed),
            provider_failures: Family::default(),
            revenue: Family::default(),
            sold: Family::default(),
            limited: Family::default(),
            now: Now::default(),
        }
    }

    /// Puts all of them under their names.
    pub(super) fn register(&self, all: &mut Registry) {
        self.register_requests(all);
        self.register_payments(all);
        let seconds = || Unit::Seconds;
        let help = "From the question to the whole answer, or to the first event of a stream";
        all.register_with_unit("provider", help, seconds(), self.provider.clone());
        let help = "Questions that the provider did not answer";
        all.register("provider_failures", help, self.provider_failures.clone());
        let help = "1 while an upstream is left alone because it failed repeatedly";
        all.register("upstream_resting", help, self.now.resting.clone());
        let help = "What the account that pays the gas has, in wei; on a chain alone";
        all.register("gas_wei", help, self.now.gas_wei.clone());
        let help = "About how many settlements that is enough for; on a chain alone";
        all.register("gas_settlements", help, self.now.gas_settlements.clone());
        let help = "What the answers that are kept take";
        all.register_with_unit("stored_answers", help, Unit::Bytes, self.now.stored.clone());
    }

    fn register_requests(&self, all: &mut Registry) {
        let help = "Requests; status 499 is one whose caller left before its answer began";
        all.register("requests", help, self.requests.clone());
        let help = "Requests that are being answered";
        all.register("requests_in_flight", help, self.in_flight.clone());
        let help = "From the request to the last byte of its answer";
        all.register_with_unit("request", help, Unit::Seconds, self.whole.clone());
        let help = "From the request to the head of its answer";
        all.register_with_unit("first_byte", help, Unit::Seconds, self.first_byte.clone());
        let help = "Requests that met a limit of their address or payer (429)";
        all.register("limited", help, self.limited.clone());
    }

    fn register_payments(&self, all: &mut Registry) {
        let help = "Requests without a payment that were told the price (402)";
        all.register("payment_required", help, self.payment_required.clone());
        let help = "Payments whose terms and signature were found good";
        all.register("payments_verified", help, self.verified.clone());
        let help = "Payments that were refused (402)";
        all.register("payments_refused", help, self.refused.clone());
        let help = "Settlements by how they ended, and how long that took";
        all.register_with_unit("settlement", help, Unit::Seconds, self.settlements.clone());
        let help = "What was settled, in micro-USDC";
        all.register("revenue_micro_usdc", help, self.revenue.clone());
        let help = "Calls that were settled";
        all.register("sold", help, self.sold.clone());
        let help = "Settlements whose outcome is not known";
        all.register("settlements_unknown", help, self.now.unknown.clone());
    }
}

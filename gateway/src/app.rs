//! What all requests share.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{sync::mpsc, task::JoinError};
use tracing::Instrument;

use crate::{
    claim::{Limits, Turns},
    config::Config,
    gallery::Gallery,
    ledger::Ledger,
    observe::Metrics,
    offer::Terms,
    recording::Recordings,
    settlement::Settlement,
    stock::Shelf,
    store::Store,
    traffic::Gate,
};

/// The state of a running gateway.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) terms: Terms,
    pub(crate) shelf: Shelf,
    pub(crate) store: Store,
    /// The practice ledger; `None` when payments are settled on a chain.
    pub(crate) practice: Option<Ledger>,
    pub(crate) settlement: Arc<dyn Settlement>,
    pub(crate) limits: Limits,
    pub(crate) turns: Turns,
    pub(crate) recordings: Recordings,
    pub(crate) gallery: Gallery,
    pub(crate) tasks: Tasks,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) gate: Gate,
    /// Set once the gateway is being stopped.
    pub(crate) draining: AtomicBool,
    /// When it was started, in Unix seconds.
    pub(crate) started: u64,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// `http://host:port`, for links when a request does not say how it was addressed.
    pub(crate) base_url: String,
}

impl App {
    /// Whether the gateway is being stopped.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// Work that outlives its connection: a paid call is finished and recorded even when the caller
/// hangs up. A shutdown waits for it.
#[derive(Debug, Clone)]
pub(crate) struct Tasks {
    alive: mpsc::Sender<()>,
}

impl Tasks {
    /// The tasks, and what tells when there are none left: it closes.
    pub(crate) fn new() -> (Self, mpsc::Receiver<()>) {
        let (alive, ended) = mpsc::channel(1);
        (Self { alive }, ended)
    }

    /// What something else that a shutdown waits for holds on to.
    pub(crate) fn guard(&self) -> impl Send + 'static + use<> {
        self.alive.clone()
    }

    /// Runs work to its end, whatever becomes of the caller.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, JoinError> {
        self.spawn(work).await
    }

    /// The same without waiting.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        let alive = self.alive.clone();
        let work = async move {
            let result = work.await;
            drop(alive);
            result
        };
        tokio::spawn(work.in_current_span())
    }
}

/// The time in Unix seconds.
pub(crate) fn now() -> u64 {
    since_1970().as_secs()
}

/// The time since the epoch of Unix.
pub(crate) fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO)
}

//! A provider that goes on when it is told to.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use blockrun_gateway::{
    Completion, Config, Frames, Gateway, PracticeProvider, Provider, ProviderCall, ProviderError,
};
use futures_util::{StreamExt, stream};
use tokio::sync::Semaphore;

use super::support::Shop;

/// Lets one answer, or one event of a stream, out for each permit; a closed gate breaks a stream off.
#[derive(Debug)]
struct Gated {
    gate: Arc<Semaphore>,
    asked: Arc<AtomicU64>,
    inner: PracticeProvider,
}

/// What a test holds of a gated provider.
#[derive(Debug)]
pub(crate) struct Gate {
    permits: Arc<Semaphore>,
    asked: Arc<AtomicU64>,
}

impl Gate {
    /// Lets so many more out.
    pub(crate) fn open(&self, permits: usize) {
        self.permits.add_permits(permits);
    }

    /// Breaks off what waits.
    pub(crate) fn close(&self) {
        self.permits.close();
    }

    /// How often the provider was asked.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits until it was asked so often: a call is in the middle then.
    pub(crate) async fn reached(&self, asked: u64) {
        while self.asked() < asked {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[async_trait::async_trait]
impl Provider for Gated {
    async fn complete(&self, call: &ProviderCall) -> Result<Completion, ProviderError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let Ok(permit) = self.gate.acquire().await else {
            return Err(ProviderError::failed("the gate was closed"));
        };
        permit.forget();
        self.inner.complete(call).await
    }

    async fn stream(&self, call: &ProviderCall) -> Result<Frames, ProviderError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let frames = self.inner.stream(call).await?;
        let gate = Arc::clone(&self.gate);
        Ok(stream::unfold((frames, gate), async |(mut frames, gate)| {
            let frame = match gate.acquire().await {
                Ok(permit) => {
                    permit.forget();
                    frames.next().await?
                }
                Err(_) => Err(ProviderError::failed("the gate was closed")),
            };
            Some((frame, (frames, gate)))
        })
        .boxed())
    }
}

/// A shop whose provider has so many answers or events to give away at first.
pub(crate) async fn gated(config: Config, permits: usize) -> (Shop, Gate) {
    let (permits, asked) = (Arc::new(Semaphore::new(permits)), Arc::<AtomicU64>::default());
    let gate = Gate { permits: Arc::clone(&permits), asked: Arc::clone(&asked) };
    let provider = Gated { gate: permits, asked, inner: PracticeProvider::default() };
    let running = Gateway::start_with(config, Arc::new(provider)).await.unwrap();
    (Shop::around(running), gate)
}

//! A provider that is watched.

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

use super::support::Shop;

/// Counts how often it is asked.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub(crate) asked: AtomicU64,
    inner: PracticeProvider,
}

#[async_trait::async_trait]
impl Provider for Counting {
    async fn complete(&self, call: &ProviderCall) -> Result<Completion, ProviderError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.inner.complete(call).await
    }

    async fn stream(&self, call: &ProviderCall) -> Result<Frames, ProviderError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.inner.stream(call).await
    }
}

pub(crate) async fn counted(config: Config, delay: Duration) -> (Shop, Arc<Counting>) {
    let provider = Counting { inner: PracticeProvider::new(delay), ..Counting::default() };
    let provider = Arc::new(provider);
    let running = Gateway::start_with(config, Arc::<Counting>::clone(&provider)).await.unwrap();
    (Shop::around(running), provider)
}

//! A provider whose streams go on when they are told to.

use std::sync::Arc;

use blockrun_gateway::{
    Completion, Config, Frames, Gateway, PracticeProvider, Provider, ProviderCall, ProviderError,
};
use futures_util::{StreamExt, stream};
use tokio::sync::Semaphore;

use super::support::Shop;

/// Lets one event out for each permit; a closed gate breaks the stream off.
#[derive(Debug)]
pub(crate) struct Gated {
    pub(crate) gate: Arc<Semaphore>,
    inner: PracticeProvider,
}

#[async_trait::async_trait]
impl Provider for Gated {
    async fn complete(&self, call: &ProviderCall) -> Result<Completion, ProviderError> {
        self.inner.complete(call).await
    }

    async fn stream(&self, call: &ProviderCall) -> Result<Frames, ProviderError> {
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

/// A shop whose streams have so many events to give away at first.
pub(crate) async fn gated(config: Config, events: usize) -> (Shop, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(events));
    let provider = Gated { gate: Arc::clone(&gate), inner: PracticeProvider::default() };
    let running = Gateway::start_with(config, Arc::new(provider)).await.unwrap();
    (Shop::around(running), gate)
}

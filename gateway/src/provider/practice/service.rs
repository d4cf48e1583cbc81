//! The provider itself: waits, fails when told to, answers otherwise.

use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::{answer, picture, reply, wire};
use crate::{
    catalog::Model,
    provider::{Completion, DrawCall, Frames, Picture, Provider, ProviderCall, ProviderError},
};

/// The model that always fails.
const FAILING: &str = "practice/failing";
/// The model that takes its time, and how much.
const SLOW: (&str, Duration) = ("practice/slow", Duration::from_secs(2));

/// Between the events of an answer that is wanted slowly.
const PAUSE: Duration = Duration::from_millis(20);

/// Answers from a few fixed rules, without any model or network.
#[derive(Debug, Clone, Default)]
pub struct PracticeProvider {
    delay: Duration,
}

impl PracticeProvider {
    /// A provider that waits `delay` before each answer, as a real one would.
    #[must_use]
    pub const fn new(delay: Duration) -> Self {
        Self { delay }
    }

    async fn prepare(&self, model: &Model) -> Result<(), ProviderError> {
        let slow = if model.id == SLOW.0 { SLOW.1 } else { Duration::ZERO };
        // To sleep for no time at all takes a tick of the clock.
        let delay = self.delay + slow;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if model.id == FAILING {
            let message = "the practice provider fails on this model, as it is meant to";
            return Err(ProviderError::failed(message));
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl Provider for PracticeProvider {
    async fn complete(&self, call: &ProviderCall) -> Result<Completion, ProviderError> {
        self.prepare(&call.model).await?;
        Ok(Completion { body: wire::completion(call, &answer::answers(call)) })
    }

    async fn stream(&self, call: &ProviderCall) -> Result<Frames, ProviderError> {
        self.prepare(&call.model).await?;
        let frames = stream::iter(wire::frames(call, answer::answers(call)).map(Ok));
        if !reply::is_slow(&call.chat) {
            return Ok(frames.boxed());
        }
        let paced = async |frame| {
            tokio::time::sleep(PAUSE).await;
            frame
        };
        Ok(frames.then(paced).boxed())
    }

    async fn draw(&self, call: &DrawCall) -> Result<Vec<Picture>, ProviderError> {
        self.prepare(&call.model).await?;
        let call = call.clone();
        // Large pictures take a while, and others wait for this thread.
        let drawn = tokio::task::spawn_blocking(move || picture::draw(&call)).await;
        drawn.map_err(|error| ProviderError::failed(error.to_string()))?
    }
}

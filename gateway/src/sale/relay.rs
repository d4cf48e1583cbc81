//! Passing a streamed answer on while keeping all of it.

use std::{future::Future, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::time::timeout;

use crate::{
    problem::Problem,
    provider::{Frames, ProviderError},
    recording::Writer,
};

/// The last event of an answer that is whole.
const DONE: &[u8] = b"data: [DONE]\n\n";

/// Gives a provider so long and no longer.
pub(super) async fn within<T>(
    patience: Duration,
    answer: impl Future<Output = Result<T, ProviderError>>,
) -> Result<T, ProviderError> {
    timeout(patience, answer).await.unwrap_or_else(|_| {
        let message = format!("no answer within {} seconds", patience.as_secs());
        Err(ProviderError::failed(message))
    })
}

/// Waits for the first event of a stream: until then, nothing has been delivered.
pub(super) async fn first_event(mut frames: Frames) -> Result<Frames, ProviderError> {
    match frames.next().await {
        Some(Ok(first)) => Ok(stream::iter([Ok(first)]).chain(frames).boxed()),
        Some(Err(error)) => Err(error),
        None => Err(ProviderError::failed("the answer was empty")),
    }
}

/// How a relayed stream ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Relayed {
    /// Whole, and this is all of it.
    Whole(Vec<u8>),
    /// Whole, but too long to be kept.
    TooLong,
    /// Broken off by the provider, with an `error` event at the end of what there is of it.
    Broken(Option<Vec<u8>>),
}

/// Passes events on, to the end even when nobody reads any more. `told` is what readers get when the
/// provider breaks off.
pub(super) async fn relay(
    frames: Frames,
    writer: &Writer,
    patience: Duration,
    told: impl FnOnce(&ProviderError) -> Problem,
) -> Relayed {
    match within(patience, pass_on(frames, writer)).await {
        Ok(()) => writer.whole().map_or(Relayed::TooLong, Relayed::Whole),
        Err(error) => {
            writer.append_last(told(&error).event().as_bytes());
            Relayed::Broken(writer.whole())
        }
    }
}

async fn pass_on(mut frames: Frames, writer: &Writer) -> Result<(), ProviderError> {
    let mut last = Bytes::new();
    while let Some(frame) = frames.next().await {
        last = frame?;
        writer.append(&last).await;
    }
    if last == DONE {
        return Ok(());
    }
    Err(ProviderError::failed("the answer has no end"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::StatusCode;

    use super::*;

    fn frames(items: Vec<Result<Bytes, ProviderError>>) -> Frames {
        stream::iter(items).boxed()
    }

    async fn relayed(items: Vec<Result<Bytes, ProviderError>>, limit: usize) -> (Relayed, String) {
        let writer = Writer::new(0, limit);
        let reader = Arc::clone(writer.recording()).read(None, Duration::MAX).unwrap();
        let told =
            |error: &ProviderError| Problem::new(StatusCode::BAD_GATEWAY, "x", &error.message);
        let relaying = async {
            let ended = relay(frames(items), &writer, Duration::from_secs(1), told).await;
            writer.end();
            ended
        };
        let (ended, seen) = tokio::join!(relaying, reader.collect::<Vec<_>>());
        let seen: Vec<_> = seen.into_iter().flatten().collect();
        (ended, String::from_utf8(seen.concat()).unwrap())
    }

    #[tokio::test]
    async fn what_is_heard_is_what_is_kept() {
        let (ended, seen) =
            relayed(vec![Ok("data: a\n\n".into()), Ok(Bytes::from_static(DONE))], 100).await;
        assert_eq!(seen, "id: 1\ndata: a\n\nid: 2\ndata: [DONE]\n\n");
        assert_eq!(ended, Relayed::Whole(seen.into_bytes()));
    }

    #[tokio::test]
    async fn what_is_too_long_to_be_kept_is_heard_all_the_same() {
        let (ended, seen) =
            relayed(vec![Ok("data: a\n\n".into()), Ok(Bytes::from_static(DONE))], 20).await;
        assert_eq!(seen, "id: 1\ndata: a\n\nid: 2\ndata: [DONE]\n\n");
        assert_eq!(ended, Relayed::TooLong);
    }

    #[tokio::test]
    async fn a_broken_answer_says_so() {
        let broken = Err(ProviderError::failed("gone"));
        for end in [vec![broken], vec![]] {
            let items = [vec![Ok("data: a\n\n".into())], end].concat();
            let (ended, seen) = relayed(items, 1_000).await;
            assert!(seen.starts_with("id: 1\ndata: a\n\nid: 2\nevent: error\ndata: {"), "{seen}");
            assert_eq!(ended, Relayed::Broken(Some(seen.into_bytes())));
        }
    }

    #[tokio::test]
    async fn an_empty_stream_is_a_failure() {
        assert!(first_event(frames(vec![])).await.is_err());
        let mut frames = first_event(frames(vec![Ok("a".into())])).await.unwrap();
        assert_eq!(frames.next().await.unwrap().unwrap(), "a");
    }
}

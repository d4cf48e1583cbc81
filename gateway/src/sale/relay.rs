//! Passing a streamed answer on while keeping all of it.

use std::{convert::Infallible, future::Future, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout,
};

use crate::provider::{Frames, ProviderError};

/// Gives a provider so long and no longer.
pub(super) async fn within<T>(
    patience: Duration,
    answer: impl Future<Output = Result<T, ProviderError>>,
) -> Result<T, ProviderError> {
    timeout(patience, answer).await.unwrap_or_else(|_| {
        let message = format!("no answer within {} seconds", patience.as_secs());
        Err(ProviderError { message })
    })
}

/// Waits for the first frame of a stream: until then, nothing has been delivered.
pub(super) async fn first_frame(mut frames: Frames) -> Result<Frames, ProviderError> {
    match frames.next().await {
        Some(Ok(first)) => Ok(stream::iter([Ok(first)]).chain(frames).boxed()),
        Some(Err(error)) => Err(error),
        None => Err(ProviderError { message: "the answer was empty".into() }),
    }
}

/// A body and the end that feeds it. The feed is unbounded so that a slow reader cannot hold a
/// provider or a claim; it never holds more than the one answer that is kept anyway.
pub(super) fn body() -> (UnboundedSender<Bytes>, Body) {
    let (feed, mut frames): (_, UnboundedReceiver<Bytes>) = unbounded_channel();
    let stream = stream::poll_fn(move |context| frames.poll_recv(context));
    (feed, Body::from_stream(stream.map(Ok::<_, Infallible>)))
}

/// How a relayed stream ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Relayed {
    /// Whole, and this is all of it.
    Whole(Vec<u8>),
    /// Whole, but too long to be kept.
    TooLong,
    /// Broken off by the provider, of which the listener was told by an `error` frame.
    Broken,
}

/// Passes frames on, to the end even when nobody listens any more, keeping so many bytes of them.
pub(super) async fn relay(
    mut frames: Frames,
    feed: &UnboundedSender<Bytes>,
    patience: Duration,
    limit: usize,
) -> Relayed {
    let everything = async {
        let mut whole = Some(Vec::new());
        while let Some(frame) = frames.next().await {
            let frame = frame?;
            whole = whole.filter(|whole| whole.len() + frame.len() <= limit);
            if let Some(whole) = &mut whole {
                whole.extend_from_slice(&frame);
            }
            // A listener that left changes nothing: the answer is paid for and kept.
            let _ = feed.send(frame);
        }
        Ok(whole)
    };
    match within(patience, everything).await {
        Ok(whole) => whole.map_or(Relayed::TooLong, Relayed::Whole),
        Err(error) => {
            let error = json!({"message": error.message, "type": "provider_error",
                               "code": "provider_error", "param": null});
            let _ = feed.send(format!("data: {}\n\n", json!({"error": error})).into());
            Relayed::Broken
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(items: Vec<Result<Bytes, ProviderError>>) -> Frames {
        stream::iter(items).boxed()
    }

    async fn relayed(items: Vec<Result<Bytes, ProviderError>>) -> (Relayed, String) {
        let (feed, body) = body();
        let whole = relay(frames(items), &feed, Duration::from_secs(1), 2).await;
        drop(feed);
        let seen = axum::body::to_bytes(body, 1_000).await.unwrap();
        (whole, String::from_utf8(seen.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn what_is_heard_is_what_is_kept() {
        let (whole, seen) = relayed(vec![Ok("a".into()), Ok("b".into())]).await;
        assert_eq!((whole, seen.as_str()), (Relayed::Whole(b"ab".into()), "ab"));
    }

    #[tokio::test]
    async fn what_is_too_long_to_be_kept_is_heard_all_the_same() {
        let (whole, seen) = relayed(vec![Ok("a".into()), Ok("bc".into()), Ok("d".into())]).await;
        assert_eq!((whole, seen.as_str()), (Relayed::TooLong, "abcd"));
    }

    #[tokio::test]
    async fn a_broken_answer_says_so_and_is_not_kept() {
        let broken = Err(ProviderError { message: "gone".into() });
        let (whole, seen) = relayed(vec![Ok("a".into()), broken]).await;
        assert_eq!(whole, Relayed::Broken);
        assert!(seen.starts_with("adata: {\"error\":") && seen.contains("gone"), "{seen}");
    }

    #[tokio::test]
    async fn an_empty_stream_is_a_failure() {
        assert!(first_frame(frames(vec![])).await.is_err());
        let mut frames = first_frame(frames(vec![Ok("a".into())])).await.unwrap();
        assert_eq!(frames.next().await.unwrap().unwrap(), "a");
    }
}

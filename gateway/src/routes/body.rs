//! Reading a request's body: so much, so long, and no more.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{HeaderMap, StatusCode, header};
use tokio::time::timeout;

use crate::{config::Config, problem::Problem};

/// The whole body within the configured limits.
pub(super) async fn read(
    config: &Config,
    headers: &HeaderMap,
    body: Body,
) -> Result<Bytes, Problem> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if announced.and_then(|n| n.parse().ok()).is_some_and(|n: usize| n > config.body_limit) {
        return Err(too_large(config.body_limit));
    }
    let read = timeout(config.body_timeout, collect(body, config.body_limit)).await;
    read.unwrap_or_else(|_| {
        let message = "The body did not arrive in time; send it faster or send less.";
        Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", message))
    })
}

async fn collect(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut chunks = body.into_data_stream();
    let mut whole = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| {
            Problem::invalid("invalid_body", format!("The body broke off: {error}.")).at("body")
        })?;
        if whole.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

fn too_large(limit: usize) -> Problem {
    let message = format!("The body is larger than {limit} bytes; send less, or link images.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", message).at("body")
}

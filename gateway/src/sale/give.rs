//! An answer that costs nothing.

use std::{future::ready, sync::Arc, time::Duration};

use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;

use super::{
    Order,
    answer::{ok, provider_failed},
    relay, replay,
};
use crate::{app::App, provider::ProviderError, recording::Writer};

/// Bytes by which a reader of a free stream may be behind its provider.
const WINDOW: usize = 64 * 1024;

/// Answers an order. Nothing of it is kept: when nobody reads a stream any more, it ends.
pub(super) async fn give(
    app: &App,
    order: &Order,
    patience: Duration,
) -> Result<Response, ProviderError> {
    if !order.is_stream() {
        return Ok(ok(false, relay::within(patience, order.complete(app)).await?));
    }
    let frames = relay::within(patience, order.stream(app)).await?;
    let writer = Writer::new(0, WINDOW);
    let recording = Arc::clone(writer.recording());
    let response = replay::live(&recording, None, app.config.keep_alive);
    let frames = frames.take_while(move |_| ready(recording.is_read())).boxed();
    let ticket = order.ticket.clone();
    app.tasks.spawn(async move {
        relay::relay(frames, &writer, patience, provider_failed).await;
        writer.end();
        drop(ticket);
    });
    Ok(response.unwrap_or_else(IntoResponse::into_response))
}

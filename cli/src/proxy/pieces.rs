//! Answers on their way: heads that say what was paid, whole bodies, and streams that are read only
//! as fast as their reader reads.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use blockrun_llm::{ChatChunk, ChatResponse, ErrorKind, Result, http::PaidStream};
use bytes::Bytes;
use futures_util::{Stream, stream::unfold};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use serde_json::Value;

use super::{app::Answer, cache::Recall, problem::Problem};

/// After so long without a piece something is sent that says nothing, so that nobody hangs up.
const PATIENCE: Duration = Duration::from_secs(15);

/// What an answer says beside its body and is passed on.
const TELLING: [&str; 6] = [
    "payment-response",
    "x-payment-response",
    "x-request-id",
    "x-fallback-used",
    "x-fallback-model",
    "x-settlement-skipped",
];

/// Puts the pieces of a chat into the events of a form. Pure: pieces in, text out.
pub(super) trait Translate: Send + 'static {
    /// What is sent for a piece; nothing where it says nothing in this form.
    fn piece(&mut self, piece: &ChatChunk) -> String;
    /// What is sent when the answer has ended well.
    fn end(&mut self) -> String;
    /// What is sent when it has not.
    fn fail(&mut self, problem: &Problem) -> String;
    /// What is sent to keep a connection awake.
    fn ping(&self) -> &'static str;
}

/// One event of an event stream.
pub(super) fn event(name: Option<&str>, data: &str) -> String {
    let mut text = name.map(|name| format!("event: {name}\n")).unwrap_or_default();
    for line in data.split('\n') {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text
}

/// A whole answer in JSON.
pub(super) fn whole(answer: &Answer, body: impl Into<Body>) -> Response {
    (status(answer), head(answer, "application/json"), body.into()).into_response()
}

/// A whole chat in the form of its caller. What is none was paid for, and is handed over as it is.
pub(super) fn translated(mut answer: Answer, to: impl FnOnce(&ChatResponse) -> Value) -> Response {
    let body = answer.stream.take_whole().unwrap_or_default();
    let chat: ChatResponse = serde_json::from_slice(&body).unwrap_or_default();
    match chat.choices.is_empty() {
        true => whole(&answer, body),
        false => whole(&answer, to(&chat).to_string()),
    }
}

/// An answer that is sent as it is made, in the events of a form.
pub(super) fn events(answer: Answer, translate: impl Translate) -> Response {
    let (status, head) = (status(&answer), head(&answer, "text/event-stream"));
    let body = Body::from_stream(pieces(answer.stream, translate));
    (status, head, body).into_response()
}

fn status(answer: &Answer) -> StatusCode {
    StatusCode::from_u16(answer.stream.status).unwrap_or(StatusCode::OK)
}

fn head(answer: &Answer, content_type: &'static str) -> HeaderMap {
    let mut head = HeaderMap::new();
    head.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    head.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let remembered = answer.recall == Some(Recall::Hit);
    for name in TELLING.iter().filter(|_| !remembered) {
        if let Some(value) = answer.stream.headers.get(*name) {
            head.insert(HeaderName::from_static(name), value.clone());
        }
    }
    let mut tell = |name: &'static str, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            head.insert(HeaderName::from_static(name), value);
        }
    };
    let receipt = answer.stream.receipt.as_ref();
    let cost = receipt.map(|receipt| receipt.amount).unwrap_or_default();
    if !answer.billed_to_account {
        tell("x-blockrun-cost-micro", &cost.micro().to_string());
        tell("x-blockrun-cost-usd", &cost.to_string());
    }
    if let Some(transaction) = receipt.and_then(|receipt| receipt.transaction.as_deref()) {
        tell("x-blockrun-transaction", transaction);
    }
    match answer.recall {
        Some(Recall::Hit) => tell("x-blockrun-cache", "hit"),
        Some(Recall::Miss) => tell("x-blockrun-cache", "miss"),
        None => {}
    }
    head
}

/// A stream under way.
struct Reading<T> {
    stream: PaidStream,
    translate: T,
    /// An answer has said why it ends.
    finished: bool,
    /// The last piece was sent.
    ended: bool,
}

/// Dropped, with its reader, it closes the paid stream.
fn pieces(
    stream: PaidStream,
    translate: impl Translate,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let reading = Reading { stream, translate, finished: false, ended: false };
    unfold(reading, async |mut reading| {
        if reading.ended {
            reading.stream.finish().await;
            return None;
        }
        let text = loop {
            let next = tokio::time::timeout(PATIENCE, reading.next());
            let text = next.await.unwrap_or_else(|_| reading.translate.ping().to_owned());
            if !text.is_empty() || reading.ended {
                break text;
            }
        };
        Some((Ok(Bytes::from(text)), reading))
    })
}

impl<T: Translate> Reading<T> {
    /// What is sent next. Dropping the future loses nothing.
    async fn next(&mut self) -> String {
        match self.read().await {
            Ok(Some(piece)) => {
                self.finished |= piece.choices().any(|one| one.finish_reason().is_some());
                self.translate.piece(&piece)
            }
            Ok(None) => {
                self.ended = true;
                self.translate.end()
            }
            Err(error) => {
                self.ended = true;
                self.translate.fail(&Problem::from(&error))
            }
        }
    }

    async fn read(&mut self) -> Result<Option<ChatChunk>> {
        if !self.stream.is_events() {
            // An endpoint that does not stream has answered whole.
            return Ok(self.stream.take_whole().map(|body| ChatChunk::from_whole(&body)));
        }
        loop {
            let Some(event) = self.stream.next_event().await? else {
                return if self.finished { Ok(None) } else { Err(self.stream.cut_short()) };
            };
            // It keeps the connection awake and says nothing.
            if event.data.trim().is_empty() && event.event != "error" {
                continue;
            }
            return ChatChunk::from_event(&event)
                .map_err(|error| self.stream.fail(error.with_kind(ErrorKind::StreamBroken)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_an_event_is_data() {
        assert_eq!(event(None, "{}"), "data: {}\n\n");
        assert_eq!(event(Some("error"), "a\nb"), "event: error\ndata: a\ndata: b\n\n");
    }
}

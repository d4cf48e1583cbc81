//! Requests of a host: a program that speaks HTTP by itself, retries by itself, and has its
//! requests sent through a client of ours (an adapter for another library, a proxy).

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::{ApiRequest, LLMClient};
use crate::{
    error::{Error, ErrorKind, PaymentState, Result},
    http::{CallKey, PaidStream},
};

/// Tells a host that its own retry would not help.
const SHOULD_RETRY: &str = "x-should-retry";

impl LLMClient {
    /// Sends a host's request, pays when asked, and answers in HTTP, whatever the status.
    ///
    /// `retry` says that the host calls it a retry (`x-stainless-retry-count` above 0): the last
    /// call of the same content is taken up, answered or not, and nothing is paid twice. An error
    /// that must not make the host try again is an answer too, in OpenAI's shape, with
    /// `x-should-retry: false`: all but a connection that failed before anything was sent.
    ///
    /// # Errors
    /// `InvalidArgument` for a path that leads elsewhere; `Connection` and `Timeout` where nothing
    /// was sent, so that a retry is safe.
    pub async fn serve_host(&self, request: &ApiRequest, retry: bool) -> Result<PaidStream> {
        let mut paid = request.to_paid(self.base(), self.inner.timeout)?;
        if paid.key == CallKey::Random {
            paid.key = CallKey::Host { retry };
        }
        let events = wants_events(&request.body);
        let answered = match events {
            true => self.inner.rail.open(paid).await,
            false => self.inner.rail.send(paid).await.map(PaidStream::whole),
        };
        answered.or_else(answer)
    }
}

fn wants_events(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Asked {
        #[serde(default)]
        stream: bool,
    }
    serde_json::from_slice::<Asked>(body).is_ok_and(|asked| asked.stream)
}

fn answer(error: Error) -> Result<PaidStream> {
    let unsent = *error.payment() == PaymentState::NotCharged;
    if unsent && matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout) {
        return Err(error);
    }
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
    let HostError { status, error } = HostError::new(&error);
    let body = Bytes::from(json!({"error": error}).to_string());
    Ok(PaidStream::made(status, headers, body))
}

/// An error as a host is told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostError {
    /// The HTTP status that says it best.
    pub status: u16,
    /// OpenAI's error object, with `payment` and `key` beside its own members.
    pub error: Value,
}

impl HostError {
    /// Translates an error.
    pub fn new(error: &Error) -> Self {
        let body = json!({
            "message": error.to_string(),
            "type": error.kind().code().to_ascii_lowercase(),
            "code": error.kind().code(),
            "param": error.field(),
            "payment": error.payment(),
            "key": error.key(),
        });
        Self { status: status(error), error: body }
    }
}

fn status(error: &Error) -> u16 {
    match error.kind() {
        ErrorKind::InvalidArgument => 400,
        ErrorKind::Timeout => 504,
        ErrorKind::Connection | ErrorKind::StreamBroken | ErrorKind::StreamConsumed => 502,
        ErrorKind::PaymentOutcomeUnknown
        | ErrorKind::PaymentAlreadyUsed
        | ErrorKind::IdempotencyConflict
        | ErrorKind::IdempotencyInFlight => 409,
        ErrorKind::Api => error.status().filter(|status| *status >= 400).unwrap_or(502),
        _ => 402,
    }
}

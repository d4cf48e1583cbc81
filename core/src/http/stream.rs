//! [`PaidStream`]: an answer that comes piece by piece.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::{PaidHttp, PaidRequest, PaidResponse, Receipt, reading::Reading, transport::Incoming};
use crate::{error::Result, flow::Outcome, journal::RowId, sse::ServerEvent};

/// What a call brought: a whole answer, or the head of a stream and what its reader needs.
pub(super) struct Delivery {
    pub(super) response: PaidResponse,
    pub(super) incoming: Option<Incoming>,
    pub(super) books: Option<Books>,
    pub(super) resumption: Resumption,
}

/// Books that stay open until the end of a stream.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) row: RowId,
    pub(super) outcome: Outcome,
}

/// How a stream goes on when its connection is lost.
#[derive(Debug)]
pub(super) struct Resumption {
    pub(super) key: String,
    /// Public id of the stored answer; `None` when nothing was paid and nothing is stored.
    pub(super) payment_id: Option<String>,
    pub(super) recovery: String,
    pub(super) remaining: Duration,
}

/// An answer whose head has come. Pulled: nothing is read ahead of the consumer but what the
/// connection holds.
///
/// A paid event stream whose connection is lost goes on by itself, where the server stores its
/// answers: nothing is paid again, and no event comes twice. Dropping it closes the connection and
/// the books: an answer that its reader did not want to the end is an answer all the same.
#[derive(Debug)]
pub struct PaidStream {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// What was paid; `None` when nothing was asked.
    pub receipt: Option<Receipt>,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Whole(Option<Bytes>),
    Events(Box<Reading>),
}

impl PaidStream {
    pub(super) fn new(http: &PaidHttp, request: &PaidRequest, delivery: Delivery) -> Self {
        let Delivery { response, incoming, books, resumption } = delivery;
        let PaidResponse { status, headers, body, receipt } = response;
        let body = match incoming {
            None => Body::Whole(Some(body).filter(|body| !body.is_empty())),
            Some(incoming) => Body::Events(Box::new(Reading::new(
                http.clone(),
                request.timeout,
                incoming,
                books,
                resumption,
                receipt.clone(),
            ))),
        };
        Self { status, headers, receipt, body }
    }

    /// Whether the answer is an event stream; otherwise it is whole.
    pub const fn is_events(&self) -> bool {
        matches!(self.body, Body::Events(_))
    }

    /// The body of an answer that is no event stream: once.
    pub fn take_whole(&mut self) -> Option<Bytes> {
        match &mut self.body {
            Body::Whole(bytes) => bytes.take(),
            Body::Events(_) => None,
        }
    }

    /// The next event; `None` at the end, and for an answer that is no event stream. Dropping the
    /// future loses nothing.
    ///
    /// # Errors
    /// `StreamBroken` when the connection was lost and the rest is not to be had, `Timeout` when
    /// the call's time was spent waiting; both say what was charged and name the key.
    pub async fn next_event(&mut self) -> Result<Option<ServerEvent>> {
        match &mut self.body {
            Body::Whole(_) => Ok(None),
            Body::Events(reading) => reading.next().await,
        }
    }

    /// The next piece of the body as it was received, whole events at a time; `None` at the end.
    ///
    /// # Errors
    /// As [`PaidStream::next_event`].
    pub async fn next_bytes(&mut self) -> Result<Option<Bytes>> {
        match &mut self.body {
            Body::Whole(bytes) => Ok(bytes.take()),
            Body::Events(reading) => Ok(reading.next().await?.map(|event| event.raw)),
        }
    }

    /// Ends a stream whose last event was seen: closes the books and lets its connection be used
    /// again. Does nothing for an answer that is whole.
    pub async fn finish(&mut self) {
        if let Body::Events(reading) = &mut self.body {
            reading.finish().await;
        }
    }
}

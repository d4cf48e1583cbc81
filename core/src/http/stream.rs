//! [`PaidStream`]: an answer that comes piece by piece.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::{PaidHttp, PaidResponse, Receipt, poll::Ticket, reading::Reading, transport::Incoming};
use crate::{
    error::{Error, ErrorKind, Result},
    flow::Outcome,
    journal::RowId,
    sse::ServerEvent,
};

/// Most events in one piece of a body.
const MOST: usize = 64;

/// What a call brought: a whole answer, or the head of a stream and what its reader needs.
pub(super) struct Delivery {
    pub(super) response: PaidResponse,
    pub(super) incoming: Option<Incoming>,
    /// Where something was paid.
    pub(super) paid: Option<Resumption>,
    /// What was shown, where something was paid.
    pub(super) ticket: Option<Ticket>,
    pub(super) remaining: Duration,
}

/// Books that stay open until the end of a stream.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) row: RowId,
    pub(super) outcome: Outcome,
}

/// How a paid stream goes on when its connection is lost.
#[derive(Debug)]
pub(super) struct Resumption {
    pub(super) http: PaidHttp,
    pub(super) books: Option<Books>,
    pub(super) receipt: Receipt,
    pub(super) key: String,
    /// Public id of the stored answer.
    pub(super) payment_id: String,
    /// The token that opens it.
    pub(super) recovery: String,
}

impl Resumption {
    pub(super) fn renew_lease(&self) {
        if let Some(books) = &self.books {
            self.http.journal.extend(books.row, self.http.now());
        }
    }
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
    pub(super) fn new(timeout: Duration, delivery: Delivery) -> Self {
        let Delivery { response, incoming, paid, remaining, .. } = delivery;
        let Some(incoming) = incoming else { return Self::whole(response) };
        let PaidResponse { status, headers, receipt, .. } = response;
        let reading = Reading::new(incoming, paid, timeout, remaining);
        Self { status, headers, receipt, body: Body::Events(Box::new(reading)) }
    }

    /// An answer that is whole already.
    pub fn whole(response: PaidResponse) -> Self {
        let PaidResponse { status, headers, body, receipt } = response;
        Self { receipt, ..Self::made(status, headers, body) }
    }

    /// An answer of our own.
    pub(crate) fn made(status: u16, headers: HeaderMap, body: Bytes) -> Self {
        let body = Body::Whole(Some(body).filter(|body| !body.is_empty()));
        Self { status, headers, receipt: None, body }
    }

    /// An answer of status 2xx, or the error that it is.
    pub(crate) fn success(mut self) -> Result<Self> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let body = self.take_whole().unwrap_or_default();
        let Self { status, headers, .. } = self;
        Err(PaidResponse { status, headers, body, receipt: None }.into_error(ErrorKind::Api))
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
        Ok(self.next_events(1).await?.pop())
    }

    /// The next event and those after it that were received already, `most` at most, for a caller to
    /// whom each call is dear; none where [`next_event`](Self::next_event) has none. The first one
    /// waits for no other, and nothing is read ahead. Dropping the future loses nothing.
    ///
    /// # Errors
    /// As [`PaidStream::next_event`]; what fails after the first event is told the next time.
    pub async fn next_events(&mut self, most: usize) -> Result<Vec<ServerEvent>> {
        match &mut self.body {
            Body::Whole(_) => Ok(Vec::new()),
            Body::Events(reading) => reading.next(most).await,
        }
    }

    /// The next piece of the body as it was received: whole events, as many as there are; `None` at
    /// the end.
    ///
    /// # Errors
    /// As [`PaidStream::next_event`].
    pub async fn next_bytes(&mut self) -> Result<Option<Bytes>> {
        match &mut self.body {
            Body::Whole(bytes) => Ok(bytes.take()),
            Body::Events(reading) => {
                let mut events = reading.next(MOST).await?;
                if events.len() < 2 {
                    return Ok(events.pop().map(|event| event.raw));
                }
                let pieces: Vec<_> = events.iter().map(|event| &event.raw[..]).collect();
                Ok(Some(pieces.concat().into()))
            }
        }
    }

    /// The error of a stream that ended where its reader expected more: the answer stays
    /// outstanding, and the same call takes it up.
    pub fn cut_short(&mut self) -> Error {
        match &mut self.body {
            Body::Events(reading) => reading.cut_short(),
            Body::Whole(_) => Error::new(ErrorKind::StreamBroken, "the answer is no stream"),
        }
    }

    /// Ends a stream whose reader found an error in it, and adds to that what was charged, and the
    /// key. The answer stays outstanding: a server that owes it gives it to the same call.
    pub fn fail(&mut self, error: Error) -> Error {
        match &mut self.body {
            Body::Events(reading) => reading.told(error),
            Body::Whole(_) => error,
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

//! Reads an event stream, and finds its rest when the connection is lost.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Method;
use url::Url;

use super::{
    address::below,
    call::HEARTBEAT,
    headers,
    ready::at_once,
    stream::{Books, Resumption},
    transport::{Incoming, Leg},
};
use crate::{
    clock::random_bytes,
    error::{Error, ErrorKind, Result},
    flow::Event,
    sse::{EventParser, ServerEvent},
};

/// Tries to find the rest of a stream before it is given up; each event that comes starts anew.
const RESUMES: u32 = 6;
/// Pause before the second of them; doubled each time.
const PAUSE: Duration = Duration::from_millis(250);
/// How long the end of a stream is waited for after its last event.
const LINGER: Duration = Duration::from_millis(200);

/// A stream under way.
#[derive(Debug)]
pub(super) struct Reading {
    /// Who paid, and how the stream goes on; `None` where nothing was paid.
    paid: Option<Resumption>,
    timeout: Duration,
    /// What is left of it for waiting.
    remaining: Duration,
    /// `None` while the connection is lost, and after the end.
    incoming: Option<Incoming>,
    parser: EventParser,
    /// Events that were received together with one that was asked for.
    ready: VecDeque<ServerEvent>,
    /// What came after them instead of an event.
    failed: Option<Error>,
    /// Id of the last event that was handed over.
    last_id: Option<String>,
    events: u64,
    /// The last event of the stream was handed over.
    complete: bool,
    /// There is nothing more to come.
    ended: bool,
    lost: Option<Error>,
    resumes: u32,
    renewed: Instant,
}

impl Reading {
    pub(super) fn new(
        incoming: Incoming,
        paid: Option<Resumption>,
        timeout: Duration,
        remaining: Duration,
    ) -> Self {
        Self {
            paid,
            timeout,
            remaining,
            incoming: Some(incoming),
            parser: EventParser::default(),
            ready: VecDeque::new(),
            failed: None,
            last_id: None,
            events: 0,
            complete: false,
            ended: false,
            lost: None,
            resumes: 0,
            renewed: Instant::now(),
        }
    }

    /// The next event, and those after it that were received already, `most` at most; none at the
    /// end. Dropping the future loses nothing.
    pub(super) async fn next(&mut self, most: usize) -> Result<Vec<ServerEvent>> {
        self.renew_lease();
        if self.ready.is_empty() {
            let first = self.wait_for_one().await?;
            self.ready.extend(first);
        }
        if !self.ready.is_empty() {
            for _ in self.ready.len()..most {
                match self.one_ready().await {
                    Ok(Some(event)) => self.ready.push_back(event),
                    Ok(None) => break,
                    Err(error) => {
                        self.failed = Some(error);
                        break;
                    }
                }
            }
        }
        let count = self.ready.len().min(most);
        Ok(self.ready.drain(..count).collect())
    }

    async fn wait_for_one(&mut self) -> Result<Option<ServerEvent>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        while !self.ended {
            if let Some(event) = self.parsed()? {
                return Ok(Some(event));
            }
            match self.read().await {
                Ok(()) => {}
                Err(error) => return Err(self.told(error)),
            }
        }
        Ok(None)
    }

    /// An event that was received already. A connection that is lost is found again by who waits.
    async fn one_ready(&mut self) -> Result<Option<ServerEvent>> {
        while !self.ended {
            if let Some(event) = self.parsed()? {
                return Ok(Some(event));
            }
            let Some(incoming) = &mut self.incoming else { break };
            let Some(piece) = at_once(incoming.chunk()).await else { break };
            self.take(piece);
        }
        Ok(None)
    }

    /// The next event of what was read.
    fn parsed(&mut self) -> Result<Option<ServerEvent>> {
        let event = self.parser.next_event().map_err(|error| self.broken(&error))?;
        if let Some(event) = &event {
            self.note(event);
        }
        Ok(event)
    }

    /// Reads a piece, or finds the connection again.
    async fn read(&mut self) -> Result<()> {
        let Some(incoming) = &mut self.incoming else { return self.reopen().await };
        let wait = Wait { paid: self.paid.as_ref(), total: self.timeout };
        let piece = wait.on(incoming.chunk(), &mut self.remaining).await?;
        self.take(piece);
        Ok(())
    }

    /// What the connection brought: a piece, its end, or its loss.
    fn take(&mut self, piece: Result<Option<Bytes>>) {
        match piece {
            Ok(Some(bytes)) => self.parser.push(&bytes),
            // Whether that was the end, who knows what it carries can say.
            Ok(None) if self.complete || !self.is_resumable() => {
                (self.ended, self.incoming) = (true, None);
            }
            Ok(None) => {
                self.lost_by(Error::new(ErrorKind::Connection, "it ended before its last event"));
            }
            Err(error) => self.lost_by(error),
        }
    }

    fn note(&mut self, event: &ServerEvent) {
        self.events += 1;
        self.resumes = 0;
        if event.id.is_some() {
            self.last_id.clone_from(&event.id);
        }
        self.complete |= event.data == "[DONE]" || event.event == "error";
    }

    fn lost_by(&mut self, error: Error) {
        self.incoming = None;
        self.lost = Some(error);
    }

    /// Whether the rest can be asked for: of a paid answer that is stored, from an event that has a
    /// name.
    const fn is_resumable(&self) -> bool {
        self.paid.is_some() && (self.events == 0 || self.last_id.is_some())
    }

    /// Asks for the events after the last one.
    async fn reopen(&mut self) -> Result<()> {
        if self.complete {
            self.ended = true;
            return Ok(());
        }
        let Some(paid) = self.paid.as_ref().filter(|_| self.is_resumable()) else {
            return Err(self.lost_for_good());
        };
        if self.resumes >= RESUMES {
            return Err(self.lost_for_good());
        }
        self.resumes += 1;
        let url = answer_url(&paid.http.api_url, &paid.payment_id);
        let headers = headers::events_after(self.last_id.as_deref(), &paid.recovery)?;
        let wait = Wait { paid: Some(paid), total: self.timeout };
        let leg = Leg { method: Method::GET, url: &url, headers, body: Bytes::new() };
        let pause = pause(self.resumes);
        let asked = async {
            tokio::time::sleep(pause).await;
            paid.http.transport.exchange_open(leg, true).await
        };
        match wait.on(asked, &mut self.remaining).await? {
            (Event::Answered(_), Some(incoming)) => {
                self.parser = EventParser::default();
                self.incoming = Some(incoming);
                Ok(())
            }
            (Event::Answered(answer), None) if !may_come(answer.status) => {
                Err(self.lost_for_good())
            }
            // Asked again, until the tries are over.
            _ => Ok(()),
        }
    }

    fn lost_for_good(&mut self) -> Error {
        let cause = self.lost.take();
        let cause = cause.unwrap_or_else(|| Error::new(ErrorKind::Connection, "it was lost"));
        self.broken(&cause)
    }

    fn broken(&mut self, cause: &Error) -> Error {
        let message = format!(
            "the stream broke after {} events and its rest is not to be had: {}",
            self.events,
            cause.message()
        );
        self.told(Error::new(ErrorKind::StreamBroken, message))
    }

    /// Ends with an error. The answer was not handed over: whoever makes the same call next takes
    /// it up, at once, even while this reader is still around.
    pub(super) fn told(&mut self, error: Error) -> Error {
        (self.ended, self.incoming) = (true, None);
        if let Some(paid) = &mut self.paid
            && let Some(Books { row, outcome }) = paid.books.take()
        {
            paid.http.journal.abandon(row, outcome);
        }
        self.explain(error)
    }

    /// Says what happened to the money.
    fn explain(&self, error: Error) -> Error {
        let Some(paid) = &self.paid else { return error };
        error.with_payment(paid.receipt.charged()).with_key(&paid.key)
    }

    /// Ends a stream whose last event was seen. What is left of it is read, so that its connection
    /// can be used again.
    pub(super) async fn finish(&mut self) {
        if let Some(incoming) = &mut self.incoming {
            let rest = async { while let Ok(Some(_)) = incoming.chunk().await {} };
            // A server that goes on talking is hung up on.
            let _ = tokio::time::timeout(LINGER, rest).await;
        }
        self.close().await;
    }

    /// The answer was cut short: it stays outstanding, and the same call takes it up.
    pub(super) fn cut_short(&mut self) -> Error {
        self.broken(&Error::new(ErrorKind::Connection, "it ended before its last event"))
    }

    async fn close(&mut self) {
        (self.ended, self.incoming) = (true, None);
        if let Some(paid) = &mut self.paid
            && let Some(Books { row, outcome }) = paid.books.take()
        {
            // What cannot be written stays counted; the answer was handed over.
            let _ = paid.http.journal.finish(row, outcome).await;
        }
    }

    /// A slow consumer keeps its stream.
    fn renew_lease(&mut self) {
        if let Some(paid) = &self.paid
            && self.renewed.elapsed() > HEARTBEAT
        {
            paid.renew_lease();
            self.renewed = Instant::now();
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let Some(paid) = &mut self.paid else { return };
        let Some(Books { row, outcome }) = paid.books.take() else { return };
        // Its reader wants no more of it.
        paid.http.journal.finish_later(row, outcome);
    }
}

/// Waits for the server while the lease is kept. Only this counts against the call's time, not what
/// the consumer does between two events.
struct Wait<'a> {
    paid: Option<&'a Resumption>,
    total: Duration,
}

impl Wait<'_> {
    async fn on<T>(&self, work: impl Future<Output = T>, remaining: &mut Duration) -> Result<T> {
        let mut work = std::pin::pin!(work);
        while *remaining > Duration::ZERO {
            let (started, part) = (Instant::now(), HEARTBEAT.min(*remaining));
            let done = tokio::time::timeout(part, &mut work).await;
            *remaining = remaining.saturating_sub(started.elapsed());
            match done {
                Ok(done) => return Ok(done),
                Err(_) => {
                    if let Some(paid) = self.paid {
                        paid.renew_lease();
                    }
                }
            }
        }
        let waited = self.total.as_secs();
        let message = format!("the stream was waited for longer than its {waited} s");
        Err(Error::new(ErrorKind::Timeout, message))
    }
}

/// Whether a later try may bring the rest.
const fn may_come(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// Half to full of a pause that doubles; none before the first try.
fn pause(tries: u32) -> Duration {
    if tries <= 1 {
        return Duration::ZERO;
    }
    let full = PAUSE.saturating_mul(1 << (tries - 2).min(8));
    let chance = random_bytes().map_or(0, u32::from_be_bytes);
    full.mul_f64(0.5 + f64::from(chance) / f64::from(u32::MAX) / 2.0)
}

/// Where a stored answer is.
pub(super) fn answer_url(api_url: &Url, payment_id: &str) -> Url {
    below(api_url, &format!("/v1/answers/{payment_id}"))
}

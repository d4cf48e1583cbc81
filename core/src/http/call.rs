//! Drives the flow of one call: performs its actions and tells it what happened.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::hex;
use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Serialize;
use url::Url;

use super::{Transport, headers};
use crate::{
    clock::{Clock, random_bytes},
    error::{Error, ErrorKind, Result},
    flow::{
        Action, Answer, CallFacts, ChainAnswer, Event, Finished, Flow, Moment, Outcome, Recording,
    },
    journal::{Entry, Journal, PaymentRecord, RecordState, RowId},
    money::Usdc,
    policy::Policy,
    wallet::Signer,
    x402::{Origin, Settlement, Terms, nonce, payment_id},
};

/// Sends requests and pays for them when asked.
#[derive(Clone, Debug)]
pub struct PaidHttp {
    /// Connections.
    pub transport: Transport,
    /// Who pays.
    pub signer: Arc<dyn Signer>,
    /// What may be paid.
    pub policy: Arc<Policy>,
    /// What was paid.
    pub journal: Arc<Journal>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

/// A request that may be paid for.
#[derive(Clone, Debug)]
pub struct PaidRequest {
    /// HTTP method.
    pub method: Method,
    /// Full URL, on the configured origin.
    pub url: Url,
    /// JSON body; empty for none.
    pub body: Bytes,
    /// The model it asks for, for the journal.
    pub model: Option<String>,
    /// Total time for the call, replays included.
    pub timeout: Duration,
}

/// What was paid for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The signed value: what the call cost.
    pub amount: Usdc,
    /// Transaction, where the server told it.
    pub transaction: Option<String>,
    /// What the server reported.
    pub settlement: Option<Settlement>,
}

/// A complete answer of any status.
#[derive(Clone, Debug)]
pub struct PaidResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// What was paid; `None` when nothing was asked.
    pub receipt: Option<Receipt>,
}

impl PaidHttp {
    /// Sends a request, pays when the server asks and policy allows, and returns the answer.
    ///
    /// Any answer to an unpaid request and any 2xx answer to a paid one is returned as it is.
    /// Dropping the future is safe at every point: before the payment is recorded what was
    /// reserved is free again, afterwards it stays counted as unknown.
    ///
    /// # Errors
    /// All kinds of payment errors, `Connection` and `Timeout`; each says what happened to the
    /// money.
    pub async fn send(&self, request: PaidRequest) -> Result<PaidResponse> {
        let mut call = Call::new(self, request)?;
        let mut action = call.begin();
        loop {
            let event = match action {
                Action::Finish(finished) => return Ok(call.finish(finished)),
                Action::Fail(failure) => {
                    call.close(&failure.outcome);
                    return Err(failure.error);
                }
                action => {
                    let remaining = call.remaining();
                    let performed = tokio::time::timeout(remaining, call.perform(action));
                    performed.await.unwrap_or(Event::Deadline)
                }
            };
            action = call.step(event);
        }
    }
}

/// One call under way. Dropped, it closes its books by what was sent.
struct Call<'a> {
    http: &'a PaidHttp,
    request: PaidRequest,
    flow: Flow,
    started: Instant,
    row: Option<RowId>,
    recording: Option<Recording>,
    recovery: String,
}

impl<'a> Call<'a> {
    fn new(http: &'a PaidHttp, request: PaidRequest) -> Result<Self> {
        let payer = http.signer.address();
        let key = hex::encode(random_bytes()?);
        let origin = Origin::of(&request.url)
            .ok_or_else(|| Error::argument("url", &format!("{} has no host", request.url)))?;
        let nonce = nonce(payer, &key, request.method.as_str(), &origin, request.url.path());
        let facts = CallFacts {
            payment_id: payment_id(&nonce),
            url: request.url.clone(),
            key,
            nonce,
            payer,
        };
        Ok(Self {
            flow: Flow::new(facts, http.policy.clone()),
            recovery: hex::encode(random_bytes()?),
            started: Instant::now(),
            row: None,
            recording: None,
            request,
            http,
        })
    }

    fn begin(&mut self) -> Action {
        self.step(Event::Start)
    }

    fn remaining(&self) -> Duration {
        self.request.timeout.saturating_sub(self.started.elapsed())
    }

    fn step(&mut self, event: Event) -> Action {
        let moment = Moment {
            now: self.http.clock.now(),
            elapsed: self.started.elapsed(),
            remaining: self.remaining(),
            entropy: random_bytes().map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]])),
        };
        self.flow.step(event, &moment)
    }

    async fn perform(&mut self, action: Action) -> Event {
        match action {
            Action::SendUnpaid => self.exchange(headers::unpaid(self.has_body())).await,
            Action::Reserve(terms) => match self.reserve(&terms) {
                Ok(()) => Event::Reserved,
                Err(error) => Event::NotReserved(error),
            },
            // Policy has agreed already, and nobody else was named to be asked.
            Action::Approve(_) => Event::Approved,
            Action::Sign(transfer) => match self.http.signer.sign(&transfer).await {
                Ok(signature) => Event::Signed(signature),
                Err(error) => Event::NotSigned(error),
            },
            Action::Record(recording) => match self.record(recording) {
                Ok(()) => Event::Recorded,
                Err(error) => Event::NotRecorded(error),
            },
            Action::SendPaid | Action::Replay => self.exchange_paid().await,
            Action::Wait(pause) => {
                tokio::time::sleep(pause).await;
                Event::Waited
            }
            // No chain is asked: the server's word alone proves nothing, so it stays unknown.
            Action::AskChain { .. } => Event::Chain(ChainAnswer::Unavailable),
            Action::Finish(_) | Action::Fail(_) => Event::Cancelled,
        }
    }

    fn has_body(&self) -> bool {
        !self.request.body.is_empty()
    }

    async fn exchange(&self, headers: HeaderMap) -> Event {
        let PaidRequest { method, url, body, .. } = &self.request;
        self.http.transport.exchange(method.clone(), url, headers, body.clone()).await
    }

    async fn exchange_paid(&self) -> Event {
        let Some(recording) = &self.recording else {
            return Event::NeverSent(Error::new(ErrorKind::Payment, "nothing was signed"));
        };
        let payment_id = &self.flow.call().payment_id;
        match headers::paid(self.has_body(), recording, payment_id, &self.recovery) {
            Ok(headers) => self.exchange(headers).await,
            Err(error) => Event::NeverSent(error),
        }
    }

    fn reserve(&mut self, terms: &Terms) -> Result<()> {
        let session_limit = self.http.policy.max_session_cost;
        if let Some(row) = self.row {
            return self.http.journal.raise(row, terms.amount, session_limit);
        }
        let record = self.record_for(terms);
        self.row = Some(self.http.journal.reserve(Entry { record, session_limit })?);
        Ok(())
    }

    fn record_for(&self, terms: &Terms) -> PaymentRecord {
        let facts = self.flow.call();
        PaymentRecord {
            key: facts.key.clone(),
            payment_id: facts.payment_id.clone(),
            state: RecordState::Reserved,
            created_at: self.http.clock.now(),
            method: self.request.method.to_string(),
            url: self.request.url.to_string(),
            model: self.request.model.clone(),
            network: terms.network.caip2.to_owned(),
            amount: terms.amount,
            payee: terms.payee.to_string(),
            nonce: facts.nonce.to_string(),
            valid_before: None,
            transaction: None,
        }
    }

    fn record(&mut self, recording: Recording) -> Result<()> {
        let Some(row) = self.row else {
            return Err(Error::new(ErrorKind::Journal, "nothing was reserved"));
        };
        self.http.journal.record(row, &recording)?;
        self.recording = Some(recording);
        Ok(())
    }

    fn finish(&mut self, finished: Finished) -> PaidResponse {
        self.close(&finished.outcome);
        let Finished { answer: Answer { status, headers, body }, outcome, settlement } = finished;
        let receipt = match outcome {
            Outcome::Settled { amount, transaction } => {
                Some(Receipt { amount, transaction, settlement })
            }
            _ => None,
        };
        PaidResponse { status, headers, body, receipt }
    }

    fn close(&mut self, outcome: &Outcome) {
        if let Some(row) = self.row.take() {
            self.http.journal.close(row, outcome);
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let outcome = self.flow.abandoned();
        self.close(&outcome);
    }
}

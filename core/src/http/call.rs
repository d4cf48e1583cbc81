//! One call under way: performs the flow's actions and tells it what happened.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderMap;

use super::{
    PaidHttp, PaidRequest, PaidResponse, Receipt, Replay, headers,
    poll::Ticket,
    stream::{Delivery, Resumption},
    transport::{Incoming, Leg},
};
use crate::{
    chain::AuthorizationFact,
    clock::random_bytes,
    error::{Error, ErrorKind, PaymentState, Result},
    flow::{
        Action, Answer, CallFacts, ChainAnswer, Event, Finished, Flow, Forecast, Moment, Outcome,
        Recording, Resumed,
    },
    journal::{Identity, Resumable, RowId},
    networks::Network,
    x402::payment_id,
};

/// A lease is renewed this often: well within its 30 seconds.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(10);

/// One call. Dropped, it closes its books by what was sent.
pub(super) struct Call<'a> {
    pub(super) http: &'a PaidHttp,
    /// What may be asked; one of them is paid for.
    attempts: &'a [PaidRequest],
    pub(super) request: &'a PaidRequest,
    pub(super) identity: &'a Identity,
    pub(super) flow: Flow,
    pub(super) row: Option<RowId>,
    pub(super) recovery: String,
    pub(super) recording: Option<Recording>,
    /// The unread body of a stream whose head has come.
    pub(super) incoming: Option<Incoming>,
    /// Whether it paid for what was foretold.
    foretold: bool,
    /// Chance for its pauses.
    entropy: u32,
    started: Instant,
}

impl<'a> Call<'a> {
    /// A call that nothing is known of, by one of its attempts.
    pub(super) fn new(
        http: &'a PaidHttp,
        attempts: &'a [PaidRequest],
        attempt: usize,
        identity: &'a Identity,
        started: Instant,
    ) -> Result<Self> {
        let request = &attempts[attempt];
        let facts = CallFacts {
            payment_id: payment_id(&identity.nonce),
            url: request.url.clone(),
            key: identity.key.clone(),
            nonce: identity.nonce,
            payer: identity.wallet,
        };
        let mut flow = Flow::new(facts, Arc::clone(&http.policy));
        flow.allow_replays(request.replay == Replay::Always);
        Ok(Self {
            flow,
            recovery: alloy::hex::encode(random_bytes::<32>()?),
            row: None,
            recording: None,
            incoming: None,
            foretold: false,
            entropy: chance(),
            started,
            attempts,
            request,
            identity,
            http,
        })
    }

    /// Lets it pay in its first request, where what the server will ask for is known. Of several
    /// models it is not known which one answers.
    pub(super) fn foretell(&mut self) {
        if let [request] = self.attempts
            && let Some(forecast) = self.http.foresight.forecast(self.http, request, self.identity)
        {
            self.flow.foretell(forecast);
            self.foretold = true;
        }
    }

    /// Remembers what it was asked for in the end.
    pub(super) fn learn(&self, outcome: &Result<Delivery>) {
        let (now, foresight) = (self.http.now(), &self.http.foresight);
        let failed = |error: &Error| *error.payment() != PaymentState::NotCharged;
        let wrong = self.flow.is_renewed() || outcome.as_ref().is_err_and(failed);
        if self.foretold && wrong {
            foresight.was_wrong(now, self.identity);
        }
        let settled = outcome.as_ref().is_ok_and(|delivery| delivery.response.receipt.is_some());
        let heard = !self.foretold || self.flow.is_renewed();
        if settled
            && heard
            && let Some(challenge) = self.flow.challenge()
        {
            let (challenge, clock_offset) = (challenge.clone(), self.flow.clock_offset());
            foresight.remember(now, self.identity, Forecast { challenge, clock_offset });
        }
    }

    /// A call whose payment was recorded before.
    pub(super) fn resuming(
        http: &'a PaidHttp,
        attempts: &'a [PaidRequest],
        identity: &'a Identity,
        resumable: Resumable,
        started: Instant,
    ) -> Self {
        let request = paid_for(attempts, &resumable);
        let (flow, recovery) = (resumed(http, request, identity, &resumable), resumable.recovery);
        let (row, recording) = (Some(resumable.row), Some(resumable.recording));
        let (incoming, foretold) = (None, false);
        Self {
            http,
            attempts,
            request,
            identity,
            flow,
            row,
            recovery,
            recording,
            incoming,
            foretold,
            entropy: chance(),
            started,
        }
    }

    /// Whether another model may be asked: this one is not to be had, and nothing was reserved.
    pub(super) fn may_fall_back(&self, outcome: &Result<Delivery>) -> bool {
        let status = match outcome {
            Ok(delivery) => Some(delivery.response.status),
            Err(error) => error.status(),
        };
        let unreachable = matches!(outcome, Err(error) if error.kind() == ErrorKind::Connection);
        let busy = matches!(status, Some(429 | 502 | 503 | 504 | 522 | 524));
        self.flow.is_unpaid() && (unreachable || busy)
    }

    /// Turns to a payment of the same content that was found on the way.
    pub(super) fn take_up(&mut self, resumable: Resumable) -> Action {
        let clock_offset = self.flow.clock_offset();
        self.request = paid_for(self.attempts, &resumable);
        if let Some(key) = &resumable.key {
            self.http.recent.replace(&self.identity.content, key);
        }
        self.flow = resumed(self.http, self.request, self.identity, &resumable);
        self.flow.correct_clock(clock_offset);
        self.row = Some(resumable.row);
        self.recovery = resumable.recovery;
        self.recording = Some(resumable.recording);
        self.step(Event::Start)
    }

    pub(super) fn remaining(&self) -> Duration {
        self.request.timeout.saturating_sub(self.started.elapsed())
    }

    pub(super) fn step(&mut self, event: Event) -> Action {
        let moment = Moment {
            now: self.http.now(),
            elapsed: self.started.elapsed(),
            remaining: self.remaining(),
            entropy: self.entropy,
        };
        self.flow.step(event, &moment)
    }

    pub(super) async fn perform(&mut self, action: Action) -> Event {
        match action {
            Action::SendUnpaid => {
                let answered = self.exchange(headers::unpaid(self.request)).await;
                self.keep(answered)
            }
            Action::Reserve(terms) => {
                if let Some(challenge) = self.flow.challenge() {
                    self.http.foresight.hear(challenge);
                }
                self.reserve(&terms).await
            }
            Action::Approve(terms) => match &self.http.hook {
                None => Event::Approved,
                Some(hook) => {
                    let asked = hook.approve(&terms, self.request.model.as_deref());
                    match self.leased(asked).await {
                        Ok(()) => Event::Approved,
                        Err(error) => Event::Declined(error),
                    }
                }
            },
            Action::Sign(transfer) => match self.leased(self.http.signer.sign(&transfer)).await {
                Ok(signature) => Event::Signed(signature),
                Err(error) => Event::NotSigned(error),
            },
            Action::Record(recording) => match self.record(recording).await {
                Ok(()) => Event::Recorded,
                Err(error) => Event::NotRecorded(error),
            },
            Action::SendPaid | Action::Replay => self.exchange_again().await,
            Action::Wait(pause) => {
                self.leased(tokio::time::sleep(pause)).await;
                Event::Waited
            }
            Action::AskChain { network } => {
                Event::Chain(self.leased(self.ask_chain(network)).await)
            }
            Action::Finish(_) | Action::Fail(_) => Event::Cancelled,
        }
    }

    /// Awaits something while the call's lease is kept.
    async fn leased<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            match tokio::time::timeout(HEARTBEAT, &mut work).await {
                Ok(done) => return done,
                Err(_) => {
                    if let Some(row) = self.row {
                        self.http.journal.extend(row, self.http.now());
                    }
                }
            }
        }
    }

    async fn exchange(&self, headers: HeaderMap) -> (Event, Option<Incoming>) {
        let PaidRequest { method, url, body, events, .. } = self.request;
        let leg = Leg { method: method.clone(), url, headers, body: body.clone() };
        self.http.transport.exchange_open(leg, *events).await
    }

    /// Shows the recorded payment.
    pub(super) async fn exchange_again(&mut self) -> Event {
        let answered = self.leased(self.exchange_paid()).await;
        self.keep(answered)
    }

    fn keep(&mut self, (event, incoming): (Event, Option<Incoming>)) -> Event {
        self.incoming = incoming;
        event
    }

    async fn exchange_paid(&self) -> (Event, Option<Incoming>) {
        let Some(recording) = &self.recording else {
            let error = Error::new(ErrorKind::Payment, "nothing was signed");
            return (Event::NeverSent(error), None);
        };
        let payment_id = &self.flow.call().payment_id;
        match headers::paid(self.request, recording, payment_id, &self.recovery) {
            Ok(headers) => self.exchange(headers).await,
            Err(error) => (Event::NeverSent(error), None),
        }
    }

    async fn ask_chain(&self, network: &'static Network) -> ChainAnswer {
        if self.http.chain.is_disabled(network) {
            return ChainAnswer::Unavailable;
        }
        let call = self.flow.call();
        let Some(recording) = &self.recording else { return ChainAnswer::Unavailable };
        // The earliest time at which it can have been signed.
        let expiry: u64 = recording.transfer.authorization.valid_before.saturating_to();
        let since = expiry.saturating_sub(self.http.policy.max_validity_seconds);
        let asked = self.http.chain.authorization(network, call.payer, call.nonce, since);
        match asked.await {
            Ok(AuthorizationFact::Paid { transaction, amount, .. }) => {
                ChainAnswer::Paid { amount, transaction: transaction.to_string() }
            }
            Ok(AuthorizationFact::Unused { .. }) => ChainAnswer::Unused,
            _ => ChainAnswer::Unavailable,
        }
    }

    /// Hands the answer over. The books of a stream stay open until its end.
    pub(super) async fn finish(&mut self, finished: Finished) -> Delivery {
        let Finished { answer: Answer { status, headers, body }, outcome, settlement } = finished;
        let incoming = self.incoming.take();
        let books = match (&incoming, &outcome) {
            (Some(_), Outcome::Settled { .. }) => self.leave_open(&outcome).await,
            _ => {
                self.close_answered(outcome.clone()).await;
                None
            }
        };
        let receipt = match outcome {
            Outcome::Settled { amount, transaction, .. } => {
                Some(Receipt { amount, transaction, settlement })
            }
            _ => None,
        };
        let call = self.flow.call();
        let paid = receipt.clone().filter(|_| incoming.is_some()).map(|receipt| Resumption {
            http: self.http.clone(),
            books,
            receipt,
            key: call.key.clone(),
            payment_id: call.payment_id.clone(),
            recovery: self.recovery.clone(),
        });
        let key = call.key.clone();
        let ticket = self.recording.take().map(|recording| Ticket { recording, key });
        let response = PaidResponse { status, headers, body, receipt };
        Delivery { response, incoming, paid, ticket, remaining: self.remaining() }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(row) = self.row.take() {
            self.http.journal.abandon(row, self.flow.abandoned());
        }
    }
}

/// Without any, everybody pauses as long; nothing else depends on it.
fn chance() -> u32 {
    random_bytes().map_or(0, u32::from_be_bytes)
}

/// The attempt that a payment was made for.
fn paid_for<'a>(attempts: &'a [PaidRequest], resumable: &Resumable) -> &'a PaidRequest {
    let paid = attempts.iter().find(|attempt| attempt.model == resumable.model);
    paid.unwrap_or(&attempts[0])
}

/// The flow of a payment that was recorded before; its nonce, not a new one, is the call's.
fn resumed(
    http: &PaidHttp,
    request: &PaidRequest,
    identity: &Identity,
    resumable: &Resumable,
) -> Flow {
    let facts = CallFacts {
        key: resumable.key.clone().unwrap_or_else(|| match identity.keyed {
            true => identity.key.clone(),
            false => resumable.payment_id.clone(),
        }),
        nonce: resumable.row.nonce(),
        payment_id: resumable.payment_id.clone(),
        payer: identity.wallet,
        url: request.url.clone(),
    };
    let resumed = Resumed {
        transfer: resumable.recording.transfer.clone(),
        at_risk: resumable.at_risk,
        ended: resumable.ended.clone(),
    };
    Flow::resuming(facts, Arc::clone(&http.policy), resumed)
}

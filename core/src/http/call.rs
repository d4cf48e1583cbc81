//! One call under way: performs the flow's actions and tells it what happened.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderMap;

use super::{PaidHttp, PaidRequest, PaidResponse, Receipt, headers};
use crate::{
    chain::AuthorizationFact,
    clock::random_bytes,
    error::{Error, ErrorKind, Result},
    flow::{
        Action, Answer, CallFacts, ChainAnswer, Event, Finished, Flow, Moment, Outcome, Recording,
        Resumed,
    },
    journal::{Identity, Resumable, RowId},
    networks::Network,
    x402::payment_id,
};

/// A lease is renewed this often: well within its 30 seconds.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// One call. Dropped, it closes its books by what was sent.
pub(super) struct Call<'a> {
    pub(super) http: &'a PaidHttp,
    pub(super) request: &'a PaidRequest,
    pub(super) identity: &'a Identity,
    pub(super) flow: Flow,
    pub(super) row: Option<RowId>,
    pub(super) recovery: String,
    pub(super) recording: Option<Recording>,
    started: Instant,
}

impl<'a> Call<'a> {
    /// A call that nothing is known of.
    pub(super) fn new(
        http: &'a PaidHttp,
        request: &'a PaidRequest,
        identity: &'a Identity,
        started: Instant,
    ) -> Result<Self> {
        let facts = CallFacts {
            payment_id: payment_id(&identity.nonce),
            url: request.url.clone(),
            key: identity.key.clone(),
            nonce: identity.nonce,
            payer: identity.wallet,
        };
        Ok(Self {
            flow: Flow::new(facts, Arc::clone(&http.policy)),
            recovery: alloy::hex::encode(random_bytes::<32>()?),
            row: None,
            recording: None,
            started,
            request,
            identity,
            http,
        })
    }

    /// A call whose payment was recorded before.
    pub(super) fn resuming(
        http: &'a PaidHttp,
        request: &'a PaidRequest,
        identity: &'a Identity,
        resumable: Resumable,
        started: Instant,
    ) -> Self {
        let (flow, recovery) = (resumed(http, request, identity, &resumable), resumable.recovery);
        let (row, recording) = (Some(resumable.row), Some(resumable.recording));
        Self { http, request, identity, flow, row, recovery, recording, started }
    }

    /// Turns to a payment of the same content that was found on the way.
    pub(super) fn take_up(&mut self, resumable: Resumable) -> Action {
        let clock_offset = self.flow.clock_offset();
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
            entropy: random_bytes().map_or(0, u32::from_be_bytes),
        };
        self.flow.step(event, &moment)
    }

    pub(super) async fn perform(&mut self, action: Action) -> Event {
        match action {
            Action::SendUnpaid => self.exchange(headers::unpaid(self.has_body())).await,
            Action::Reserve(terms) => self.reserve(&terms).await,
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
            Action::SendPaid | Action::Replay => self.leased(self.exchange_paid()).await,
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

    fn has_body(&self) -> bool {
        !self.request.body.is_empty()
    }

    async fn exchange(&self, headers: HeaderMap) -> Event {
        let PaidRequest { method, url, body, .. } = self.request;
        self.http.transport.exchange(method.clone(), url, headers, body.clone()).await
    }

    /// Shows a payment again that was found on the way.
    pub(super) async fn exchange_again(&self) -> Event {
        self.leased(self.exchange_paid()).await
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
            Ok(AuthorizationFact::Paid { transaction, .. }) => {
                ChainAnswer::Paid { transaction: transaction.to_string() }
            }
            Ok(AuthorizationFact::Unused { .. }) => ChainAnswer::Unused,
            _ => ChainAnswer::Unavailable,
        }
    }

    pub(super) async fn finish(&mut self, finished: Finished) -> PaidResponse {
        let Finished { answer: Answer { status, headers, body }, outcome, settlement } = finished;
        self.close_answered(outcome.clone()).await;
        let receipt = match outcome {
            Outcome::Settled { amount, transaction } => {
                Some(Receipt { amount, transaction, settlement })
            }
            _ => None,
        };
        PaidResponse { status, headers, body, receipt }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(row) = self.row.take() {
            self.http.journal.abandon(row, self.flow.abandoned());
        }
    }
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
        nonce: resumable.row.0,
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

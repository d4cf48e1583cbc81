//! The machine: one method, [`Flow::step`].

use std::sync::Arc;

use alloy::primitives::{Address, B256};
use url::Url;

use super::{
    Action, Answer, Event, Failure, Finished, Forecast, Moment, Outcome, Resumed, paid::Paid,
};
use crate::{
    error::{Error, ErrorKind, PaymentState},
    policy::Policy,
    x402::{Challenge, Settlement},
};

/// What is fixed about a call before it begins.
#[derive(Clone, Debug)]
pub struct CallFacts {
    /// Idempotency key: names the call in errors and in the journal.
    pub key: String,
    /// The call's only nonce, derived from the key.
    pub nonce: B256,
    /// The call's public id.
    pub payment_id: String,
    /// Who pays.
    pub payer: Address,
    /// What is called.
    pub url: Url,
}

/// Where a call stands.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum State {
    Ready,
    Probing,
    PausingUnpaid,
    Reserving,
    Approving,
    Signing,
    Recording,
    Paying,
    PausingPaid,
    Asking,
    Done,
}

/// The flow of one call.
#[derive(Debug)]
pub struct Flow {
    pub(super) call: CallFacts,
    pub(super) policy: Arc<Policy>,
    state: State,
    pub(super) unpaid_retries: u32,
    /// What the 402 would say, if that is known.
    pub(super) forecast: Option<Forecast>,
    pub(super) paid: Option<Paid>,
    /// What the server said about the nonce, while the chain is asked.
    pub(super) verdict: Option<Answer>,
    /// Whether a payment that was sent may be sent again by this call.
    pub(super) replays: bool,
}

impl Flow {
    /// A flow that has not begun.
    pub const fn new(call: CallFacts, policy: Arc<Policy>) -> Self {
        Self {
            call,
            policy,
            state: State::Ready,
            unpaid_retries: 0,
            forecast: None,
            paid: None,
            verdict: None,
            replays: true,
        }
    }

    /// A flow that takes up a payment that was recorded before: it begins with a replay.
    pub fn resuming(call: CallFacts, policy: Arc<Policy>, resumed: Resumed) -> Self {
        Self { paid: Some(Paid::resumed(resumed)), ..Self::new(call, policy) }
    }

    /// Says whether a payment that was sent may be sent again when its answer is lost; it may
    /// unless this says otherwise.
    pub const fn allow_replays(&mut self, allowed: bool) {
        self.replays = allowed;
    }

    /// Whether no payment was as much as chosen yet.
    pub const fn is_unpaid(&self) -> bool {
        self.paid.is_none()
    }

    /// The facts it was made with.
    pub const fn call(&self) -> &CallFacts {
        &self.call
    }

    /// What was signed for last: a 402 of the server, or the forecast of one that it took.
    pub fn challenge(&self) -> Option<&Challenge> {
        self.paid.as_ref()?.offer.as_ref().map(|(challenge, _)| challenge)
    }

    /// Whether the nonce was signed for a second time: for other terms, or another time.
    pub fn is_renewed(&self) -> bool {
        self.paid.as_ref().is_some_and(|paid| paid.renewed)
    }

    /// How far the server's clock is ahead of ours, in seconds, where a 402 showed it to be off.
    pub fn clock_offset(&self) -> i64 {
        self.paid.as_ref().map_or(0, |paid| paid.clock_offset)
    }

    /// Tells a payment that is taken up what a 402 showed of the clocks.
    pub const fn correct_clock(&mut self, offset: i64) {
        if let Some(paid) = &mut self.paid {
            paid.clock_offset = offset;
        }
    }

    /// How the books must be closed if the call is given up at this point.
    pub fn abandoned(&self) -> Outcome {
        self.paid.as_ref().map_or(Outcome::Released, Paid::unknown)
    }

    /// Takes what happened and says what to do next. An event that does not belong to the present
    /// state ends the call, which is safe in every state.
    pub fn step(&mut self, event: Event, moment: &Moment) -> Action {
        match (self.state, event) {
            (State::Done, _) => self.fail(Error::new(ErrorKind::Payment, "the call is over")),
            (_, Event::Deadline) => self.deadline(),
            (_, Event::Cancelled) => {
                self.fail(Error::new(ErrorKind::Timeout, "the call was cancelled"))
            }
            (State::Ready, Event::Start) => self.start(moment),
            (State::Probing, Event::Answered(answer)) => self.probed(answer, moment),
            (State::Probing, Event::NeverSent(error)) => self.fail(error),
            (State::Probing, Event::Lost(error)) => self.retry_unpaid(moment, error),
            (State::PausingUnpaid, Event::Waited) => self.go(State::Probing, Action::SendUnpaid),
            (State::Reserving, Event::Reserved) => self.reserved(),
            (State::Reserving, Event::NotReserved(error)) => self.fail(error),
            (State::Approving, Event::Approved) => self.approved(moment),
            (State::Approving, Event::Declined(error)) => self.fail(error),
            (State::Signing, Event::Signed(signature)) => self.signed(&signature),
            (State::Signing, Event::NotSigned(error)) => self.fail(error),
            (State::Recording, Event::Recorded) => self.recorded(),
            (State::Recording, Event::NotRecorded(error)) => self.fail(error),
            (State::Paying, Event::Answered(answer)) => self.answered(answer, moment),
            (State::Paying, Event::NeverSent(error)) => self.not_delivered(error, moment),
            (State::Paying, Event::Lost(error)) => self.lost(error, moment),
            (State::PausingPaid, Event::Waited) => self.replay(moment),
            (State::Asking, Event::Chain(answer)) => self.chain(answer),
            (state, event) => {
                let message = format!("unexpected event in state {state:?}: {event:?}");
                self.fail(Error::new(ErrorKind::Payment, message))
            }
        }
    }

    fn start(&mut self, moment: &Moment) -> Action {
        match (&self.paid, self.forecast.take()) {
            (Some(_), _) => self.replay(moment),
            (None, Some(forecast)) => self.prepay(forecast, moment),
            (None, None) => self.go(State::Probing, Action::SendUnpaid),
        }
    }

    pub(super) const fn go(&mut self, state: State, action: Action) -> Action {
        self.state = state;
        action
    }

    pub(super) fn deadline(&mut self) -> Action {
        let message = match self.abandoned() {
            Outcome::Released => "the deadline passed; nothing was charged",
            _ => "the deadline passed after a payment was sent; the same call resumes it",
        };
        self.fail(Error::new(ErrorKind::Timeout, message))
    }

    pub(super) fn broken(&mut self) -> Action {
        self.fail(Error::new(ErrorKind::Payment, "the payment flow lost its state"))
    }

    pub(super) fn finish(
        &mut self,
        answer: Answer,
        outcome: Outcome,
        settlement: Option<Settlement>,
    ) -> Action {
        self.go(State::Done, Action::Finish(Finished { answer, outcome, settlement }))
    }

    /// Ends with an error; the money is released or unknown, by what was sent.
    pub(super) fn fail(&mut self, error: Error) -> Action {
        let outcome = self.abandoned();
        self.close(error, outcome)
    }

    /// Ends with an error and the state of the money that follows from the outcome.
    pub(super) fn close(&mut self, error: Error, outcome: Outcome) -> Action {
        let state = self
            .paid
            .as_ref()
            .map_or(PaymentState::NotCharged, |paid| paid.state(&outcome, &self.call.key));
        self.end(error.with_payment(state), outcome)
    }

    pub(super) fn end(&mut self, error: Error, outcome: Outcome) -> Action {
        let sent = !matches!(outcome, Outcome::Released);
        let error = if sent { error.with_key(&self.call.key) } else { error };
        self.go(State::Done, Action::Fail(Failure { error, outcome }))
    }
}

//! The payment of a call while it is under way: what was signed, how often it was sent.

use std::time::Duration;

use http::HeaderMap;

use super::{Answer, Moment, Outcome, Resumed};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, PaymentState, Proof},
    money::Usdc,
    x402::{Challenge, Settlement, Terms, Transfer},
};

/// Replays of a plain server error.
pub(super) const BRIEF_REPLAYS: u32 = 3;
/// ... and how long they may go on.
const BRIEF_PERIOD: Duration = Duration::from_secs(30);
/// First pause before a replay; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause that we choose ourselves.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A payment from its 402 to its end.
#[derive(Debug)]
pub(super) struct Paid {
    /// The 402 that is answered, and the chosen offer. A resumed payment answers none.
    pub(super) offer: Option<(Challenge, Terms)>,
    /// What is to be signed, or was.
    pub(super) transfer: Transfer,
    /// How it ended already, when it is resumed only for its answer.
    ended: Option<Outcome>,
    /// Latest expiry of anything that was recorded: from then on it may have been sent.
    pub(super) live_until: Option<Timestamp>,
    /// How far the server's clock is ahead of ours, in seconds, where it is off and was corrected.
    pub(super) clock_offset: i64,
    /// Most that anything recorded would cost.
    pub(super) at_risk: Usdc,
    /// Whether a byte of it may have left.
    pub(super) sent: bool,
    /// Whether an earlier send of this call may have arrived, by this process or another.
    pub(super) delivered: bool,
    /// Whether it was signed for a forecast: the server has not said its terms yet.
    pub(super) foretold: bool,
    /// Whether the nonce was signed a second time.
    pub(super) renewed: bool,
    /// Replays so far.
    pub(super) replays: u32,
    /// When plain server errors began.
    errors_since: Option<Duration>,
}

impl Paid {
    /// A payment for an offer, not signed yet.
    pub(super) fn new(
        challenge: Challenge,
        terms: Terms,
        transfer: Transfer,
        clock_offset: i64,
    ) -> Self {
        Self { offer: Some((challenge, terms)), clock_offset, ..Self::unsent(transfer) }
    }

    /// A payment that was recorded before, by this process or another.
    pub(super) fn resumed(resumed: Resumed) -> Self {
        let mut paid = Self { ended: resumed.ended, ..Self::unsent(resumed.transfer) };
        paid.recorded();
        paid.delivered = true;
        paid.at_risk = paid.at_risk.max(resumed.at_risk);
        paid
    }

    const fn unsent(transfer: Transfer) -> Self {
        Self {
            offer: None,
            transfer,
            ended: None,
            live_until: None,
            clock_offset: 0,
            at_risk: Usdc::ZERO,
            sent: false,
            delivered: false,
            foretold: false,
            renewed: false,
            replays: 0,
            errors_since: None,
        }
    }

    /// Takes other terms for the same nonce.
    pub(super) fn renew(
        &mut self,
        challenge: Challenge,
        terms: Terms,
        transfer: Transfer,
        clock_offset: i64,
    ) {
        (self.offer, self.transfer) = (Some((challenge, terms)), transfer);
        (self.clock_offset, self.foretold) = (clock_offset, false);
        (self.renewed, self.delivered) = (true, true);
    }

    /// What is authorized.
    pub(super) fn amount(&self) -> Usdc {
        Usdc::from_micro(self.transfer.authorization.value.saturating_to())
    }

    /// Unix time after which what is to be signed, or was, cannot be executed any more.
    fn expiry(&self) -> Timestamp {
        self.transfer.authorization.valid_before.saturating_to()
    }

    /// Notes that the signed transfer is in the journal and goes out next.
    pub(super) fn recorded(&mut self) {
        self.live_until = self.live_until.max(Some(self.expiry()));
        self.at_risk = self.at_risk.max(self.amount());
        self.sent = true;
    }

    /// Whether what was signed can still be executed: nothing is sent after its expiry. It has
    /// expired when both clocks, ours and the server's, are past it. One that was executed may be
    /// shown for its answer at any time.
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        let now = now.min(now.saturating_add_signed(self.clock_offset));
        self.expiry() > now || self.ended.is_some()
    }

    /// Whether its nonce may be signed anew: once, and never when the call was paid already.
    pub(super) const fn may_renew(&self) -> bool {
        !self.renewed && self.ended.is_none()
    }

    /// Whether another replay of a plain server error is due.
    pub(super) fn may_replay_briefly(&mut self, moment: &Moment) -> bool {
        let since = *self.errors_since.get_or_insert(moment.elapsed);
        self.replays < BRIEF_REPLAYS && moment.elapsed.saturating_sub(since) < BRIEF_PERIOD
    }

    /// How long to pause before the next replay: exponential, jittered to 50–100 %, and never
    /// shorter than the server asks.
    pub(super) fn pause(&self, moment: &Moment, retry_after: Option<Duration>) -> Duration {
        let doubled = FIRST_PAUSE.saturating_mul(1 << self.replays.min(16)).min(LONGEST_PAUSE);
        let share = 0.5 + f64::from(moment.entropy) / f64::from(u32::MAX) / 2.0;
        doubled.mul_f64(share).max(retry_after.unwrap_or_default())
    }

    /// How the books stand if the call ends here without an answer.
    pub(super) fn unknown(&self) -> Outcome {
        if let Some(ended) = &self.ended {
            return ended.clone();
        }
        match self.live_until {
            Some(live_until) if self.sent => Outcome::Unknown { live_until },
            _ => Outcome::Released,
        }
    }

    /// How the books stand when the server refused.
    pub(super) fn refused(&self) -> Outcome {
        if let Some(ended) = &self.ended {
            return ended.clone();
        }
        match self.live_until {
            Some(live_until) if self.sent => Outcome::Refused { live_until },
            _ => Outcome::Released,
        }
    }

    /// How the books stand when the server answered.
    pub(super) fn settled(&self, settlement: Option<&Settlement>) -> Outcome {
        let transaction = settlement.and_then(Settlement::transaction).map(str::to_owned);
        Outcome::Settled { amount: self.amount(), transaction, proof: Proof::Server }
    }

    /// What to tell about the money, in an error's words.
    pub(super) fn state(&self, outcome: &Outcome, key: &str) -> PaymentState {
        match outcome {
            Outcome::Released => PaymentState::NotCharged,
            Outcome::Settled { amount, transaction, proof } => PaymentState::Charged {
                amount: *amount,
                transaction: transaction.clone(),
                proof: *proof,
            },
            Outcome::Refused { live_until } => {
                PaymentState::Refused { live_until: *live_until, at_risk: self.at_risk }
            }
            Outcome::Unknown { live_until } => PaymentState::Unknown {
                nonce: self.transfer.authorization.nonce.to_string(),
                valid_until: *live_until,
                key: key.to_owned(),
            },
        }
    }
}

/// An error made from a response, with its status, body and the server's reason.
pub(super) fn error_from(kind: ErrorKind, message: String, answer: &Answer) -> Error {
    Error::new(kind, message)
        .with_status(answer.status)
        .with_response(String::from_utf8_lossy(&answer.body))
        .with_reason(super::after::reason(answer))
        .with_retry_after(retry_after(&answer.headers))
}

/// `Retry-After`, when it is seconds; the date form is ignored, since its clock is not ours.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

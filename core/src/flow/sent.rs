//! After sending: replay, renew, ask, or end, as the table says.

use std::time::Duration;

use http::HeaderMap;

use super::{
    Action, Answer, ChainAnswer, Moment, Outcome, Reaction, Signal,
    after::{reaction, reason, signal, status_text},
    machine::{Flow, State},
    paid::{Paid, error_from, retry_after},
};
use crate::{
    error::{Error, ErrorKind, Proof},
    x402::{Challenge, Settlement, Terms, match_terms},
};

impl Flow {
    pub(super) fn answered(&mut self, answer: Answer, moment: &Moment) -> Action {
        let settlement = Settlement::from_headers(&answer.headers);
        let mut signal = signal(&answer, settlement.as_ref());
        if signal == Signal::Refused && (self.is_foretold() || self.terms_changed(&answer)) {
            signal = Signal::ChangedTerms;
        }
        match reaction(signal) {
            Reaction::Finish => self.charged(answer, settlement),
            Reaction::Replay => {
                self.pause(moment, retry_after(&answer.headers), || after_sending(&answer))
            }
            Reaction::ReplayBriefly => self.replay_briefly(&answer, moment),
            Reaction::Renew => self.renew(&answer, moment),
            Reaction::AskChain => self.ask_chain(answer),
            Reaction::EndRefused => self.end_refused(signal, &answer),
            Reaction::EndUnknown => self.fail(conflict(&answer)),
        }
    }

    /// A server that answers and says that it did not take the payment is believed no more than
    /// any other: the money stays counted until it is proven that it cannot be taken.
    pub(super) fn charged(&mut self, answer: Answer, settlement: Option<Settlement>) -> Action {
        let outcome =
            self.paid.as_ref().map_or(Outcome::Released, |paid| {
                match settlement_skipped(&answer.headers) {
                    true => paid.refused(),
                    false => paid.settled(settlement.as_ref()),
                }
            });
        self.finish(answer, outcome, settlement)
    }

    pub(super) fn replay_briefly(&mut self, answer: &Answer, moment: &Moment) -> Action {
        if self.paid.as_mut().is_some_and(|paid| paid.may_replay_briefly(moment)) {
            return self.pause(moment, None, || after_sending(answer));
        }
        self.fail(after_sending(answer))
    }

    pub(super) fn pause(
        &mut self,
        moment: &Moment,
        retry_after: Option<Duration>,
        error: impl FnOnce() -> Error,
    ) -> Action {
        let Some(paid) = &mut self.paid else { return self.broken() };
        paid.delivered = true;
        let pause = paid.pause(moment, retry_after);
        if !self.replays || pause >= moment.remaining {
            return self.fail(error());
        }
        paid.replays += 1;
        self.go(State::PausingPaid, Action::Wait(pause))
    }

    pub(super) fn replay(&mut self, moment: &Moment) -> Action {
        if self.paid.as_ref().is_some_and(|paid| paid.is_live(moment.now)) {
            return self.go(State::Paying, Action::Replay);
        }
        self.fail(Error::new(
            ErrorKind::PaymentOutcomeUnknown,
            "the payment expired without an answer; it is not known whether it was executed",
        ))
    }

    /// A failure before the first byte: nothing left this machine, unless an earlier send did, or
    /// the payment was taken up from one that may have sent it.
    pub(super) fn not_delivered(&mut self, error: Error, moment: &Moment) -> Action {
        match &mut self.paid {
            Some(paid) if !paid.delivered => {
                paid.sent = false;
                self.fail(error)
            }
            _ => self.lost(error, moment),
        }
    }

    pub(super) fn lost(&mut self, error: Error, moment: &Moment) -> Action {
        self.pause(moment, None, || error)
    }

    /// The same nonce once more, under the terms and the clock of this 402.
    pub(super) fn renew(&mut self, answer: &Answer, moment: &Moment) -> Action {
        let pinned =
            self.paid.as_ref().filter(|paid| paid.may_renew()).map(|paid| paid.transfer.network);
        let offered = pinned.map(|network| self.read_challenge(answer, moment.now, Some(network)));
        let (challenge, terms, signing_time) = match offered {
            Some(Ok(offered)) => offered,
            // Its terms are heard for the first time: what is wrong with them is the error.
            Some(Err(error)) if self.is_foretold() => {
                let outcome = self.paid.as_ref().map_or(Outcome::Released, Paid::refused);
                return self.close(other_terms(error), outcome);
            }
            _ => return self.end_refused(Signal::Refused, answer),
        };
        let transfer = self.transfer(&terms, signing_time);
        let Some(paid) = &mut self.paid else { return self.broken() };
        let offset = signing_time.cast_signed() - moment.now.cast_signed();
        paid.renew(challenge, terms.clone(), transfer, offset);
        self.go(State::Reserving, Action::Reserve(terms))
    }

    pub(super) fn terms_changed(&self, answer: &Answer) -> bool {
        let Some(paid) = &self.paid else { return false };
        let Ok(challenge) = Challenge::parse(&answer.headers, &answer.body) else { return false };
        let same_network = |terms: &Terms| terms.network == paid.transfer.network;
        let offers = challenge
            .accepts
            .iter()
            .filter_map(|offer| match_terms(offer, self.call.payer).ok())
            .filter(same_network);
        let mut changed = false;
        for offer in offers {
            if (offer.amount, offer.payee) == (paid.amount(), paid.transfer.authorization.to) {
                return false;
            }
            changed = true;
        }
        changed
    }

    pub(super) fn ask_chain(&mut self, answer: Answer) -> Action {
        let Some(network) = self.paid.as_ref().map(|paid| paid.transfer.network) else {
            return self.broken();
        };
        self.verdict = Some(answer);
        self.go(State::Asking, Action::AskChain { network })
    }

    pub(super) fn chain(&mut self, chain: ChainAnswer) -> Action {
        let Some(answer) = self.verdict.take() else { return self.broken() };
        let used = "the server says that this payment was executed already, and gave no answer";
        match chain {
            ChainAnswer::Unavailable => {
                self.fail(error_from(ErrorKind::PaymentAlreadyUsed, used.to_owned(), &answer))
            }
            ChainAnswer::Unused => self.end_refused(Signal::Refused, &answer),
            ChainAnswer::Paid { amount, transaction } => {
                let error = error_from(ErrorKind::PaymentAlreadyUsed, used.to_owned(), &answer);
                let (transaction, proof) = (Some(transaction), Proof::Chain);
                self.close(error, Outcome::Settled { amount, transaction, proof })
            }
        }
    }

    pub(super) fn end_refused(&mut self, signal: Signal, answer: &Answer) -> Action {
        let said = reason(answer).unwrap_or_else(|| "no reason given".to_owned());
        let status = status_text(answer.status);
        let error = match signal {
            Signal::Redirect => {
                let message =
                    format!("the server answered the payment with {status}, not followed");
                error_from(ErrorKind::PaymentRefused, message, answer)
            }
            Signal::Rejected => {
                error_from(ErrorKind::Api, format!("API error: {status}: {said}"), answer)
            }
            _ => {
                let message = format!("Payment was rejected. Check your wallet balance. ({said})");
                error_from(ErrorKind::PaymentRefused, message, answer)
            }
        };
        let outcome = self.paid.as_ref().map_or(Outcome::Released, Paid::refused);
        self.close(error, outcome)
    }
}

/// A busy or failing server after a payment was sent.
fn after_sending(answer: &Answer) -> Error {
    let status = status_text(answer.status);
    let settlement = Settlement::from_headers(&answer.headers);
    let message = match settlement.as_ref().and_then(Settlement::transaction) {
        Some(hash) => {
            format!("API error after settlement (payment SETTLED, tx {hash}): {status}")
        }
        None => format!(
            "API error on the paid request (no settlement reported — it may still settle): {status}"
        ),
    };
    error_from(ErrorKind::Api, message, answer)
}

/// What a server asks instead of what was foretold, where that cannot be paid.
fn other_terms(error: Error) -> Error {
    let message = format!(
        "the server did not take a payment of the price that it published, and what it asks for \
         now cannot be paid: {}",
        error.message()
    );
    error.with_message(message).with_status(402)
}

fn conflict(answer: &Answer) -> Error {
    let said = reason(answer).unwrap_or_else(|| "no reason given".to_owned());
    let message = format!("the server has another claim on this payment: {said}");
    error_from(ErrorKind::PaymentOutcomeUnknown, message, answer)
}

/// Whether a server says that it answered without taking the payment.
pub(crate) fn settlement_skipped(headers: &HeaderMap) -> bool {
    let said = headers.get("x-settlement-skipped").and_then(|value| value.to_str().ok());
    said.is_some_and(|said| said.trim().eq_ignore_ascii_case("true"))
}

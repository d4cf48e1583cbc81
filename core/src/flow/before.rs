//! Before sending: the unpaid leg, the 402, and the way to a signed and recorded payment.

use std::time::Duration;

use http::{HeaderMap, header::LOCATION};

use super::{
    Action, Answer, Moment, Outcome, Recording,
    after::status_text,
    machine::{Flow, State},
    paid::{Paid, error_from},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, Rejection},
    policy::{ClockReading, corrected_now},
    x402::{Challenge, EncodePayment, Origin, Transfer},
};

/// Retries of the unpaid leg: nothing is signed yet, so nothing can be charged.
const UNPAID_RETRIES: u32 = 1;

/// Pause before such a retry.
const UNPAID_PAUSE: Duration = Duration::from_secs(1);

impl Flow {
    pub(super) fn probed(&mut self, answer: Answer, moment: &Moment) -> Action {
        match answer.status {
            402 => self.challenged(&answer, moment),
            300..400 => {
                let error = self.redirected(&answer);
                self.fail(error)
            }
            502..=504 if self.unpaid_retries < UNPAID_RETRIES => {
                let text = status_text(answer.status);
                let error = error_from(ErrorKind::Api, format!("API error: {text}"), &answer);
                self.retry_unpaid(moment, error)
            }
            _ => self.finish(answer, Outcome::Released, None),
        }
    }

    pub(super) fn retry_unpaid(&mut self, moment: &Moment, error: Error) -> Action {
        if self.unpaid_retries >= UNPAID_RETRIES || moment.remaining <= UNPAID_PAUSE {
            return self.fail(error);
        }
        self.unpaid_retries += 1;
        self.go(State::PausingUnpaid, Action::Wait(UNPAID_PAUSE))
    }

    pub(super) fn challenged(&mut self, answer: &Answer, moment: &Moment) -> Action {
        let chosen = Challenge::parse(&answer.headers, &answer.body).and_then(|challenge| {
            corrected_now(moment.now, ClockReading::from_headers(&answer.headers))?;
            let terms = self.policy.choose(&challenge, self.call.payer)?;
            Ok((challenge, terms))
        });
        match chosen {
            Ok((challenge, terms)) => {
                let mut paid = Paid::new(challenge, terms.clone());
                paid.transfer = Some(self.transfer(&paid, &answer.headers, moment.now));
                self.paid = Some(paid);
                self.go(State::Reserving, Action::Reserve(terms))
            }
            Err(error) => self.fail(error.with_status(402)),
        }
    }

    pub(super) fn redirected(&self, answer: &Answer) -> Error {
        let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let allowed = Origin::of(&self.call.url).map(|origin| origin.to_string());
        let rejection = Rejection {
            field: "redirect".to_owned(),
            got: location.unwrap_or("without a location").chars().take(200).collect(),
            allowed: format!("an answer from {}", allowed.unwrap_or_default()),
        };
        let message = format!(
            "the server redirects to {}; a payment goes to the configured address only. \
             Nothing was signed: set api_url to the final address",
            rejection.got
        );
        Error::rejected(rejection).with_message(message).with_status(answer.status)
    }

    /// The authorization for the payment's terms, timed by the server's clock where ours is off.
    pub(super) fn transfer(&self, paid: &Paid, headers: &HeaderMap, now: Timestamp) -> Transfer {
        let time = corrected_now(now, ClockReading::from_headers(headers)).unwrap_or(now);
        let Paid { terms, .. } = paid;
        let authorization = self.policy.authorize(terms, self.call.payer, self.call.nonce, time);
        Transfer { network: terms.network, authorization }
    }

    pub(super) fn reserved(&mut self) -> Action {
        match &self.paid {
            Some(paid) => {
                let action = Action::Approve(paid.terms.clone());
                self.go(State::Approving, action)
            }
            None => self.broken(),
        }
    }

    pub(super) fn approved(&mut self) -> Action {
        match self.paid.as_ref().and_then(|paid| paid.transfer.clone()) {
            Some(transfer) => self.go(State::Signing, Action::Sign(transfer)),
            None => self.broken(),
        }
    }

    pub(super) fn signed(&mut self, signature: &[u8; 65]) -> Action {
        let Some((paid, transfer)) =
            self.paid.as_ref().and_then(|paid| Some((paid, paid.transfer.clone()?)))
        else {
            return self.broken();
        };
        let header = EncodePayment {
            challenge: &paid.challenge,
            terms: &paid.terms,
            authorization: &transfer.authorization,
            signature,
            url: &self.call.url,
            payment_id: &self.call.payment_id,
        }
        .header();
        match header {
            Ok((header_name, header_value)) => {
                let recording = Recording { transfer, header_name, header_value };
                self.go(State::Recording, Action::Record(recording))
            }
            Err(error) => self.fail(error),
        }
    }

    pub(super) fn recorded(&mut self) -> Action {
        match &mut self.paid {
            Some(paid) => {
                paid.recorded();
                paid.sent = true;
                self.go(State::Paying, Action::SendPaid)
            }
            None => self.broken(),
        }
    }
}

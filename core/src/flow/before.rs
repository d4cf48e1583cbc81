//! Before sending: the unpaid leg, the 402, and the way to a signed and recorded payment.

use std::time::Duration;

use http::header::LOCATION;

use super::{
    Action, Answer, Moment, Outcome, Recording,
    after::status_text,
    machine::{Flow, State},
    paid::{Paid, error_from},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, Rejection, Result},
    networks::Network,
    policy::{ClockReading, corrected_now},
    x402::{Challenge, EncodePayment, Origin, Requirement, Terms, Transfer},
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
        match self.read_challenge(answer, moment.now, None) {
            Ok((challenge, terms, signing_time)) => {
                let transfer = self.transfer(&terms, signing_time);
                let offset = signing_time.cast_signed() - moment.now.cast_signed();
                self.paid = Some(Paid::new(challenge, terms.clone(), transfer, offset));
                self.go(State::Reserving, Action::Reserve(terms))
            }
            Err(error) => self.fail(error.with_status(402)),
        }
    }

    /// What a 402 offers that may be signed, and the time to sign with: the server's where ours is
    /// off. A call that is pinned to a network looks at no other.
    pub(super) fn read_challenge(
        &self,
        answer: &Answer,
        now: Timestamp,
        pinned: Option<&Network>,
    ) -> Result<(Challenge, Terms, Timestamp)> {
        let mut challenge = Challenge::parse(&answer.headers, &answer.body)?;
        let signing_time = corrected_now(now, ClockReading::from_headers(&answer.headers))?;
        if let Some(network) = pinned {
            let named = |offer: &Requirement| offer.text("network").and_then(Network::by_id);
            challenge.accepts.retain(|offer| named(offer) == Some(network));
        }
        let terms = self.policy.choose(&challenge, self.call.payer)?;
        Ok((challenge, terms, signing_time))
    }

    /// What is to be signed for terms.
    pub(super) fn transfer(&self, terms: &Terms, signing_time: Timestamp) -> Transfer {
        let Self { policy, call, .. } = self;
        let authorization = policy.authorize(terms, call.payer, call.nonce, signing_time);
        Transfer { network: terms.network, authorization }
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

    pub(super) fn reserved(&mut self) -> Action {
        match self.paid.as_ref().and_then(|paid| paid.offer.as_ref()) {
            Some((_, terms)) => {
                let action = Action::Approve(terms.clone());
                self.go(State::Approving, action)
            }
            None => self.broken(),
        }
    }

    /// Approval may have taken its time: what is signed is valid from now.
    pub(super) fn approved(&mut self, moment: &Moment) -> Action {
        let Some((terms, offset)) =
            self.paid.as_ref().and_then(|paid| Some((&paid.offer.as_ref()?.1, paid.clock_offset)))
        else {
            return self.broken();
        };
        let transfer = self.transfer(terms, moment.now.saturating_add_signed(offset));
        if let Some(paid) = &mut self.paid {
            paid.transfer = transfer.clone();
        }
        self.go(State::Signing, Action::Sign(transfer))
    }

    pub(super) fn signed(&mut self, signature: &[u8; 65]) -> Action {
        let Some((transfer, (challenge, terms))) =
            self.paid.as_ref().and_then(|paid| Some((&paid.transfer, paid.offer.as_ref()?)))
        else {
            return self.broken();
        };
        let header = EncodePayment {
            challenge,
            terms,
            authorization: &transfer.authorization,
            signature,
            url: &self.call.url,
            payment_id: &self.call.payment_id,
        }
        .header();
        match header {
            Ok((header_name, header_value)) => {
                let transfer = transfer.clone();
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
                self.go(State::Paying, Action::SendPaid)
            }
            None => self.broken(),
        }
    }
}

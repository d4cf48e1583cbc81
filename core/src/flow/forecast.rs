//! Paying in the first request, when what a 402 would say is known.

use super::{
    Action, Moment,
    machine::{Flow, State},
    paid::Paid,
};
use crate::x402::Challenge;

/// What a server is expected to ask for: from its published prices, or from what it asked for the
/// same request a while ago.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// The 402 that would come.
    pub challenge: Challenge,
    /// How far the server's clock is ahead of ours, in seconds, where it is off.
    pub clock_offset: i64,
}

impl Flow {
    /// Lets a call that has not begun sign for what is foretold, so that its first request carries
    /// the payment already.
    ///
    /// Policy, budgets, approval and journal have their say as after a 402. Where policy would not
    /// pay what is foretold, the server is asked first: what it really says decides. A 402 to such a
    /// payment means other terms: they are signed for with the same nonce, once.
    pub fn foretell(&mut self, forecast: Forecast) {
        self.forecast = Some(forecast);
    }

    pub(super) fn prepay(&mut self, forecast: Forecast, moment: &Moment) -> Action {
        let Forecast { challenge, clock_offset } = forecast;
        match self.policy.choose(&challenge, self.call.payer) {
            Err(_) => self.go(State::Probing, Action::SendUnpaid),
            Ok(terms) => {
                let signing_time = moment.now.saturating_add_signed(clock_offset);
                let transfer = self.transfer(&terms, signing_time);
                let mut paid = Paid::new(challenge, terms.clone(), transfer, clock_offset);
                paid.foretold = true;
                self.paid = Some(paid);
                self.go(State::Reserving, Action::Reserve(terms))
            }
        }
    }

    /// Whether what was sent last was signed for a forecast.
    pub(super) fn is_foretold(&self) -> bool {
        self.paid.as_ref().is_some_and(|paid| paid.foretold)
    }
}

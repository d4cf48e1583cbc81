//! The price of a call that is not made.

use serde::Serialize;

use super::success;
use crate::{
    error::Result, http::PaidResponse, money::Usdc, policy::Policy, wallet::Address,
    x402::Challenge,
};

/// What a call would cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// The model.
    pub model: String,
    /// The price, in micro-USDC; zero when the server asks nothing.
    pub amount: Usdc,
    /// CAIP-2 identifier of the network that would be paid on.
    pub network: Option<String>,
    /// Who would be paid.
    pub payee: Option<String>,
}

impl Quote {
    pub(super) fn from_answer(model: &str, answer: PaidResponse, payer: Address) -> Result<Self> {
        if answer.status != 402 {
            success(answer)?;
            let model = model.to_owned();
            return Ok(Self { model, amount: Usdc::ZERO, network: None, payee: None });
        }
        // A quote is not bound by limits: it is asked to compare with them.
        let unlimited =
            Policy { max_cost_per_call: Usdc::from_micro(u128::MAX), ..Policy::default() };
        let challenge = Challenge::parse(&answer.headers, &answer.body)?;
        let terms = unlimited.choose(&challenge, payer)?;
        Ok(Self {
            model: model.to_owned(),
            amount: terms.amount,
            network: Some(terms.network.caip2.to_owned()),
            payee: Some(terms.payee.to_string()),
        })
    }
}

//! The first requirement that matches our table and passes policy, or an error that says why none.

use alloy::primitives::Address;

use super::{PayeeRule, Policy};
use crate::{
    error::{Error, ErrorKind, Limit, Rejection, Result},
    money::Usdc,
    x402::{Challenge, Mismatch, Requirement, Terms, match_terms},
};

/// Why a requirement was not chosen.
enum Refusal {
    Mismatch(Mismatch),
    OverLimit(Usdc),
}

impl Policy {
    /// Chooses what to pay, in the server's order.
    ///
    /// # Errors
    /// `SpendLimit` with the lowest price when a price over the cap is all that stands in the way,
    /// else `RequirementRejected` that lists every requirement with its reason.
    pub fn choose(&self, challenge: &Challenge, payer: Address) -> Result<Terms> {
        let mut refusals = Vec::new();
        for requirement in &challenge.accepts {
            match self.check(requirement, payer) {
                Ok(terms) => return Ok(terms),
                Err(refusal) => refusals.push(refusal),
            }
        }
        Err(self.explain(&refusals))
    }

    fn check(&self, requirement: &Requirement, payer: Address) -> Result<Terms, Refusal> {
        let terms = match_terms(requirement, payer).map_err(Refusal::Mismatch)?;
        if !self.networks.contains(&terms.network) {
            let allowed: Vec<_> = self.networks.iter().map(|network| network.caip2).collect();
            return Err(refuse("network", terms.network.caip2, &allowed.join(", ")));
        }
        if let PayeeRule::Only(allowed) = &self.payees
            && !allowed.contains(&terms.payee)
        {
            let allowed: Vec<_> = allowed.iter().map(Address::to_string).collect();
            return Err(refuse("payTo", &terms.payee.to_string(), &allowed.join(", ")));
        }
        if terms.amount > self.max_cost_per_call {
            return Err(Refusal::OverLimit(terms.amount));
        }
        Ok(terms)
    }

    fn explain(&self, refusals: &[Refusal]) -> Error {
        let over_limit = |refusal: &Refusal| match refusal {
            Refusal::OverLimit(amount) => Some(*amount),
            Refusal::Mismatch(_) => None,
        };
        if let Some(quoted) = refusals.iter().filter_map(over_limit).min() {
            return Error::over_limit(Limit {
                quoted,
                limit: self.max_cost_per_call,
                scope: "call",
                reserved: Usdc::ZERO,
                frees_at: None,
            });
        }
        let mismatches: Vec<&Mismatch> = refusals
            .iter()
            .filter_map(|refusal| match refusal {
                Refusal::Mismatch(mismatch) => Some(mismatch),
                Refusal::OverLimit(_) => None,
            })
            .collect();
        let Some(first) = mismatches.first() else {
            return Error::new(ErrorKind::RequirementRejected, "the 402 offers no way to pay");
        };
        let reasons: Vec<_> = mismatches.iter().enumerate().map(describe).collect();
        Error::rejected((*first).clone()).with_message(format!(
            "no requirement of the 402 can be paid, nothing was signed: {}",
            reasons.join("; ")
        ))
    }
}

fn describe((index, mismatch): (usize, &&Mismatch)) -> String {
    let Mismatch { field, got, allowed } = mismatch;
    format!("accepts[{index}].{field} is {got}, allowed: {allowed}")
}

fn refuse(field: &str, got: &str, allowed: &str) -> Refusal {
    Refusal::Mismatch(Rejection {
        field: field.to_owned(),
        got: got.to_owned(),
        allowed: format!("{allowed} (policy)"),
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::{Value, json};

    use super::*;
    use crate::networks::BASE;

    fn challenge(offers: &[(&str, &str)]) -> Challenge {
        let accepts: Vec<Value> = offers
            .iter()
            .map(|(network, amount)| {
                json!({
                    "scheme": "exact", "network": network, "amount": amount,
                    "asset": if *network == "eip155:8453" {
                        "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
                    } else {
                        "0x036CbD53842c5426634e7929541eC2318f3dCF7e"
                    },
                    "payTo": Address::repeat_byte(9), "maxTimeoutSeconds": 300,
                })
            })
            .collect();
        let body = json!({"x402Version": 2, "accepts": accepts}).to_string();
        Challenge::parse(&HeaderMap::new(), body.as_bytes()).unwrap()
    }

    fn choose(policy: &Policy, offers: &[(&str, &str)]) -> Result<Terms> {
        policy.choose(&challenge(offers), Address::repeat_byte(7))
    }

    #[test]
    fn the_first_that_passes_is_used() {
        let terms = choose(
            &Policy::default(),
            &[("eip155:1", "5"), ("eip155:84532", "2000000"), ("eip155:8453", "1000000")],
        );
        assert_eq!(terms.unwrap().network, &BASE);
    }

    #[test]
    fn the_cap_is_inclusive_and_named() {
        assert!(choose(&Policy::default(), &[("eip155:8453", "1000000")]).is_ok());
        let error = choose(&Policy::default(), &[("eip155:8453", "1010000")]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SpendLimit);
        let limit = error.limit().unwrap();
        assert_eq!((limit.quoted.micro(), limit.limit.micro()), (1_010_000, 1_000_000));
    }

    #[test]
    fn every_refusal_is_listed() {
        let policy = Policy {
            networks: vec![&BASE],
            payees: PayeeRule::Only(vec![Address::repeat_byte(1)]),
            ..Policy::default()
        };
        let error = choose(&policy, &[("eip155:84532", "1"), ("eip155:8453", "1")]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RequirementRejected);
        assert!(error.message().contains("accepts[0].network"), "{error}");
        assert!(error.message().contains("accepts[1].payTo"), "{error}");
        assert_eq!(error.rejection().unwrap().field, "network");
    }
}

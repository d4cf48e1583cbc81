//! May this be signed? Pure rules over a 402: caps, networks, payees, validity, clocks, addresses.
//!
//! A policy binds well-behaved programs; it is no protection against somebody who holds the key.

mod budget;
mod choose;
mod skew;
mod url;

use alloy::primitives::{Address, B256, U256};

pub use self::{
    budget::{Budgets, DAY, HOUR, Scope},
    skew::{ClockReading, corrected_now},
    url::{check_path, check_url, is_loopback},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    money::Usdc,
    networks::{self, Network},
    x402::{Authorization, Terms},
};

/// The longest that an authorization is valid unless configured otherwise, in seconds.
pub const MAX_VALIDITY_SECONDS: u64 = 600;

/// Who may be paid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayeeRule {
    /// Anybody the configured server names.
    #[default]
    Any,
    /// Only these accounts.
    Only(Vec<Address>),
    /// At each origin whoever was paid there first, by any program of the wallet home.
    PinOnFirstUse,
}

impl PayeeRule {
    /// Reads the option as every language gives it: the single word `pin`, or addresses.
    ///
    /// # Errors
    /// `InvalidArgument` (`payees`) for an empty list and for what is no address.
    pub fn parse(texts: &[String]) -> Result<Self> {
        let bad = |problem: &str| Err(Error::argument("payees", problem));
        match texts {
            [] => bad("is empty, so nobody could be paid: leave it out to allow anybody"),
            [word] if word == "pin" => Ok(Self::PinOnFirstUse),
            addresses => {
                let mut allowed = Vec::new();
                for text in addresses {
                    let Ok(address) = text.parse() else {
                        return bad(&format!("{text:?} is no address: write 0x and 40 digits"));
                    };
                    allowed.push(address);
                }
                Ok(Self::Only(allowed))
            }
        }
    }
}

/// What may be signed without asking anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Most that one call may cost, inclusive. Default $1.
    pub max_cost_per_call: Usdc,
    /// Limits over many calls. Default: none.
    pub budgets: Budgets,
    /// Networks that may be paid on. Default: all of the table.
    pub networks: Vec<&'static Network>,
    /// Who may be paid. Default: anybody.
    pub payees: PayeeRule,
    /// Longest validity of an authorization, in seconds. Default 600.
    pub max_validity_seconds: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_cost_per_call: Usdc::from_micro(1_000_000),
            budgets: Budgets::default(),
            networks: networks::ALL.to_vec(),
            payees: PayeeRule::Any,
            max_validity_seconds: MAX_VALIDITY_SECONDS,
        }
    }
}

impl Policy {
    /// The authorization for terms that were chosen: `validAfter` 0, `validBefore` now plus what
    /// the server asks for, clamped.
    pub fn authorize(
        &self,
        terms: &Terms,
        payer: Address,
        nonce: B256,
        now: Timestamp,
    ) -> Authorization {
        let validity = terms.max_timeout_seconds.min(self.max_validity_seconds);
        Authorization {
            from: payer,
            to: terms.payee,
            value: U256::from(terms.amount.micro()),
            // Zero is immune to a clock that runs fast; the nonce already makes it single-use.
            valid_after: U256::ZERO,
            valid_before: U256::from(now.saturating_add(validity)),
            nonce,
        }
    }

    /// Whether a rule is in force that only a journal on disk can keep.
    pub fn needs_a_file(&self) -> bool {
        self.payees == PayeeRule::PinOnFirstUse || self.budgets.need_a_file()
    }

    /// Checks the policy itself.
    ///
    /// # Errors
    /// `InvalidArgument` for a rule that could never allow anything.
    pub fn validate(&self) -> Result<()> {
        if self.networks.is_empty() {
            return Err(Error::argument("networks", "is empty: name at least one network"));
        }
        if self.max_validity_seconds == 0 {
            return Err(Error::argument("max_validity_seconds", "must be at least 1"));
        }
        Ok(())
    }
}

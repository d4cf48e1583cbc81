//! What the gas key has, and how far it goes.

use std::sync::{Mutex, PoisonError};

use alloy::primitives::U256;

use super::{chain::Chain, node::Tip};
use crate::settlement::{Gas, Unavailable};

/// Gas that a settlement is reckoned with; most take less.
const ONE: u128 = 120_000;
/// With less than this many settlements left, it is said.
const LOW: u64 = 100;

/// The last that was seen of the gas key's account.
#[derive(Debug, Default)]
pub(super) struct Purse(Mutex<Option<Gas>>);

impl Purse {
    pub(super) fn seen(&self) -> Option<Gas> {
        // Nothing can panic while the lock is held, so a poisoned value is a whole value.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, gas: Gas) -> Option<Gas> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(gas)
    }

    /// Whether it should be looked at often.
    pub(super) fn is_low(&self) -> bool {
        self.seen().is_none_or(|gas| gas.settlements < LOW)
    }
}

impl Chain {
    /// Looks at the account, and says it when little is left.
    pub(super) async fn count_gas(&self) -> Result<(), Unavailable> {
        let (wei, tip) = tokio::try_join!(self.node.purse(), self.tip())?;
        let settlements = enough_for(wei, self.offered(tip));
        let account = self.options.gas_key.address();
        let before = self.purse.note(Gas { account, wei, settlements });
        let fell = before.is_none_or(|before| before.settlements >= LOW);
        if settlements < LOW && (fell || settlements == 0) {
            tracing::warn!(%account, %wei, settlements, "the account that pays the gas runs low");
        }
        Ok(())
    }

    /// Whether a transaction could be paid for now. Asked before any work is done, so that nothing is
    /// answered that cannot be settled.
    pub(super) async fn can_pay_gas(&self) -> Result<(), Unavailable> {
        let tip = self.tip().await?;
        if tip.base_fee > self.options.max_fee {
            let (fee, most) = (tip.base_fee, self.options.max_fee);
            let problem = format!("the chain takes {fee} wei per gas, and max_fee is {most}");
            return Err(Unavailable(problem));
        }
        match self.purse.seen() {
            Some(Gas { account, wei, settlements: 0 }) => {
                let problem =
                    format!("the account that pays the gas, {account}, has {wei} wei left");
                Err(Unavailable(problem))
            }
            _ => Ok(()),
        }
    }

    /// What is about offered for gas, as the estimate reckons it: room for the fee to double.
    fn offered(&self, tip: Tip) -> u128 {
        tip.base_fee.saturating_mul(2).clamp(1, self.options.max_fee.max(1))
    }
}

fn enough_for(wei: U256, fee: u128) -> u64 {
    (wei / U256::from(fee.saturating_mul(ONE).max(1))).saturating_to()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purse_is_counted_in_settlements() {
        let gwei = 1_000_000_000;
        assert_eq!(enough_for(U256::ZERO, gwei), 0);
        assert_eq!(enough_for(U256::from(ONE * gwei - 1), gwei), 0);
        assert_eq!(enough_for(U256::from(ONE * gwei), gwei), 1);
        assert_eq!(enough_for(U256::from(10_u64.pow(18)), gwei), 8_333);
        assert_eq!(enough_for(U256::MAX, 1), u64::MAX);
    }
}

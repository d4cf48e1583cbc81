//! What is offered to get into a block (EIP-1559), and what to be preferred to oneself.

use alloy::eips::eip1559::Eip1559Estimation;

/// A fee, in wei per gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fees {
    /// The most that is paid.
    pub(super) most: u128,
    /// What of it goes to the block's builder.
    pub(super) tip: u128,
}

impl Fees {
    /// An estimate within a cap.
    pub(super) fn within(estimate: Eip1559Estimation, cap: u128) -> Self {
        let most = estimate.max_fee_per_gas.min(cap);
        Self { most, tip: estimate.max_priority_fee_per_gas.min(most) }
    }

    /// A fee for which nodes replace a transaction by another of its nonce: both parts higher by an
    /// eighth, more than the tenth that geth asks, and not below what an estimate says now. `None` when
    /// the cap is in the way.
    pub(super) fn raised(self, estimate: Eip1559Estimation, cap: u128) -> Option<Self> {
        let (most, tip) = (eighth_more(self.most), eighth_more(self.tip));
        if most > cap {
            return None;
        }
        let most = most.max(estimate.max_fee_per_gas).min(cap);
        Some(Self { most, tip: tip.max(estimate.max_priority_fee_per_gas).min(most) })
    }
}

/// An eighth more, and at least one wei.
const fn eighth_more(fee: u128) -> u128 {
    fee.saturating_add(fee / 8 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn estimate(most: u128, tip: u128) -> Eip1559Estimation {
        Eip1559Estimation { max_fee_per_gas: most, max_priority_fee_per_gas: tip }
    }

    #[test]
    fn an_estimate_is_capped() {
        assert_eq!(Fees::within(estimate(100, 10), 200), Fees { most: 100, tip: 10 });
        assert_eq!(Fees::within(estimate(100, 10), 50), Fees { most: 50, tip: 10 });
        assert_eq!(Fees::within(estimate(100, 10), 5), Fees { most: 5, tip: 5 });
    }

    #[test]
    fn a_raised_fee_is_high_enough_to_replace_and_never_beyond_the_cap() {
        let old = Fees { most: 800, tip: 80 };
        for (cap, most, tip) in [(901, 901, 91), (10_000, 5_000, 500), (2_000, 2_000, 500)] {
            let estimate = if cap == 901 { estimate(1, 0) } else { estimate(5_000, 500) };
            assert_eq!(old.raised(estimate, cap), Some(Fees { most, tip }), "{cap}");
        }
        assert_eq!(old.raised(estimate(5_000, 500), 900), None);
        // The part for the builder is raised as well, or the node takes it for the same offer.
        let raised = Fees { most: 100, tip: 100 }.raised(estimate(1, 1), 200).unwrap();
        assert!(raised.tip >= 113 && raised.tip <= raised.most, "{raised:?}");
    }
}

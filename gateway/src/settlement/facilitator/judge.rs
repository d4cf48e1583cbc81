//! How a settlement ended, by what the facilitator says and what the chain shows.

use alloy::primitives::Address;
use blockrun_llm::{Usdc, chain::AuthorizationFact, x402::InvalidReason};

use super::said::Said;
use crate::settlement::Outcome;

/// A settlement to judge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    pub(super) payee: Address,
    pub(super) value: Usdc,
    pub(super) valid_before: u64,
    /// Whether the facilitator had never been asked to settle it before.
    pub(super) first: bool,
}

/// Whether the facilitator's word is enough. What it says to a question that was asked before does not
/// tell what became of the earlier one, unless it says that the payment was executed.
pub(super) const fn needs_chain(said: &Said) -> bool {
    !matches!(said, Said::Settled(_) | Said::Pending(_))
}

/// The judgement; `fact` is what the chain shows, where it was asked and answered.
pub(super) fn judge(case: Case, said: Said, fact: Option<AuthorizationFact>) -> Outcome {
    match fact {
        Some(AuthorizationFact::Paid { transaction, payee, amount, .. })
            if (payee, amount) == (case.payee, case.value) =>
        {
            return Outcome::Settled(transaction);
        }
        Some(AuthorizationFact::Paid { .. } | AuthorizationFact::Canceled { .. }) => {
            return Outcome::Refused(used());
        }
        Some(fact) if fact.proves_unexecutable(case.valid_before) => {
            return Outcome::Refused(match said {
                Said::Refused(reason) => reason,
                _ => expired(),
            });
        }
        Some(AuthorizationFact::Used) => return unknown(said),
        Some(AuthorizationFact::Unused { .. }) | None => (),
    }
    match said {
        Said::Settled(transaction) => Outcome::Settled(transaction),
        Said::Refused(reason) if case.first => Outcome::Refused(reason),
        said => unknown(said),
    }
}

fn unknown(said: Said) -> Outcome {
    match said {
        Said::Pending(transaction) => Outcome::Unknown(transaction),
        _ => Outcome::Unknown(None),
    }
}

fn used() -> InvalidReason {
    let detail = "the authorization was used or canceled before it could be settled here";
    InvalidReason::new("invalid_exact_evm_nonce_already_used", detail)
}

fn expired() -> InvalidReason {
    let code = "invalid_exact_evm_payload_authorization_valid_before";
    InvalidReason::new(code, "the authorization expired before it could be settled")
}

#[cfg(test)]
mod tests {
    use alloy::primitives::B256;

    use super::*;

    const CASE: Case = Case {
        payee: Address::repeat_byte(7),
        value: Usdc::from_micro(1_000),
        valid_before: 1_000,
        first: true,
    };
    const AGAIN: Case = Case { first: false, ..CASE };
    const HASH: B256 = B256::repeat_byte(1);

    fn paid(payee: u8, micro: u128) -> Option<AuthorizationFact> {
        let (payee, amount) = (Address::repeat_byte(payee), Usdc::from_micro(micro));
        Some(AuthorizationFact::Paid { transaction: HASH, payee, amount, block_time: 9 })
    }

    const fn unused(block_time: u64) -> Option<AuthorizationFact> {
        Some(AuthorizationFact::Unused { block_time })
    }

    fn refusal() -> Said {
        Said::Refused(InvalidReason::new("insufficient_funds", ""))
    }

    fn code(outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Settled(_) => "settled",
            Outcome::Unknown(_) => "unknown",
            Outcome::Refused(reason) => reason.code,
        }
    }

    #[test]
    fn a_refusal_is_final_only_where_nothing_was_asked_before() {
        for fact in [None, unused(999)] {
            assert_eq!(code(judge(CASE, refusal(), fact.clone())), "insufficient_funds");
            assert_eq!(code(judge(AGAIN, refusal(), fact)), "unknown");
        }
        assert_eq!(code(judge(AGAIN, refusal(), unused(1_001))), "insufficient_funds");
        assert_eq!(code(judge(CASE, refusal(), Some(AuthorizationFact::Used))), "unknown");
    }

    #[test]
    fn silence_is_unknown_until_the_chain_shows_an_end() {
        let unclear = || Said::Unclear(String::new());
        for case in [CASE, AGAIN] {
            for fact in [None, unused(1_000), Some(AuthorizationFact::Used)] {
                assert_eq!(code(judge(case, unclear(), fact)), "unknown");
            }
            assert_eq!(judge(case, unclear(), paid(7, 1_000)), Outcome::Settled(HASH));
            let late = "invalid_exact_evm_payload_authorization_valid_before";
            assert_eq!(code(judge(case, unclear(), unused(1_001))), late);
            for fact in [
                paid(8, 1_000),
                paid(7, 999),
                Some(AuthorizationFact::Canceled { transaction: HASH }),
            ] {
                let used = "invalid_exact_evm_nonce_already_used";
                assert_eq!(code(judge(case, unclear(), fact)), used);
            }
        }
    }

    #[test]
    fn its_word_that_it_settled_is_taken() {
        assert!(!needs_chain(&Said::Settled(HASH)) && needs_chain(&refusal()));
        assert_eq!(judge(AGAIN, Said::Settled(HASH), None), Outcome::Settled(HASH));
        assert_eq!(judge(CASE, Said::Pending(Some(HASH)), None), Outcome::Unknown(Some(HASH)));
    }
}

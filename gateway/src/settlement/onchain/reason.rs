//! The token's own words, as the protocol's reason strings.

use blockrun_llm::x402::InvalidReason;

/// Texts of FiatTokenV2's refusals and what they mean (x402 core specification §9, `exact` on EVM).
const REASONS: [(&str, &str); 5] = [
    ("used or canceled", "invalid_exact_evm_nonce_already_used"),
    ("is expired", "invalid_exact_evm_payload_authorization_valid_before"),
    ("not yet valid", "invalid_exact_evm_payload_authorization_valid_after"),
    ("exceeds balance", "insufficient_funds"),
    ("signature", "invalid_exact_evm_payload_signature"),
];

/// Why the token reverts.
pub(super) fn of_revert(text: &str) -> InvalidReason {
    let known = REASONS.iter().find(|(words, _)| text.contains(words));
    let code = known.map_or("invalid_exact_evm_transaction_simulation_failed", |(_, code)| code);
    InvalidReason::new(code, format!("the token refuses the transfer: {text}"))
}

/// The authorization was used or cancelled, and not for this payment.
pub(super) fn nonce_used() -> InvalidReason {
    let detail = "the authorization was used or canceled before it could be settled here";
    InvalidReason::new("invalid_exact_evm_nonce_already_used", detail)
}

/// The authorization can never be executed any more.
pub(super) fn expired() -> InvalidReason {
    let code = "invalid_exact_evm_payload_authorization_valid_before";
    InvalidReason::new(code, "the authorization expired before it could be settled")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_words_are_understood() {
        for (text, code) in [
            ("FiatTokenV2: authorization is used or canceled", REASONS[0].1),
            ("execution reverted: FiatTokenV2: authorization is expired", REASONS[1].1),
            ("FiatTokenV2: authorization is not yet valid", REASONS[2].1),
            ("ERC20: transfer amount exceeds balance", "insufficient_funds"),
            ("FiatTokenV2: invalid signature", REASONS[4].1),
            ("Pausable: paused", "invalid_exact_evm_transaction_simulation_failed"),
        ] {
            assert_eq!(of_revert(text).code, code, "{text}");
        }
    }
}

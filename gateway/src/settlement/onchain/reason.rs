//! Why a transfer is refused, by the protocol's reason strings (x402 core specification §9, and those
//! that the official SDKs have for `exact` on EVM).

use alloy::primitives::Address;
use blockrun_llm::{Usdc, x402::InvalidReason};

/// The payer has too little.
pub(super) const FUNDS: &str = "insufficient_funds";

/// Texts of FiatTokenV2's refusals and what they mean.
const REASONS: [(&str, &str); 5] = [
    ("used or canceled", "invalid_exact_evm_nonce_already_used"),
    ("is expired", "invalid_exact_evm_payload_authorization_valid_before"),
    ("not yet valid", "invalid_exact_evm_payload_authorization_valid_after"),
    ("exceeds balance", FUNDS),
    ("signature", "invalid_exact_evm_payload_signature"),
];

const SIMULATION: &str = "invalid_exact_evm_transaction_simulation_failed";

/// Why the token reverts.
pub(super) fn of_revert(text: &str) -> InvalidReason {
    let known = REASONS.iter().find(|(words, _)| text.contains(words));
    let code = known.map_or(SIMULATION, |(_, code)| code);
    InvalidReason::new(code, format!("the token refuses the transfer: {text}"))
}

/// The signature is not the payer's.
pub(super) fn signature(detail: &str) -> InvalidReason {
    InvalidReason::new("invalid_exact_evm_payload_signature", detail)
}

/// The signature is a contract's, and there is none.
pub(super) fn undeployed(payer: Address) -> InvalidReason {
    let detail = format!(
        "there is no contract at {payer}, and the signature does not say how to deploy it (EIP-6492)"
    );
    InvalidReason::new("invalid_exact_evm_payload_undeployed_smart_wallet", detail)
}

/// Wallets of this factory are not deployed here.
pub(super) fn factory(factory: Address) -> InvalidReason {
    let detail = format!("wallets of the factory {factory} are not deployed here: deploy it first");
    InvalidReason::new("eip6492_factory_not_allowed", detail)
}

/// The factory does not deploy the wallet.
pub(super) fn deployment() -> InvalidReason {
    let detail = "the factory does not deploy the payer's wallet";
    InvalidReason::new("smart_wallet_deployment_failed", detail)
}

/// It takes more gas than is paid for.
pub(super) fn gas(needed: u64, most: u64) -> InvalidReason {
    let detail =
        format!("the transfer takes {needed} gas, and {most} is the most that is paid for");
    InvalidReason::new(SIMULATION, detail)
}

/// The payer has too little that no other call holds.
pub(super) fn funds(available: Usdc, needed: Usdc) -> InvalidReason {
    let detail =
        format!("the payer has {available} USDC that no other call holds; {needed} are needed");
    InvalidReason::new(FUNDS, detail)
}

/// The authorization was used or cancelled, and not for this payment.
pub(super) fn nonce_used() -> InvalidReason {
    let detail = "the authorization was used or canceled before it could be settled here";
    InvalidReason::new("invalid_exact_evm_nonce_already_used", detail)
}

/// The transaction failed, and nothing says why.
pub(super) fn reverted() -> InvalidReason {
    InvalidReason::new("transaction_failed", "the settlement transaction did not move the money")
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
            ("ERC20: transfer amount exceeds balance", FUNDS),
            ("FiatTokenV2: invalid signature", REASONS[4].1),
            ("Pausable: paused", SIMULATION),
        ] {
            assert_eq!(of_revert(text).code, code, "{text}");
        }
    }
}

//! The labels of figures. Each has few values: they come from the routes, the catalog, the settings
//! file, and the lists here.

use alloy::primitives::Address;
use blockrun_llm::Usdc;
use prometheus_client::encoding::EncodeLabelSet;

/// What a request that got no answer is counted as: nobody waited for it any more.
pub(super) const CLIENT_GONE: u16 = 499;

/// On a response: why it is not the thing asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reason(pub(crate) &'static str);

/// On a response: what its receipt says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Charged {
    pub(crate) amount: Usdc,
    pub(crate) payer: Address,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Served {
    pub(super) route: String,
    pub(super) status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByRoute {
    pub(super) route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByModel {
    pub(super) model: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByReason {
    pub(super) reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByOutcome {
    pub(super) outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByLimit {
    pub(super) limit: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByUpstream {
    pub(super) upstream: String,
}

/// The protocol's reason strings (x402 core specification §9 and those of `exact` on EVM).
const REASONS: [&str; 29] = [
    "asset_not_deployed_contract",
    "eip6492_factory_not_allowed",
    "insufficient_funds",
    "invalid_exact_evm_eip3009_not_supported",
    "invalid_exact_evm_failed_to_get_network_config",
    "invalid_exact_evm_failed_to_verify_signature",
    "invalid_exact_evm_insufficient_balance",
    "invalid_exact_evm_nonce_already_used",
    "invalid_exact_evm_payload_authorization_valid_after",
    "invalid_exact_evm_payload_authorization_valid_before",
    "invalid_exact_evm_payload_authorization_value",
    "invalid_exact_evm_payload_authorization_value_mismatch",
    "invalid_exact_evm_payload_recipient_mismatch",
    "invalid_exact_evm_payload_signature",
    "invalid_exact_evm_payload_undeployed_smart_wallet",
    "invalid_exact_evm_transaction_simulation_failed",
    "invalid_network",
    "invalid_payload",
    "invalid_payment_requirements",
    "invalid_scheme",
    "invalid_transaction_state",
    "invalid_x402_version",
    "missing_eip712_domain",
    "network_mismatch",
    "smart_wallet_deployment_failed",
    "transaction_failed",
    "unexpected_settle_error",
    "unexpected_verify_error",
    "unsupported_scheme",
];

/// A reason as a label: one that is not of the protocol is `other`.
pub(super) fn reason(code: &str) -> &'static str {
    REASONS.iter().find(|known| **known == code).unwrap_or(&"other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_nobody_knows_is_other() {
        assert!(REASONS.is_sorted());
        assert_eq!(reason("insufficient_funds"), "insufficient_funds");
        assert_eq!(reason("whatever an attacker writes"), "other");
    }
}

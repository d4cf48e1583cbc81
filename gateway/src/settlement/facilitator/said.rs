//! Reading what a facilitator says. It may say it with any HTTP status: one that is hosted answers
//! `settlement_pending` with a 500.

use alloy::primitives::{Address, B256};
use blockrun_llm::x402::InvalidReason;
use serde_json::{Map, Value};

/// Longest text of a facilitator that is passed on, in characters.
const MAX_QUOTE: usize = 300;

/// Verdicts on a payment before anything is sent to a chain (x402 core specification §9 and the
/// official EVM facilitators).
const VERDICTS: [&str; 25] = [
    "insufficient_funds",
    "invalid_exact_evm_insufficient_balance",
    "invalid_exact_evm_payload_authorization_valid_after",
    "invalid_exact_evm_payload_authorization_valid_before",
    "invalid_exact_evm_payload_authorization_value",
    "invalid_exact_evm_payload_authorization_value_mismatch",
    "invalid_exact_evm_payload_recipient_mismatch",
    "invalid_exact_evm_payload_signature",
    "invalid_exact_evm_payload_undeployed_smart_wallet",
    "invalid_exact_evm_failed_to_get_network_config",
    "invalid_exact_evm_failed_to_verify_signature",
    "invalid_exact_evm_token_name_mismatch",
    "invalid_exact_evm_token_version_mismatch",
    "invalid_exact_evm_eip3009_not_supported",
    "invalid_exact_evm_transaction_simulation_failed",
    "invalid_network",
    "invalid_payload",
    "invalid_payment_requirements",
    "invalid_scheme",
    "invalid_x402_version",
    "unsupported_scheme",
    "asset_not_deployed_contract",
    "eip6492_factory_not_allowed",
    "missing_eip712_domain",
    "network_mismatch",
];
/// A verdict too, but one that says nothing about who executed the payment.
const USED: &str = "invalid_exact_evm_nonce_already_used";
/// It cannot tell yet.
const PENDING: &str = "settlement_pending";

/// An HTTP answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// What a facilitator says of a settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// Executed, by this transaction.
    Settled(B256),
    /// It may be executed, by this transaction where it says so.
    Pending(Option<B256>),
    /// The payment is not good, and nothing was sent to a chain for this request.
    Refused(InvalidReason),
    /// Anything else: the payment may have been executed.
    Unclear(String),
    /// The request was not taken at all.
    Unheard(String),
}

/// What it says of a payment before it is settled; an error when it judges none.
pub(super) fn verdict(
    answer: &Answer,
    payer: Address,
) -> Result<Result<(), InvalidReason>, String> {
    let Some(said) = object(answer) else { return Err(odd(answer)) };
    match said.get("isValid").and_then(Value::as_bool) {
        Some(true) => {
            let named = said.get("payer").and_then(Value::as_str);
            match named {
                Some(other) if other.parse() != Ok(payer) => {
                    Err(format!("it speaks of another payer, {}", quote(other)))
                }
                _ => Ok(Ok(())),
            }
        }
        Some(false) => {
            let (code, message) = reason(&said, "invalidReason", "invalidMessage");
            match known(code) {
                Some(code) => Ok(Err(InvalidReason::new(code, message))),
                None if code == "unexpected_verify_error" => Err(message),
                None => Ok(Err(InvalidReason::new("invalid_payload", message))),
            }
        }
        None => Err(odd(answer)),
    }
}

/// What it says of a settlement on a network, which it may name in either version's way.
pub(super) fn settlement(answer: &Answer, networks: [Option<&str>; 2]) -> Said {
    let said = object(answer).filter(|said| said.get("success").is_some_and(Value::is_boolean));
    let Some(said) = said else {
        // Before anything is looked at, by the conventions of HTTP.
        return match answer.status {
            401 | 403 | 404 | 405 | 413 | 429 => Said::Unheard(odd(answer)),
            _ => Said::Unclear(odd(answer)),
        };
    };
    let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default();
    let transaction = text("transaction").parse::<B256>().ok();
    if said["success"] == true {
        let network = text("network");
        if !networks.contains(&Some(network)) {
            return Said::Unclear(format!("it settled on {}", quote(network)));
        }
        return transaction.map_or_else(
            || Said::Unclear("it settled and names no transaction".into()),
            Said::Settled,
        );
    }
    let (code, message) = reason(&said, "errorReason", "errorMessage");
    match known(code) {
        _ if code == PENDING => Said::Pending(transaction),
        Some(code) if code != USED && transaction.is_none() => {
            Said::Refused(InvalidReason::new(code, message))
        }
        _ => Said::Unclear(message),
    }
}

/// The protocol's own string, where it is one that a facilitator refuses payments with.
fn known(code: &str) -> Option<&'static str> {
    VERDICTS.into_iter().chain([USED]).find(|known| *known == code)
}

/// The code and a text for people.
fn reason<'a>(said: &'a Map<String, Value>, code: &str, message: &str) -> (&'a str, String) {
    let text = |name: &str| said.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let code = text(code).unwrap_or("no reason");
    let more = text(message).map(|text| format!(" ({})", quote(text))).unwrap_or_default();
    (code, format!("the facilitator says {}{more}", quote(code)))
}

fn object(answer: &Answer) -> Option<Map<String, Value>> {
    serde_json::from_slice(&answer.body).ok()
}

fn odd(answer: &Answer) -> String {
    format!("it answers something else, with status {}", answer.status)
}

fn quote(text: &str) -> String {
    text.chars().filter(|one| !one.is_control()).take(MAX_QUOTE).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HASH: &str = "0x0707070707070707070707070707070707070707070707070707070707070707";
    const NETWORKS: [Option<&str>; 2] = [Some("eip155:84532"), Some("base-sepolia")];

    fn said(status: u16, body: &Value) -> Said {
        settlement(&Answer { status, body: body.to_string().into_bytes() }, NETWORKS)
    }

    #[test]
    fn a_settlement_names_its_transaction_and_its_network() {
        let hash = B256::repeat_byte(7);
        for network in ["eip155:84532", "base-sepolia"] {
            let body = json!({"success": true, "transaction": HASH, "network": network});
            assert_eq!(said(200, &body), Said::Settled(hash));
        }
        for body in [
            json!({"success": true, "transaction": HASH, "network": "eip155:8453"}),
            json!({"success": true, "transaction": "", "network": "eip155:84532"}),
            json!({"success": true, "transaction": "0x07", "network": "eip155:84532"}),
            json!({"success": true}),
            json!({"success": "true", "transaction": HASH, "network": "eip155:84532"}),
        ] {
            assert!(matches!(said(200, &body), Said::Unclear(_)), "{body}");
        }
    }

    #[test]
    fn what_is_pending_is_pending_with_any_status() {
        let body = json!({"success": false, "errorReason": PENDING, "transaction": HASH});
        assert_eq!(said(500, &body), Said::Pending(Some(B256::repeat_byte(7))));
        let body = json!({"success": false, "errorReason": PENDING, "transaction": ""});
        assert_eq!(said(200, &body), Said::Pending(None));
    }

    #[test]
    fn only_a_verdict_without_a_transaction_is_a_refusal() {
        let of = |reason: &str, transaction: &str| {
            said(400, &json!({"success": false, "errorReason": reason, "transaction": transaction}))
        };
        assert!(matches!(of("insufficient_funds", ""), Said::Refused(_)));
        assert!(matches!(of("insufficient_funds", HASH), Said::Unclear(_)));
        for reason in [USED, "transaction_failed", "unexpected_settle_error", "whatever", ""] {
            assert!(matches!(of(reason, ""), Said::Unclear(_)), "{reason}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_unclear_unless_it_was_turned_away() {
        for (status, unheard) in
            [(200, false), (301, false), (500, false), (401, true), (429, true)]
        {
            let read = settlement(&Answer { status, body: b"<html>".to_vec() }, NETWORKS);
            assert_eq!(matches!(read, Said::Unheard(_)), unheard, "{status}");
        }
    }

    #[test]
    fn a_verdict_is_of_this_payer_or_none() {
        let payer = Address::repeat_byte(1);
        let of = |body: Value| {
            verdict(&Answer { status: 200, body: body.to_string().into_bytes() }, payer)
        };
        assert_eq!(of(json!({"isValid": true})), Ok(Ok(())));
        assert_eq!(
            of(json!({"isValid": true, "payer": payer.to_string().to_lowercase()})),
            Ok(Ok(()))
        );
        assert!(of(json!({"isValid": true, "payer": "0x02"})).is_err());
        let code = |reason: &str| {
            of(json!({"isValid": false, "invalidReason": reason})).map(|one| one.unwrap_err().code)
        };
        assert_eq!(code(USED), Ok(USED));
        assert_eq!(code("its own word"), Ok("invalid_payload"));
        assert!(code("unexpected_verify_error").is_err());
        assert!(of(json!({})).is_err() && of(json!([])).is_err());
    }
}

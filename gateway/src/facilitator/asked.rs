//! What a facilitator is asked: a payment, and what it is to be good for.

use blockrun_llm::{
    clock::Timestamp,
    networks::Network,
    x402::{InvalidReason, Payment, Requirement, Version, verify_terms},
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::Facilitator;
use crate::settlement::Transfer;

/// Longest description that is kept of what somebody else sells.
const MAX_PURCHASE: usize = 200;

/// A request to `/verify` or `/settle`.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(super) payment: Payment,
    /// What the resource server offered.
    pub(super) offered: Requirement,
    /// What is bought, in the resource server's words.
    purchase: String,
}

/// Why nothing was asked.
#[derive(Debug, Clone)]
pub(crate) enum Unasked {
    /// It is no request to a facilitator.
    Unreadable(String),
    /// It is one, with a payment that says nothing.
    Invalid(InvalidReason),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default)]
    x402_version: Option<u64>,
    payment_payload: Box<RawValue>,
    payment_requirements: Box<RawValue>,
}

impl Asked {
    /// Reads a body: `{x402Version, paymentPayload, paymentRequirements}`.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Unasked> {
        let wire: Wire = serde_json::from_slice(body).map_err(|cause| {
            Unasked::Unreadable(format!(
                "the body must be {{x402Version, paymentPayload, paymentRequirements}}: {cause}"
            ))
        })?;
        let payment = Payment::from_json(wire.payment_payload.get()).map_err(Unasked::Invalid)?;
        let number = u64::from(payment.version.number());
        if let Some(said) = wire.x402_version.filter(|said| *said != number) {
            let detail = format!("x402Version is {said}, the payload's is {number}");
            return Err(Unasked::Invalid(InvalidReason::new("invalid_x402_version", detail)));
        }
        let offered = Requirement::from_raw(payment.version, wire.payment_requirements);
        let purchase = purchase(&wire.payment_payload, &offered);
        Ok(Self { payment, offered, purchase })
    }

    /// The network as the request names it; in answers.
    pub(super) fn network(&self) -> &str {
        self.offered.text("network").unwrap_or_default()
    }

    /// Everything about the payment that needs no chain, but its signature, as of a time.
    pub(super) fn verify(
        &self,
        network: &'static Network,
        options: &Facilitator,
        at: Timestamp,
    ) -> Result<Transfer, InvalidReason> {
        let scheme = self.offered.text("scheme").unwrap_or_default();
        if scheme != "exact" {
            return Err(InvalidReason::new("unsupported_scheme", format!("{scheme:?}, not exact")));
        }
        let own = match self.payment.version {
            Version::V1 => network.v1_name,
            Version::V2 => Some(network.caip2),
        };
        if own != Some(self.network()) {
            let detail = format!("{:?}, not {}", self.network(), own.unwrap_or("one of v1"));
            return Err(InvalidReason::new("invalid_network", detail));
        }
        let good = verify_terms(&self.payment, &self.offered, at)?;
        if !options.pays(good.payee) {
            let detail =
                format!("payTo {} is not an account that this facilitator serves", good.payee);
            return Err(InvalidReason::new("invalid_payment_requirements", detail));
        }
        Ok(Transfer::new(&good, &self.payment, self.purchase.clone()))
    }
}

/// What is bought: v1 says so in the requirement, v2 in the payload.
fn purchase(payload: &RawValue, offered: &Requirement) -> String {
    let payload: Value = serde_json::from_str(payload.get()).unwrap_or_default();
    let said = |v2, v1| payload.pointer(v2).and_then(Value::as_str).or_else(|| offered.text(v1));
    let said = [said("/resource/description", "description"), said("/resource/url", "resource")];
    let said = said.into_iter().flatten().find(|text| !text.is_empty());
    said.unwrap_or_default().chars().take(MAX_PURCHASE).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn payload(version: u64) -> Value {
        let zeros = "00".repeat(65);
        json!({
            "x402Version": version, "scheme": "exact", "network": "base-sepolia",
            "payload": {
                "signature": format!("0x{zeros}"),
                "authorization": {
                    "from": "0x857b06519E91e3A54538791bDbb0E22373e36b66",
                    "to": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
                    "value": "10000", "validAfter": "0", "validBefore": "1740672154",
                    "nonce": format!("0x{}", &zeros[..64]),
                },
            },
        })
    }

    fn read(body: &Value) -> Result<Asked, Unasked> {
        Asked::read(body.to_string().as_bytes())
    }

    #[test]
    fn what_is_no_request_is_told_from_what_is_no_payment() {
        for body in ["", "{}", "[]", r#"{"paymentPayload": {}}"#] {
            assert!(matches!(Asked::read(body.as_bytes()), Err(Unasked::Unreadable(_))), "{body}");
        }
        let code = |body: Value| match read(&body) {
            Err(Unasked::Invalid(reason)) => reason.code,
            other => panic!("{other:?}"),
        };
        let with = |payload: Value, version: u64| json!({"x402Version": version, "paymentPayload": payload, "paymentRequirements": {}});
        assert_eq!(code(with(json!({}), 1)), "invalid_payload");
        assert_eq!(code(with(payload(3), 3)), "invalid_x402_version");
        assert_eq!(code(with(payload(1), 2)), "invalid_x402_version");
    }

    #[test]
    fn what_is_bought_is_where_its_version_has_it() {
        let offered = json!({"resource": "https://a.example/x", "description": "a thing"});
        let asked = read(&json!({"paymentPayload": payload(1), "paymentRequirements": offered}));
        assert_eq!(asked.unwrap().purchase, "a thing");
        let mut paying = payload(2);
        paying["resource"] = json!({"url": "https://b.example/y", "description": ""});
        let asked = read(&json!({"paymentPayload": paying, "paymentRequirements": {}}));
        assert_eq!(asked.unwrap().purchase, "https://b.example/y");
    }
}

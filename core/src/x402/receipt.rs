//! The settlement that a server reports. Information: the signed value is what is booked.

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{PAYMENT_RESPONSE, X_PAYMENT_RESPONSE, decode_header, encode_header};

/// The reason with which a server says that it does not know the outcome yet.
const PENDING: &str = "settlement_pending";

/// Content of `PAYMENT-RESPONSE` (v2) or `X-PAYMENT-RESPONSE` (v1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settlement {
    /// Whether the server says that it settled. Some say so always: trust a transaction instead.
    #[serde(default)]
    pub success: bool,
    /// Hash of the transaction; empty when there is none.
    #[serde(default)]
    pub transaction: String,
    /// Network of the transaction.
    #[serde(default)]
    pub network: String,
    /// Who paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<String>,
    /// What was paid, in the token's smallest unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Why it failed, or `settlement_pending`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_reason: Option<String>,
}

impl Settlement {
    /// Reads the settlement header of either version; `None` when there is none that can be read.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(PAYMENT_RESPONSE).or_else(|| headers.get(X_PAYMENT_RESPONSE))?;
        let json: Value = serde_json::from_str(&decode_header(value.to_str().ok()?)?).ok()?;
        let text = |names: &[&str]| {
            let found = names.iter().find_map(|name| json.get(name).filter(|v| !v.is_null()))?;
            Some(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
        };
        Some(Self {
            success: json.get("success").and_then(Value::as_bool).unwrap_or(false),
            transaction: text(&["transaction", "txHash", "transactionHash"]).unwrap_or_default(),
            network: text(&["network"]).unwrap_or_default(),
            payer: text(&["payer", "from"]),
            amount: text(&["amount", "value"]),
            error_reason: text(&["errorReason"]),
        })
    }

    /// The header's value.
    pub fn to_header(&self) -> String {
        encode_header(&serde_json::to_string(self).unwrap_or_default())
    }

    /// The transaction, `None` when empty.
    pub fn transaction(&self) -> Option<&str> {
        Some(self.transaction.as_str()).filter(|hash| !hash.is_empty())
    }

    /// Whether the server says that it does not know yet.
    pub fn is_pending(&self) -> bool {
        self.error_reason.as_deref() == Some(PENDING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Settlement> {
        let mut headers = HeaderMap::new();
        headers.insert(X_PAYMENT_RESPONSE, encode_header(json).parse().unwrap());
        Settlement::from_headers(&headers)
    }

    #[test]
    fn other_servers_names_are_read() {
        let settled = read(r#"{"success":true,"txHash":"0xab","value":5,"extra":1}"#).unwrap();
        assert_eq!(settled.transaction(), Some("0xab"));
        assert_eq!(settled.amount.as_deref(), Some("5"));
        assert_eq!(read(r#"{"success":"yes"}"#).unwrap().transaction(), None);
        assert_eq!(read("[1"), None);
    }

    #[test]
    fn pending_is_recognised() {
        let json = r#"{"success":false,"errorReason":"settlement_pending","transaction":"0x1"}"#;
        assert!(read(json).unwrap().is_pending());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let settlement = Settlement {
            success: true,
            transaction: "0x01".into(),
            network: "eip155:84532".into(),
            payer: Some("0x02".into()),
            amount: Some("1000".into()),
            error_reason: None,
        };
        let mut headers = HeaderMap::new();
        headers.insert(PAYMENT_RESPONSE, settlement.to_header().parse().unwrap());
        assert_eq!(Settlement::from_headers(&headers), Some(settlement));
    }
}

//! Scenarios: what a scripted server answers, and what a client must then do. The same in every
//! language, through its public API.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The offer that scenarios change: $0.001 on Base Sepolia.
const GOOD_OFFER: &str = r#"{
    "scheme": "exact", "network": "eip155:84532", "amount": "1000",
    "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
    "payTo": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", "maxTimeoutSeconds": 300,
    "extra": {"name": "USDC", "version": "2"}
}"#;

/// One scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name, and path of the server.
    pub id: String,
    /// What the offers of the 402 change in the good one; a null removes a field.
    #[serde(default)]
    pub offers: Vec<Map<String, Value>>,
    /// What is answered to unpaid requests instead of a 402 with the offers.
    pub unpaid: Option<Reply>,
    /// What is answered to paid requests, one after the other; the last one again and again.
    #[serde(default)]
    pub paid: Vec<Reply>,
    /// What a client must do.
    pub expect: Expectation,
}

/// One answer of the scripted server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// HTTP status; 200 when absent.
    pub status: Option<u16>,
    /// Headers: text, `{"base64": json}`, `{"repeat": [text, times]}` or `{"date": seconds}`, the
    /// time that many seconds from now.
    #[serde(default)]
    pub headers: BTreeMap<String, Value>,
    /// Body: text as it is, anything else as JSON; a short chat answer when absent and status 200.
    pub body: Option<Value>,
    /// Close the connection without an answer.
    #[serde(default)]
    pub cut: bool,
    /// Offers of a second 402.
    #[serde(default)]
    pub offers: Vec<Map<String, Value>>,
}

/// What a client must do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Code of the error; absent when the call succeeds with the text `ok`.
    pub error: Option<String>,
    /// The refused field that the error names.
    pub field: Option<String>,
    /// State of the money in the error.
    pub payment: Option<String>,
    /// HTTP status in the error.
    pub status: Option<u16>,
    /// Price in the answer, in micro-USDC.
    pub amount_micro: Option<u64>,
    /// Paid requests that the server must have seen.
    pub paid_requests: usize,
    /// Different payment headers among them, 0 or 1 unless terms changed.
    pub signatures: usize,
    /// Most seconds that a signed payment may live.
    pub max_validity: Option<u64>,
}

impl Scenario {
    /// All scenarios of a file of `tests/scenarios`.
    ///
    /// # Panics
    /// When the file is missing or of another shape: then nothing would be tested.
    pub fn load(name: &str) -> Vec<Self> {
        let path = Path::new("tests/scenarios").join(name);
        let text = std::fs::read_to_string(crate::root().join(&path))
            .unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
        serde_json::from_str(&text).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
    }

    /// The answer to an unpaid request.
    pub fn unpaid_reply(&self) -> Reply {
        self.unpaid
            .clone()
            .unwrap_or_else(|| Reply { offers: self.offers.clone(), ..Reply::default() })
    }

    /// The answer to paid request number `index`.
    pub fn paid_reply(&self, index: usize) -> Reply {
        self.paid.get(index).or_else(|| self.paid.last()).cloned().unwrap_or_default()
    }
}

impl Reply {
    /// Status to send.
    pub fn status_code(&self) -> u16 {
        self.status.unwrap_or(if self.offers.is_empty() { 200 } else { 402 })
    }

    /// Body to send.
    pub fn body_text(&self) -> String {
        match &self.body {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None if self.status_code() == 200 => chat_answer().to_string(),
            None => "{}".to_owned(),
        }
    }

    /// The JSON of a `PAYMENT-REQUIRED` header made of the offers.
    pub fn challenge(&self) -> Option<Value> {
        if self.offers.is_empty() {
            return None;
        }
        let accepts: Vec<Value> = self.offers.iter().map(offer).collect();
        Some(json!({"x402Version": 2, "error": "payment required", "accepts": accepts}))
    }
}

fn chat_answer() -> Value {
    json!({
        "id": "chatcmpl-scripted", "object": "chat.completion", "created": 1, "model": "scripted",
        "choices": [{
            "index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "ok"},
        }],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    })
}

fn offer(changes: &Map<String, Value>) -> Value {
    let mut offer: Value = serde_json::from_str(GOOD_OFFER).unwrap_or_default();
    for (key, value) in changes {
        let (parent, name) = match key.split_once('.') {
            Some((parent, name)) => (&mut offer[parent], name),
            None => (&mut offer, key.as_str()),
        };
        let Some(fields) = parent.as_object_mut() else { continue };
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    offer
}

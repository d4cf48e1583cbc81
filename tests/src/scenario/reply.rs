//! What a scripted server answers.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use blockrun_llm::x402::encode_header;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::StreamEvent;

/// The offer that scenarios change: $0.001 on Base Sepolia.
const GOOD_OFFER: &str = r#"{
    "scheme": "exact", "network": "eip155:84532", "amount": "1000",
    "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
    "payTo": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", "maxTimeoutSeconds": 300,
    "extra": {"name": "USDC", "version": "2"}
}"#;
/// The transaction of a reply that says so.
const TRANSACTION: &str = "0x1111111111111111111111111111111111111111111111111111111111111111";

/// One answer of the scripted server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// HTTP status; 200 when absent, 402 with offers.
    status: Option<u16>,
    /// Headers: text, `{"base64": json}`, `{"repeat": [text, times]}` or `{"date": seconds}`, the
    /// time that many seconds from now.
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    /// Body: text as it is, `{"repeat": [text, times]}`, anything else as JSON; a short chat answer
    /// when absent and status 200.
    body: Option<Value>,
    /// Instead of a body: an event stream.
    events: Option<Vec<StreamEvent>>,
    /// Close the connection without an answer.
    #[serde(default)]
    pub cut: bool,
    /// Never answer.
    #[serde(default)]
    pub hang: bool,
    /// Milliseconds before the answer.
    #[serde(default)]
    delay_ms: u64,
    /// The body comes in pieces of so many bytes, whatever they cut through. Default: an event at a
    /// time.
    pieces: Option<usize>,
    /// Milliseconds after each piece.
    #[serde(default)]
    pause_ms: u64,
    /// How the answer ends after its body.
    #[serde(default)]
    pub end: End,
    /// Offers of a 402.
    #[serde(default)]
    offers: Vec<Map<String, Value>>,
    /// What the 402 says besides its offers (`extensions`, `resource`, `error`).
    #[serde(default)]
    challenge: Map<String, Value>,
    /// Say that the payment was settled, with a transaction.
    #[serde(default)]
    settled: bool,
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Complete.
    #[default]
    Whole,
    /// The connection is lost in the middle of a piece.
    Cut,
    /// Nothing more comes, and the connection stays open.
    Hang,
}

impl Reply {
    /// An answer in JSON.
    pub fn json(body: Value) -> Self {
        Self { body: Some(body), ..Self::default() }
    }

    /// An answer of this status.
    pub fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// A 402 with these offers; without any, a short chat answer.
    pub fn offering(offers: Vec<Map<String, Value>>) -> Self {
        Self { offers, ..Self::default() }
    }

    /// Whether its body goes out in pieces of unknown number.
    pub fn is_chunked(&self) -> bool {
        self.events.is_some() || self.pieces.is_some() || self.end != End::Whole
    }

    /// Time before the answer.
    pub const fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// Time after each piece.
    pub const fn pause(&self) -> Duration {
        Duration::from_millis(self.pause_ms)
    }

    /// The head, with its blank line.
    pub fn head(&self) -> String {
        let status = self.status_code();
        let mut head = format!("HTTP/1.1 {status} Scripted\r\nconnection: close\r\n");
        let mut add = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
        match self.is_chunked() {
            true => add("transfer-encoding", "chunked"),
            false => add("content-length", &self.body_bytes().len().to_string()),
        }
        if !self.headers.contains_key("content-type") {
            let events = self.events.is_some();
            add("content-type", if events { "text/event-stream" } else { "application/json" });
        }
        if let Some(challenge) = self.challenge() {
            add("payment-required", &encode_header(&challenge.to_string()));
        }
        if self.settled {
            let receipt = json!({
                "success": true, "transaction": TRANSACTION, "network": "eip155:84532",
            });
            add("payment-response", &encode_header(&receipt.to_string()));
        }
        for (name, value) in &self.headers {
            add(name, &header_value(value));
        }
        head + "\r\n"
    }

    /// The body in the pieces in which it is sent.
    pub fn body_pieces(&self) -> Vec<Vec<u8>> {
        let whole = self.body_bytes();
        match (self.pieces, &self.events) {
            (Some(bytes), _) => whole.chunks(bytes.max(1)).map(<[u8]>::to_vec).collect(),
            (None, Some(events)) => {
                events.iter().map(|event| event.render().into_bytes()).collect()
            }
            (None, None) => vec![whole],
        }
    }

    fn body_bytes(&self) -> Vec<u8> {
        if let Some(events) = &self.events {
            return events.iter().map(StreamEvent::render).collect::<String>().into_bytes();
        }
        let text = match &self.body {
            Some(Value::String(text)) => text.clone(),
            Some(value) => repeated(value).unwrap_or_else(|| value.to_string()),
            None if self.status_code() == 200 => chat_answer().to_string(),
            None => "{}".to_owned(),
        };
        text.into_bytes()
    }

    fn status_code(&self) -> u16 {
        self.status.unwrap_or(if self.offers.is_empty() { 200 } else { 402 })
    }

    /// The JSON of a `PAYMENT-REQUIRED` header made of the offers.
    fn challenge(&self) -> Option<Value> {
        if self.offers.is_empty() {
            return None;
        }
        let accepts: Vec<Value> = self.offers.iter().map(offer).collect();
        let mut challenge =
            json!({"x402Version": 2, "error": "payment required", "accepts": accepts});
        if let Some(fields) = challenge.as_object_mut() {
            fields.extend(self.challenge.clone());
        }
        Some(challenge)
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

fn header_value(value: &Value) -> String {
    if let Some(json) = value.get("base64") {
        return encode_header(&json.to_string());
    }
    if let Some(seconds) = value.get("date").and_then(Value::as_i64) {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let now = SystemTime::now();
        let then = if seconds < 0 { now - distance } else { now + distance };
        return httpdate::fmt_http_date(then);
    }
    repeated(value).unwrap_or_else(|| value.as_str().unwrap_or_default().to_owned())
}

fn repeated(value: &Value) -> Option<String> {
    let [text, times] = value.get("repeat")?.as_array()?.first_chunk()?;
    Some(text.as_str()?.repeat(usize::try_from(times.as_u64()?).ok()?))
}

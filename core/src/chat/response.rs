//! What is answered. Known fields are typed, unknown ones kept, and an answer of another shape is
//! still handed over: it was paid for.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ChatAccumulator, ChatChunk, ServerFallback, lenient};
use crate::{
    error::Result,
    http::{PaidResponse, Receipt},
    money::Usdc,
    sse::EventParser,
};

/// A chat completion. A field of another shape than expected is empty here; [`raw`](Self::raw) has
/// it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChatResponse {
    /// Id of the completion.
    #[serde(deserialize_with = "lenient::field")]
    pub id: String,
    /// `chat.completion`.
    #[serde(deserialize_with = "lenient::field")]
    pub object: String,
    /// Unix time.
    #[serde(deserialize_with = "lenient::field")]
    pub created: u64,
    /// The model that answered.
    #[serde(deserialize_with = "lenient::field")]
    pub model: String,
    /// The answers.
    #[serde(deserialize_with = "lenient::list")]
    pub choices: Vec<ChatChoice>,
    /// Token counts.
    #[serde(deserialize_with = "lenient::field")]
    pub usage: Option<ChatUsage>,
    /// Every other field.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
    /// The body exactly as received.
    #[serde(skip)]
    pub raw: String,
    /// What was paid; `None` when nothing was asked.
    #[serde(skip)]
    pub receipt: Option<Receipt>,
    /// What the server says about another model that answered.
    #[serde(skip)]
    pub fallback: Option<ServerFallback>,
    /// Whether an account was billed, so that the cost is not known here.
    #[serde(skip)]
    pub billed_to_account: bool,
}

/// One answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChatChoice {
    /// Position.
    #[serde(deserialize_with = "lenient::field")]
    pub index: u64,
    /// The message.
    #[serde(deserialize_with = "lenient::field")]
    pub message: ChatMessage,
    /// `stop`, `length`, `tool_calls`, …
    #[serde(deserialize_with = "lenient::field")]
    pub finish_reason: Option<String>,
    /// Every other field.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The message of an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChatMessage {
    /// `assistant`.
    #[serde(deserialize_with = "lenient::field")]
    pub role: String,
    /// Text, a list of parts, or nothing.
    pub content: Option<Value>,
    /// Tool calls in OpenAI's form.
    pub tool_calls: Option<Value>,
    /// Every other field.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Token counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChatUsage {
    /// Tokens of the messages.
    #[serde(deserialize_with = "lenient::field")]
    pub prompt_tokens: u64,
    /// Tokens of the answers.
    #[serde(deserialize_with = "lenient::field")]
    pub completion_tokens: u64,
    /// Both.
    #[serde(deserialize_with = "lenient::field")]
    pub total_tokens: u64,
    /// Every other field.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ChatResponse {
    /// Reads an answer. What has another shape than expected is empty here and is in `raw`.
    pub fn from_http(response: PaidResponse) -> Self {
        let raw = String::from_utf8_lossy(&response.body).into_owned();
        let fallback = ServerFallback::from_headers(&response.headers);
        Self { receipt: response.receipt, fallback, ..Self::from_text(raw) }
    }

    /// Reads the stored answer of a stream, its events put together to the answer that a call without
    /// a stream would have had: that JSON is its `raw`. Events that say nothing are passed over; what
    /// came before an error of the provider counts.
    ///
    /// # Errors
    /// `Api` for an event that is too large.
    pub fn from_stored_stream(response: PaidResponse) -> Result<Self> {
        let (mut events, mut received) = (EventParser::default(), ChatAccumulator::default());
        events.push(&response.body);
        while let Some(event) = events.next_event()? {
            match ChatChunk::from_event(&event) {
                Ok(Some(chunk)) => received.push(&chunk),
                Ok(None) | Err(_) => break,
            }
        }
        let fallback = ServerFallback::from_headers(&response.headers);
        Ok(Self { receipt: response.receipt, fallback, ..received.response() })
    }

    /// Reads the body of an answer. It says nothing about what was paid.
    pub fn from_text(raw: String) -> Self {
        let typed: Self = serde_json::from_str(&raw).unwrap_or_default();
        Self { raw, ..typed }
    }

    /// The text of the first answer, empty when it has none (a tool call, say).
    pub fn text(&self) -> String {
        self.choices.first().map(|choice| choice.message.text()).unwrap_or_default()
    }

    /// What the call cost, in micro-USDC; zero when nothing was asked.
    pub fn cost(&self) -> Usdc {
        self.receipt.as_ref().map_or(Usdc::ZERO, |receipt| receipt.amount)
    }

    /// The transaction, where the server told it.
    pub fn transaction(&self) -> Option<&str> {
        self.receipt.as_ref()?.transaction.as_deref()
    }
}

impl ChatMessage {
    /// The text of the message; text parts are joined.
    pub fn text(&self) -> String {
        self.content.as_ref().map(text_of).unwrap_or_default()
    }
}

impl ChatUsage {
    /// Reads the counts; `None` when there is no object.
    pub(super) fn from_json(json: &Value) -> Option<Self> {
        Self::deserialize(json).ok()
    }
}

pub(super) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part.get("text")?.as_str()).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;

    use super::*;

    fn read(body: &str) -> ChatResponse {
        let (headers, body) = (HeaderMap::new(), body.to_owned().into());
        ChatResponse::from_http(PaidResponse { status: 200, headers, body, receipt: None })
    }

    #[test]
    fn known_fields_are_typed_and_unknown_ones_kept() {
        let body = json!({
            "id": "x", "object": "chat.completion", "created": 1, "model": "m", "service_tier": "a",
            "choices": [{
                "index": 0, "finish_reason": "stop", "logprobs": null,
                "message": {"role": "assistant", "content": "Hi", "refusal": null},
            }],
            "usage": {
                "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "details": {"a": 1},
            },
        });
        let response = read(&body.to_string());
        assert_eq!(
            (response.text().as_str(), response.extra["service_tier"].as_str()),
            ("Hi", Some("a"))
        );
        let again = serde_json::to_value(&response).unwrap();
        assert_eq!(again["usage"], body["usage"]);
        assert_eq!(again["service_tier"], "a");
        assert_eq!(response.raw, body.to_string());
    }

    #[test]
    fn another_model_that_answered_is_told() {
        assert_eq!(read("{}").fallback, None);
        let mut headers = HeaderMap::new();
        headers.insert("x-fallback-model", "m".parse().unwrap());
        let body = "{}".into();
        let response = PaidResponse { status: 200, headers, body, receipt: None };
        let fallback = ChatResponse::from_http(response).fallback.unwrap();
        assert_eq!(fallback.model.as_deref(), Some("m"));
    }

    #[test]
    fn a_stored_stream_is_put_together() {
        let body = concat!(
            "id: 1\ndata: {\"id\":\"x\",\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n",
            ": keep-alive\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"lo\"},",
            "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        );
        let (headers, body) = (HeaderMap::new(), body.into());
        let stored = PaidResponse { status: 200, headers, body, receipt: None };
        let whole = ChatResponse::from_stored_stream(stored).unwrap();
        assert_eq!((whole.id.as_str(), whole.text().as_str()), ("x", "Hello"));
        assert_eq!(whole.choices[0].finish_reason.as_deref(), Some("stop"));
    }

    #[test]
    fn a_surprising_answer_is_handed_over() {
        assert_eq!(read("<html>").raw, "<html>");
        let odd = read(
            r#"{"id":7,"created":1.5,"model":null,"usage":{"prompt_tokens":null,"total_tokens":3},
            "choices":[{"index":"0","finish_reason":"stop","message":{"content":"still here"}},5]}"#,
        );
        assert_eq!((odd.text().as_str(), odd.choices.len()), ("still here", 2));
        assert_eq!(odd.choices[0].finish_reason.as_deref(), Some("stop"));
        assert_eq!(odd.usage.unwrap().total_tokens, 3);
        assert_eq!(read(r#"{"choices":{"message":1},"usage":7,"id":"x"}"#).id, "x");
        let parts =
            r#"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"text":"b"}]}}]}"#;
        assert_eq!(read(parts).text(), "ab");
        assert_eq!(read(r#"{"choices":[{"message":{"content":null}}]}"#).text(), "");
    }
}

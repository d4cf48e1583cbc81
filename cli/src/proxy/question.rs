//! A call as it is passed on, whatever form it came in.

use axum::extract::rejection::BytesRejection;
use bytes::Bytes;
use http::{HeaderMap, header::CACHE_CONTROL};
use serde_json::{Map, Value, json};

use super::problem::Problem;

/// Where chats are asked for below the endpoint.
pub(super) const CHAT: &str = "/v1/chat/completions";

/// What is asked, and what its caller says about paying for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) path: &'static str,
    pub(super) body: Bytes,
    pub(super) model: String,
    /// Whether an event stream is wanted.
    pub(super) stream: bool,
    /// The caller's own name for this call.
    pub(super) key: Option<String>,
    /// The caller says that it asks this again.
    pub(super) retry: bool,
    /// Whether a remembered answer is good enough.
    pub(super) may_recall: bool,
}

impl Question {
    /// The question of a body in OpenAI's form, which is passed on byte by byte.
    pub(super) fn of_body(
        path: &'static str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Self, Problem> {
        let json = object(&body)?;
        Self { body, ..Self::of_json(path, headers, &json)? }.checked()
    }

    /// The question of a body that was made here.
    pub(super) fn of_json(
        path: &'static str,
        headers: &HeaderMap,
        json: &Map<String, Value>,
    ) -> Result<Self, Problem> {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let model = json.get("model").and_then(Value::as_str).unwrap_or_default();
        let asked_before = text("x-stainless-retry-count").and_then(|count| count.parse().ok());
        let no_recall = headers.get(CACHE_CONTROL).is_some_and(|value| {
            value
                .to_str()
                .is_ok_and(|value| value.contains("no-cache") || value.contains("no-store"))
        });
        Self {
            path,
            body: Value::Object(json.clone()).to_string().into(),
            model: model.to_owned(),
            stream: json.get("stream").and_then(Value::as_bool).unwrap_or_default(),
            key: text("idempotency-key").map(str::to_owned),
            retry: asked_before.unwrap_or(0_u32) > 0,
            may_recall: !no_recall,
        }
        .checked()
    }

    fn checked(self) -> Result<Self, Problem> {
        if self.model.trim().is_empty() {
            let problem = "model: name the model to ask; GET /v1/models lists them";
            return Err(Problem::invalid("model", problem));
        }
        Ok(self)
    }
}

/// A function as a chat offers it.
pub(super) fn function(
    name: String,
    description: Option<String>,
    parameters: Option<Value>,
    strict: Option<bool>,
) -> Value {
    let mut function = Map::from_iter([("name".to_owned(), name.into())]);
    let members = [
        ("description", description.map(Value::from)),
        ("parameters", parameters),
        ("strict", strict.map(Value::from)),
    ];
    for (name, value) in members {
        function.extend(value.map(|value| (name.to_owned(), value)));
    }
    json!({"type": "function", "function": function})
}

/// The body of a request.
pub(super) fn body(read: Result<Bytes, BytesRejection>) -> Result<Bytes, Problem> {
    read.map_err(|rejection| {
        Problem::new(rejection.status().as_u16(), "invalid_body", &rejection.body_text())
    })
}

/// The JSON object of a body.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    serde_json::from_slice(body).map_err(|cause| {
        Problem::invalid("body", &format!("the body is not a JSON object: {cause}"))
    })
}

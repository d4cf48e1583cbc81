//! What is asked: chats, images, requests to any endpoint.

use blockrun_llm::{
    ApiRequest, ChatRequest, Error, ImageRequest, PollOptions, error::Result, http::Replay,
};
use napi_derive::napi;
use serde_json::{Map, Value};

use crate::convert::{duration, json, one_of, whole};

pub(crate) const REPLAY: &[(&str, Replay)] =
    &[("always", Replay::Always), ("never", Replay::Never)];

/// A chat completion. Whole numbers were checked to be whole; free-form members are JSON text.
#[napi(object, object_to_js = false)]
pub struct ChatInput {
    pub model: Option<String>,
    /// One user message; or else `messages`.
    pub prompt: Option<String>,
    /// JSON array.
    pub messages: Option<String>,
    pub system: Option<String>,
    pub max_tokens: Option<f64>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub n: Option<f64>,
    pub stop: Option<Vec<String>>,
    /// JSON.
    pub response_format: Option<String>,
    /// JSON.
    pub tools: Option<String>,
    /// JSON.
    pub tool_choice: Option<String>,
    pub search: Option<bool>,
    /// JSON.
    pub search_parameters: Option<String>,
    pub reasoning_effort: Option<String>,
    pub fallback_models: Option<Vec<String>>,
    /// Milliseconds.
    pub timeout: Option<f64>,
    pub idempotency_key: Option<String>,
    /// JSON object.
    pub extra: Option<String>,
}

impl ChatInput {
    pub(crate) fn into_request(self) -> Result<ChatRequest> {
        let mut request = match self.prompt {
            Some(prompt) => ChatRequest::new(prompt),
            None => ChatRequest::from_messages(list(json("messages", self.messages)?)?),
        };
        if let Some(system) = self.system {
            request = request.system(system);
        }
        Ok(ChatRequest {
            model: self.model,
            max_tokens: self.max_tokens.map(whole),
            temperature: self.temperature,
            top_p: self.top_p,
            n: self.n.map(whole),
            stop: self.stop.unwrap_or_default(),
            tools: json("tools", self.tools)?,
            tool_choice: json("tool_choice", self.tool_choice)?,
            response_format: json("response_format", self.response_format)?,
            search: self.search,
            search_parameters: json("search_parameters", self.search_parameters)?,
            reasoning_effort: self.reasoning_effort,
            fallback_models: self.fallback_models.unwrap_or_default(),
            extra: members(json("extra", self.extra)?)?,
            timeout: duration("timeout", self.timeout)?,
            idempotency_key: self.idempotency_key,
            ..request
        })
    }
}

/// Images to be made.
#[napi(object, object_to_js = false)]
pub struct ImageInput {
    pub prompt: String,
    pub model: Option<String>,
    pub size: Option<String>,
    pub n: Option<f64>,
    pub quality: Option<String>,
    pub response_format: Option<String>,
    /// JSON object.
    pub extra: Option<String>,
    /// Milliseconds.
    pub timeout: Option<f64>,
    pub idempotency_key: Option<String>,
}

impl ImageInput {
    pub(crate) fn into_request(self) -> Result<ImageRequest> {
        Ok(ImageRequest {
            prompt: self.prompt,
            model: self.model,
            size: self.size,
            n: self.n.map(whole),
            quality: self.quality,
            response_format: self.response_format,
            extra: members(json("extra", self.extra)?)?,
            timeout: duration("timeout", self.timeout)?,
            idempotency_key: self.idempotency_key,
        })
    }
}

/// A request to any endpoint.
#[napi(object, object_to_js = false)]
pub struct ApiInput {
    pub method: String,
    pub path: String,
    /// Pairs.
    pub query: Option<Vec<Vec<String>>>,
    /// JSON text.
    pub body: Option<String>,
    pub model: Option<String>,
    pub idempotency_key: Option<String>,
    /// Milliseconds.
    pub timeout: Option<f64>,
    pub replay: Option<String>,
}

impl ApiInput {
    pub(crate) fn into_request(self) -> Result<ApiRequest> {
        let method = self.method.to_ascii_uppercase().parse().map_err(|_| {
            Error::argument("method", &format!("{:?} is not an HTTP method", self.method))
        })?;
        let pairs = self.query.unwrap_or_default().into_iter();
        Ok(ApiRequest {
            query: pairs
                .filter_map(|pair| <[String; 2]>::try_from(pair).ok())
                .map(Into::into)
                .collect(),
            body: self.body.unwrap_or_default().into(),
            model: self.model,
            idempotency_key: self.idempotency_key,
            timeout: duration("timeout", self.timeout)?,
            replay: one_of("replay", self.replay, REPLAY)?,
            ..ApiRequest::new(method, self.path)
        })
    }
}

/// How long to ask for an answer that is made in the background, in milliseconds.
#[napi(object, object_to_js = false)]
pub struct PollInput {
    pub budget: Option<f64>,
    pub interval: Option<f64>,
}

impl PollInput {
    pub(crate) fn into_options(self) -> Result<PollOptions> {
        let default = PollOptions::default();
        Ok(PollOptions {
            budget: duration("budget_ms", self.budget)?.unwrap_or(default.budget),
            interval: duration("interval_ms", self.interval)?.unwrap_or(default.interval),
        })
    }
}

fn list(messages: Option<Value>) -> Result<Vec<Value>> {
    match messages {
        Some(Value::Array(messages)) => Ok(messages),
        _ => Err(Error::argument("messages", "must be an array of messages")),
    }
}

fn members(extra: Option<Value>) -> Result<Map<String, Value>> {
    match extra {
        None => Ok(Map::new()),
        Some(Value::Object(members)) => Ok(members),
        _ => Err(Error::argument("extra", "must be an object")),
    }
}

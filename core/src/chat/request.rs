//! What is asked, checked before any traffic.

use std::time::Duration;

use bytes::Bytes;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value, json};

use super::validate;
use crate::error::{Error, Result};

/// Output limit that is sent when a request names none.
const DEFAULT_MAX_TOKENS: u64 = 1_024;

/// A chat completion to be made.
///
/// ```
/// use blockrun_llm::ChatRequest;
///
/// let request = ChatRequest {
///     model: Some("openai/gpt-4o".into()),
///     max_tokens: Some(200),
///     ..ChatRequest::new("Hello!").system("Answer in one line.")
/// };
/// ```
#[derive(Clone, Debug, Default)]
pub struct ChatRequest {
    /// Model; default: the client's.
    pub model: Option<String>,
    /// Messages in OpenAI's form, sent as they are.
    pub messages: Vec<Value>,
    /// Most tokens of the answer. Default 1,024. The price depends on it.
    pub max_tokens: Option<u64>,
    /// 0 to 2.
    pub temperature: Option<f64>,
    /// 0 to 1.
    pub top_p: Option<f64>,
    /// Number of answers. Default 1.
    pub n: Option<u64>,
    /// At most 4 sequences that end the answer.
    pub stop: Vec<String>,
    /// Tools in OpenAI's form.
    pub tools: Option<Value>,
    /// Which tool to call.
    pub tool_choice: Option<Value>,
    /// JSON mode or schema. A model reads the properties of a schema in the order they are given.
    pub response_format: Option<Value>,
    /// Lets the model search, where it can. `true` sends `{"mode": "on"}` unless
    /// `search_parameters` say more; anything else sends nothing.
    pub search: Option<bool>,
    /// How to search, in the server's form.
    pub search_parameters: Option<Value>,
    /// How long a reasoning model thinks: `low`, `medium`, `high`, or what else it knows.
    pub reasoning_effort: Option<String>,
    /// Models to ask in turn when one cannot be reached, only as long as no payment was sent.
    pub fallback_models: Vec<String>,
    /// Further body fields, sent after those above, which they cannot override. Null sends nothing.
    pub extra: Map<String, Value>,
    /// Idempotency key: the same key is paid at most once, in any process, and a call with it that
    /// was paid before gets its answer again. Do not put personal data into it: a key that can be
    /// guessed can be confirmed from the public nonce. Default: made up.
    pub idempotency_key: Option<String>,
    /// Total time of this call. Default: the client's.
    pub timeout: Option<Duration>,
}

impl ChatRequest {
    /// A request with one user message.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self::from_messages(vec![json!({"role": "user", "content": prompt.into()})])
    }

    /// A request with these messages.
    pub fn from_messages(messages: Vec<Value>) -> Self {
        Self { messages, ..Self::default() }
    }

    /// Puts a system message first.
    #[must_use]
    pub fn system(mut self, text: impl Into<String>) -> Self {
        self.messages.insert(0, json!({"role": "system", "content": text.into()}));
        self
    }

    /// The JSON body, after all checks: what is named here first, then `extra`, in the caller's
    /// order.
    ///
    /// # Errors
    /// `InvalidArgument` that names the field, its value and what is allowed.
    pub fn to_body(&self, model: &str) -> Result<Bytes> {
        validate::chat(self, model, false)?;
        written(&Body { request: self, model, stream: false })
    }

    /// The JSON body that asks for a stream.
    ///
    /// # Errors
    /// As [`ChatRequest::to_body`].
    pub fn to_stream_body(&self, model: &str) -> Result<Bytes> {
        validate::chat(self, model, true)?;
        written(&Body { request: self, model, stream: true })
    }

    /// What has a field of its own, and is given.
    fn named<'a>(&'a self, model: &'a str) -> impl Iterator<Item = (&'static str, Field<'a>)> {
        let asked = [
            ("model", Some(Field::Text(model))),
            ("messages", Some(Field::List(&self.messages))),
            ("max_tokens", self.max_tokens.map(Field::Count)),
            ("temperature", self.temperature.map(Field::Number)),
            ("top_p", self.top_p.map(Field::Number)),
            ("n", self.n.map(Field::Count)),
            ("stop", self.stop()),
            ("tools", self.tools.as_ref().map(Field::Json)),
            ("tool_choice", self.tool_choice.as_ref().map(Field::Json)),
            ("response_format", self.response_format.as_ref().map(Field::Json)),
            ("search_parameters", self.search_parameters()),
            ("reasoning_effort", self.reasoning_effort.as_deref().map(Field::Text)),
        ];
        asked.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    fn stop(&self) -> Option<Field<'_>> {
        match self.stop.as_slice() {
            [] => None,
            [one] => Some(Field::Text(one)),
            many => Some(Field::Texts(many)),
        }
    }

    fn search_parameters(&self) -> Option<Field<'_>> {
        let on = (self.search == Some(true)).then_some(Field::Mode { mode: "on" });
        self.search_parameters.as_ref().map(Field::Json).or(on)
    }
}

/// A value in a body. A prompt is written from where it is: it may be long.
#[derive(Serialize)]
#[serde(untagged)]
enum Field<'a> {
    Text(&'a str),
    Texts(&'a [String]),
    List(&'a [Value]),
    Count(u64),
    Number(f64),
    Json(&'a Value),
    Mode { mode: &'static str },
}

/// A request to a model, as it is sent.
struct Body<'a> {
    request: &'a ChatRequest,
    model: &'a str,
    stream: bool,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> std::result::Result<S::Ok, S::Error> {
        let Self { request, model, stream } = self;
        let named: Vec<_> = request.named(model).collect();
        let is_named = |name: &str| named.iter().any(|(known, _)| *known == name);
        let extra = request.extra.iter();
        let extra = extra.filter(|(name, value)| !value.is_null() && !is_named(name));
        let mut body = out.serialize_map(None)?;
        for (name, value) in &named {
            body.serialize_entry(name, value)?;
        }
        let (mut limited, mut streams) = (is_named("max_tokens"), !stream);
        for (name, value) in extra {
            limited |= name == "max_tokens" || name == "max_completion_tokens";
            streams |= name == "stream";
            body.serialize_entry(name, value)?;
        }
        if !limited {
            body.serialize_entry("max_tokens", &DEFAULT_MAX_TOKENS)?;
        }
        if !streams {
            body.serialize_entry("stream", &true)?;
        }
        body.end()
    }
}

fn written(body: &Body<'_>) -> Result<Bytes> {
    let written = serde_json::to_vec(body);
    written.map(Bytes::from).map_err(|cause| Error::argument("body", &cause.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(request: &ChatRequest) -> Value {
        serde_json::from_slice(&request.to_body("m").unwrap()).unwrap()
    }

    #[test]
    fn a_prompt_becomes_messages() {
        let sent = body(&ChatRequest::new("Hi").system("Be brief."));
        assert_eq!(
            sent,
            json!({
                "model": "m", "max_tokens": 1024,
                "messages": [
                    {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
                ],
            })
        );
    }

    #[test]
    fn extra_fields_never_override_named_ones() {
        let mut request = ChatRequest { n: Some(2), ..ChatRequest::new("Hi") };
        request.extra = json!({"n": 9, "seed": 7, "user": null, "max_completion_tokens": 5})
            .as_object()
            .unwrap()
            .clone();
        let sent = body(&request);
        assert_eq!((&sent["n"], &sent["seed"]), (&json!(2), &json!(7)));
        assert!(sent.get("user").is_none() && sent.get("max_tokens").is_none());
    }

    #[test]
    fn a_stream_asks_for_the_same_and_says_so() {
        let mut request = ChatRequest::new("Hi");
        request.extra = json!({"stream": true}).as_object().unwrap().clone();
        let sent: Value = serde_json::from_slice(&request.to_stream_body("m").unwrap()).unwrap();
        assert_eq!(sent["stream"], true);
        assert!(request.to_body("m").unwrap_err().message().starts_with("stream"));
        request.extra = json!({"stream": false}).as_object().unwrap().clone();
        assert_eq!(body(&request)["stream"], false);
        assert!(request.to_stream_body("m").unwrap_err().message().starts_with("stream"));
    }

    #[test]
    fn searching_is_on_when_asked_for() {
        let search = |search, parameters: Option<Value>| {
            let request =
                ChatRequest { search, search_parameters: parameters, ..ChatRequest::new("Hi") };
            body(&request).get("search_parameters").cloned()
        };
        assert_eq!(search(Some(true), None), Some(json!({"mode": "on"})));
        assert_eq!(search(Some(false), None), None);
        let auto = json!({"mode": "auto"});
        assert_eq!(search(Some(true), Some(auto.clone())), Some(auto));
    }

    #[test]
    fn the_order_is_the_callers() {
        let schema = json!({"type": "x", "properties": {"zip": 1, "city": 2, "age": 3}});
        let mut request = ChatRequest {
            response_format: Some(schema),
            reasoning_effort: Some("low".into()),
            fallback_models: vec!["other".into()],
            ..ChatRequest::new("Hi")
        };
        request.extra = json!({"user": "u", "seed": 7}).as_object().unwrap().clone();
        let sent = r#"{"model":"m","messages":[{"role":"user","content":"Hi"}],"#.to_owned()
            + r#""response_format":{"type":"x","properties":{"zip":1,"city":2,"age":3}},"#
            + r#""reasoning_effort":"low","user":"u","seed":7,"max_tokens":1024}"#;
        assert_eq!(request.to_body("m").unwrap(), sent);
    }

    #[test]
    fn bad_values_are_named_before_any_traffic() {
        let base = ChatRequest::new("Hi");
        let cases = [
            ("temperature", ChatRequest { temperature: Some(f64::NAN), ..base.clone() }),
            ("temperature", ChatRequest { temperature: Some(2.1), ..base.clone() }),
            ("top_p", ChatRequest { top_p: Some(-0.1), ..base.clone() }),
            ("max_tokens", ChatRequest { max_tokens: Some(0), ..base.clone() }),
            ("max_tokens", ChatRequest { max_tokens: Some(1_000_001), ..base.clone() }),
            ("n", ChatRequest { n: Some(0), ..base.clone() }),
            ("timeout", ChatRequest { timeout: Some(Duration::ZERO), ..base.clone() }),
            ("stop", ChatRequest { stop: vec!["a".into(); 5], ..base.clone() }),
            (
                "search_parameters",
                ChatRequest { search_parameters: Some(1.into()), ..base.clone() },
            ),
            ("reasoning_effort", ChatRequest { reasoning_effort: Some("".into()), ..base.clone() }),
            (
                "fallback_models[1]",
                ChatRequest { fallback_models: vec!["a".into(), "".into()], ..base.clone() },
            ),
            ("messages", ChatRequest::default()),
            ("messages[0].role", ChatRequest::from_messages(vec![json!({})])),
        ];
        for (field, request) in cases {
            let error = request.to_body("m").unwrap_err();
            assert!(error.message().starts_with(field), "{field}: {error}");
        }
        assert!(base.to_body(" ").unwrap_err().message().starts_with("model"));
    }
}

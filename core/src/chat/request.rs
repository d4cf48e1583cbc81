//! What is asked, checked before any traffic.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::validate;
use crate::error::Result;

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
        Ok(Value::Object(self.body(model)).to_string().into())
    }

    /// The JSON body that asks for a stream.
    ///
    /// # Errors
    /// As [`ChatRequest::to_body`].
    pub fn to_stream_body(&self, model: &str) -> Result<Bytes> {
        validate::chat(self, model, true)?;
        let mut body = self.body(model);
        body.insert("stream".to_owned(), true.into());
        Ok(Value::Object(body).to_string().into())
    }

    fn body(&self, model: &str) -> Map<String, Value> {
        let asked = [
            ("model", Some(model.into())),
            ("messages", Some(self.messages.clone().into())),
            ("max_tokens", self.max_tokens.map(Value::from)),
            ("temperature", self.temperature.map(Value::from)),
            ("top_p", self.top_p.map(Value::from)),
            ("n", self.n.map(Value::from)),
            ("stop", self.stop()),
            ("tools", self.tools.clone()),
            ("tool_choice", self.tool_choice.clone()),
            ("response_format", self.response_format.clone()),
            ("search_parameters", self.search_parameters()),
            ("reasoning_effort", self.reasoning_effort.clone().map(Value::from)),
        ];
        let named = asked.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let mut body: Map<String, Value> = named.collect();
        for (name, value) in &self.extra {
            if !value.is_null() && !body.contains_key(name) {
                body.insert(name.clone(), value.clone());
            }
        }
        if !body.contains_key("max_tokens") && !body.contains_key("max_completion_tokens") {
            body.insert("max_tokens".to_owned(), DEFAULT_MAX_TOKENS.into());
        }
        body
    }

    fn stop(&self) -> Option<Value> {
        match self.stop.as_slice() {
            [] => None,
            [one] => Some(one.as_str().into()),
            many => Some(many.into()),
        }
    }

    fn search_parameters(&self) -> Option<Value> {
        let on = || (self.search == Some(true)).then(|| json!({"mode": "on"}));
        self.search_parameters.clone().or_else(on)
    }
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

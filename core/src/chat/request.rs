//! What is asked, checked before any traffic.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};

/// Output limit that is sent when a request names none.
const DEFAULT_MAX_TOKENS: u64 = 1_024;
/// A larger output limit is a mistake.
const IMPLAUSIBLE_TOKENS: u64 = 1_000_000;
/// Stop sequences that the API takes.
const MAX_STOPS: usize = 4;
/// Choices that the API takes.
const MAX_CHOICES: u64 = 128;

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
    /// JSON mode or schema.
    pub response_format: Option<Value>,
    /// Further body fields; those above go before them.
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

    /// The JSON body, after all checks.
    ///
    /// # Errors
    /// `InvalidArgument` that names the field, its value and what is allowed.
    pub fn to_body(&self, model: &str) -> Result<Bytes> {
        self.check(model)?;
        let mut body = self.extra.clone();
        body.retain(|_, value| !value.is_null());
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), value);
            }
        };
        set("model", Some(model.into()));
        set("messages", Some(self.messages.clone().into()));
        set("temperature", self.temperature.map(Value::from));
        set("top_p", self.top_p.map(Value::from));
        set("n", self.n.map(Value::from));
        set("tools", self.tools.clone());
        set("tool_choice", self.tool_choice.clone());
        set("response_format", self.response_format.clone());
        set("max_tokens", self.max_tokens.map(Value::from));
        match self.stop.as_slice() {
            [] => {}
            [one] => set("stop", Some(one.as_str().into())),
            many => set("stop", Some(many.into())),
        }
        if !body.contains_key("max_tokens") && !body.contains_key("max_completion_tokens") {
            body.insert("max_tokens".to_owned(), DEFAULT_MAX_TOKENS.into());
        }
        Ok(Value::Object(body).to_string().into())
    }

    fn check(&self, model: &str) -> Result<()> {
        if model.trim().is_empty() {
            return Err(Error::argument("model", "Model must be a non-empty string"));
        }
        self.check_messages()?;
        in_range("temperature", self.temperature, 2.0)?;
        in_range("top_p", self.top_p, 1.0)?;
        at_most("max_tokens", self.max_tokens, IMPLAUSIBLE_TOKENS)?;
        at_most("n", self.n, MAX_CHOICES)?;
        if self.timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(Error::argument("timeout", "must be more than 0 seconds"));
        }
        if self.stop.len() > MAX_STOPS {
            let problem = format!("{} sequences, at most {MAX_STOPS} are allowed", self.stop.len());
            return Err(Error::argument("stop", &problem));
        }
        if self.extra.get("stream").is_some_and(|stream| stream != &Value::Bool(false)) {
            return Err(Error::argument("stream", "this call returns one whole answer"));
        }
        Ok(())
    }

    fn check_messages(&self) -> Result<()> {
        if self.messages.is_empty() {
            return Err(Error::argument("messages", "is empty: give at least one message"));
        }
        for (index, message) in self.messages.iter().enumerate() {
            if !message.get("role").is_some_and(Value::is_string) {
                let field = format!("messages[{index}].role");
                return Err(Error::argument(
                    &field,
                    "is missing: write user, system, assistant or tool",
                ));
            }
        }
        Ok(())
    }
}

fn in_range(field: &str, value: Option<f64>, most: f64) -> Result<()> {
    match value {
        Some(number) if !(0.0..=most).contains(&number) => {
            Err(Error::argument(field, &format!("{number} is not between 0 and {most}")))
        }
        _ => Ok(()),
    }
}

fn at_most(field: &str, value: Option<u64>, most: u64) -> Result<()> {
    match value {
        Some(0) => Err(Error::argument(field, "0 is too small: at least 1")),
        Some(number) if number > most => {
            Err(Error::argument(field, &format!("{number} is implausibly large: at most {most}")))
        }
        _ => Ok(()),
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
            ("stop", ChatRequest { stop: vec![String::new(); 5], ..base.clone() }),
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

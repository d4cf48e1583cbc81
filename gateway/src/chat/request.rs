//! A chat request whose every known field has been checked.

use serde_json::{Map, Value};

use super::{
    message,
    search::{Search, search},
    tool::{self, Tool, ToolChoice},
};
use crate::field::{Invalid, flag, integer, model, number, object, present};

/// Most answers that one request may ask for.
pub(crate) const MAX_CHOICES: u64 = 8;
/// Most stop sequences of a request.
const MAX_STOPS: usize = 4;
/// The values of `reasoning_effort`.
const EFFORTS: [&str; 6] = ["none", "minimal", "low", "medium", "high", "xhigh"];

/// The form that the answer must have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Format {
    /// Prose.
    #[default]
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that fits this schema.
    JsonSchema(Value),
}

/// A chat completion request in OpenAI's form, checked.
///
/// Fields that are not known here are accepted and stay in [`ChatRequest::json`].
#[derive(Debug, Clone)]
pub struct ChatRequest {
    /// The request as it came.
    pub json: Map<String, Value>,
    /// The model's id as the caller wrote it.
    pub model: String,
    /// Tokens that each answer may have, from `max_completion_tokens` or `max_tokens`.
    pub max_tokens: Option<u64>,
    /// How many answers are wanted, 1 to 8.
    pub choices: u64,
    /// Texts at which an answer ends.
    pub stop: Vec<String>,
    /// Whether the answer is wanted as server-sent events.
    pub stream: bool,
    /// Whether a stream ends with a chunk that tells the usage.
    pub stream_usage: bool,
    /// The functions that may be called.
    pub tools: Vec<Tool>,
    /// Whether and which of them must be called.
    pub tool_choice: ToolChoice,
    /// Whether several functions may be called at once.
    pub parallel_tools: bool,
    /// The form of the answer.
    pub format: Format,
    /// The search that goes into the answer.
    pub search: Option<Search>,
}

impl ChatRequest {
    /// Parses and checks a request body.
    ///
    /// # Errors
    /// [`Invalid`], naming the field.
    pub fn parse(body: &[u8]) -> Result<Self, Invalid> {
        let json = object(body)?;
        let model = model(&json)?;
        message::check(&json)?;
        check_sampling(&json)?;
        check_effort(&json)?;
        let tools = tool::tools(&json)?;
        Ok(Self {
            model,
            max_tokens: max_tokens(&json)?,
            choices: integer(&json, "n", 1, MAX_CHOICES)?.unwrap_or(1),
            stop: stop(&json)?,
            stream: flag(&json, "stream")?,
            stream_usage: stream_usage(&json)?,
            tool_choice: tool::choice(&json, &tools)?,
            tools,
            parallel_tools: parallel_tools(&json)?,
            format: format(&json)?,
            search: search(&json)?,
            json,
        })
    }

    /// The text of the last message of a role, or an empty string.
    #[must_use]
    pub fn last_text(&self, role: &str) -> String {
        let last = self.messages().iter().rev().find(|message| message["role"] == role);
        last.map(message::text).unwrap_or_default()
    }

    /// How many images came with the last message of a role.
    #[must_use]
    pub fn last_images(&self, role: &str) -> usize {
        let last = self.messages().iter().rev().find(|message| message["role"] == role);
        last.map_or(0, message::images)
    }

    /// The messages, oldest first.
    #[must_use]
    pub fn messages(&self) -> &[Value] {
        self.json.get("messages").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

fn check_sampling(json: &Map<String, Value>) -> Result<(), Invalid> {
    number(json, "temperature", 0.0, 2.0)?;
    number(json, "top_p", 0.0, 1.0)?;
    number(json, "presence_penalty", -2.0, 2.0)?;
    number(json, "frequency_penalty", -2.0, 2.0)
}

/// How much a reasoning model may think. The practice provider does not think.
fn check_effort(json: &Map<String, Value>) -> Result<(), Invalid> {
    match present(json, "reasoning_effort") {
        None => Ok(()),
        Some(Value::String(effort)) if EFFORTS.contains(&effort.as_str()) => Ok(()),
        got => {
            let expected = format!("one of {}", EFFORTS.join(", "));
            Err(Invalid::new("reasoning_effort", &expected, got))
        }
    }
}

fn parallel_tools(json: &Map<String, Value>) -> Result<bool, Invalid> {
    let named = present(json, "parallel_tool_calls").is_some();
    Ok(!named || flag(json, "parallel_tool_calls")?)
}

/// The newer name wins, as at OpenAI; both are checked.
fn max_tokens(json: &Map<String, Value>) -> Result<Option<u64>, Invalid> {
    let old = integer(json, "max_tokens", 1, u64::MAX)?;
    Ok(integer(json, "max_completion_tokens", 1, u64::MAX)?.or(old))
}

fn stop(json: &Map<String, Value>) -> Result<Vec<String>, Invalid> {
    let expected = "a non-empty string or a list of at most 4 of them";
    let text = |value: &Value| value.as_str().filter(|s| !s.is_empty()).map(str::to_owned);
    let Some(value) = present(json, "stop") else { return Ok(Vec::new()) };
    let stops = match value {
        Value::Array(list) if list.len() <= MAX_STOPS => list.iter().map(text).collect(),
        Value::String(_) => text(value).map(|one| vec![one]),
        _ => None,
    };
    stops.ok_or_else(|| Invalid::new("stop", expected, Some(value)))
}

fn stream_usage(json: &Map<String, Value>) -> Result<bool, Invalid> {
    match present(json, "stream_options") {
        None => Ok(false),
        Some(Value::Object(options)) => {
            flag(options, "include_usage").map_err(|invalid| invalid.within("stream_options"))
        }
        other => Err(Invalid::new("stream_options", "an object", other)),
    }
}

fn format(json: &Map<String, Value>) -> Result<Format, Invalid> {
    let Some(value) = present(json, "response_format") else { return Ok(Format::Text) };
    let schema = &value["json_schema"]["schema"];
    match value["type"].as_str() {
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(Format::JsonObject),
        Some("json_schema") if schema.is_object() => Ok(Format::JsonSchema(schema.clone())),
        Some("json_schema") => Err(Invalid::new(
            "response_format.json_schema.schema",
            "a JSON schema object",
            value["json_schema"].get("schema"),
        )),
        _ => Err(Invalid::new(
            "response_format.type",
            "text, json_object or json_schema",
            value.get("type"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(field: &str, value: Value) -> Result<ChatRequest, Invalid> {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
        body[field] = value;
        ChatRequest::parse(body.to_string().as_bytes())
    }

    #[test]
    fn the_least_request_has_the_documented_defaults() {
        let request = with("unknown_field", json!({"kept": true})).unwrap();
        assert_eq!((request.choices, request.max_tokens, request.stream), (1, None, false));
        assert_eq!(request.json["unknown_field"], json!({"kept": true}));
        assert_eq!(request.last_text("user"), "Hi");
    }

    #[test]
    fn a_wrong_field_is_named() {
        let cases = [
            ("model", json!(""), "model"),
            ("model", json!(7), "model"),
            ("messages", json!([]), "messages"),
            ("messages", json!("Hi"), "messages"),
            ("messages", json!(["Hi"]), "messages[0]"),
            ("messages", json!([{"role": "robot", "content": ""}]), "messages[0].role"),
            ("messages", json!([{"role": "user"}]), "messages[0].content"),
            ("messages", json!([{"role": "user", "content": [{}]}]), "messages[0].content[0].type"),
            (
                "messages",
                json!([{"role": "user", "content": [{"type": "image_url"}]}]),
                "messages[0].content[0].image_url",
            ),
            ("max_tokens", json!(0), "max_tokens"),
            ("max_tokens", json!(1.5), "max_tokens"),
            ("max_completion_tokens", json!("9"), "max_completion_tokens"),
            ("temperature", json!(2.1), "temperature"),
            ("top_p", json!(-0.1), "top_p"),
            ("n", json!(9), "n"),
            ("stop", json!(["a", "b", "c", "d", "e"]), "stop"),
            ("stop", json!([""]), "stop"),
            ("stream", json!("yes"), "stream"),
            ("reasoning_effort", json!("maximal"), "reasoning_effort"),
            ("parallel_tool_calls", json!(1), "parallel_tool_calls"),
            ("search_parameters", json!(true), "search_parameters"),
            ("search_parameters", json!({"mode": "maybe"}), "search_parameters.mode"),
            (
                "search_parameters",
                json!({"max_search_results": 0}),
                "search_parameters.max_search_results",
            ),
            (
                "messages",
                json!([{"role": "user", "content": [
                    {"type": "image_url", "image_url": {"url": "file:///etc/passwd"}},
                ]}]),
                "messages[0].content[0].image_url.url",
            ),
            ("stream_options", json!({"include_usage": 1}), "stream_options.include_usage"),
            ("tools", json!([{"type": "function"}]), "tools[0].function.name"),
            ("tool_choice", json!("required"), "tool_choice"),
            ("response_format", json!({"type": "xml"}), "response_format.type"),
            (
                "response_format",
                json!({"type": "json_schema"}),
                "response_format.json_schema.schema",
            ),
        ];
        for (field, value, param) in cases {
            let invalid = with(field, value.clone()).expect_err(&format!("{field}: {value}"));
            assert_eq!(invalid.param, param);
            assert!(invalid.message.starts_with(param), "{}", invalid.message);
        }
    }

    #[test]
    fn a_search_is_on_unless_it_is_off() {
        let search = |value| with("search_parameters", value).unwrap().search;
        assert_eq!(search(json!(null)), None);
        assert_eq!(search(json!({"mode": "off"})), None);
        assert_eq!(search(json!({})), Some(Search { max_results: 10, citations: true }));
        let asked = json!({"mode": "on", "max_search_results": 2, "return_citations": false});
        assert_eq!(search(asked), Some(Search { max_results: 2, citations: false }));
    }

    #[test]
    fn a_body_that_is_no_json_object_is_refused() {
        for body in ["", "{", "[]", "null", "\"x\""] {
            assert_eq!(ChatRequest::parse(body.as_bytes()).unwrap_err().param, "body");
        }
    }

    #[test]
    fn text_parts_are_joined() {
        let parts = json!([{"role": "user", "content": [
            {"type": "text", "text": "a"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            {"type": "text", "text": "b"},
        ]}]);
        assert_eq!(with("messages", parts).unwrap().last_text("user"), "a\nb");
    }
}

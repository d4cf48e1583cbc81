//! Whether a tool is called, which one, and with what.

use super::schema;
use crate::chat::{ChatRequest, Tool, ToolChoice};

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ToolCall {
    pub(super) name: String,
    /// JSON text that fits the tool's schema.
    pub(super) arguments: String,
}

/// The calls that the request asks for: by `tool_choice`, or because the last user message names
/// offered tools and their results are not there yet.
pub(super) fn wanted(chat: &ChatRequest) -> Vec<ToolCall> {
    let said = chat.last_text("user").to_lowercase();
    let mentioned = || chat.tools.iter().filter(|tool| mentions(&said, &tool.name));
    let mut tools: Vec<&Tool> = match &chat.tool_choice {
        ToolChoice::None => Vec::new(),
        ToolChoice::Named(name) => chat.tools.iter().filter(|tool| tool.name == *name).collect(),
        ToolChoice::Required if mentioned().next().is_none() => chat.tools.iter().take(1).collect(),
        ToolChoice::Auto if has_result(chat) => Vec::new(),
        ToolChoice::Required | ToolChoice::Auto => mentioned().collect(),
    };
    if !chat.parallel_tools {
        tools.truncate(1);
    }
    tools.into_iter().map(call).collect()
}

fn call(tool: &Tool) -> ToolCall {
    let arguments = match schema::sample(&tool.parameters) {
        object @ serde_json::Value::Object(_) => object.to_string(),
        _ => "{}".to_owned(),
    };
    ToolCall { name: tool.name.clone(), arguments }
}

/// `get_weather` is mentioned by "get_weather" and by "get weather".
fn mentions(said: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    said.contains(&name) || said.contains(&name.replace(['_', '-'], " "))
}

fn has_result(chat: &ChatRequest) -> bool {
    chat.messages().last().is_some_and(|last| last["role"] == "tool")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn chat(said: &str, choice: Value, last_role: &str) -> Value {
        json!({
            "model": "m",
            "messages": [{"role": "user", "content": said}, {"role": last_role, "content": "x"}],
            "tools": [
                {"type": "function", "function": {"name": "get_time"}},
                {"type": "function", "function": {
                    "name": "get_weather",
                    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
                }},
            ],
            "tool_choice": choice,
        })
    }

    fn names(body: &Value) -> Vec<String> {
        let calls = wanted(&ChatRequest::parse(body.to_string().as_bytes()).unwrap());
        calls.into_iter().map(|call| call.name).collect()
    }

    #[test]
    fn the_request_decides() {
        let named = json!({"type": "function", "function": {"name": "get_time"}});
        let (ask, both) = ("please get weather", "get time and get_weather");
        for (said, choice, last_role, expected) in [
            (ask, json!("auto"), "system", &["get_weather"][..]),
            (ask, json!("required"), "system", &["get_weather"]),
            ("hi", json!("required"), "system", &["get_time"]),
            (ask, named, "system", &["get_time"]),
            (ask, json!("none"), "system", &[]),
            ("hi", json!("auto"), "system", &[]),
            (ask, json!("auto"), "tool", &[]),
            (both, json!("auto"), "system", &["get_time", "get_weather"]),
        ] {
            assert_eq!(names(&chat(said, choice, last_role)), expected, "{said}");
        }
        let mut one = chat(both, json!("auto"), "system");
        one["parallel_tool_calls"] = json!(false);
        assert_eq!(names(&one), ["get_time"]);
    }

    #[test]
    fn arguments_come_from_the_schema() {
        let body = chat("get_weather and get_time", Value::Null, "system").to_string();
        let calls = wanted(&ChatRequest::parse(body.as_bytes()).unwrap());
        let arguments: Vec<_> = calls.iter().map(|call| call.arguments.as_str()).collect();
        assert_eq!(arguments, ["{}", r#"{"city":"practice"}"#]);
    }
}

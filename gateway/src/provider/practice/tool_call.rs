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

/// The call that the request asks for: by `tool_choice`, or because the last user message names an
/// offered tool and its result is not there yet.
pub(super) fn wanted(chat: &ChatRequest) -> Option<ToolCall> {
    let said = chat.last_text("user").to_lowercase();
    let mentioned = || chat.tools.iter().find(|tool| mentions(&said, &tool.name));
    let tool = match &chat.tool_choice {
        ToolChoice::None => None,
        ToolChoice::Named(name) => chat.tools.iter().find(|tool| tool.name == *name),
        ToolChoice::Required => mentioned().or(chat.tools.first()),
        ToolChoice::Auto if has_result(chat) => None,
        ToolChoice::Auto => mentioned(),
    };
    tool.map(call)
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

    fn wanted_for(said: &str, choice: Value, last_role: &str) -> Option<ToolCall> {
        let body = json!({
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
        });
        wanted(&ChatRequest::parse(body.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn the_request_decides() {
        let named = json!({"type": "function", "function": {"name": "get_time"}});
        let name = |call: Option<ToolCall>| call.map(|call| call.name);
        let ask = "please get weather";
        assert_eq!(name(wanted_for(ask, json!("auto"), "system")).unwrap(), "get_weather");
        assert_eq!(name(wanted_for(ask, json!("required"), "system")).unwrap(), "get_weather");
        assert_eq!(name(wanted_for("hi", json!("required"), "system")).unwrap(), "get_time");
        assert_eq!(name(wanted_for(ask, named, "system")).unwrap(), "get_time");
        assert_eq!(wanted_for(ask, json!("none"), "system"), None);
        assert_eq!(wanted_for("hi", json!("auto"), "system"), None);
        assert_eq!(wanted_for(ask, json!("auto"), "tool"), None);
    }

    #[test]
    fn arguments_come_from_the_schema() {
        let call = wanted_for("get_weather", Value::Null, "system").unwrap();
        assert_eq!(call.arguments, r#"{"city":"practice"}"#);
        assert_eq!(wanted_for("get_time", Value::Null, "system").unwrap().arguments, "{}");
    }
}

//! The tools that a chat request offers.

use serde_json::{Map, Value};

use crate::field::{Invalid, present};

/// A function that the model may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// The JSON schema of its arguments; `null` when it takes none.
    pub parameters: Value,
}

/// Whether and which tool must be called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// None may be called.
    None,
    /// One must be called.
    Required,
    /// This one must be called.
    Named(String),
}

/// The function tools of a request; tools of other types are passed by.
pub(super) fn tools(request: &Map<String, Value>) -> Result<Vec<Tool>, Invalid> {
    let list = match present(request, "tools") {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        other => return Err(Invalid::new("tools", "a list", other)),
    };
    let functions =
        list.iter().enumerate().filter(|(_, tool)| tool["type"].as_str() == Some("function"));
    functions
        .map(|(index, tool)| {
            let name = tool["function"]["name"].as_str().filter(|name| !name.is_empty());
            let at = format!("tools[{index}].function.name");
            let name = name.ok_or_else(|| {
                Invalid::new(at, "a non-empty string", tool["function"].get("name"))
            })?;
            let parameters = tool["function"]["parameters"].clone();
            Ok(Tool { name: name.to_owned(), parameters })
        })
        .collect()
}

/// `tool_choice`: `none`, `auto`, `required`, or an object that names an offered function.
pub(super) fn choice(
    request: &Map<String, Value>,
    offered: &[Tool],
) -> Result<ToolChoice, Invalid> {
    let expected = "none, auto, required or {\"type\": \"function\", \"function\": {\"name\"}}";
    let invalid = |expected: &str, got| Err(Invalid::new("tool_choice", expected, got));
    let Some(value) = present(request, "tool_choice") else { return Ok(ToolChoice::Auto) };
    match (value.as_str(), value["function"]["name"].as_str()) {
        (Some("auto"), _) => Ok(ToolChoice::Auto),
        (Some("none"), _) => Ok(ToolChoice::None),
        (Some("required"), _) if offered.is_empty() => {
            invalid("auto or none when no function is offered in tools", Some(value))
        }
        (Some("required"), _) => Ok(ToolChoice::Required),
        (None, Some(name)) if offered.iter().any(|tool| tool.name == name) => {
            Ok(ToolChoice::Named(name.to_owned()))
        }
        (None, Some(_)) => invalid("the name of a function that tools offers", Some(value)),
        _ => invalid(expected, Some(value)),
    }
}

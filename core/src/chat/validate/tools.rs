//! What a model may call.

use serde_json::Value;

use super::{list, name, object, present, wrong};
use crate::error::{Error, Result};

pub(super) fn offered(tools: Option<&Value>) -> Result<()> {
    let Some(tools) = present(tools) else { return Ok(()) };
    for (index, tool) in list("tools", tools)?.iter().enumerate() {
        let at = format!("tools[{index}]");
        object(&at, Some(tool))?;
        if tool["type"] == "function" {
            function(&format!("{at}.function"), tool.get("function"))?;
        } else {
            name(&format!("{at}.type"), tool.get("type"))?;
        }
    }
    Ok(())
}

fn function(at: &str, function: Option<&Value>) -> Result<()> {
    object(at, function)?;
    let part = |field: &str| function.and_then(|function| function.get(field));
    name(&format!("{at}.name"), part("name"))?;
    match present(part("parameters")) {
        Some(schema) => object(&format!("{at}.parameters"), Some(schema)),
        None => Ok(()),
    }
}

/// A word, or an object that names an offered function.
pub(super) fn choice(choice: Option<&Value>, tools: Option<&Value>) -> Result<()> {
    let Some(choice) = present(choice) else { return Ok(()) };
    let offered = present(tools).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let named = choice.pointer("/function/name").and_then(Value::as_str);
    match choice {
        Value::String(word) if word == "required" && offered.is_empty() => {
            Err(Error::argument("tool_choice", "is required, but tools offers nothing to call"))
        }
        Value::String(word) if !word.is_empty() => Ok(()),
        Value::Object(_) => match named {
            Some(name) if !offered.iter().any(|tool| tool["function"]["name"] == name) => {
                let problem = format!("names {name:?}, which tools does not offer");
                Err(Error::argument("tool_choice", &problem))
            }
            _ => Ok(()),
        },
        other => Err(wrong("tool_choice", "none, auto, required or an object", Some(other))),
    }
}

//! The messages of a chat.

use serde_json::Value;

use super::{list, name, object, present, wrong};
use crate::error::{Error, Result};

/// What an assistant may have said in place of a content.
const INSTEAD: [&str; 6] =
    ["tool_calls", "function_call", "refusal", "audio", "reasoning_content", "thinking"];

pub(super) fn all(messages: &[Value]) -> Result<()> {
    if messages.is_empty() {
        return Err(Error::argument("messages", "is empty: give at least one message"));
    }
    let mut numbered = messages.iter().enumerate();
    numbered.try_for_each(|(index, message)| one(&format!("messages[{index}]"), message))
}

fn one(at: &str, message: &Value) -> Result<()> {
    object(at, Some(message))?;
    let role = name(&format!("{at}.role"), message.get("role"))?;
    if let Some(calls) = present(message.get("tool_calls")) {
        tool_calls(&format!("{at}.tool_calls"), calls)?;
    }
    if let Some(id) = present(message.get("tool_call_id")) {
        name(&format!("{at}.tool_call_id"), Some(id))?;
    }
    content(&format!("{at}.content"), role, message)
}

fn content(at: &str, role: &str, message: &Value) -> Result<()> {
    let content = message.get("content");
    match content {
        Some(Value::String(text)) if role == "user" && text.trim().is_empty() => {
            Err(Error::argument(at, "the prompt is empty: ask something"))
        }
        Some(Value::String(_)) => Ok(()),
        Some(Value::Array(parts)) if role != "user" || !parts.is_empty() => {
            let mut numbered = parts.iter().enumerate();
            numbered.try_for_each(|(index, entry)| part(&format!("{at}[{index}]"), entry))
        }
        None | Some(Value::Null) if may_be_silent(role, message) => Ok(()),
        other => Err(wrong(at, "a string or a list of parts", other)),
    }
}

/// Whether a message makes sense without a content: one that called tools instead, or one of a
/// role that is not known here.
fn may_be_silent(role: &str, message: &Value) -> bool {
    match role {
        "system" | "developer" | "user" | "tool" => false,
        "assistant" => INSTEAD.iter().any(|field| present(message.get(field)).is_some()),
        _ => true,
    }
}

fn part(at: &str, part: &Value) -> Result<()> {
    object(at, Some(part))?;
    match name(&format!("{at}.type"), part.get("type"))? {
        "text" if !part["text"].is_string() => {
            Err(wrong(&format!("{at}.text"), "a string", part.get("text")))
        }
        "image_url" => {
            // Some servers take the address alone.
            let image = part.get("image_url");
            let url = image.map(|image| image.get("url").unwrap_or(image));
            let is_address = url.and_then(Value::as_str).is_some_and(|url| !url.trim().is_empty());
            let allowed = r#"{"url": "https://…" or "data:image/…;base64,…"}"#;
            let problem = || wrong(&format!("{at}.image_url"), allowed, image);
            is_address.then_some(()).ok_or_else(problem)
        }
        _ => Ok(()),
    }
}

fn tool_calls(at: &str, calls: &Value) -> Result<()> {
    for (index, call) in list(at, calls)?.iter().enumerate() {
        let at = format!("{at}[{index}]");
        object(&at, Some(call))?;
        if let Some(function) = present(call.get("function")) {
            object(&format!("{at}.function"), Some(function))?;
            name(&format!("{at}.function.name"), function.get("name"))?;
        }
    }
    Ok(())
}

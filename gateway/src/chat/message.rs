//! The messages of a chat request.

use serde_json::{Map, Value};

use crate::field::{Invalid, present};

const ROLES: [&str; 6] = ["system", "developer", "user", "assistant", "tool", "function"];

/// The messages of a request: a list that is not empty, of objects with a known role and a content.
pub(super) fn check(request: &Map<String, Value>) -> Result<&[Value], Invalid> {
    let expected = "a list with at least one {\"role\", \"content\"} object";
    let messages = match request.get("messages") {
        Some(Value::Array(list)) if !list.is_empty() => list,
        other => return Err(Invalid::new("messages", expected, other)),
    };
    for (index, message) in messages.iter().enumerate() {
        check_message(&format!("messages[{index}]"), message)?;
    }
    Ok(messages)
}

fn check_message(at: &str, message: &Value) -> Result<(), Invalid> {
    let Some(fields) = message.as_object() else {
        return Err(Invalid::new(at, "an object with role and content", Some(message)));
    };
    let role = fields.get("role");
    if !role.and_then(Value::as_str).is_some_and(|role| ROLES.contains(&role)) {
        let expected = format!("one of {}", ROLES.join(", "));
        return Err(Invalid::new(format!("{at}.role"), &expected, role));
    }
    check_content(&format!("{at}.content"), fields)
}

fn check_content(at: &str, message: &Map<String, Value>) -> Result<(), Invalid> {
    match present(message, "content") {
        Some(Value::String(_)) => Ok(()),
        Some(Value::Array(parts)) => parts
            .iter()
            .enumerate()
            .try_for_each(|(index, part)| check_part(&format!("{at}[{index}]"), part)),
        // An assistant that only called tools said nothing.
        None if present(message, "tool_calls").is_some()
            || present(message, "function_call").is_some() =>
        {
            Ok(())
        }
        other => Err(Invalid::new(at, "a string or a list of parts", other)),
    }
}

fn check_part(at: &str, part: &Value) -> Result<(), Invalid> {
    let kind = part.get("type");
    match kind.and_then(Value::as_str) {
        Some("text") if !part["text"].is_string() => {
            Err(Invalid::new(format!("{at}.text"), "a string", part.get("text")))
        }
        Some("image_url") if !part["image_url"]["url"].is_string() => {
            let expected = "an object with a url: https://... or data:image/...;base64,...";
            Err(Invalid::new(format!("{at}.image_url"), expected, part.get("image_url")))
        }
        Some("image_url") if !is_image_url(&part["image_url"]["url"]) => {
            let expected = "an https, http or data:image/...;base64,... URL";
            let got = part["image_url"].get("url");
            Err(Invalid::new(format!("{at}.image_url.url"), expected, got))
        }
        Some(_) => Ok(()),
        None => Err(Invalid::new(format!("{at}.type"), "a string such as text or image_url", kind)),
    }
}

/// Whether a model could have the image: fetched, or as it is.
fn is_image_url(url: &Value) -> bool {
    let url = url.as_str().unwrap_or_default();
    let inline = url.strip_prefix("data:image/").is_some_and(|rest| rest.contains(";base64,"));
    inline || url.starts_with("https://") || url.starts_with("http://")
}

/// How many images a message has.
pub(super) fn images(message: &Value) -> usize {
    let parts = message["content"].as_array().map_or(&[][..], Vec::as_slice);
    parts.iter().filter(|part| part["type"] == "image_url").count()
}

/// The text of a message: its string, or its text parts joined by newlines.
pub(super) fn text(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<_> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

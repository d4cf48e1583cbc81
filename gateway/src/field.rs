//! Reading typed fields out of a JSON object, with errors that name field, value and way out.

use serde_json::{Map, Value};

/// A field of a request that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// Path of the field, as in `messages[0].role`.
    pub param: String,
    /// What it must be and what it was.
    pub message: String,
}

/// Longest excerpt of a wrong value that a message shows.
const EXCERPT: usize = 60;

impl Invalid {
    /// `param` must be `expected`, but is `got`.
    pub(crate) fn new(param: impl Into<String>, expected: &str, got: Option<&Value>) -> Self {
        let param = param.into();
        let message = match got {
            Some(value) => format!("{param} must be {expected}; got {}", excerpt(value)),
            None => format!("{param} is missing; it must be {expected}"),
        };
        Self { param, message }
    }

    /// The same for a field of an object that is a field itself.
    pub(crate) fn within(self, outer: &str) -> Self {
        let prefixed = |text: &str| format!("{outer}.{text}");
        Self { param: prefixed(&self.param), message: prefixed(&self.message) }
    }
}

fn excerpt(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// The value of a field; `null` counts as absent, as OpenAI's API has it.
pub(crate) fn present<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// An optional integer within bounds, inclusive.
pub(crate) fn integer(
    object: &Map<String, Value>,
    name: &str,
    least: u64,
    most: u64,
) -> Result<Option<u64>, Invalid> {
    let Some(value) = present(object, name) else { return Ok(None) };
    match value.as_u64().filter(|n| (least..=most).contains(n)) {
        Some(n) => Ok(Some(n)),
        None if most == u64::MAX => {
            Err(Invalid::new(name, &format!("an integer of at least {least}"), Some(value)))
        }
        None => Err(Invalid::new(name, &format!("an integer from {least} to {most}"), Some(value))),
    }
}

/// Checks an optional number within bounds, inclusive.
pub(crate) fn number(
    object: &Map<String, Value>,
    name: &str,
    least: f64,
    most: f64,
) -> Result<(), Invalid> {
    match present(object, name) {
        None => Ok(()),
        Some(value) if value.as_f64().is_some_and(|n| (least..=most).contains(&n)) => Ok(()),
        Some(value) => {
            Err(Invalid::new(name, &format!("a number from {least} to {most}"), Some(value)))
        }
    }
}

/// An optional boolean; absent is false.
pub(crate) fn flag(object: &Map<String, Value>, name: &str) -> Result<bool, Invalid> {
    match present(object, name) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(value) => Err(Invalid::new(name, "true or false", Some(value))),
    }
}

/// The body of a request, which is a JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, Invalid> {
    let malformed = |message: String| Invalid { param: "body".into(), message };
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(malformed("the body must be a JSON object".into())),
        Err(e) => Err(malformed(format!("the body must be JSON: {e}"))),
    }
}

/// The model that a request is for, as its caller wrote it.
pub(crate) fn model(request: &Map<String, Value>) -> Result<String, Invalid> {
    match request.get("model") {
        Some(Value::String(model)) if !model.trim().is_empty() => Ok(model.clone()),
        other => {
            let expected = "the id of a model, such as \"openai/gpt-4o-mini\"";
            Err(Invalid::new("model", expected, other))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_long_value_is_cut_at_a_character() {
        let value = json!("é".repeat(100));
        assert_eq!(excerpt(&value).chars().count(), EXCERPT + 3);
    }

    #[test]
    fn null_is_absent() {
        let object = json!({"n": null});
        assert_eq!(integer(object.as_object().unwrap(), "n", 1, 8), Ok(None));
    }
}

//! An image request whose every known field has been checked.

use serde_json::{Map, Value};

use crate::field::{Invalid, flag, integer, model, object, present};

/// Most pictures that one request may ask for.
pub(crate) const MAX_PICTURES: u64 = 10;
/// Longest prompt, in characters.
pub(crate) const MAX_PROMPT: usize = 4_000;
/// A size or quality that is left to the model, as at OpenAI.
const AUTO: &str = "auto";

/// How pictures are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Delivery {
    /// As links to this gateway, for a time.
    #[default]
    Url,
    /// In the answer itself, in base64.
    Base64,
}

/// A request for pictures in OpenAI's form, checked.
///
/// Whether the model draws that size and quality is not checked here. Fields that are not known are
/// accepted and stay in [`ImageRequest::json`].
#[derive(Debug, Clone)]
pub struct ImageRequest {
    /// The request as it came.
    pub json: Map<String, Value>,
    /// The model's id as the caller wrote it.
    pub model: String,
    /// What is to be seen.
    pub prompt: String,
    /// How many pictures are wanted, 1 to 10.
    pub count: u64,
    /// The size that was asked for, as in `1024x1024`; `None` leaves it to the model.
    pub size: Option<String>,
    /// The quality that was asked for, as in `hd`; `None` leaves it to the model.
    pub quality: Option<String>,
    pub(crate) delivery: Delivery,
}

impl ImageRequest {
    /// Parses and checks a request body.
    ///
    /// # Errors
    /// [`Invalid`], naming the field.
    pub fn parse(body: &[u8]) -> Result<Self, Invalid> {
        let json = object(body)?;
        let model = model(&json)?;
        let prompt = prompt(&json)?;
        if flag(&json, "stream")? {
            let expected = "false: pictures are not streamed";
            return Err(Invalid::new("stream", expected, json.get("stream")));
        }
        Ok(Self {
            model,
            prompt,
            count: integer(&json, "n", 1, MAX_PICTURES)?.unwrap_or(1),
            size: choice(&json, "size", "a size such as \"1024x1024\"")?,
            quality: choice(&json, "quality", "a quality such as \"standard\"")?,
            delivery: delivery(&json)?,
            json,
        })
    }
}

fn prompt(json: &Map<String, Value>) -> Result<String, Invalid> {
    match json.get("prompt") {
        Some(Value::String(text))
            if !text.trim().is_empty() && text.chars().count() <= MAX_PROMPT =>
        {
            Ok(text.clone())
        }
        other => {
            Err(Invalid::new("prompt", &format!("1 to {MAX_PROMPT} characters of text"), other))
        }
    }
}

fn choice(
    json: &Map<String, Value>,
    name: &str,
    expected: &str,
) -> Result<Option<String>, Invalid> {
    match present(json, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| text != AUTO)),
        other => Err(Invalid::new(name, expected, other)),
    }
}

fn delivery(json: &Map<String, Value>) -> Result<Delivery, Invalid> {
    let Some(format) = present(json, "response_format") else { return Ok(Delivery::Url) };
    match format.as_str() {
        Some("url") => Ok(Delivery::Url),
        Some("b64_json") => Ok(Delivery::Base64),
        _ => Err(Invalid::new("response_format", "\"url\" or \"b64_json\"", Some(format))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(field: &str, value: Value) -> Result<ImageRequest, Invalid> {
        let mut body = json!({"model": "dall-e-3", "prompt": "a red fox"});
        body[field] = value;
        ImageRequest::parse(body.to_string().as_bytes())
    }

    #[test]
    fn the_least_request_has_the_documented_defaults() {
        let request = with("quality", json!("auto")).unwrap();
        assert_eq!((request.count, request.delivery), (1, Delivery::Url));
        assert_eq!((request.size, request.quality), (None, None));
        let request = with("size", json!("64x64")).unwrap();
        assert_eq!(
            (request.size.as_deref(), request.prompt.as_str()),
            (Some("64x64"), "a red fox")
        );
    }

    #[test]
    fn a_wrong_field_is_named() {
        for (field, value) in [
            ("model", json!(null)),
            ("prompt", json!(" ")),
            ("prompt", json!(["a"])),
            ("prompt", json!("é".repeat(4_001))),
            ("n", json!(0)),
            ("n", json!(11)),
            ("n", json!("2")),
            ("size", json!(1024)),
            ("quality", json!(true)),
            ("response_format", json!("png")),
            ("response_format", json!({"type": "url"})),
            ("stream", json!(true)),
        ] {
            let invalid = with(field, value.clone()).expect_err(&format!("{field}: {value}"));
            assert_eq!(invalid.param, field);
            assert!(invalid.message.starts_with(field), "{}", invalid.message);
        }
        assert!(with("prompt", json!("é".repeat(4_000))).is_ok());
    }
}

//! What is asked, checked before any traffic.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::{
    chat::validate,
    error::{Error, Result},
};

/// Model of a request that names none: that of the published image clients.
pub const DEFAULT_IMAGE_MODEL: &str = "google/nano-banana";
/// Size of a request that names none, in pixels.
pub const DEFAULT_IMAGE_SIZE: &str = "1024x1024";
/// More images in one call are a mistake: the API takes 10.
const MAX_IMAGES: u64 = 10;
/// A longer side, in pixels, is a mistake.
const MAX_SIDE: u32 = 16_384;

/// Images to be made from a text.
///
/// ```
/// use blockrun_llm::ImageRequest;
///
/// let request = ImageRequest {
///     model: Some("openai/dall-e-3".into()),
///     ..ImageRequest::new("A lighthouse at dusk")
/// };
/// ```
#[derive(Clone, Debug, Default)]
pub struct ImageRequest {
    /// What to draw.
    pub prompt: String,
    /// Model; default [`DEFAULT_IMAGE_MODEL`].
    pub model: Option<String>,
    /// Width and height in pixels, `1024x1024` by default, or a word that the model knows (`auto`).
    pub size: Option<String>,
    /// Number of images, 1 to 10. Default 1. The price is per image.
    pub n: Option<u64>,
    /// Quality that the model knows: `standard`, `hd`, `low`, `high`, …
    pub quality: Option<String>,
    /// `url` or `b64_json`; default: the server's choice.
    pub response_format: Option<String>,
    /// Further body fields, sent after those above, which they cannot override. Null sends nothing.
    pub extra: Map<String, Value>,
    /// Idempotency key, as of a [`ChatRequest`](crate::ChatRequest).
    pub idempotency_key: Option<String>,
    /// Total time of this call. Default: the client's.
    pub timeout: Option<Duration>,
}

impl ImageRequest {
    /// A request for one image of this.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self { prompt: prompt.into(), ..Self::default() }
    }

    /// The model that is asked.
    pub fn model(&self) -> &str {
        self.model.as_deref().unwrap_or(DEFAULT_IMAGE_MODEL)
    }

    /// The JSON body, after all checks.
    ///
    /// # Errors
    /// `InvalidArgument` that names the field, its value and what is allowed.
    pub fn to_body(&self) -> Result<Bytes> {
        self.check()?;
        let size = self.size.as_deref().unwrap_or(DEFAULT_IMAGE_SIZE);
        let asked = [
            ("model", Some(self.model().into())),
            ("prompt", Some(self.prompt.as_str().into())),
            ("size", Some(size.into())),
            ("n", Some(self.n.unwrap_or(1).into())),
            ("quality", self.quality.clone().map(Value::from)),
            ("response_format", self.response_format.clone().map(Value::from)),
        ];
        let named = asked.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let mut body: Map<String, Value> = named.collect();
        for (name, value) in &self.extra {
            if !value.is_null() && !body.contains_key(name) {
                body.insert(name.clone(), value.clone());
            }
        }
        Ok(Value::Object(body).to_string().into())
    }

    fn check(&self) -> Result<()> {
        validate::model("model", self.model())?;
        if self.prompt.trim().is_empty() {
            return Err(Error::argument("prompt", "is empty: say what to draw"));
        }
        validate::count("n", self.n, MAX_IMAGES)?;
        validate::timeout(self.timeout)?;
        for (field, value) in [
            ("size", &self.size),
            ("quality", &self.quality),
            ("response_format", &self.response_format),
        ] {
            if value
                .as_ref()
                .is_some_and(|word| word.is_empty() || word.contains(char::is_whitespace))
            {
                return Err(Error::argument(field, "must be one word, without spaces"));
            }
        }
        self.size.as_deref().map_or(Ok(()), check_size)
    }
}

/// What is written as pixels must be plausible; any other word is the server's to judge.
fn check_size(size: &str) -> Result<()> {
    let is_number = |side: &str| !side.is_empty() && side.bytes().all(|byte| byte.is_ascii_digit());
    let Some((width, height)) = size.split_once('x') else { return Ok(()) };
    if !is_number(width) || !is_number(height) {
        return Ok(());
    }
    let plausible = |side: &str| side.parse().is_ok_and(|side| (1..=MAX_SIDE).contains(&side));
    if !plausible(width) || !plausible(height) {
        let problem = format!("{size}: each side has 1 to {MAX_SIDE} pixels, such as 1024x1024");
        return Err(Error::argument("size", &problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_are_sent_and_extra_fields_follow() {
        let mut request = ImageRequest::new("A boat");
        request.extra =
            json!({"style": "vivid", "n": 5, "user": null}).as_object().unwrap().clone();
        let sent = r#"{"model":"google/nano-banana","prompt":"A boat","size":"1024x1024","n":1,"#
            .to_owned()
            + r#""style":"vivid"}"#;
        assert_eq!(request.to_body().unwrap(), sent);
    }

    #[test]
    fn bad_values_are_named_before_any_traffic() {
        let base = ImageRequest::new("A boat");
        let size = |size: &str| ImageRequest { size: Some(size.into()), ..base.clone() };
        let cases = [
            ("prompt", ImageRequest::new(" \n")),
            ("model", ImageRequest { model: Some("".into()), ..base.clone() }),
            ("n", ImageRequest { n: Some(0), ..base.clone() }),
            ("n", ImageRequest { n: Some(11), ..base.clone() }),
            ("size", size("")),
            ("size", size("1024 x 1024")),
            ("size", size("0x1024")),
            ("size", size("1024x99999999999999999999")),
            ("quality", ImageRequest { quality: Some("".into()), ..base.clone() }),
            ("response_format", ImageRequest { response_format: Some(" ".into()), ..base.clone() }),
            ("timeout", ImageRequest { timeout: Some(Duration::ZERO), ..base.clone() }),
        ];
        for (field, request) in cases {
            let error = request.to_body().unwrap_err();
            assert_eq!(error.field(), Some(field), "{error}");
        }
        for good in ["1792x1024", "auto", "16:9", "x", "2048"] {
            assert!(size(good).to_body().is_ok(), "{good}");
        }
    }
}

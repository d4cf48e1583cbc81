//! What is answered. Known fields are typed, unknown ones kept, and an answer of another shape is
//! still handed over: it was paid for.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    chat::lenient,
    http::{PaidResponse, Receipt},
    money::Usdc,
};

/// Images that were made. A field of another shape than expected is empty here; [`raw`](Self::raw)
/// has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageResponse {
    /// Unix time.
    #[serde(deserialize_with = "lenient::field")]
    pub created: u64,
    /// The images.
    #[serde(deserialize_with = "lenient::list")]
    pub data: Vec<ImageData>,
    /// Every other field.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
    /// The body exactly as received.
    #[serde(skip)]
    pub raw: String,
    /// What was paid; `None` when nothing was asked.
    #[serde(skip)]
    pub receipt: Option<Receipt>,
    /// Whether an account was billed, so that the cost is not known here.
    #[serde(skip)]
    pub billed_to_account: bool,
}

/// One image: an address, or the file itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageData {
    /// Where it is; may be a `data:` URL, and may expire.
    #[serde(deserialize_with = "lenient::field", skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The file in base64.
    #[serde(deserialize_with = "lenient::field", skip_serializing_if = "Option::is_none")]
    pub b64_json: Option<String>,
    /// The prompt that the model made of the one given.
    #[serde(deserialize_with = "lenient::field", skip_serializing_if = "Option::is_none")]
    pub revised_prompt: Option<String>,
    /// Every other field.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ImageResponse {
    /// Reads an answer. What has another shape than expected is empty here and is in `raw`.
    pub fn from_http(response: PaidResponse) -> Self {
        let raw = String::from_utf8_lossy(&response.body).into_owned();
        let typed: Self = serde_json::from_str(&raw).unwrap_or_default();
        Self { raw, receipt: response.receipt, ..typed }
    }

    /// What the call cost, in micro-USDC; zero when nothing was asked.
    pub fn cost(&self) -> Usdc {
        self.receipt.as_ref().map_or(Usdc::ZERO, |receipt| receipt.amount)
    }

    /// The transaction, where the server told it.
    pub fn transaction(&self) -> Option<&str> {
        self.receipt.as_ref()?.transaction.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;

    use super::*;

    fn read(body: &str) -> ImageResponse {
        let (headers, body) = (HeaderMap::new(), body.to_owned().into());
        ImageResponse::from_http(PaidResponse { status: 200, headers, body, receipt: None })
    }

    #[test]
    fn known_fields_are_typed_and_unknown_ones_kept() {
        let body = json!({"created": 7, "model": "m", "data": [
            {"url": "https://x.test/a.png", "revised_prompt": "A red boat", "backed_up": true},
            {"b64_json": "AAAA"},
        ]});
        let response = read(&body.to_string());
        assert_eq!((response.created, response.data.len()), (7, 2));
        assert_eq!(response.data[0].url.as_deref(), Some("https://x.test/a.png"));
        assert_eq!(response.data[0].extra["backed_up"], true);
        assert_eq!(response.data[1].b64_json.as_deref(), Some("AAAA"));
        assert_eq!(serde_json::to_value(&response).unwrap(), body);
        assert_eq!((response.cost(), response.transaction()), (Usdc::ZERO, None));
    }

    #[test]
    fn a_surprising_answer_is_handed_over() {
        for body in ["<html>", r#"{"data":"none"}"#, "[]"] {
            assert_eq!((read(body).raw.as_str(), read(body).data.len()), (body, 0));
        }
        let odd = read(r#"{"created":"now","data":[{"url":5,"b64_json":"AA=="},null]}"#);
        assert_eq!((odd.data.len(), odd.data[0].b64_json.as_deref()), (2, Some("AA==")));
    }
}

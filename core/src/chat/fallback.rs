//! What a server says about a model that answered in another's place.

use http::HeaderMap;
use serde::Serialize;

use crate::flow::settlement_skipped;

/// Another model answered than the one that was asked: `X-Fallback-Used`, `X-Fallback-Model` and
/// `X-Settlement-Skipped` of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServerFallback {
    /// The model that answered, where the server tells it.
    pub model: Option<String>,
    /// Whether the server says that it did not take the payment. It is believed when the payment
    /// has expired unused: until then the money stays counted in the budgets.
    pub settlement_skipped: bool,
}

impl ServerFallback {
    /// Reads the headers; `None` when nothing is said.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(|text| text.trim().to_owned());
        let used = text("x-fallback-used").is_some_and(|used| used.eq_ignore_ascii_case("true"));
        let model = text("x-fallback-model").filter(|model| !model.is_empty());
        let settlement_skipped = settlement_skipped(headers);
        (used || model.is_some() || settlement_skipped)
            .then_some(Self { model, settlement_skipped })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_and_their_absence_too() {
        let mut headers = HeaderMap::new();
        assert_eq!(ServerFallback::from_headers(&headers), None);
        headers.insert("x-fallback-used", "True".parse().unwrap());
        let used = ServerFallback::from_headers(&headers).unwrap();
        assert_eq!(used, ServerFallback { model: None, settlement_skipped: false });
        headers.insert("x-fallback-model", "openai/gpt-oss-20b".parse().unwrap());
        headers.insert("x-settlement-skipped", "true".parse().unwrap());
        let skipped = ServerFallback::from_headers(&headers).unwrap();
        assert_eq!(skipped.model.as_deref(), Some("openai/gpt-oss-20b"));
        assert!(skipped.settlement_skipped);
    }
}

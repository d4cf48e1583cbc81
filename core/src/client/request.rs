//! A request to any endpoint below the base address.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde_json::Value;
use url::Url;

use crate::{
    chat::validate,
    error::{Error, Result},
    http::{CallKey, PaidRequest, Replay},
    policy::check_path,
};

/// A request to an endpoint that has no method of its own here.
///
/// ```
/// use blockrun_llm::ApiRequest;
///
/// let request = ApiRequest {
///     query: vec![("limit".into(), "5".into())],
///     ..ApiRequest::get("/v1/pm/polymarket/markets")
/// };
/// ```
#[derive(Clone, Debug)]
pub struct ApiRequest {
    /// HTTP method.
    pub method: Method,
    /// Path below the base address, such as `/v1/search`. Of plain characters; without query,
    /// `..`, an empty segment or an encoded slash.
    pub path: String,
    /// Query, encoded when sent.
    pub query: Vec<(String, String)>,
    /// JSON body; empty for none.
    pub body: Bytes,
    /// Name for the journal and for budgets per model. Default: the `model` of the body, if it has
    /// one.
    pub model: Option<String>,
    /// Idempotency key, as for a chat. Default: made up.
    pub idempotency_key: Option<String>,
    /// Total time. Default: the client's.
    pub timeout: Option<Duration>,
    /// Whether a payment that was sent may be sent again when its answer is lost. Default: yes.
    pub replay: Replay,
}

impl ApiRequest {
    /// A request with this method and path.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            body: Bytes::new(),
            model: None,
            idempotency_key: None,
            timeout: None,
            replay: Replay::Always,
        }
    }

    /// A GET request.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// A POST request with a JSON body.
    pub fn post(path: impl Into<String>, body: &Value) -> Self {
        Self { body: body.to_string().into(), ..Self::new(Method::POST, path) }
    }

    /// What is sent, below a base address.
    pub(super) fn to_paid(&self, api_url: &Url, timeout: Duration) -> Result<PaidRequest> {
        check_path("path", &self.path)?;
        let base = api_url.as_str().trim_end_matches('/');
        let mut url = Url::parse(&format!("{base}{}", self.path))
            .map_err(|cause| Error::argument("path", &format!("{:?}: {cause}", self.path)))?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        validate::timeout(self.timeout)?;
        let timeout = self.timeout.unwrap_or(timeout);
        Ok(PaidRequest {
            body: self.body.clone(),
            model: self.model.clone().or_else(|| model_of(&self.body)),
            key: self.idempotency_key.clone().map_or(CallKey::Random, CallKey::Given),
            replay: self.replay,
            ..PaidRequest::new(self.method.clone(), url, timeout)
        })
    }
}

fn model_of(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Asked {
        model: String,
    }
    serde_json::from_slice(body).ok().map(|asked: Asked| asked.model)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_body_names_the_model_unless_the_caller_does() {
        let model = |request: &ApiRequest| {
            let base = Url::parse("https://a.test/api").unwrap();
            request.to_paid(&base, Duration::from_secs(1)).unwrap().model
        };
        let named = ApiRequest::post("/v1/x", &json!({"model": "m", "messages": []}));
        assert_eq!(model(&named).as_deref(), Some("m"));
        let mine = ApiRequest { model: Some("mine".into()), ..named };
        assert_eq!(model(&mine).as_deref(), Some("mine"));
        for body in [json!({}), json!([]), json!({"model": 7})] {
            assert_eq!(model(&ApiRequest::post("/v1/x", &body)), None);
        }
        assert_eq!(model(&ApiRequest::get("/v1/x")), None);
    }
}

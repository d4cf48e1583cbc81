//! A request to any endpoint below the base address.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde_json::{Value, value::to_raw_value};
use url::Url;

use crate::{
    canonical::members,
    chat::validate,
    error::{Error, Result},
    http::{CallKey, Fallback, PaidRequest, Replay, below},
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
    /// Path below the base address, such as `/v1/search`; `/` is the root of a server. Of plain
    /// characters; without query, `..`, an encoded slash or two slashes in a row.
    pub path: String,
    /// Query, encoded when sent.
    pub query: Vec<(String, String)>,
    /// JSON body; empty for none.
    pub body: Bytes,
    /// Name for the journal and for budgets per model. Default: the `model` of the body, if it has
    /// one.
    pub model: Option<String>,
    /// Models to ask instead, in order, while nothing was signed: the body goes to each with its
    /// own `model`. Default: none.
    pub fallback_models: Vec<String>,
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
            fallback_models: Vec::new(),
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

    /// The same body for another model. What else it says is kept to the last digit; only the order
    /// of its outermost members may change.
    ///
    /// # Errors
    /// `InvalidArgument` when the body is not a JSON object.
    pub fn body_for(&self, model: &str) -> Result<Bytes> {
        let text = String::from_utf8_lossy(&self.body);
        let mut members = members(&text)?;
        let named = to_raw_value(model).map_err(|_| Error::argument("model", "is not text"))?;
        members.insert("model".to_owned(), &named);
        let body = serde_json::to_string(&members);
        let body = body.map_err(|cause| Error::argument("body", &cause.to_string()))?;
        Ok(body.into())
    }

    /// What is sent, below a base address.
    pub(super) fn to_paid(&self, api_url: &Url, timeout: Duration) -> Result<PaidRequest> {
        check_path("path", &self.path)?;
        let mut url = below(api_url, &self.path);
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
            fallbacks: self.fallbacks()?,
            ..PaidRequest::new(self.method.clone(), url, timeout)
        })
    }

    fn fallbacks(&self) -> Result<Vec<Fallback>> {
        let fallback =
            |model: &String| Ok(Fallback { model: model.clone(), body: self.body_for(model)? });
        self.fallback_models.iter().map(fallback).collect()
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

    #[test]
    fn a_fallback_asks_the_same_of_another_model() {
        let text =
            r#"{"model":"a","temperature":0.10000000000000000001,"messages":[{"z":1,"b":2}]}"#;
        let mut request = ApiRequest::new(Method::POST, "/v1/chat/completions");
        request.body = text.into();
        request.fallback_models = vec!["b \"".into()];
        let base = Url::parse("https://a.test/api").unwrap();
        let paid = request.to_paid(&base, Duration::from_secs(1)).unwrap();
        let [fallback] = paid.fallbacks.as_slice() else { panic!("{paid:?}") };
        assert_eq!((paid.body, fallback.model.as_str()), (text.into(), "b \""));
        let body =
            r#"{"messages":[{"z":1,"b":2}],"model":"b \"","temperature":0.10000000000000000001}"#;
        assert_eq!(fallback.body, body);
        request.body = "[]".into();
        assert!(request.to_paid(&base, Duration::from_secs(1)).is_err());
    }
}

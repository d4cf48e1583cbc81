//! Answers that are not the thing asked for, in OpenAI's error shape.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::{observe::Reason, store::StoreError};

/// An HTTP error: `{"error": {"message", "type", "code", "param"}}` with a status.
///
/// The message is for people and says the way out; `code` is for programs and does not change.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    param: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), param: None, headers: Vec::new() }
    }

    /// A request that cannot be served as it is: 400.
    pub(crate) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// Something of ours failed: 500. The cause goes to the log, not to the caller.
    pub(crate) fn internal(cause: &impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        let message = "The gateway failed. Send the same request with the same payment again: a \
                       payment is executed at most once.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
    }

    /// The store failed: 503 when that passes by itself.
    pub(crate) fn of_store(error: &StoreError) -> Self {
        if !error.is_passing() {
            return Self::internal(error);
        }
        tracing::warn!(%error, "the store does not serve");
        let message = "The gateway's database does not answer. Send the same request with the same \
                       payment again: a payment is executed at most once.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", message).retry_after(1)
    }

    /// Names the field of the request that is at fault.
    pub(crate) fn at(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// Tells the client when to come again.
    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        self.with(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The object under `error`.
    pub(crate) fn error_object(&self) -> Value {
        json!({
            "message": self.message,
            "type": self.kind(),
            "code": self.code,
            "param": self.param,
        })
    }

    /// The same as the last event of a stream that breaks off.
    pub(crate) fn event(&self) -> String {
        format!("event: error\ndata: {}\n\n", json!({ "error": self.error_object() }))
    }

    /// OpenAI's family of an error follows from its status and code.
    fn kind(&self) -> &'static str {
        match (self.status, self.code) {
            (StatusCode::PAYMENT_REQUIRED, _) => "payment_error",
            (StatusCode::TOO_MANY_REQUESTS, _) => "rate_limit_error",
            (_, "provider_error") => "provider_error",
            (status, _) if status.is_client_error() => "invalid_request_error",
            _ => "server_error",
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = axum::Json(json!({ "error": self.error_object() }));
        let mut response = (self.status, body).into_response();
        response.headers_mut().extend(self.headers);
        response.extensions_mut().insert(Reason(self.code));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_openais() {
        let problem = Problem::invalid("model_not_found", "no such model").at("model");
        assert_eq!(
            problem.error_object(),
            json!({
                "message": "no such model",
                "type": "invalid_request_error",
                "code": "model_not_found",
                "param": "model",
            })
        );
    }

    #[test]
    fn the_family_follows_the_status() {
        let kind = |status, code| Problem::new(status, code, "").kind();
        assert_eq!(kind(StatusCode::PAYMENT_REQUIRED, "insufficient_funds"), "payment_error");
        assert_eq!(kind(StatusCode::INTERNAL_SERVER_ERROR, "provider_error"), "provider_error");
        assert_eq!(kind(StatusCode::CONFLICT, "authorization_conflict"), "invalid_request_error");
        assert_eq!(kind(StatusCode::SERVICE_UNAVAILABLE, "busy"), "server_error");
    }
}

//! What goes wrong, in the caller's own form.

use axum::response::{IntoResponse, Response};
use blockrun_llm::{Error, ErrorKind, HostError, http::PaidStream};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};

/// What a failed answer says beside its body and is passed on.
const TELLING: [&str; 3] = ["retry-after", "x-should-retry", "x-request-id"];

/// An error, before it has a form.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) status: u16,
    /// In OpenAI's form: `message`, `type`, `code`, `param`, and what became of the money.
    error: Value,
    headers: Box<HeaderMap>,
}

/// In whose form a caller speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    OpenAi,
    Anthropic,
}

impl Form {
    /// By what only one of them sends or asks for.
    pub(super) fn of(path: &str, headers: &HeaderMap) -> Self {
        match path.starts_with("/v1/messages") || headers.contains_key("anthropic-version") {
            true => Self::Anthropic,
            false => Self::OpenAi,
        }
    }
}

impl Problem {
    pub(super) fn new(status: u16, code: &str, message: &str) -> Self {
        let kind = if status < 500 { "invalid_request_error" } else { "api_error" };
        let error = json!({"message": message, "type": kind, "code": code, "param": null});
        Self { status, error, headers: Box::default() }
    }

    /// A request that cannot be asked as it is.
    pub(super) fn invalid(param: &str, message: &str) -> Self {
        let mut problem = Self::new(400, "invalid_value", message);
        problem.error["param"] = param.into();
        problem
    }

    /// What is asked for and not to be had here.
    pub(super) fn unsupported(param: &str, way_out: &str) -> Self {
        let mut problem =
            Self::invalid(param, &format!("{param} is not supported here: {way_out}"));
        problem.error["code"] = "unsupported".into();
        problem
    }

    /// The error that an answer of another status than 2xx is.
    pub(super) fn answered(stream: &mut PaidStream) -> Self {
        let body = stream.take_whole().unwrap_or_default();
        let mut problem = Self::of_body(stream.status, &body);
        for name in TELLING {
            if let Some(value) = stream.headers.get(name) {
                problem.headers.insert(HeaderName::from_static(name), value.clone());
            }
        }
        problem
    }

    fn of_body(status: u16, body: &Bytes) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let status = if status < 400 { 502 } else { status };
        match json.get("error") {
            Some(error @ Value::Object(_)) => {
                Self { status, error: error.clone(), headers: Box::default() }
            }
            Some(Value::String(message)) => Self::new(status, "api_error", message),
            _ => {
                let said: String = String::from_utf8_lossy(body).chars().take(400).collect();
                Self::new(status, "api_error", &format!("the endpoint answered {status}: {said}"))
            }
        }
    }

    pub(super) fn is(&self, kind: ErrorKind) -> bool {
        self.error["code"] == kind.code()
    }

    pub(super) fn message(&self) -> &str {
        self.error.get("message").and_then(Value::as_str).unwrap_or("no reason given")
    }

    /// The body in a form.
    pub(super) fn body(&self, form: Form) -> Value {
        match form {
            Form::OpenAi => json!({"error": self.error}),
            Form::Anthropic => {
                let mut error = json!({"type": self.anthropic_type(), "message": self.message()});
                for name in ["code", "param", "payment", "key"] {
                    if let Some(value) = self.error.get(name).filter(|value| !value.is_null()) {
                        error[name] = value.clone();
                    }
                }
                json!({"type": "error", "error": error})
            }
        }
    }

    /// Anthropic's names of errors go by the status.
    const fn anthropic_type(&self) -> &'static str {
        match self.status {
            401 => "authentication_error",
            402 => "billing_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            503 | 529 => "overloaded_error",
            504 => "timeout_error",
            500.. => "api_error",
            _ => "invalid_request_error",
        }
    }

    /// The answer in a form.
    pub(super) fn response(&self, form: Form) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_GATEWAY);
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::clone(&self.headers);
        (status, headers, [(CONTENT_TYPE, json)], self.body(form).to_string()).into_response()
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let HostError { status, error } = HostError::new(error);
        Self { status, error, headers: Box::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_callers_form_and_says_what_became_of_the_money() {
        let error = Error::new(ErrorKind::PaymentOutcomeUnknown, "lost").with_key("k");
        let problem = Problem::from(&error);
        let openai = problem.body(Form::OpenAi);
        assert_eq!(openai["error"]["code"], "PAYMENT_OUTCOME_UNKNOWN");
        assert_eq!(openai["error"]["payment"]["state"], "not_charged");
        let anthropic = problem.body(Form::Anthropic);
        assert_eq!(
            (&anthropic["type"], &anthropic["error"]["key"]),
            (&json!("error"), &json!("k"))
        );
        assert_eq!(anthropic["error"]["type"], "invalid_request_error");
        assert_eq!(
            Problem::new(402, "x", "y").body(Form::Anthropic)["error"]["type"],
            "billing_error"
        );
    }

    #[test]
    fn whatever_an_endpoint_answers_becomes_an_error() {
        for (body, message) in [
            (r#"{"error":{"message":"no such model","code":7}}"#, "no such model"),
            (r#"{"error":"flat"}"#, "flat"),
            ("<html>", "the endpoint answered 502: <html>"),
            ("", "the endpoint answered 502: "),
        ] {
            let problem = Problem::of_body(302, &Bytes::from_static(body.as_bytes()));
            assert_eq!((problem.status, problem.message()), (502, message));
        }
    }
}

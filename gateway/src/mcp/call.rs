//! `tools/call`.

use std::sync::Arc;

use axum::{
    body::to_bytes,
    http::request::Parts,
    response::{IntoResponse, Response},
};
use blockrun_llm::x402::{IDEMPOTENCY_KEY, PAYMENT_SIGNATURE, RECOVERY, X_PAYMENT, encode_header};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use serde_json::{Value, json};

use super::{
    answer::{Said, result},
    failed,
    message::WRONG,
    succeeded, tool,
};
use crate::{
    app::App,
    discovery::Endpoint,
    problem::Problem,
    sale::{self, Order},
};

/// What is told beside a payment, and the header that says the same.
const OURS: [(&str, &str); 2] =
    [("blockrun/idempotency-key", IDEMPOTENCY_KEY), ("blockrun/recovery", RECOVERY)];
/// Longest answer that is handed on: well above what a model writes, or draws.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Sells what a tool is called for, and says what came of it.
pub(crate) async fn call(app: Arc<App>, id: &Value, params: &Value, parts: &Parts) -> Value {
    let name = params["name"].as_str().unwrap_or_default();
    let Some(endpoint) = tool::named(name) else {
        return failed(id, WRONG, &format!("there is no tool {name:?}: tools/list names them"));
    };
    let arguments = match &params["arguments"] {
        Value::Null => json!({}),
        Value::Object(_) => params["arguments"].clone(),
        _ => return failed(id, WRONG, "arguments must be an object"),
    };
    if arguments["stream"] == true {
        return failed(id, WRONG, "stream: a tool answers whole; leave it out");
    }
    let headers = match headers(&parts.headers, &params["_meta"]) {
        Ok(headers) => headers,
        Err(problem) => return failed(id, WRONG, &problem),
    };
    let response = sold(app, endpoint, parts, headers, arguments.to_string().into()).await;
    succeeded(id, &result(endpoint, &said(response).await))
}

/// The response of the same order over HTTP.
async fn sold(
    app: Arc<App>,
    endpoint: Endpoint,
    parts: &Parts,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut ordered = parts.clone();
    // A tool is a place of its own, below that of its server: what is bought there is not bought at
    // the path of HTTP.
    let path = format!("{}/{}", parts.uri.path(), tool::name(endpoint));
    (ordered.method, ordered.headers) = (Method::POST, headers);
    ordered.uri = Uri::try_from(path).unwrap_or_default();
    let order = match endpoint {
        Endpoint::Chat => Order::chat(&app, &ordered, body),
        Endpoint::Images => Order::images(&app, &ordered, body),
    };
    let response = match order {
        Ok(order) => sale::serve(app, order, &ordered.headers).await,
        Err(problem) => Err(problem),
    };
    response.unwrap_or_else(IntoResponse::into_response)
}

/// The headers that say what `_meta` does, with those of the request that say where it came to.
fn headers(asked: &HeaderMap, meta: &Value) -> Result<HeaderMap, String> {
    let mut headers = asked.clone();
    for name in [PAYMENT_SIGNATURE, X_PAYMENT, IDEMPOTENCY_KEY, RECOVERY, "last-event-id"] {
        headers.remove(name);
    }
    let payment = &meta["x402/payment"];
    if !payment.is_null() {
        let name = if payment["x402Version"] == 1 { X_PAYMENT } else { PAYMENT_SIGNATURE };
        headers.insert(name, value("x402/payment", &encode_header(&payment.to_string()))?);
    }
    for (key, name) in OURS {
        match &meta[key] {
            Value::Null => {}
            Value::String(text) => drop(headers.insert(name, value(key, text)?)),
            _ => return Err(format!("_meta: {key} must be a string")),
        }
    }
    Ok(headers)
}

fn value(key: &str, text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| format!("_meta: {key} must be plain text"))
}

async fn said(response: Response) -> Said {
    let (head, body) = response.into_parts();
    let read = to_bytes(body, MAX_ANSWER).await.map_err(|cause| cause.to_string());
    let body =
        read.and_then(|body| serde_json::from_slice(&body).map_err(|cause| cause.to_string()));
    let (status, body) = match body {
        Ok(body) => (head.status.as_u16(), body),
        Err(cause) => (500, json!({"error": Problem::internal(&cause).error_object()})),
    };
    let retry_after = head.headers.get(header::RETRY_AFTER).and_then(|text| text.to_str().ok());
    let retry_after = retry_after.and_then(|seconds| seconds.parse().ok());
    Said { status, headers: head.headers, retry_after, body }
}

//! Which path leads where, and who passes.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Uri,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ORIGIN, VARY,
    },
};
use serde_json::{Value, json};

use super::{
    app::App,
    chat, images, messages, models,
    problem::{Form, Problem},
    responses,
};
use crate::serve::{Guard, Refusal};

/// Largest request: some pictures in base64.
const MAX_BODY: usize = 32 * 1024 * 1024;
/// What a page may send; the star does not stand for the first.
const PAGE_HEADERS: HeaderValue = HeaderValue::from_static("authorization, *");
/// What anybody may see who does not come from a page.
const OPEN: &str = "/health";

/// All routes of a proxy, behind its guard.
pub(super) fn router(app: Arc<App>, guard: Guard) -> Router {
    let guard = Arc::new(guard);
    Router::new()
        .route("/v1/chat/completions", post(chat::completions))
        .route("/v1/images/generations", post(images::generations))
        .route("/v1/messages", post(messages::create))
        .route("/v1/messages/count_tokens", post(messages::count))
        .route("/v1/responses", post(responses::create))
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::find))
        .route(OPEN, get(health))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(app)
        .layer(from_fn(move |request, next| pass(Arc::clone(&guard), request, next)))
}

async fn pass(guard: Arc<Guard>, request: Request, next: Next) -> Response {
    let (uri, headers) = (request.uri(), request.headers());
    let origin = headers.get(ORIGIN).filter(|origin| guard.allows(origin)).cloned();
    let open = uri.path() == OPEN || guard.is_preflight(request.method(), headers);
    let checked = match open {
        true => guard.check_source(uri, headers),
        false => guard.check(uri, headers),
    };
    let mut response = match checked {
        Ok(()) if guard.is_preflight(request.method(), headers) => {
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(()) => next.run(request).await,
        Err(Refusal { status, message }) => {
            let code = if status == 401 { "invalid_api_key" } else { "forbidden" };
            Problem::new(status, code, &message).response(Form::of(uri.path(), headers))
        }
    };
    if let Some(origin) = origin {
        let head = response.headers_mut();
        head.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        head.insert(ACCESS_CONTROL_ALLOW_HEADERS, PAGE_HEADERS);
        head.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        head.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
        head.insert(VARY, HeaderValue::from_static("origin"));
    }
    response
}

async fn health() -> Json<Value> {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

async fn unknown_path(uri: Uri, headers: HeaderMap) -> Response {
    let message = format!(
        "There is nothing at {}; there are /v1/chat/completions, /v1/messages, /v1/responses, \
         /v1/images/generations, /v1/models and /health.",
        uri.path()
    );
    Problem::new(404, "not_found", &message).response(Form::of(uri.path(), &headers))
}

async fn wrong_method(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let message = format!("{} does not take {method}.", uri.path());
    let problem = Problem::new(405, "method_not_allowed", &message);
    problem.response(Form::of(uri.path(), &headers))
}

//! Which path leads where, and who passes.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    response::Response,
    routing::{get, post},
};
use http::{HeaderMap, Method, Uri};
use serde_json::{Value, json};

use super::{
    app::App,
    chat, images, messages, models,
    problem::{Form, Problem},
    responses,
};
use crate::serve::{Guard, Refusal, guarded};

/// Largest request: some pictures in base64.
const MAX_BODY: usize = 32 * 1024 * 1024;
/// What anybody may see who does not come from a page.
const OPEN: &str = "/health";

/// All routes of a proxy, behind its guard.
pub(super) fn router(app: Arc<App>, guard: Guard) -> Router {
    let router = Router::new()
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
        .with_state(app);
    guarded(router, guard, Some(OPEN), refused)
}

fn refused(uri: &Uri, headers: &HeaderMap, refusal: &Refusal) -> Response {
    let code = if refusal.status == 401 { "invalid_api_key" } else { "forbidden" };
    let problem = Problem::new(refusal.status, code, &refusal.message);
    problem.response(Form::of(uri.path(), headers))
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

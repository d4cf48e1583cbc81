//! `POST /mcp`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::Request,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::json;

use super::body;
use crate::{
    app::App,
    mcp::{self, Message, Spoken, failed, succeeded},
    problem::Problem,
};

/// There is no such method (JSON-RPC 2.0).
const NO_METHOD: i64 = -32_601;

/// One message of the Model Context Protocol, and its answer. Errors of a message are JSON-RPC's, with
/// status 200; what is not to be answered is a 202.
pub(super) async fn serve(
    State(app): State<Arc<App>>,
    request: Request<axum::body::Body>,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = body::read(&app.config, &parts.headers, body).await?;
    let (id, Message { method, params, .. }) = match Spoken::read(&body) {
        Spoken::Request(id, message) => (id, message),
        Spoken::Nothing => return Ok(StatusCode::ACCEPTED.into_response()),
        Spoken::Wrong(error) => return Ok(Json(error).into_response()),
    };
    let stock = app.shelf.stock();
    let answer = match method.as_str() {
        "initialize" => succeeded(&id, &mcp::greeting(&params, &stock)),
        "ping" => succeeded(&id, &json!({})),
        "tools/list" => succeeded(&id, &mcp::list(&stock)),
        "tools/call" => mcp::call(app, &id, &params, &parts).await,
        _ => failed(&id, NO_METHOD, &format!("there is no method {method:?} here")),
    };
    Ok(Json(answer).into_response())
}

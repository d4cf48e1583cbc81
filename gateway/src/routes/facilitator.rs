//! `POST /verify`, `POST /settle` and `GET /supported`, where this gateway is a facilitator.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::Request,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use blockrun_llm::x402::{IDEMPOTENCY_KEY, InvalidReason};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::Value;

use super::body;
use crate::{
    app::App,
    facilitator::{self, Asked, Facilitator, SettleReply, Unasked, VerifyReply},
    problem::Problem,
    settlement::Unavailable,
};

/// Longest name of a settlement.
const MAX_NAME: usize = 128;

/// The routes of a facilitator.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/verify", post(verify))
        .route("/settle", post(settle))
        .route("/supported", get(supported))
}

/// What can be settled here; open to everybody.
async fn supported(State(app): State<Arc<App>>) -> Json<Value> {
    Json(facilitator::supported(&app.config))
}

/// Whether a payment would be settled. Changes nothing.
async fn verify(State(app): State<Arc<App>>, request: Request<Body>) -> Result<Response, Problem> {
    let (options, _, body) = admitted(&app, request).await?;
    let asked = match Asked::read(&body) {
        Ok(asked) => asked,
        Err(why) => return Ok(unasked(why, |reason| VerifyReply::refused(reason, None))),
    };
    Ok(match facilitator::verify(&app, &options, &asked).await {
        Ok(reply) => answer(StatusCode::OK, reply),
        Err(error) => {
            later(&error, "unexpected_verify_error", |reason| VerifyReply::refused(reason, None))
        }
    })
}

/// Settles a payment. What was begun is finished, whether or not the caller waits for it.
async fn settle(State(app): State<Arc<App>>, request: Request<Body>) -> Result<Response, Problem> {
    let (options, headers, body) = admitted(&app, request).await?;
    let name = name(&headers)?;
    let asked = match Asked::read(&body) {
        Ok(asked) => asked,
        Err(why) => return Ok(unasked(why, SettleReply::unread)),
    };
    let working = Arc::clone(&app);
    let work =
        async move { facilitator::settle(&working, &options, &asked, name.as_deref()).await };
    let told = match app.tasks.run(Box::pin(work)).await {
        Ok(Ok(told)) => told.tell(&app).await,
        Ok(Err(error)) => Err(error),
        Err(panic) => return Err(Problem::internal(&panic)),
    };
    Ok(match told {
        Ok(reply) => answer(StatusCode::OK, reply),
        Err(error) => later(&error, "unexpected_settle_error", SettleReply::unread),
    })
}

/// The body of a caller that may ask.
async fn admitted(
    app: &App,
    request: Request<Body>,
) -> Result<(Facilitator, HeaderMap, bytes::Bytes), Problem> {
    let (parts, body) = request.into_parts();
    // Without options there is no route to here.
    let options = app.config.facilitator.clone().unwrap_or_default();
    if !options.admits(&parts.headers) {
        let message = "This facilitator wants its token: send Authorization: Bearer and the token.";
        let problem = Problem::new(StatusCode::UNAUTHORIZED, "invalid_token", message);
        return Err(problem.with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
    }
    let body = body::read(&app.config, &parts.headers, body).await?;
    Ok((options, parts.headers, body))
}

/// The caller's name for a settlement.
fn name(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let name = value.to_str().ok().filter(|name| !name.is_empty() && name.len() <= MAX_NAME);
    match name {
        Some(name) => Ok(Some(name.to_owned())),
        None => {
            let message = "Idempotency-Key must be 1 to 128 visible ASCII characters.";
            Err(Problem::invalid("invalid_idempotency_key", message).at(IDEMPOTENCY_KEY))
        }
    }
}

/// An answer that no cache keeps.
fn answer(status: StatusCode, reply: impl Serialize) -> Response {
    let mut response = (status, Json(reply)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A payment that says nothing is a refused one; anything else is a bad request.
fn unasked<R: Serialize>(why: Unasked, refuse: impl Fn(InvalidReason) -> R) -> Response {
    match why {
        Unasked::Invalid(reason) => answer(StatusCode::OK, refuse(reason)),
        Unasked::Unreadable(problem) => {
            let reason = InvalidReason::new("invalid_payload", problem);
            answer(StatusCode::BAD_REQUEST, refuse(reason))
        }
    }
}

/// Nobody could be asked, and nothing was sent: the same request may come again.
fn later<R: Serialize>(
    error: &Unavailable,
    code: &'static str,
    refuse: impl Fn(InvalidReason) -> R,
) -> Response {
    tracing::warn!(%error, "a facilitator's caller was sent away");
    let detail = "nothing can be asked or settled right now, and nothing was sent; ask again";
    let reply = refuse(InvalidReason::new(code, detail));
    let mut response = answer(StatusCode::SERVICE_UNAVAILABLE, reply);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(2));
    response
}

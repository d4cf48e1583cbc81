//! Which path leads where.

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use http::{Method, StatusCode, Uri};

use super::{
    admin, answers, chat, facilitator, health, images, models, pricing, quote, rpc, transactions,
};
use crate::{app::App, problem::Problem};

/// All routes of a gateway. The router itself is the gate: a path that it does not know reaches
/// nothing, however it is spelled.
pub(crate) fn router(app: Arc<App>) -> Router {
    let router =
        if app.config.facilitator.is_some() { facilitator::routes() } else { Router::new() };
    router
        .route("/api/v1/chat/completions", post(chat::completions))
        .route("/api/v1/images/generations", post(images::generations))
        .route("/api/v1/images/{file}", get(images::picture))
        .route("/api/v1/answers/{payment_id}", get(answers::recover))
        .route("/api/v1/models", get(models::list))
        .route("/api/v1/quote", post(quote::quote))
        .route("/api/pricing", get(pricing::pricing))
        .route("/admin/revenue", get(admin::revenue))
        .route("/health", get(health::health))
        .route("/practice/transactions/{id}", get(transactions::explain))
        .route("/practice/rpc", post(rpc::serve))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
}

async fn unknown_path(uri: Uri) -> Problem {
    let message = format!(
        "There is nothing at {}; chat is at /api/v1/chat/completions, images at \
         /api/v1/images/generations, models at /api/v1/models.",
        uri.path()
    );
    Problem::new(StatusCode::NOT_FOUND, "not_found", message)
}

async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let message = format!("{} does not take {method}.", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}

//! Which path leads where.

use std::sync::Arc;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use tower_http::set_header::SetResponseHeaderLayer;

use super::{
    admin, answers, chat, cors, dashboard, documents, facilitator, health, images, mcp, metrics,
    models, pricing, quote, ready, rpc, transactions,
};
use crate::{app::App, observe::watch, problem::Problem, traffic::at_the_gate};

/// All routes of a gateway. The router itself is the gate: a path that it does not know reaches
/// nothing, however it is spelled. Every route but those of the operator is in `openapi.json`; a test
/// compares them.
pub(crate) fn router(app: Arc<App>) -> Router {
    // What says nothing of caches is for none.
    let no_store = HeaderValue::from_static("no-store");
    let facilitator =
        if app.config.facilitator.is_some() { facilitator::routes() } else { Router::new() };
    let gate = from_fn_with_state(Arc::clone(&app), at_the_gate);
    let others = own().merge(facilitator).method_not_allowed_fallback(wrong_method);
    others
        .fallback(unknown_path)
        .layer(gate.clone())
        // A page may read that it asks too often.
        .merge(public().route_layer(gate).route_layer(cors::cors(&app)))
        .merge(health().route_layer(cors::cors(&app)))
        .merge(operator())
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, no_store))
        .layer(from_fn_with_state(Arc::clone(&app), watch))
        .with_state(app)
}

/// What anybody may ask, from any program and, where the settings let them, from web pages.
fn public() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/chat/completions", post(chat::completions))
        .route("/api/v1/images/generations", post(images::generations))
        .route("/api/v1/images/{file}", get(images::picture))
        .route("/api/v1/answers/{payment_id}", get(answers::recover))
        .route("/api/v1/models", get(models::list))
        .route("/api/v1/quote", post(quote::quote))
        .route("/mcp", post(mcp::serve))
        .route("/api/pricing", get(pricing::pricing))
        .route("/.well-known/x402", get(documents::manifest))
        .route("/discovery/resources", get(documents::resources))
        .route("/discovery/search", get(documents::search))
        .route("/openapi.json", get(documents::openapi))
        .method_not_allowed_fallback(wrong_method)
}

/// What is asked so often, and costs so little, that nobody's limit counts it.
fn health() -> Router<Arc<App>> {
    Router::new()
        .route("/health", get(health::health))
        .route("/ready", get(ready::ready))
        .method_not_allowed_fallback(wrong_method)
}

/// What only whoever runs the gateway may see, without a limit.
fn operator() -> Router<Arc<App>> {
    Router::new()
        .route("/admin/revenue", get(admin::revenue))
        .route("/dashboard", get(dashboard::dashboard))
        .route("/metrics", get(metrics::metrics))
        .method_not_allowed_fallback(wrong_method)
}

/// What no script of a web page may read.
fn own() -> Router<Arc<App>> {
    Router::new()
        .route("/practice/transactions/{id}", get(transactions::explain))
        .route("/practice/rpc", post(rpc::serve))
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

//! Which path leads where.

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use tower_http::set_header::SetResponseHeaderLayer;

use super::{
    admin, answers, chat, cors, documents, facilitator, health, images, models, pricing, quote,
    rpc, transactions,
};
use crate::{app::App, problem::Problem};

/// All routes of a gateway. The router itself is the gate: a path that it does not know reaches
/// nothing, however it is spelled. Every route but those of the operator is in `openapi.json`; a test
/// compares them.
pub(crate) fn router(app: Arc<App>) -> Router {
    // What says nothing of caches is for none.
    let no_store = HeaderValue::from_static("no-store");
    let facilitator =
        if app.config.facilitator.is_some() { facilitator::routes() } else { Router::new() };
    Router::new()
        .merge(public().route_layer(cors::cors(&app)))
        .merge(own().merge(facilitator).method_not_allowed_fallback(wrong_method))
        .fallback(unknown_path)
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, no_store))
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
        .route("/api/pricing", get(pricing::pricing))
        .route("/.well-known/x402", get(documents::manifest))
        .route("/discovery/resources", get(documents::resources))
        .route("/openapi.json", get(documents::openapi))
        .route("/health", get(health::health))
        .method_not_allowed_fallback(wrong_method)
}

/// What no script of a web page may read.
fn own() -> Router<Arc<App>> {
    Router::new()
        .route("/admin/revenue", get(admin::revenue))
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

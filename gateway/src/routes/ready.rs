//! `GET /ready`, for whoever distributes requests to gateways.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde_json::json;
use tokio::time::timeout;

use crate::app::App;

/// How long the store or the settlement may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Ready means that a new call would be sold: 200, else 503, and what is missing in words.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    let (store, settlement) = tokio::join!(store(&app), settlement(&app));
    let checks = [
        ("draining", if app.is_draining() { "the gateway is being stopped" } else { "ok" }),
        ("store", store),
        ("settlement", settlement),
        ("upstreams", upstreams(&app)),
    ];
    let ready = checks.iter().all(|(_, state)| *state == "ok");
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut body = json!({ "ready": ready });
    for (name, state) in checks {
        body[name] = state.into();
    }
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn store(app: &App) -> &'static str {
    match timeout(PATIENCE, app.store.run(|_| Ok(()))).await {
        Ok(Ok(())) => "ok",
        Ok(Err(error)) => {
            tracing::error!(%error, "the store does not work");
            "the store does not work"
        }
        Err(_) => "the store takes too long",
    }
}

async fn settlement(app: &App) -> &'static str {
    match timeout(PATIENCE, app.settlement.ready()).await {
        Ok(Ok(())) => "ok",
        Ok(Err(error)) => {
            tracing::warn!(%error, "the settlement cannot be asked");
            "payments cannot be settled"
        }
        Err(_) => "the settlement takes too long",
    }
}

fn upstreams(app: &App) -> &'static str {
    let all = app.shelf.stock().provider.upstreams();
    if all.is_empty() || all.iter().any(|one| !one.resting) { "ok" } else { "all of them fail" }
}

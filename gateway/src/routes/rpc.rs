//! `POST /practice/rpc`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::Request,
    response::{IntoResponse, Response},
};
use http::StatusCode;

use super::body;
use crate::{
    app::{App, now},
    problem::Problem,
    rpc,
};

/// One request or a batch, answered from one state of the ledger.
pub(super) async fn serve(
    State(app): State<Arc<App>>,
    request: Request<axum::body::Body>,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = body::read(&app.config, &parts.headers, body).await?;
    let ledger = app.practice.ok_or_else(not_practice)?;
    let answer =
        app.store.run(move |db| Ok(rpc::answer(&rpc::Chain { db, ledger, now: now() }, &body)));
    let answer = answer.await.map_err(|error| Problem::of_store(&error))?;
    // Nothing but notifications: nothing to say.
    Ok(answer.map_or(StatusCode::NO_CONTENT.into_response(), |answer| Json(answer).into_response()))
}

fn not_practice() -> Problem {
    let message = "This gateway settles on a chain; ask a node of that chain.";
    Problem::new(StatusCode::NOT_FOUND, "not_found", message)
}

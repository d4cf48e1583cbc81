//! `POST /api/v1/quote`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::Request,
    response::{IntoResponse, Response},
};
use http::header;

use super::body;
use crate::{app::App, problem::Problem, sale};

/// What the body would cost at the path that it is for; a 200, and nothing is bought or bound.
pub(super) async fn quote(
    State(app): State<Arc<App>>,
    request: Request<axum::body::Body>,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = body::read(&app.config, &parts.headers, body).await?;
    let estimate = sale::estimate(&app, &body)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(estimate)).into_response())
}

//! `POST /api/v1/quote`.

use std::sync::Arc;

use axum::{Json, extract::State, http::Request};
use serde_json::Value;

use super::body;
use crate::{app::App, problem::Problem, sale};

/// What the body would cost at the path that it is for; a 200, and nothing is bought or bound.
pub(super) async fn quote(
    State(app): State<Arc<App>>,
    request: Request<axum::body::Body>,
) -> Result<Json<Value>, Problem> {
    let (parts, body) = request.into_parts();
    let body = body::read(&app.config, &parts.headers, body).await?;
    sale::estimate(&app, &body).map(Json)
}

//! `GET /api/v1/answers/{payment_id}`.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;

use crate::{app::App, problem::Problem, sale};

pub(super) async fn recover(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    sale::recover(&app, id, &headers).await
}

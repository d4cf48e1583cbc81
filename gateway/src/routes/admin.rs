//! `GET /admin/revenue`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};

use crate::{
    admin,
    app::App,
    problem::Problem,
    revenue::{RevenueQuery, RevenueReport},
};

/// What was earned; `by`, `from` and `to` as [`RevenueQuery`] has them.
pub(super) async fn revenue(
    State(app): State<Arc<App>>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    admin::admit(&app, &headers)?;
    let query = RevenueQuery::from_pairs(&pairs)
        .map_err(|error| Problem::invalid("invalid_query", error.to_string()))?;
    let report = RevenueReport::from_store(&app.store, query).await;
    let report = report.map_err(|error| Problem::of_store(&error))?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(report)).into_response())
}

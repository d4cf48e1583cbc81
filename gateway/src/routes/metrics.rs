//! `GET /metrics`, for Prometheus.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};

use crate::{
    admin,
    app::App,
    observe::{CONTENT_TYPE, Kept},
    problem::Problem,
    sales,
};

/// What was counted since the start, in OpenMetrics' text form.
pub(super) async fn metrics(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    admin::admit(&app, &headers)?;
    let look =
        |db: &_| Ok(Kept { unknown: sales::unknown_count(db)?, stored: sales::stored_bytes(db)? });
    let kept = app.store.run(look).await.map_err(|error| Problem::of_store(&error))?;
    let upstreams = app.shelf.stock().provider.upstreams();
    let text = app.metrics.text(&upstreams, kept, app.settlement.gas());
    let text = text.map_err(|error| Problem::internal(&error))?;
    let head = [(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")];
    Ok((head, text).into_response())
}

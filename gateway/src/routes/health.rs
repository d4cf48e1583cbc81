//! `GET /health`.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::{app::App, problem::Problem};

/// Healthy means: the store answers.
pub(super) async fn health(State(app): State<Arc<App>>) -> Result<Json<Value>, Problem> {
    let version = app.store.run(|db| Ok(db.query_row("SELECT 1", [], |row| row.get::<_, i64>(0))?));
    version.await.map_err(|error| Problem::internal(&error))?;
    Ok(Json(json!({
        "status": "ok",
        "mode": if app.practice.is_some() { "practice" } else { "onchain" },
        "version": env!("CARGO_PKG_VERSION"),
        "network": app.terms.network.caip2,
    })))
}

//! `GET /health`.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::{app::App, problem::Problem, settlement::Gas};

/// Healthy means: the store answers. `gas` is what is left to settle with, `null` in practice mode.
pub(super) async fn health(State(app): State<Arc<App>>) -> Result<Json<Value>, Problem> {
    let version = app.store.run(|db| Ok(db.query_row("SELECT 1", [], |row| row.get::<_, i64>(0))?));
    version.await.map_err(|error| Problem::internal(&error))?;
    let gas = app.settlement.gas().map(|gas| {
        let Gas { account, wei, settlements } = gas;
        json!({"account": account, "wei": wei.to_string(), "settlements": settlements})
    });
    Ok(Json(json!({
        "status": "ok",
        "mode": if app.practice.is_some() { "practice" } else { "onchain" },
        "version": env!("CARGO_PKG_VERSION"),
        "network": app.terms.network.caip2,
        "gas": gas,
    })))
}

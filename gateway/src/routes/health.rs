//! `GET /health`.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::{app::App, problem::Problem, settlement::Gas};

/// Healthy means: the store answers. `gas` is what is left to settle with, `null` in practice mode.
pub(super) async fn health(State(app): State<Arc<App>>) -> Result<Json<Value>, Problem> {
    let version = app.store.run(|db| db.exists("SELECT 1", &[]));
    version.await.map_err(|error| Problem::of_store(&error))?;
    let gas = app.settlement.gas().map(|gas| {
        let Gas { account, wei, settlements } = gas;
        json!({"account": account, "wei": wei.to_string(), "settlements": settlements})
    });
    Ok(Json(json!({
        "status": "ok",
        "mode": app.config.mode(),
        "version": env!("CARGO_PKG_VERSION"),
        "network": app.terms.network.caip2,
        "gas": gas,
    })))
}

//! `GET /practice/transactions/{id}`: what happened, for people.

use std::sync::Arc;

use alloy::primitives::B256;
use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::{app::App, ledger::Record, problem::Problem};

/// Explains a settlement.
pub(super) async fn explain(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let txid: B256 = id.parse().map_err(|_| {
        let message = "A transaction id is 0x and 64 hexadecimal digits.";
        Problem::invalid("invalid_transaction_id", message).at("id")
    })?;
    let found = app.store.run(move |db| Record::get(db, txid)).await;
    let record = found.map_err(|error| Problem::of_store(&error))?.ok_or_else(|| {
        let message = "This gateway made no such transaction.";
        Problem::new(StatusCode::NOT_FOUND, "transaction_not_found", message)
    })?;
    Ok(Json(describe(&app, &record)))
}

fn describe(app: &App, record: &Record) -> Value {
    json!({
        "transaction": record.txid.to_string(),
        "practice": true,
        "summary": format!(
            "{} paid {} test USDC to {} for {}",
            record.payer, record.value, record.payee, record.purchase
        ),
        "purchase": record.purchase,
        "payer": record.payer.to_string(),
        "payee": record.payee.to_string(),
        "amount": {"micro": record.value.micro().to_string(), "usdc": record.value.to_string()},
        "nonce": record.nonce.to_string(),
        "network": app.terms.network.caip2,
        "asset": app.terms.network.usdc.to_string(),
        "block": {
            "number": record.block,
            "hash": record.block_hash.to_string(),
            "time": record.time,
        },
    })
}

//! `GET /api/pricing`: everything a client needs to know a price before it asks.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::Response};
use blockrun_llm::{quote::RULE, x402::Version};
use serde_json::{Value, json};

use super::{cached::cached, models};
use crate::{
    app::{App, now},
    catalog::{Model, PictureKind, Price},
};

/// How long published prices hold, counted from the minute in which they are asked for: within one the
/// document stays the same.
const VALIDITY_SECONDS: u64 = 3_660;
const MINUTE: u64 = 60;

/// The rule, its parameters, the rates in integer micro-USDC, and how payments must look.
pub(super) async fn pricing(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let versions = [Version::V2, Version::V1].into_iter();
    let versions = versions.filter(|version| app.terms.protocols.offers(*version));
    let stock = app.shelf.stock();
    let document = json!({
        "rule": RULE,
        "parameters": stock.rule,
        "models": stock.catalog.listed().map(rates).collect::<Vec<_>>(),
        "x402Versions": versions.map(Version::number).collect::<Vec<_>>(),
        "accepts": [app.terms.template()],
        "expires": now() / MINUTE * MINUTE + VALIDITY_SECONDS,
    });
    cached(&headers, &document)
}

/// A row of the list of models, with its rates.
fn rates(model: &Model) -> Value {
    let mut row = models::row(model);
    row["alias"] = model.bare_id().into();
    match &model.price {
        Price::Tokens { input, output } => row["rates"] = json!({"input": input, "output": output}),
        Price::Pictures(kinds) => row["pictures"] = kinds.iter().map(picture).collect(),
        Price::Free => row["free"] = true.into(),
    }
    row
}

fn picture(kind: &PictureKind) -> Value {
    json!({"size": kind.size.to_string(), "quality": kind.quality, "price": kind.price})
}

//! `GET /api/v1/models`.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::Response};
use serde_json::{Value, json};

use super::cached::cached;
use crate::{
    app::App,
    catalog::{Model, Price},
};

/// The models in OpenAI's list form, with prices in dollars per million tokens before the margin
/// (`pricing.flat`: a picture of the default kind), limits and categories.
pub(super) async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let data: Vec<_> = app.shelf.stock().catalog.listed().map(row).collect();
    cached(&headers, &json!({"object": "list", "data": data}))
}

pub(super) fn row(model: &Model) -> Value {
    let dollars = |micro: u64| micro as f64 / 1e6;
    let (pricing, mode) = match &model.price {
        Price::Tokens { input, output } => {
            (json!({"input": dollars(*input), "output": dollars(*output)}), "paid")
        }
        Price::Pictures(kinds) => {
            (json!({"flat": kinds.first().map(|kind| dollars(kind.price))}), "flat")
        }
        Price::Free => (json!({"input": 0.0, "output": 0.0}), "free"),
    };
    json!({
        "id": model.id,
        "object": "model",
        "created": 0,
        "owned_by": model.provider,
        "name": model.name,
        "provider": model.provider,
        "description": model.description,
        "pricing": pricing,
        "billing_mode": mode,
        "context_window": model.context,
        "max_output": model.max_output,
        "categories": model.categories,
        "available": true,
    })
}

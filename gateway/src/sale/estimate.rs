//! What a request would cost, for those who only ask.

use blockrun_llm::Usdc;
use serde_json::{Value, json};

use super::goods::Goods;
use crate::{app::App, problem::Problem};

/// The price that a request has now, and the counts behind it. Checked like the request itself.
pub(crate) fn estimate(app: &App, body: &[u8]) -> Result<Value, Problem> {
    let Goods { model, amount, description, basis, .. } = Goods::any(app, body)?;
    let price = amount.unwrap_or(Usdc::from_micro(0));
    Ok(json!({
        "model": model.id,
        "free": amount.is_none(),
        "amount": price.micro().to_string(),
        "price": {"amount": price.to_string(), "currency": "USD"},
        "description": description,
        "quote": basis,
    }))
}

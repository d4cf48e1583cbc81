//! `GET /discovery/search`: what is sold, by words, as the bazaar clients of x402 ask for it.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::{Endpoint, Query, listing::items};
use crate::{offer::Terms, problem::Problem, stock::Stock};

/// The endpoints that have any of the words, those with most of them first. There are so few that
/// there are no pages: no cursor is ever given.
pub(crate) fn search(
    stock: &Stock,
    terms: &Terms,
    origin: &str,
    query: &Query,
) -> Result<Value, Problem> {
    let words = query.words()?;
    let hits = |endpoint: Endpoint, item: &Value| {
        let text = text(endpoint, item, stock).to_lowercase();
        let parts: Vec<_> = parts(&text).collect();
        words.iter().filter(|word| parts.iter().any(|part| part.starts_with(&***word))).count()
    };
    let mut found: Vec<_> = items(stock, terms, origin, query)
        .map(|(endpoint, item)| (hits(endpoint, &item), item))
        .filter(|(hits, _)| *hits > 0)
        .collect();
    found.sort_by_key(|(hits, _)| Reverse(*hits));
    let partial = found.len() > query.limit();
    let found: Vec<_> = found.into_iter().take(query.limit()).map(|(_, item)| item).collect();
    Ok(json!({"x402Version": 2, "resources": found, "partialResults": partial}))
}

/// Words of a text: what has letters and digits.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty())
}

/// Everything about an endpoint that somebody may name: models, what they are for, the seller.
fn text(endpoint: Endpoint, item: &Value, stock: &Stock) -> String {
    let models = endpoint.models(&stock.catalog);
    let models: Vec<_> =
        models.map(|model| format!("{} {:?}", model.id, model.categories)).collect();
    let said =
        ["resource", "description", "serviceName", "tags"].map(|name| item[name].to_string());
    [said.join(" "), models.join(" ")].join(" ")
}

//! `GET /discovery/resources`: what is sold, in the form of x402's bazaar.

use blockrun_llm::{quote::RULE, x402::Version};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Endpoint, Query, bazaar, extension};
use crate::{
    catalog::Model,
    offer::{MIME_TYPE, Terms},
    stock::Stock,
};

/// A page of the endpoints that sell something now; `origin` is where they are.
pub(crate) fn listing(stock: &Stock, terms: &Terms, origin: &str, query: &Query) -> Value {
    let items: Vec<_> = items(stock, terms, origin, query).map(|(_, item)| item).collect();
    let (limit, offset, total) = (query.limit(), query.offset(), items.len());
    let page: Vec<_> = items.into_iter().skip(offset).take(limit).collect();
    json!({
        "x402Version": 2,
        "items": page,
        "pagination": {"limit": limit, "offset": offset, "total": total},
    })
}

/// The endpoints that sell something now and are among what was asked for.
pub(super) fn items(
    stock: &Stock,
    terms: &Terms,
    origin: &str,
    query: &Query,
) -> impl Iterator<Item = (Endpoint, Value)> {
    let all = Endpoint::ALL.into_iter();
    let all = all.filter_map(move |one| Some((one, item(one, stock, terms, origin)?)));
    all.filter(|(_, item)| query.wants(item))
}

/// An endpoint, with the least that a call costs as its amount: what one call costs follows from its
/// body, and its 402 says it.
fn item(endpoint: Endpoint, stock: &Stock, terms: &Terms, origin: &str) -> Option<Value> {
    let (least, _) = endpoint.prices(stock)?;
    let url = format!("{origin}{}", endpoint.path());
    let description = endpoint.description(&stock.catalog);
    let version = if terms.protocols.offers(Version::V2) { Version::V2 } else { Version::V1 };
    let models: Vec<String> =
        endpoint.models(&stock.catalog).map(|Model { id, .. }| id.clone()).collect();
    let basis = json!({"rule": RULE, "pricing": format!("{origin}/api/pricing")});
    let mut item = json!({
        "resource": url,
        "type": "http",
        "x402Version": version.number(),
        "accepts": [terms.requirement(version, least, &url, &description)],
        "lastUpdated": date(stock.since),
        "description": description,
        "mimeType": MIME_TYPE,
        "extensions": extension::with(bazaar::with_models(endpoint, models), &basis),
    });
    stock.service.label(&mut item);
    Some(item)
}

/// The form of RFC 3339; empty for a time that no calendar has.
fn date(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or_default();
    let date = OffsetDateTime::from_unix_timestamp(seconds).ok();
    date.and_then(|date| date.format(&Rfc3339).ok()).unwrap_or_default()
}

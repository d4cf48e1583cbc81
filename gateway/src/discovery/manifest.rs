//! `GET /.well-known/x402`: where everything is.

use blockrun_llm::x402::Version;
use serde_json::{Value, json};

use super::Endpoint;
use crate::{offer::Terms, stock::Stock};

/// `version` and `resources` are what crawlers of x402 services read; the rest is for whoever wants
/// to call.
pub(crate) fn manifest(stock: &Stock, terms: &Terms, origin: &str) -> Value {
    let sold = Endpoint::ALL.into_iter().filter(|endpoint| endpoint.prices(stock).is_some());
    let resources: Vec<_> = sold.map(|endpoint| format!("{origin}{}", endpoint.path())).collect();
    let versions = [Version::V2, Version::V1].into_iter();
    let versions = versions.filter(|version| terms.protocols.offers(*version));
    let service = &stock.service;
    let mut manifest = json!({
        "version": 1,
        "resources": resources,
        "x402Versions": versions.map(Version::number).collect::<Vec<_>>(),
        "accepts": [terms.template()],
        "openapi": format!("{origin}/openapi.json"),
        "discovery": format!("{origin}/discovery/resources"),
        "pricing": format!("{origin}/api/pricing"),
        "models": format!("{origin}/api/v1/models"),
        "instructions": "POST a body as openapi describes it; the 402 says the exact price. \
                         POST /api/v1/quote tells it without a 402. Send the same body with a \
                         signed payment: it is executed at most once.",
    });
    service.label(&mut manifest);
    for (name, text) in [("description", &service.description), ("contact", &service.contact)] {
        if let Some(text) = text {
            manifest[name] = text.as_str().into();
        }
    }
    manifest
}

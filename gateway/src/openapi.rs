//! `GET /openapi.json`: what every endpoint takes and answers (OpenAPI 3.1).
//!
//! The document is a file, `openapi.json`; what a gateway knows of itself alone is put in here: who it
//! is, where it is, its models, limits and prices. Tests compare its paths with those of the router,
//! and run the real server against it.

use std::{collections::BTreeSet, sync::LazyLock};

use blockrun_llm::x402::Version;
use serde_json::{Value, json};

use crate::{
    app::App,
    catalog::{PictureKind, Price},
    chat::MAX_CHOICES,
    discovery::Endpoint,
    images::{MAX_PICTURES, MAX_PROMPT},
    stock::Stock,
};

const FILE: &str = include_str!("../openapi.json");

/// Says on a path which gateways have it; not part of what is published.
const ONLY: &str = "x-only";

/// A test reads it: it is JSON.
static TEMPLATE: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(FILE).unwrap_or_default());

/// The document of this gateway; `origin` is where it is.
pub(crate) fn document(app: &App, origin: &str) -> Value {
    let stock = app.shelf.stock();
    let mut document = TEMPLATE.clone();
    present(&mut document["info"], &stock);
    document["servers"] = json!([{"url": origin}]);
    choose(&mut document["paths"], |only| match only {
        "practice" => app.practice.is_some(),
        "facilitator" => app.config.facilitator.is_some(),
        _ => false,
    });
    for endpoint in Endpoint::ALL {
        sell(&mut document["paths"], endpoint, &stock);
    }
    bound(&mut document["components"], app, &stock);
    document
}

fn present(info: &mut Value, stock: &Stock) {
    let service = &stock.service;
    info["version"] = env!("CARGO_PKG_VERSION").into();
    if let Some(name) = &service.name {
        info["title"] = name.as_str().into();
    }
    if let Some(text) = &service.description {
        info["summary"] = text.as_str().into();
    }
    if let Some(contact) = &service.contact {
        let kind = if contact.contains("://") { "url" } else { "email" };
        info["contact"] = json!({kind: contact});
    }
}

/// Leaves out the paths that this gateway does not have.
fn choose(paths: &mut Value, has: impl Fn(&str) -> bool) {
    let Some(paths) = paths.as_object_mut() else { return };
    paths.retain(|_, path| path.get(ONLY).and_then(Value::as_str).is_none_or(&has));
    for path in paths.values_mut().filter_map(Value::as_object_mut) {
        path.remove(ONLY);
    }
}

/// `x-payment-info` of a path where something that costs is sold, as crawlers of paid endpoints read
/// it; the path is left out where nothing is sold at all.
fn sell(paths: &mut Value, endpoint: Endpoint, stock: &Stock) {
    if endpoint.models(&stock.catalog).next().is_none() {
        paths.as_object_mut().map(|paths| paths.remove(endpoint.path()));
    } else if let Some((least, most)) = endpoint.prices(stock) {
        let (min, max) = (least.to_string(), most.to_string());
        paths[endpoint.path()]["post"]["x-payment-info"] = json!({
            "price": {"mode": "dynamic", "currency": "USD", "min": min, "max": max},
            "protocols": [{"x402": {}}],
        });
    }
}

/// The models, the limits, and the versions of the protocol that are offered.
fn bound(components: &mut Value, app: &App, stock: &Stock) {
    let names = |endpoint: Endpoint| -> Value {
        let models = endpoint.models(&stock.catalog);
        models.flat_map(|model| [model.id.as_str(), model.bare_id()]).collect()
    };
    let schemas = &mut components["schemas"];
    let chat = &mut schemas["ChatRequest"]["properties"];
    chat["model"]["enum"] = names(Endpoint::Chat);
    chat["n"]["maximum"] = MAX_CHOICES.into();
    let images = &mut schemas["ImageRequest"]["properties"];
    images["model"]["enum"] = names(Endpoint::Images);
    images["n"]["maximum"] = MAX_PICTURES.into();
    images["prompt"]["maxLength"] = MAX_PROMPT.into();
    images["size"]["enum"] = kinds(stock, |kind| kind.size.to_string());
    images["quality"]["enum"] = kinds(stock, |kind| kind.quality.clone());
    let limit = app.config.body_limit;
    components["responses"]["TooLarge"]["description"] =
        format!("The body is larger than {limit} bytes.").into();
    let offers = |version| app.terms.protocols.offers(version);
    let body = if offers(Version::V1) { "OfferV1" } else { "OfferV2" };
    components["schemas"]["PaymentRequired"] =
        json!({"$ref": format!("#/components/schemas/{body}")});
    if offers(Version::V2) {
        let headers = &mut components["responses"]["PaymentRequired"]["headers"];
        headers["PAYMENT-REQUIRED"] = json!({"$ref": "#/components/headers/PaymentRequired"});
        components["headers"]["PaymentRequired"]["required"] = true.into();
    } else if let Some(headers) =
        components["responses"]["PaymentRequired"]["headers"].as_object_mut()
    {
        headers.remove("PAYMENT-REQUIRED");
    }
}

/// What any model draws, and what leaves it to the model.
fn kinds(stock: &Stock, of: impl Fn(&PictureKind) -> String) -> Value {
    let models = Endpoint::Images.models(&stock.catalog);
    let kinds = models.flat_map(|model| match &model.price {
        Price::Pictures(kinds) => kinds.as_slice(),
        _ => &[],
    });
    let all: BTreeSet<_> = kinds.map(of).collect();
    all.into_iter().map(Value::from).chain(["auto".into(), Value::Null]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::{DEFAULT_LIMIT, LIMITS};

    const ROUTERS: [&str; 2] =
        [include_str!("routes/router.rs"), include_str!("routes/facilitator.rs")];
    /// What is for whoever runs the gateway, and described to nobody else.
    const OPERATORS: [&str; 3] = ["/admin", "/dashboard", "/metrics"];

    /// `METHOD /path` of each route as the router's source has it.
    fn routes() -> BTreeSet<String> {
        let calls = ROUTERS.iter().flat_map(|text| text.split(".route(").skip(1));
        let route = |call: &str| {
            let (_, after) = call.split_once('"')?;
            let (path, after) = after.split_once('"')?;
            let method = after.trim_start_matches([',', ' ', '\n']).split('(').next()?;
            Some((method.to_uppercase(), path.to_owned()))
        };
        let all = calls.map(|call| route(call).expect("a route"));
        all.filter(|(_, path)| !OPERATORS.iter().any(|own| path.starts_with(own)))
            .map(|(method, path)| format!("{method} {path}"))
            .collect()
    }

    fn operations() -> BTreeSet<String> {
        let paths = TEMPLATE["paths"].as_object().expect("paths").iter();
        let methods = |(path, item): (&String, &Value)| {
            let names = item.as_object().expect("a path").keys().filter(|name| *name != ONLY);
            names.map(|name| format!("{} {path}", name.to_uppercase())).collect::<Vec<_>>()
        };
        paths.flat_map(methods).collect()
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        assert!(routes().len() > 10);
        assert_eq!(routes(), operations(), "openapi.json and the routes differ");
    }

    /// What points to nothing is nowhere.
    #[test]
    fn every_reference_leads_somewhere() {
        fn check(value: &Value, count: &mut usize) {
            if let Some(target) = value.get("$ref").and_then(Value::as_str) {
                let pointer = target.strip_prefix('#').expect("a reference within the document");
                assert!(TEMPLATE.pointer(pointer).is_some(), "{target}");
                *count += 1;
            }
            match value {
                Value::Object(fields) => fields.values().for_each(|value| check(value, count)),
                Value::Array(items) => items.iter().for_each(|value| check(value, count)),
                _ => (),
            }
        }
        let mut count = 0;
        check(&TEMPLATE, &mut count);
        assert!(count > 50);
    }

    #[test]
    fn the_limits_are_those_of_the_code() {
        let parameters = &TEMPLATE["paths"]["/discovery/resources"]["get"]["parameters"];
        let named = |one: &&Value| one["name"] == "limit";
        let limit = &parameters.as_array().unwrap().iter().find(named).unwrap()["schema"];
        assert_eq!(
            *limit,
            json!({
                "type": "integer",
                "minimum": LIMITS.start(),
                "maximum": LIMITS.end(),
                "default": DEFAULT_LIMIT,
            })
        );
    }
}

//! One resource of a listing.

use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::{
    client::ApiRequest,
    error::{Error, Result},
    money::Usdc,
    networks::Network,
    policy::check_url,
    wallet::Address,
};

/// Longest text that is taken from a listing, in characters; the rest is cut off.
const MAX_TEXT: usize = 2_000;
/// Most tags, and most offers, that are taken of a resource.
const MAX_LIST: usize = 32;

/// Something that can be called for a payment, as a listing describes it.
///
/// All of it is the listing's word, none of it is checked but its form: texts are at most 2,000
/// characters without control characters, lists have at most 32 entries.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Resource {
    /// Where it is: an `https://` address, or `http://` on this machine.
    pub url: String,
    /// How it is called, such as `http` or `mcp`.
    #[serde(rename = "type")]
    pub kind: String,
    /// HTTP method, in capitals, where the listing says it.
    pub method: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// Name of the service.
    pub service_name: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// What an answer is, as a MIME type.
    pub mime_type: Option<String>,
    /// When the listing last looked at it, as the listing writes it.
    pub last_updated: Option<String>,
    /// How it can be paid.
    pub accepts: Vec<ResourceOffer>,
    /// JSON Schema of what it takes: of the body, or of the query of a request without one.
    pub input_schema: Option<Value>,
    /// An example of it.
    pub input_example: Option<Value>,
}

/// A way to pay for a resource. What a call really costs is in its 402.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResourceOffer {
    /// Scheme of x402, such as `exact`.
    pub scheme: String,
    /// Network: a CAIP-2 identifier, or a name of x402 v1.
    pub network: String,
    /// Token contract.
    pub asset: String,
    /// Account that is paid.
    pub pay_to: String,
    /// Price in micro-USDC; `None` where the token is not the USDC of a network that we know.
    pub amount: Option<Usdc>,
}

impl Resource {
    /// Reads an item of a listing; `None` for one that has no address that could be called.
    pub(super) fn read(item: &Value) -> Option<Self> {
        let url = item["resource"].as_str().filter(|url| url.len() <= MAX_TEXT)?;
        check_url("resource", url).ok()?;
        let offers = item["accepts"].as_array().map_or(&[][..], Vec::as_slice);
        let first = offers.first().unwrap_or(&Value::Null);
        let bazaar = &item["extensions"]["bazaar"];
        let (input, schema) = (&bazaar["info"]["input"], &bazaar["schema"]["properties"]["input"]);
        let part = |of: &Value| ["body", "queryParams"].map(|name| of[name].clone());
        let known = |parts: [Value; 2]| parts.into_iter().find(Value::is_object);
        let method = [&input["method"], &first["outputSchema"]["input"]["method"]];
        let description =
            [&item["description"], &item["metadata"]["description"], &first["description"]];
        Some(Self {
            url: url.to_owned(),
            kind: text(&item["type"]).unwrap_or_else(|| "http".into()),
            method: method.into_iter().find_map(text).map(|method| method.to_ascii_uppercase()),
            description: description.into_iter().find_map(text),
            service_name: text(&item["serviceName"]),
            tags: list(&item["tags"], text),
            mime_type: text(&item["mimeType"]).or_else(|| text(&first["mimeType"])),
            last_updated: match &item["lastUpdated"] {
                Value::Number(number) => Some(number.to_string()),
                other => text(other),
            },
            accepts: list(&item["accepts"], ResourceOffer::read),
            input_schema: known(part(&schema["properties"])),
            input_example: known(part(input)),
        })
    }

    /// The least that it is offered for in USDC, on a network or on any.
    pub fn price(&self, network: Option<&str>) -> Option<Usdc> {
        let offers = self.accepts.iter().filter(|offer| network.is_none_or(|id| offer.is_on(id)));
        offers.filter_map(|offer| offer.amount).min()
    }

    /// A request to it, for a client of its server ([`LLMClient::at`](crate::LLMClient::at)); with
    /// `None` it has no body. A query of its address stays.
    ///
    /// # Errors
    /// `InvalidArgument` for a method that is none, and for what is not called by HTTP.
    pub fn request(&self, body: Option<&Value>) -> Result<ApiRequest> {
        if self.kind != "http" {
            let problem = format!("{} is called by {:?}, not by HTTP", self.url, self.kind);
            return Err(Error::argument("resource", &problem));
        }
        let url = Url::parse(&self.url)
            .map_err(|cause| Error::argument("resource", &format!("{:?}: {cause}", self.url)))?;
        let usual = if body.is_some() { "POST" } else { "GET" };
        let method = self.method.as_deref().unwrap_or(usual);
        let method = method
            .parse()
            .map_err(|_| Error::argument("resource", &format!("{method:?} is no HTTP method")))?;
        Ok(ApiRequest {
            query: url.query_pairs().into_owned().collect(),
            body: body.map(|body| body.to_string().into()).unwrap_or_default(),
            ..ApiRequest::new(method, url.path())
        })
    }

    /// Whether every word is somewhere in what the listing says of it, in any case.
    pub(super) fn speaks_of(&self, words: &[String]) -> bool {
        let texts = [Some(&self.url), self.description.as_ref(), self.service_name.as_ref()];
        let texts = texts.into_iter().flatten().chain(&self.tags);
        let all = texts.map(|text| text.to_lowercase()).collect::<Vec<_>>().join("\n");
        words.iter().all(|word| all.contains(word))
    }
}

impl ResourceOffer {
    fn read(offer: &Value) -> Option<Self> {
        let named = |name: &str| text(&offer[name]);
        let (network, asset) = (named("network")?, named("asset")?);
        let usdc = Network::by_id(&network).map(|network| network.usdc);
        let is_usdc = usdc.is_some() && asset.parse::<Address>().ok() == usdc;
        let amount = named("amount").or_else(|| named("maxAmountRequired"));
        let amount = amount.filter(|amount| is_usdc && amount.bytes().all(|b| b.is_ascii_digit()));
        Some(Self {
            scheme: named("scheme")?,
            pay_to: named("payTo")?,
            amount: amount.and_then(|amount| amount.parse().ok()).map(Usdc::from_micro),
            network,
            asset,
        })
    }

    /// Whether it is paid on a network, by either of its names.
    pub(super) fn is_on(&self, id: &str) -> bool {
        self.network == id
            || Network::by_id(id)
                .is_some_and(|network| Network::by_id(&self.network) == Some(network))
    }
}

/// A text without control characters, which could pass for something else on a terminal.
fn text(value: &Value) -> Option<String> {
    let kept = value.as_str()?.chars().filter(|c| !c.is_control()).take(MAX_TEXT);
    Some(kept.collect()).filter(|text: &String| !text.trim().is_empty())
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    value.as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(read).take(MAX_LIST).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item() -> Value {
        json!({
            "resource": "https://api.example/v1/weather?units=c",
            "type": "http",
            "x402Version": 2,
            "accepts": [
                {"scheme": "exact", "network": "eip155:1", "asset": "0x01", "payTo": "0x02", "amount": "5"},
                {"scheme": "exact", "network": "eip155:8453", "payTo": "0x02", "amount": "2500",
                 "asset": "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"},
            ],
            "lastUpdated": "2026-11-22T00:00:00Z",
            "description": "Weather\u{1b}[2J of any city",
            "tags": ["weather", 7, ""],
            "extensions": {"bazaar": {
                "info": {"input": {"type": "http", "method": "get", "queryParams": {"city": "Oslo"}}},
                "schema": {"properties": {"input": {"properties": {"queryParams": {"type": "object"}}}}},
            }},
        })
    }

    #[test]
    fn an_item_is_read_as_far_as_it_is_understood() {
        let resource = Resource::read(&item()).unwrap();
        assert_eq!(resource.description.as_deref(), Some("Weather[2J of any city"));
        assert_eq!((resource.method.as_deref(), resource.tags.len()), (Some("GET"), 1));
        assert_eq!(resource.input_example, Some(json!({"city": "Oslo"})));
        assert_eq!(resource.input_schema, Some(json!({"type": "object"})));
        let prices = ["base", "eip155:8453", "eip155:1"].map(|id| resource.price(Some(id)));
        let price = Some(Usdc::from_micro(2_500));
        assert_eq!((prices, resource.price(None)), ([price, price, None], price));
    }

    #[test]
    fn the_first_version_is_read_too() {
        let item = json!({
            "resource": "https://api.example/v1/draw",
            "accepts": [{
                "scheme": "exact", "network": "base", "maxAmountRequired": "1000", "payTo": "0x02",
                "asset": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "description": "Draws",
                "mimeType": "image/png", "outputSchema": {"input": {"method": "POST"}},
            }],
            "lastUpdated": 1_790_000_000,
        });
        let resource = Resource::read(&item).unwrap();
        assert_eq!((resource.kind.as_str(), resource.method.as_deref()), ("http", Some("POST")));
        assert_eq!(resource.price(Some("eip155:8453")), Some(Usdc::from_micro(1_000)));
        assert_eq!(resource.last_updated.as_deref(), Some("1790000000"));
        assert_eq!(resource.mime_type.as_deref(), Some("image/png"));
    }

    #[test]
    fn what_could_not_be_called_is_passed_over() {
        for url in ["http://api.example/x", "https://me:you@api.example/x", "ftp://a/x", "tool", ""]
        {
            assert_eq!(Resource::read(&json!({"resource": url})), None, "{url}");
        }
        for odd in
            [json!(null), json!([]), json!({"resource": 7}), json!({"resource": "x".repeat(9_999)})]
        {
            assert_eq!(Resource::read(&odd), None);
        }
    }

    #[test]
    fn a_request_is_what_the_listing_says() {
        let resource = Resource::read(&item()).unwrap();
        let request = resource.request(None).unwrap();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/v1/weather"));
        assert_eq!(request.query, [("units".to_owned(), "c".to_owned())]);
        let usual =
            |body| Resource { method: None, ..resource.clone() }.request(body).unwrap().method;
        assert_eq!((usual(None), usual(Some(&json!({})))), (http::Method::GET, http::Method::POST));
        assert!(Resource { kind: "mcp".into(), ..resource.clone() }.request(None).is_err());
        assert!(Resource { method: Some("A B".into()), ..resource }.request(None).is_err());
    }
}

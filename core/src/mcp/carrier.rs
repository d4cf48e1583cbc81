//! One leg as one `tools/call`.

use std::sync::Arc;

use http::HeaderMap;
use serde_json::{Map, Value};

use super::{ToolSession, reply};
use crate::{
    error::{Error, ErrorKind, Result},
    flow::Event,
    http::{Carrier, Leg},
    x402::{IDEMPOTENCY_KEY, PAYMENT_SIGNATURE, RECOVERY, X_PAYMENT, decode_header},
};

/// Where a payment travels in `_meta` (x402 specification, transports-v2/mcp).
const PAYMENT: &str = "x402/payment";
/// What our gateway is told beside it, by the names of the headers.
const OURS: [(&str, &str); 2] =
    [(IDEMPOTENCY_KEY, "blockrun/idempotency-key"), (RECOVERY, "blockrun/recovery")];

/// Takes legs to an MCP server.
#[derive(Debug)]
pub(super) struct ToolCarrier(pub(super) Arc<dyn ToolSession>);

#[async_trait::async_trait]
impl Carrier for ToolCarrier {
    async fn carry(&self, leg: Leg<'_>) -> Event {
        match params(&leg) {
            Err(error) => Event::NeverSent(error),
            Ok(params) => match self.0.call(params).await {
                Ok(response) => reply::event(&response),
                Err(error) => Event::Lost(error),
            },
        }
    }
}

/// The body, which is `name` and `arguments`, with what the headers of a paid leg say as `_meta`.
fn params(leg: &Leg<'_>) -> Result<Value> {
    let unwritable = |cause| {
        Error::new(ErrorKind::Payment, "the tool call could not be written").with_source(cause)
    };
    let mut params: Value = serde_json::from_slice(&leg.body).map_err(unwritable)?;
    let mut meta = Map::new();
    let payment = [PAYMENT_SIGNATURE, X_PAYMENT].iter().find_map(|name| text(&leg.headers, name));
    if let Some(json) = payment.and_then(decode_header) {
        meta.insert(PAYMENT.to_owned(), serde_json::from_str(&json).map_err(unwritable)?);
    }
    for (header, name) in OURS {
        if let Some(value) = text(&leg.headers, header) {
            meta.insert(name.to_owned(), value.into());
        }
    }
    if !meta.is_empty() {
        params["_meta"] = meta.into();
    }
    Ok(params)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::json;
    use url::Url;

    use super::*;
    use crate::x402::encode_header;

    #[test]
    fn a_payment_travels_beside_the_arguments() {
        let url = Url::parse("https://a.example/mcp/weather").unwrap();
        let body = json!({"name": "weather", "arguments": {"city": "Oslo"}});
        let sent = |headers| {
            params(&Leg { method: Method::POST, url: &url, headers, body: body.to_string().into() })
        };
        assert_eq!(sent(HeaderMap::new()).unwrap(), body);
        for name in [PAYMENT_SIGNATURE, X_PAYMENT] {
            let headers = HeaderMap::from_iter([
                (name.parse().unwrap(), encode_header(r#"{"x402Version":2}"#).parse().unwrap()),
                (RECOVERY.parse().unwrap(), "ab".parse().unwrap()),
            ]);
            let meta = json!({"x402/payment": {"x402Version": 2}, "blockrun/recovery": "ab"});
            assert_eq!(sent(headers).unwrap()["_meta"], meta);
        }
    }
}

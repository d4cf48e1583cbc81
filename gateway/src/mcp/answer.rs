//! A response over HTTP as the result of a tool.

use blockrun_llm::x402::{PAYMENT_REQUIRED, PAYMENT_RESPONSE, X_PAYMENT_RESPONSE, decode_header};
use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::discovery::Endpoint;

/// Where a settlement is told (x402 specification, transports-v2/mcp).
const SETTLEMENT: &str = "x402/payment-response";

/// What a response says.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// Seconds after which to ask again.
    pub(super) retry_after: Option<u64>,
    pub(super) body: Value,
}

/// The result that says the same.
pub(super) fn result(endpoint: Endpoint, said: &Said) -> Value {
    let settlement = header(&said.headers, &[PAYMENT_RESPONSE, X_PAYMENT_RESPONSE]);
    match said.status {
        200 => sold(endpoint, &said.body, settlement),
        402 => asked(said, settlement),
        _ => failed(said, settlement),
    }
}

/// The JSON of a header.
fn header(headers: &HeaderMap, names: &[&str]) -> Option<Value> {
    let value = names.iter().find_map(|name| headers.get(*name))?;
    serde_json::from_str(&decode_header(value.to_str().ok()?)?).ok()
}

fn sold(endpoint: Endpoint, body: &Value, settlement: Option<Value>) -> Value {
    let content = match endpoint {
        Endpoint::Chat => json!([text(&spoken(body))]),
        Endpoint::Images => {
            body["data"].as_array().into_iter().flatten().map(picture).collect::<Value>()
        }
    };
    let mut result = json!({"content": content, "structuredContent": body, "isError": false});
    if let Some(settlement) = settlement {
        result["_meta"] = json!({ SETTLEMENT: settlement });
    }
    result
}

/// The text of the first answer; the whole of one that is not text, such as a call of a tool.
fn spoken(body: &Value) -> String {
    let said = body["choices"][0]["message"]["content"].as_str();
    said.map_or_else(|| body.to_string(), str::to_owned)
}

fn picture(data: &Value) -> Value {
    match data["b64_json"].as_str() {
        Some(file) => json!({"type": "image", "data": file, "mimeType": "image/png"}),
        None => text(data["url"].as_str().unwrap_or_default()),
    }
}

/// The price, in both places where clients look: as it is, and as the specification wraps it in text.
fn asked(said: &Said, settlement: Option<Value>) -> Value {
    let mut required =
        header(&said.headers, &[PAYMENT_REQUIRED]).unwrap_or_else(|| said.body.clone());
    // It describes a request of HTTP.
    required["extensions"].as_object_mut().map(|all| all.remove("bazaar"));
    if let Some(settlement) = settlement {
        required[SETTLEMENT] = settlement;
    }
    let message = required["error"].as_str().unwrap_or("Payment required");
    let mut words = required.clone();
    words["x402/error"] = json!({"code": 402, "message": message, "data": required});
    json!({
        "isError": true,
        "structuredContent": required,
        "content": [text(&words.to_string())],
    })
}

fn failed(said: &Said, settlement: Option<Value>) -> Value {
    let message = said.body["error"]["message"].as_str();
    let message = message.map_or_else(|| said.body.to_string(), str::to_owned);
    let mut meta = Map::new();
    meta.insert("blockrun/status".to_owned(), said.status.into());
    if let Some(seconds) = said.retry_after {
        meta.insert("blockrun/retry-after".to_owned(), seconds.into());
    }
    if let Some(settlement) = settlement {
        meta.insert(SETTLEMENT.to_owned(), settlement);
    }
    json!({
        "isError": true,
        "structuredContent": said.body,
        "content": [text(&message)],
        "_meta": meta,
    })
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

#[cfg(test)]
mod tests {
    use blockrun_llm::x402::encode_header;
    use http::HeaderName;

    use super::*;

    fn said(status: u16, name: &'static str, told: &Value, body: Value) -> Said {
        let value = encode_header(&told.to_string()).parse().unwrap();
        let headers = HeaderMap::from_iter([(HeaderName::from_static(name), value)]);
        Said { status, headers, retry_after: Some(2), body }
    }

    #[test]
    fn a_price_is_where_every_client_looks_for_it() {
        let required = json!({"x402Version": 2, "error": "why", "accepts": [],
            "extensions": {"bazaar": {}, "quote": {}}});
        let result = result(Endpoint::Chat, &said(402, PAYMENT_REQUIRED, &required, json!({})));
        let data =
            json!({"x402Version": 2, "error": "why", "accepts": [], "extensions": {"quote": {}}});
        assert_eq!((&result["isError"], &result["structuredContent"]), (&json!(true), &data));
        let text = result["content"][0]["text"].as_str().unwrap();
        let text: Value = serde_json::from_str(text).unwrap();
        assert_eq!(text["accepts"], json!([]));
        let wrapped = json!({"code": 402, "message": "why", "data": data});
        assert_eq!(text["x402/error"], wrapped);
    }

    #[test]
    fn an_answer_and_a_failure_tell_of_the_settlement() {
        let settled = json!({"success": true, "transaction": "0xab"});
        let body = json!({"choices": [{"message": {"content": "Hello!"}}]});
        let sold = result(Endpoint::Chat, &said(200, PAYMENT_RESPONSE, &settled, body.clone()));
        assert_eq!(sold["content"], json!([{"type": "text", "text": "Hello!"}]));
        assert_eq!((&sold["structuredContent"], &sold["_meta"][SETTLEMENT]), (&body, &settled));
        let pending = json!({"success": false, "errorReason": "settlement_pending"});
        let body = json!({"error": {"message": "come again"}});
        let failed = result(Endpoint::Chat, &said(503, PAYMENT_RESPONSE, &pending, body));
        let meta = json!({"blockrun/status": 503, "blockrun/retry-after": 2, SETTLEMENT: pending});
        assert_eq!((&failed["isError"], &failed["_meta"]), (&json!(true), &meta));
        assert_eq!(failed["content"][0]["text"], "come again");
    }

    #[test]
    fn pictures_are_pictures() {
        let body = json!({"data": [{"b64_json": "iVBOR"}, {"url": "https://a.example/x.png"}]});
        let said = Said { status: 200, headers: HeaderMap::new(), retry_after: None, body };
        let result = result(Endpoint::Images, &said);
        let kind = |n: usize| result["content"][n]["type"].as_str();
        assert_eq!((kind(0), kind(1)), (Some("image"), Some("text")));
        assert_eq!(result["_meta"], Value::Null);
    }
}

//! The 402: what a server asks for, from wherever it says it.

use std::collections::BTreeMap;

use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{PAYMENT_REQUIRED, Requirement, Version, X_PAYMENT_REQUIRED, decode_header};
use crate::error::{Error, Rejection, Result};

/// Longest value of a 402 header that is read; real ones are below 8 KB.
const MAX_HEADER: usize = 64 * 1024;
/// Most ways to pay that are read.
const MAX_ACCEPTS: usize = 64;

/// What a 402 says. Not trusted: see [`match_terms`](super::match_terms).
#[derive(Clone, Debug)]
pub struct Challenge {
    /// Protocol version that it speaks, and that is answered.
    pub version: Version,
    /// Its `error`: why payment is required, or why one was refused.
    pub error: Option<String>,
    /// v2: the `resource` object.
    pub resource: Option<Box<RawValue>>,
    /// The ways to pay, in the server's order.
    pub accepts: Vec<Requirement>,
    /// v2: the advertised extensions.
    pub extensions: BTreeMap<String, Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    x402_version: Option<Value>,
    error: Option<Value>,
    resource: Option<Box<RawValue>>,
    accepts: Option<Vec<Box<RawValue>>>,
    extensions: Option<BTreeMap<String, Box<RawValue>>>,
}

impl Challenge {
    /// Reads a 402: the header `PAYMENT-REQUIRED` (or `X-PAYMENT-REQUIRED`), else the body with
    /// `accepts` at its top or under `x402`.
    ///
    /// # Errors
    /// `RequirementRejected` that names what could not be read.
    pub fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self> {
        match headers.get(PAYMENT_REQUIRED).or_else(|| headers.get(X_PAYMENT_REQUIRED)) {
            Some(value) => Self::from_header(value.as_bytes()),
            None => Self::from_body(body),
        }
    }

    /// Reads what was kept of a 402: the text of its header or of its body.
    ///
    /// # Errors
    /// As [`Challenge::parse`].
    pub fn from_text(text: &str) -> Result<Self> {
        match text.trim_start().starts_with('{') {
            true => Self::from_body(text.as_bytes()),
            false => Self::from_header(text.as_bytes()),
        }
    }

    /// The price rule that it names, in the extension `quote` of our own gateway.
    pub fn price_rule(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Quote {
            info: Named,
        }
        #[derive(Deserialize)]
        struct Named {
            rule: String,
        }
        let quote = self.extensions.get("quote")?;
        serde_json::from_str(quote.get()).ok().map(|quote: Quote| quote.info.rule)
    }

    fn from_header(value: &[u8]) -> Result<Self> {
        if value.len() > MAX_HEADER {
            let got = format!("{} bytes long", value.len());
            return Err(unreadable("payment-required header", &got, "at most 65,536 bytes"));
        }
        let json = std::str::from_utf8(value).ok().and_then(decode_header).ok_or_else(|| {
            unreadable("payment-required header", "not base64 of UTF-8", "base64 of JSON")
                .with_message(
                    "Failed to parse payment required header: invalid format (not base64 of JSON); \
                 nothing was signed",
                )
        })?;
        Self::from_json(&json, "payment-required header", Version::V2)
    }

    fn from_body(body: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Nested {
            x402: Option<Box<RawValue>>,
        }
        let text = std::str::from_utf8(body).unwrap_or_default();
        let nested = serde_json::from_str::<Nested>(text).ok().and_then(|outer| outer.x402);
        let json = nested.as_deref().map_or(text, RawValue::get);
        if !serde_json::from_str::<Value>(json).is_ok_and(|value| value.get("accepts").is_some()) {
            return Err(unreadable(
                "402",
                "without a payment-required header or accepts",
                "either",
            )
            .with_message(
                "402 response but no payment requirements found: neither a payment-required \
                     header nor `accepts` in the body; nothing was signed",
            ));
        }
        Self::from_json(json, "402 body", Version::V1)
    }

    fn from_json(json: &str, place: &str, default: Version) -> Result<Self> {
        let wire: Wire = serde_json::from_str(json).map_err(|cause| {
            unreadable(
                place,
                &format!("JSON of another shape ({cause})"),
                "a PaymentRequired object",
            )
        })?;
        let version = match &wire.x402_version {
            None => Some(default),
            Some(number) => number.as_u64().and_then(Version::from_number),
        };
        let Some(version) = version else {
            let got = wire.x402_version.unwrap_or_default().to_string();
            return Err(unreadable("x402Version", &got, "1 or 2"));
        };
        let raw = wire.accepts.unwrap_or_default();
        if raw.is_empty() || raw.len() > MAX_ACCEPTS {
            let got = format!("a list of {}", raw.len());
            return Err(unreadable("accepts", &got, "1 to 64 ways to pay").with_message(format!(
                "No payment options in payment required response: accepts is {got}, allowed: 1 to \
                 64 entries; nothing was signed"
            )));
        }
        Ok(Self {
            version,
            error: wire.error.as_ref().and_then(Value::as_str).map(str::to_owned),
            resource: wire.resource,
            accepts: raw.into_iter().map(|entry| Requirement::from_raw(version, entry)).collect(),
            extensions: wire.extensions.unwrap_or_default(),
        })
    }
}

fn unreadable(field: &str, got: &str, allowed: &str) -> Error {
    Error::rejected(Rejection {
        field: field.to_owned(),
        got: got.to_owned(),
        allowed: allowed.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error::ErrorKind, x402::encode_header};

    const ACCEPTS: &str = r#"[{"scheme":"exact"}]"#;

    fn parse(header: Option<&str>, body: &str) -> Result<Challenge> {
        let mut headers = HeaderMap::new();
        if let Some(value) = header {
            headers.insert("payment-required", value.parse().unwrap());
        }
        Challenge::parse(&headers, body.as_bytes())
    }

    #[test]
    fn every_place_is_read() {
        let v2 = encode_header(&format!(r#"{{"x402Version":2,"accepts":{ACCEPTS}}}"#));
        assert_eq!(parse(Some(&v2), "{}").unwrap().version, Version::V2);
        let v1 = format!(r#"{{"x402Version":1,"error":"pay","accepts":{ACCEPTS}}}"#);
        let challenge = parse(None, &v1).unwrap();
        assert_eq!((challenge.version, challenge.error.as_deref()), (Version::V1, Some("pay")));
        let nested = format!(r#"{{"error":{{}},"x402":{{"x402Version":2,"accepts":{ACCEPTS}}}}}"#);
        assert_eq!(parse(None, &nested).unwrap().version, Version::V2);
    }

    #[test]
    fn what_cannot_be_read_is_rejected() {
        let wrong_shape = encode_header(r#"{"x402Version":2,"accepts":{}}"#);
        let foreign = encode_header(&format!(r#"{{"x402Version":3,"accepts":{ACCEPTS}}}"#));
        let empty = encode_header(r#"{"x402Version":2,"accepts":[]}"#);
        let huge = "A".repeat(MAX_HEADER + 1);
        for header in ["%%%", &wrong_shape, &foreign, &empty, &huge] {
            let error = parse(Some(header), "{}").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RequirementRejected, "{error}");
        }
        for body in ["", "{}", "[]", "<html>", r#"{"accepts":5}"#] {
            let error = parse(None, body).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RequirementRejected, "{error}");
        }
    }
}

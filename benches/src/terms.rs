//! What the stand-in for a gateway asks and publishes, in the form of our gateway.

use std::time::{SystemTime, UNIX_EPOCH};

use blockrun_llm::{
    networks::BASE_SEPOLIA,
    quote::{PriceRule, RULE, Rates},
    x402::{Requirement, Version, encode_header},
};
use serde_json::{Value, json};

/// Nobody has its key.
const PAYEE: &str = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
const MIME_TYPE: &str = "application/json";
const DESCRIPTION: &str = "A chat completion";
/// The same for each call: at these rates even a prompt of 1 MB costs no more than the floor.
const RATES: Rates = Rates { input: 1, output: 1 };
const CONTEXT: u64 = 10_000_000;
const MAX_OUTPUT: u64 = 16_384;
const TIMEOUT_SECONDS: u64 = 300;
/// How long published prices hold.
const VALIDITY_SECONDS: u64 = 3_600;

/// Terms of payment at one address.
#[derive(Clone, Debug)]
pub struct Terms {
    url: String,
}

impl Terms {
    /// Terms for calls to this URL.
    #[must_use]
    pub const fn new(url: String) -> Self {
        Self { url }
    }

    /// The value of the 402's `PAYMENT-REQUIRED` header (v2).
    #[must_use]
    pub fn header(&self) -> String {
        let required = json!({
            "x402Version": 2,
            "error": "PAYMENT-SIGNATURE header is required",
            "resource": {"url": self.url, "description": DESCRIPTION, "mimeType": MIME_TYPE},
            "accepts": [self.offer(Version::V2)],
            "extensions": {
                "quote": {"info": {"rule": RULE}},
                "payment-identifier": {"info": {"required": false}},
            },
        });
        encode_header(&required.to_string())
    }

    /// The 402's body (v1).
    #[must_use]
    pub fn body(&self) -> Value {
        json!({
            "x402Version": 1,
            "error": "X-PAYMENT header is required",
            "accepts": [self.offer(Version::V1)],
        })
    }

    /// What a payment of a version is verified against.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn requirement(&self, version: Version) -> serde_json::Result<Requirement> {
        Requirement::from_value(version, &self.offer(version))
    }

    /// `GET /api/pricing`: from it a client knows what a call costs before it makes it.
    #[must_use]
    pub fn prices() -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let model = json!({
            "id": "openai/gpt-4o-mini", "alias": "gpt-4o-mini", "rates": RATES,
            "context_window": CONTEXT, "max_output": MAX_OUTPUT,
        });
        json!({
            "rule": RULE,
            "parameters": PriceRule::default(),
            "models": [model],
            "x402Versions": [2, 1],
            "accepts": [Self::template()],
            "expires": now + VALIDITY_SECONDS,
        })
    }

    fn template() -> Value {
        json!({
            "scheme": "exact",
            "network": BASE_SEPOLIA.caip2,
            "asset": BASE_SEPOLIA.usdc.to_string(),
            "payTo": PAYEE,
            "maxTimeoutSeconds": TIMEOUT_SECONDS,
            "extra": {
                "name": BASE_SEPOLIA.domain_name,
                "version": BASE_SEPOLIA.domain_version,
            },
        })
    }

    fn offer(&self, version: Version) -> Value {
        let mut offer = Self::template();
        let amount = PriceRule::default().floor.micro();
        offer[version.amount_field()] = amount.to_string().into();
        if version == Version::V1 {
            offer["network"] = BASE_SEPOLIA.v1_name.into();
            offer["resource"] = self.url.as_str().into();
            offer["description"] = DESCRIPTION.into();
            offer["mimeType"] = MIME_TYPE.into();
        }
        offer
    }
}

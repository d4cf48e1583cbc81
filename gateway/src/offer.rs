//! The 402: what a request costs and how it can be paid, in both versions of the protocol at once.

use std::sync::Arc;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use blockrun_llm::{
    Usdc,
    networks::Network,
    quote::RULE,
    x402::{InvalidReason, PAYMENT_REQUIRED, Requirement, Version, encode_header},
};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use crate::{
    catalog::PictureKind,
    config::{Config, Protocols},
    discovery::{Endpoint, extensions},
    observe::Reason,
    problem::Problem,
    stock::Stock,
};

/// What an answer is.
pub(crate) const MIME_TYPE: &str = "application/json";

/// What is the same in every offer of a gateway.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) network: &'static Network,
    pub(crate) protocols: Protocols,
    /// A v2 requirement without its amount.
    template: Arc<Map<String, Value>>,
}

/// The price of one request and what it is for.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) terms: Terms,
    /// Where it is sold, and by whom.
    pub(crate) endpoint: Endpoint,
    pub(crate) stock: Arc<Stock>,
    pub(crate) amount: Usdc,
    /// The URL that was called.
    pub(crate) url: String,
    pub(crate) description: String,
    /// The counts behind the price.
    pub(crate) basis: Value,
}

impl Terms {
    pub(crate) fn of(config: &Config) -> Self {
        let network = config.network;
        let extra = json!({"name": network.domain_name, "version": network.domain_version});
        let template = [
            ("scheme", "exact".into()),
            ("network", network.caip2.into()),
            ("asset", network.usdc.to_string().into()),
            ("payTo", config.payee.to_string().into()),
            ("maxTimeoutSeconds", config.max_timeout_seconds().into()),
            ("extra", extra),
        ];
        let template = template.into_iter().map(|(name, value)| (name.to_owned(), value));
        Self { network, protocols: config.protocols, template: Arc::new(template.collect()) }
    }

    /// A v2 requirement without its amount; `/api/pricing` publishes it.
    pub(crate) fn template(&self) -> &Map<String, Value> {
        &self.template
    }

    /// A requirement of a version, for an amount. What is sold, and where, is part of it in v1.
    pub(crate) fn requirement(
        &self,
        version: Version,
        amount: Usdc,
        url: &str,
        description: &str,
    ) -> Map<String, Value> {
        let mut requirement = Map::clone(&self.template);
        let mut set = |name: &str, value: Value| requirement.insert(name.to_owned(), value);
        set(version.amount_field(), amount.micro().to_string().into());
        if version == Version::V1 {
            set("network", self.network.v1_name.into());
            set("resource", url.into());
            set("description", description.into());
            set("mimeType", MIME_TYPE.into());
        }
        requirement
    }
}

impl Offer {
    /// The requirement that a payment of a version is verified against.
    pub(crate) fn requirement(&self, version: Version) -> serde_json::Result<Requirement> {
        Requirement::from_fields(version, self.requirement_json(version))
    }

    fn requirement_json(&self, version: Version) -> Map<String, Value> {
        self.terms.requirement(version, self.amount, &self.url, &self.description)
    }

    /// The 402 of a request without a payment, or with one that was refused for a reason.
    pub(crate) fn response(&self, refusal: Option<&InvalidReason>) -> Response {
        let offers = |version| self.terms.protocols.offers(version);
        let body = if offers(Version::V1) { self.body_v1(refusal) } else { self.body_v2(refusal) };
        let mut response = (StatusCode::PAYMENT_REQUIRED, Json(body)).into_response();
        let reason = refusal.map_or("payment_required", |reason| reason.code);
        response.extensions_mut().insert(Reason(reason));
        let headers = response.headers_mut();
        if offers(Version::V2) {
            let required = encode_header(&self.required_v2(refusal).to_string());
            // Base64 is always a valid header value.
            if let Ok(value) = HeaderValue::try_from(required) {
                headers.insert(PAYMENT_REQUIRED, value);
            }
        }
        response
    }

    fn required_v2(&self, refusal: Option<&InvalidReason>) -> Value {
        let mut resource = json!({
            "url": self.url,
            "description": self.description,
            "mimeType": MIME_TYPE,
        });
        self.stock.service.label(&mut resource);
        json!({
            "x402Version": 2,
            "error": refusal.map_or("PAYMENT-SIGNATURE header is required", |reason| reason.code),
            "resource": resource,
            "accepts": [self.requirement_json(Version::V2)],
            "extensions": extensions(self.endpoint, &self.basis),
        })
    }

    fn body_v1(&self, refusal: Option<&InvalidReason>) -> Value {
        json!({
            "x402Version": 1,
            "error": refusal.map_or("X-PAYMENT header is required", |reason| reason.code),
            "message": self.message(refusal),
            "accepts": [self.requirement_json(Version::V1)],
            "price": self.price(),
        })
    }

    fn body_v2(&self, refusal: Option<&InvalidReason>) -> Value {
        let code = refusal.map_or("payment_required", |reason| reason.code);
        let problem = Problem::new(StatusCode::PAYMENT_REQUIRED, code, self.message(refusal));
        json!({"error": problem.error_object(), "price": self.price()})
    }

    fn message(&self, refusal: Option<&InvalidReason>) -> String {
        match refusal {
            None => format!(
                "{} costs {} USDC; sign a payment and send it along",
                self.description, self.amount
            ),
            Some(reason) => format!("The payment was refused and not executed: {}.", reason.detail),
        }
    }

    fn price(&self) -> Value {
        json!({"amount": self.amount.to_string(), "currency": "USD"})
    }

    /// The `quote` extension's `info` for a chat.
    pub(crate) fn chat_basis(model: &str, input: u64, max_output: u64, choices: u64) -> Value {
        json!({
            "rule": RULE,
            "model": model,
            "inputTokens": input,
            "maxOutputTokens": max_output,
            "choices": choices,
        })
    }

    /// The same for pictures.
    pub(crate) fn image_basis(model: &str, count: u64, kind: &PictureKind) -> Value {
        json!({
            "rule": RULE,
            "model": model,
            "images": count,
            "size": kind.size.to_string(),
            "quality": kind.quality,
            "unitPrice": kind.price.to_string(),
        })
    }
}

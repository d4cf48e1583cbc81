//! What a facilitator is asked, in its version of the protocol, whichever the buyer spoke.

use std::borrow::Cow;

use alloy::primitives::{Address, B256, hex};
use blockrun_llm::{
    networks::Network,
    x402::{Requirement, Version, match_terms},
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::settlement::Transfer;

const SCHEME: &str = "exact";
const MIME_TYPE: &str = "application/json";

/// What is the same in every question.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) version: Version,
    pub(super) network: &'static Network,
    max_timeout_seconds: u64,
    /// The token, as it is written.
    asset: String,
    /// Who is paid, and how that is written: the checksum in an address is a hash.
    payee: (Address, String),
    /// The token's name and version, beside what the facilitator adds.
    pub(super) extra: Map<String, Value>,
}

impl Form {
    /// `extra` is what the facilitator adds to its like in an offer.
    pub(super) fn new(
        version: Version,
        network: &'static Network,
        max_timeout_seconds: u64,
        payee: Address,
        mut extra: Map<String, Value>,
    ) -> Self {
        extra.insert("name".into(), network.domain_name.into());
        extra.insert("version".into(), network.domain_version.into());
        let (asset, payee) = (network.usdc.to_string(), (payee, payee.to_string()));
        Self { version, network, max_timeout_seconds, asset, payee, extra }
    }

    /// The network as this version names it.
    pub(super) fn network_name(&self) -> &'static str {
        match self.version {
            Version::V1 => self.network.v1_name.unwrap_or(self.network.caip2),
            Version::V2 => self.network.caip2,
        }
    }

    /// The body of `/verify` and `/settle`.
    pub(super) fn body(&self, transfer: &Transfer) -> String {
        let amount = transfer.value.micro().to_string();
        let offer = self.offer(transfer, &amount);
        let authorization = Authorization {
            from: transfer.payer.to_string(),
            to: &offer.pay_to,
            value: &amount,
            valid_after: transfer.valid_after.to_string(),
            valid_before: transfer.valid_before.to_string(),
            nonce: transfer.nonce,
        };
        let signature = hex::encode_prefixed(&transfer.signed.signature);
        let payload = Payload { signature, authorization };
        let (number, v1) = (self.version.number(), self.version == Version::V1);
        let payment = Payment {
            x402_version: number,
            scheme: v1.then_some(SCHEME),
            network: v1.then_some(self.network_name()),
            resource: (!v1).then_some(Resource {
                url: &transfer.resource,
                description: &transfer.purchase,
                mime_type: MIME_TYPE,
            }),
            accepted: (!v1).then_some(&offer),
            payload,
        };
        let question = Question {
            x402_version: number,
            payment_payload: payment,
            payment_requirements: &offer,
        };
        // Nothing in it is what JSON cannot say.
        serde_json::to_string(&question).unwrap_or_default()
    }

    fn offer<'a>(&'a self, transfer: &'a Transfer, amount: &'a str) -> Offer<'a> {
        let v1 = self.version == Version::V1;
        Offer {
            scheme: SCHEME,
            network: self.network_name(),
            asset: &self.asset,
            pay_to: match &self.payee {
                (payee, text) if *payee == transfer.payee => text.into(),
                _ => transfer.payee.to_string().into(),
            },
            max_timeout_seconds: self.max_timeout_seconds,
            extra: &self.extra,
            amount: (!v1).then_some(amount),
            max_amount_required: v1.then_some(amount),
            resource: v1.then_some(transfer.resource.as_str()),
            description: v1.then_some(transfer.purchase.as_str()),
            mime_type: v1.then_some(MIME_TYPE),
        }
    }

    /// Why what the facilitator adds would change what is paid.
    pub(super) fn check(&self, sample: &Transfer) -> Result<(), String> {
        let amount = sample.value.micro().to_string();
        let offer = serde_json::to_value(self.offer(sample, &amount));
        let offer = offer.and_then(|offer| Requirement::from_value(self.version, &offer));
        let offer = offer.map_err(|error| error.to_string())?;
        match match_terms(&offer, sample.payer) {
            Ok(_) => Ok(()),
            Err(odd) => {
                Err(format!("{} is {}, and only {} is settled", odd.field, odd.got, odd.allowed))
            }
        }
    }
}

/// Fields without a value are of the other version.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Question<'a> {
    x402_version: u8,
    payment_payload: Payment<'a>,
    payment_requirements: &'a Offer<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payment<'a> {
    x402_version: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Resource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<&'a Offer<'a>>,
    payload: Payload<'a>,
}

#[derive(Serialize)]
struct Payload<'a> {
    signature: String,
    authorization: Authorization<'a>,
}

/// As [`blockrun_llm::x402::Authorization`] is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Authorization<'a> {
    from: String,
    to: &'a str,
    value: &'a str,
    valid_after: String,
    valid_before: String,
    nonce: B256,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource<'a> {
    url: &'a str,
    description: &'a str,
    mime_type: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Offer<'a> {
    scheme: &'a str,
    network: &'a str,
    asset: &'a str,
    pay_to: Cow<'a, str>,
    max_timeout_seconds: u64,
    extra: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_amount_required: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'a str>,
}

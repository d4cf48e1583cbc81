//! What a facilitator is asked, in its version of the protocol, whichever the buyer spoke.

use alloy::primitives::{U256, hex};
use blockrun_llm::{
    networks::Network,
    x402::{Authorization, Requirement, Version, match_terms},
};
use serde_json::{Map, Value, json};

use crate::settlement::Transfer;

const MIME_TYPE: &str = "application/json";

/// What is the same in every question.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) version: Version,
    pub(super) network: &'static Network,
    pub(super) max_timeout_seconds: u64,
    /// What the facilitator adds to `extra`.
    pub(super) extra: Map<String, Value>,
}

impl Form {
    /// The network as this version names it.
    pub(super) fn network_name(&self) -> &'static str {
        match self.version {
            Version::V1 => self.network.v1_name.unwrap_or(self.network.caip2),
            Version::V2 => self.network.caip2,
        }
    }

    /// The body of `/verify` and `/settle`.
    pub(super) fn body(&self, transfer: &Transfer) -> String {
        let offer = self.offer(transfer);
        let payload = json!({
            "signature": hex::encode_prefixed(&transfer.signed.signature),
            "authorization": authorization(transfer),
        });
        let number = self.version.number();
        let payment = match self.version {
            Version::V1 => json!({
                "x402Version": number, "scheme": "exact", "network": self.network_name(),
                "payload": payload,
            }),
            Version::V2 => json!({
                "x402Version": number, "resource": resource(transfer), "accepted": offer,
                "payload": payload,
            }),
        };
        json!({"x402Version": number, "paymentPayload": payment, "paymentRequirements": offer})
            .to_string()
    }

    fn offer(&self, transfer: &Transfer) -> Value {
        let mut extra = self.extra.clone();
        extra.insert("name".into(), self.network.domain_name.into());
        extra.insert("version".into(), self.network.domain_version.into());
        let mut offer = json!({
            "scheme": "exact",
            "network": self.network_name(),
            "asset": self.network.usdc.to_string(),
            "payTo": transfer.payee.to_string(),
            "maxTimeoutSeconds": self.max_timeout_seconds,
            "extra": extra,
        });
        offer[self.version.amount_field()] = transfer.value.micro().to_string().into();
        if self.version == Version::V1 {
            offer["resource"] = transfer.resource.as_str().into();
            offer["description"] = transfer.purchase.as_str().into();
            offer["mimeType"] = MIME_TYPE.into();
        }
        offer
    }

    /// Why what the facilitator adds would change what is paid.
    pub(super) fn check(&self, sample: &Transfer) -> Result<(), String> {
        let offer = Requirement::from_value(self.version, &self.offer(sample));
        let offer = offer.map_err(|error| error.to_string())?;
        match match_terms(&offer, sample.payer) {
            Ok(_) => Ok(()),
            Err(odd) => {
                Err(format!("{} is {}, and only {} is settled", odd.field, odd.got, odd.allowed))
            }
        }
    }
}

fn resource(transfer: &Transfer) -> Value {
    json!({"url": transfer.resource, "description": transfer.purchase, "mimeType": MIME_TYPE})
}

fn authorization(transfer: &Transfer) -> Authorization {
    Authorization {
        from: transfer.payer,
        to: transfer.payee,
        value: U256::from(transfer.value.micro()),
        valid_after: U256::from(transfer.valid_after),
        valid_before: U256::from(transfer.valid_before),
        nonce: transfer.nonce,
    }
}

//! The signed payment: written by a client, read by a server.

use std::collections::BTreeMap;

use alloy::primitives::hex;
use serde::{Deserialize, Serialize};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use url::Url;

use super::{
    Authorization, Challenge, InvalidReason, Origin, PAYMENT_SIGNATURE, Requirement, Terms,
    Version, X_PAYMENT, decode_header, encode_header,
};
use crate::error::{Error, ErrorKind, Result};

/// The extension in which a call's public id travels.
const PAYMENT_IDENTIFIER: &str = "payment-identifier";

/// Everything that goes into a payment header.
#[derive(Clone, Copy, Debug)]
pub struct EncodePayment<'a> {
    /// The 402 that is answered; its version is spoken.
    pub challenge: &'a Challenge,
    /// The chosen offer.
    pub terms: &'a Terms,
    /// What was signed.
    pub authorization: &'a Authorization,
    /// The 65-byte signature.
    pub signature: &'a [u8; 65],
    /// The URL that is really called.
    pub url: &'a Url,
    /// The call's public id, told where the server advertises `payment-identifier`.
    pub payment_id: &'a str,
}

impl EncodePayment<'_> {
    /// Name and value of the header to send: `PAYMENT-SIGNATURE` (v2) or `X-PAYMENT` (v1).
    ///
    /// The chosen requirement is echoed byte for byte, advertised extensions are echoed and only
    /// added to, and `resource` is corrected to the URL really called when its origin differs.
    ///
    /// # Errors
    /// `Payment` when the result cannot be written as JSON.
    pub fn header(&self) -> Result<(&'static str, String)> {
        let signature = hex::encode_prefixed(self.signature);
        let payload = OutPayload { signature, authorization: self.authorization };
        let json = match self.challenge.version {
            Version::V1 => serde_json::to_string(&OutV1 {
                x402_version: 1,
                scheme: "exact",
                network: self.terms.network.v1_name,
                payload,
            }),
            Version::V2 => serde_json::to_string(&OutV2 {
                x402_version: 2,
                resource: self.resource()?,
                accepted: self.terms.requirement.raw(),
                payload,
                extensions: self.extensions()?,
            }),
        };
        let name = match self.challenge.version {
            Version::V1 => X_PAYMENT,
            Version::V2 => PAYMENT_SIGNATURE,
        };
        Ok((name, encode_header(&json.map_err(|cause| unwritable(&cause))?)))
    }

    fn resource(&self) -> Result<Option<Box<RawValue>>> {
        let Some(raw) = &self.challenge.resource else { return Ok(None) };
        let mut resource: Value =
            serde_json::from_str(raw.get()).map_err(|cause| unwritable(&cause))?;
        let said = resource.get("url").and_then(Value::as_str).and_then(|url| Url::parse(url).ok());
        if said.as_ref().and_then(Origin::of) == Origin::of(self.url) {
            return Ok(Some(raw.clone()));
        }
        match resource.as_object_mut() {
            Some(object) => object.insert("url".to_owned(), self.url.as_str().into()),
            None => return Ok(None),
        };
        to_raw_value(&resource).map(Some).map_err(|cause| unwritable(&cause))
    }

    fn extensions(&self) -> Result<BTreeMap<String, Box<RawValue>>> {
        let mut extensions = self.challenge.extensions.clone();
        if let Some(raw) = extensions.get_mut(PAYMENT_IDENTIFIER) {
            let mut extension: Value =
                serde_json::from_str(raw.get()).map_err(|cause| unwritable(&cause))?;
            if let Some(info) = extension.get_mut("info").and_then(Value::as_object_mut) {
                info.insert("id".to_owned(), self.payment_id.into());
            }
            *raw = to_raw_value(&extension).map_err(|cause| unwritable(&cause))?;
        }
        Ok(extensions)
    }
}

#[derive(Serialize)]
struct OutPayload<'a> {
    signature: String,
    authorization: &'a Authorization,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutV1<'a> {
    x402_version: u8,
    scheme: &'static str,
    network: Option<&'static str>,
    payload: OutPayload<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutV2<'a> {
    x402_version: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Box<RawValue>>,
    accepted: &'a RawValue,
    payload: OutPayload<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: BTreeMap<String, Box<RawValue>>,
}

fn unwritable(cause: &serde_json::Error) -> Error {
    Error::new(ErrorKind::Payment, format!("the payment could not be written: {cause}"))
}

/// A payment as a server receives it; [`verify`](super::verify) says whether it is good.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Protocol version.
    pub version: Version,
    /// Its scheme.
    pub scheme: String,
    /// Its network, under the name of its version.
    pub network: String,
    /// v2: the requirement that the client chose.
    pub accepted: Option<Requirement>,
    /// The authorization.
    pub authorization: Authorization,
    /// The signature, of whatever length.
    pub signature: Vec<u8>,
    /// v2: the extensions, echoed and filled in.
    pub extensions: BTreeMap<String, Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InWire {
    x402_version: u64,
    scheme: Option<String>,
    network: Option<String>,
    accepted: Option<Box<RawValue>>,
    payload: InPayload,
    #[serde(default)]
    extensions: Option<BTreeMap<String, Box<RawValue>>>,
}

#[derive(Deserialize)]
struct InPayload {
    signature: String,
    authorization: Authorization,
}

/// What is read of the `payment-identifier` extension.
#[derive(Deserialize)]
struct Identifier {
    info: IdentifierInfo,
}

#[derive(Deserialize)]
struct IdentifierInfo {
    id: String,
}

impl Payment {
    /// Reads the value of a payment header of either version.
    ///
    /// # Errors
    /// `invalid_payload` or `invalid_x402_version`, with what is wrong.
    pub fn decode(value: &str) -> Result<Self, InvalidReason> {
        let json = decode_header(value)
            .ok_or_else(|| InvalidReason::new("invalid_payload", "the header is not base64"))?;
        Self::from_json(&json)
    }

    /// Reads a payment as JSON text, as facilitators are sent it.
    ///
    /// # Errors
    /// As [`Payment::decode`].
    pub fn from_json(json: &str) -> Result<Self, InvalidReason> {
        let wire: InWire = serde_json::from_str(json)
            .map_err(|cause| InvalidReason::new("invalid_payload", cause.to_string()))?;
        let version = Version::from_number(wire.x402_version).ok_or_else(|| {
            InvalidReason::new("invalid_x402_version", format!("{}", wire.x402_version))
        })?;
        let signature = hex::decode(&wire.payload.signature)
            .map_err(|_| InvalidReason::new("invalid_payload", "the signature is not hex"))?;
        let accepted = wire.accepted.map(|raw| Requirement::from_raw(version, raw));
        let named = |own: Option<String>, field: &str| match (&accepted, version) {
            (Some(accepted), Version::V2) => accepted.text(field).unwrap_or_default().to_owned(),
            _ => own.unwrap_or_default(),
        };
        Ok(Self {
            version,
            scheme: named(wire.scheme, "scheme"),
            network: named(wire.network, "network"),
            authorization: wire.payload.authorization,
            signature,
            extensions: wire.extensions.unwrap_or_default(),
            accepted,
        })
    }

    /// The id that the client put into the `payment-identifier` extension.
    pub fn identifier(&self) -> Option<String> {
        let extension = self.extensions.get(PAYMENT_IDENTIFIER)?.get();
        Some(serde_json::from_str::<Identifier>(extension).ok()?.info.id)
    }
}

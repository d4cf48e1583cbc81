//! What makes two paid requests the same.

use alloy::{
    primitives::{Address, B256, keccak256},
    sol_types::SolValue,
};
use blockrun_llm::{
    canonical_json,
    networks::Network,
    x402::{Payment, payment_id},
};

use super::RecoveryToken;
use crate::store::{Row, StoreError};

/// What the token contract executes at most once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ClaimKey {
    /// CAIP-2 id.
    pub(crate) network: &'static str,
    pub(crate) asset: Address,
    pub(crate) payer: Address,
    pub(crate) nonce: B256,
}

impl ClaimKey {
    /// From the first columns of a row: network, asset, payer, nonce.
    pub(super) fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let network = Network::by_id(&row.get::<String>(0)?);
        Ok(Self {
            network: network.ok_or(StoreError::Damaged("a claim's network"))?.caip2,
            asset: row.get(1)?,
            payer: row.get(2)?,
            nonce: row.get(3)?,
        })
    }
}

/// A claim as it is found by a public id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) key: ClaimKey,
    /// Hash of the token that opens its answer.
    pub(crate) recovery: Option<B256>,
}

/// A paid request as its claim remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) key: ClaimKey,
    /// Of method, path and body.
    pub(crate) request: B256,
    /// Of the signed authorization, signature included.
    pub(crate) authorization: B256,
    /// Hash of the token that opens the stored answer, if the client sent one.
    pub(crate) recovery: Option<B256>,
    /// The public id that the nonce derives.
    pub(crate) id: String,
    /// Public ids of the call: that one, and those that the client chose.
    pub(crate) ids: Vec<String>,
    /// The model that is bought; `None` when nothing is sold here, but settled for another seller.
    pub(crate) model: Option<String>,
}

impl Claim {
    /// The claim of a payment for a request; the payment need not be verified yet.
    pub(crate) fn new(
        network: &'static Network,
        payment: &Payment,
        request: B256,
        token: Option<&RecoveryToken>,
        mut ids: Vec<String>,
    ) -> Self {
        let id = payment_id(&payment.authorization.nonce);
        // Most clients name their calls by it.
        if !ids.contains(&id) {
            ids.push(id.clone());
        }
        let signed = &payment.authorization;
        let content = (
            (signed.from, signed.to, signed.value),
            (signed.valid_after, signed.valid_before, signed.nonce),
            payment.signature.as_slice(),
        );
        Self {
            key: ClaimKey {
                network: network.caip2,
                asset: network.usdc,
                payer: signed.from,
                nonce: signed.nonce,
            },
            request,
            authorization: keccak256(content.abi_encode()),
            recovery: token.map(RecoveryToken::hash),
            id,
            ids,
            model: None,
        }
    }
}

/// The identity of a request: its method, path and body.
///
/// Two JSON bodies that differ in spaces or in the order of keys are one request: a buyer who
/// builds it again in another process may write them in another order. Any other body counts byte
/// for byte.
pub(crate) fn request_hash(method: &str, path: &str, body: &[u8]) -> B256 {
    let canonical = std::str::from_utf8(body).ok().and_then(|text| canonical_json(text).ok());
    let body = canonical.map_or_else(|| keccak256(body), keccak256);
    keccak256((method, path, body).abi_encode())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_request_can_stand_for_another() {
        let hash = request_hash("POST", "/a", b"b");
        assert_ne!(hash, request_hash("POST", "/", b"ab"));
        assert_ne!(hash, request_hash("POS", "T/a", b"b"));
        assert_eq!(hash, request_hash("POST", "/a", b"b"));
    }

    #[test]
    fn the_order_of_keys_is_not_part_of_a_request() {
        let hash = request_hash("POST", "/a", br#"{"a":1,"b":[1.0,2]}"#);
        assert_eq!(hash, request_hash("POST", "/a", br#"{ "b": [1.0, 2], "a": 1 }"#));
        assert_ne!(hash, request_hash("POST", "/a", br#"{"a":1,"b":[2,1.0]}"#));
    }
}

//! Sign and verify payments without any network: for tests, auditors and other servers.
//!
//! Everything that is otherwise chance or time comes in as an argument, so the same input gives the
//! same bytes in every language; `tests/vectors/` holds the proof. Nothing here looks at budgets,
//! records anything or talks to anyone: what is signed here can be executed by whoever gets it.

use alloy::primitives::{Address, B256, hex};
use serde::Serialize;
use url::Url;

pub use crate::x402::{InvalidReason, Verified, payment_id};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    networks::{self, Network},
    policy::Policy,
    wallet::{LocalKey, TypedData, checksummed},
    x402::{
        Authorization, Challenge, EncodePayment, Origin, Payment, Requirement, Transfer, nonce,
        verify,
    },
};

/// A signed authorization with every intermediate value, each 0x-hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignedAuthorization {
    /// The account that signed.
    #[serde(serialize_with = "checksummed")]
    pub signer: Address,
    /// EIP-712 domain separator of the token contract.
    pub domain_separator: B256,
    /// EIP-712 hash of the message.
    pub struct_hash: B256,
    /// What the key signed.
    pub digest: B256,
    /// `r ‖ s ‖ v`.
    pub signature: String,
}

/// A payment header ready to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignedPayment {
    /// `payment-signature` (v2) or `x-payment` (v1).
    pub header_name: &'static str,
    /// Base64 of JSON.
    pub header_value: String,
    /// What it pays, in micro-USDC.
    pub amount: crate::Usdc,
    /// Where, as a CAIP-2 identifier.
    pub network: &'static str,
    /// The signed message.
    pub authorization: Authorization,
}

/// Signs an EIP-3009 authorization for USDC on a network of the table.
///
/// # Errors
/// `InvalidArgument` for an unknown network.
pub fn sign_authorization(
    key: &LocalKey,
    network: &str,
    authorization: &Authorization,
) -> Result<SignedAuthorization> {
    let network = find_network(network)?;
    let transfer = Transfer { network, authorization: authorization.clone() };
    let digest = transfer.digest();
    Ok(SignedAuthorization {
        signer: key.address(),
        domain_separator: network.domain_separator(),
        struct_hash: transfer.struct_hash(),
        digest,
        signature: hex::encode_prefixed(key.sign_digest(&digest)?),
    })
}

/// The nonce of a call: see [`crate::x402::nonce`]. Of the URL its origin and path count.
///
/// # Errors
/// `InvalidArgument` when `url` is not a URL with a host.
pub fn call_nonce(wallet: Address, key: &str, method: &str, url: &str) -> Result<B256> {
    let parsed = Url::parse(url).ok();
    let origin = parsed.as_ref().and_then(Origin::of);
    match (parsed, origin) {
        (Some(url), Some(origin)) => Ok(nonce(wallet, key, method, &origin, url.path())),
        _ => Err(Error::argument("url", &format!("{url:?} is not a URL with a host"))),
    }
}

/// The account that signed an authorization; compare it with `from`.
///
/// # Errors
/// `InvalidArgument` for an unknown network or a signature that is not 65 bytes of hex.
pub fn recover_signer(
    network: &str,
    authorization: &Authorization,
    signature: &str,
) -> Result<Address> {
    let bad = || Error::argument("signature", "is not 65 bytes of hex that some key could write");
    let transfer =
        Transfer { network: find_network(network)?, authorization: authorization.clone() };
    let bytes = hex::decode(signature).map_err(|_| bad())?;
    alloy::primitives::Signature::from_raw(&bytes)
        .and_then(|parsed| parsed.recover_address_from_prehash(&transfer.digest()))
        .map_err(|_| bad())
}

/// Answers a 402: chooses the first acceptable requirement under `policy` and signs it.
///
/// # Errors
/// `RequirementRejected` or `SpendLimit` as a client would raise them.
pub fn sign_payment(
    key: &LocalKey,
    challenge: &Challenge,
    policy: &Policy,
    url: &Url,
    now: Timestamp,
    nonce: B256,
) -> Result<SignedPayment> {
    let terms = policy.choose(challenge, key.address())?;
    let authorization = policy.authorize(&terms, key.address(), nonce, now);
    let transfer = Transfer { network: terms.network, authorization };
    let signature = key.sign_digest(&transfer.digest())?;
    let payment_id = payment_id(&nonce);
    let (header_name, header_value) = EncodePayment {
        challenge,
        terms: &terms,
        authorization: &transfer.authorization,
        signature: &signature,
        url,
        payment_id: &payment_id,
    }
    .header()?;
    Ok(SignedPayment {
        header_name,
        header_value,
        amount: terms.amount,
        network: terms.network.caip2,
        authorization: transfer.authorization,
    })
}

/// Verifies a payment header of either version against an offered requirement at a time.
///
/// # Errors
/// The protocol's reason for the first check that fails.
pub fn verify_payment(
    header_value: &str,
    offered: &Requirement,
    now: Timestamp,
) -> Result<Verified, InvalidReason> {
    verify(&Payment::decode(header_value)?, offered, now)
}

fn find_network(id: &str) -> Result<&'static Network> {
    Network::by_id(id).ok_or_else(|| {
        let known = networks::ALL.map(|network| network.caip2).join(", ");
        Error::argument("network", &format!("{id:?} is not one of {known}"))
    })
}

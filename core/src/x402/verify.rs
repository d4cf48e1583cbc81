//! The pure part of a server's verification: everything that needs no chain. Order and reason
//! strings are those of the protocol (x402 core specification §9 and the `exact` EVM scheme).

use std::fmt;

use alloy::primitives::{Address, B256, Signature, U256};
use serde::Serialize;

use super::{Payment, Requirement, Terms, Transfer, Version, match_terms};
use crate::{
    clock::Timestamp,
    money::Usdc,
    networks::Network,
    wallet::{TypedData, checksummed},
};

/// A settlement needs this long to get into a block: an authorization must live at least so long.
const SETTLE_MARGIN_SECONDS: u64 = 6;

/// Why a payment is not good: the protocol's reason string and a text for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvalidReason {
    /// The protocol's string, such as `invalid_exact_evm_payload_signature`.
    pub code: &'static str,
    /// What was found.
    pub detail: String,
}

impl InvalidReason {
    /// A reason with its detail.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl fmt::Display for InvalidReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for InvalidReason {}

/// A payment that is good as far as it was looked at: [`verify`] looks at terms and signature,
/// [`verify_terms`] at the terms alone. Whether the payer has the money and the nonce is unused only
/// the token contract knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Network, and with it the token contract. Serializes as its CAIP-2 identifier.
    #[serde(serialize_with = "caip2")]
    pub network: &'static Network,
    /// Who pays.
    #[serde(serialize_with = "checksummed")]
    pub payer: Address,
    /// Who is paid.
    #[serde(serialize_with = "checksummed")]
    pub payee: Address,
    /// What is paid.
    pub amount: Usdc,
    /// Executed at most once per payer and token contract.
    pub nonce: B256,
    /// Unix time after which it can be executed.
    pub valid_after: Timestamp,
    /// Unix time before which it can be executed.
    pub valid_before: Timestamp,
    /// Digest that is signed.
    pub digest: B256,
}

fn caip2<S: serde::Serializer>(network: &Network, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(network.caip2)
}

/// Verifies a payment against the requirement that the server offers for the same request, at a
/// time: version, scheme, network, terms, payee, exact amount, validity window, and that the payer's
/// own key signed it.
///
/// It does not ask a chain: balance, nonce use, the signatures of contract wallets (EIP-1271,
/// EIP-6492, EIP-7702) and simulation are the settlement's business.
///
/// # Errors
/// The first check that fails.
pub fn verify(
    payment: &Payment,
    offered: &Requirement,
    now: Timestamp,
) -> Result<Verified, InvalidReason> {
    let verified = verify_terms(payment, offered, now)?;
    own_signature(&payment.signature, verified.digest, verified.payer)?;
    Ok(verified)
}

/// The same without a look at the signature: for a server that can ask a chain about the signature
/// of a contract wallet, where [`own_signature`] does not accept it.
///
/// # Errors
/// The first check that fails.
pub fn verify_terms(
    payment: &Payment,
    offered: &Requirement,
    now: Timestamp,
) -> Result<Verified, InvalidReason> {
    let authorization = &payment.authorization;
    // The payer as zero: an offer is judged by itself, `from == payTo` is judged below.
    let terms = match_terms(offered, Address::ZERO)
        .map_err(|cause| InvalidReason::new("invalid_payment_requirements", cause.field))?;
    check_terms(payment, offered, &terms)?;
    check_transfer(payment, &terms)?;
    let (valid_after, valid_before) = check_window(payment, now)?;
    let transfer = Transfer { network: terms.network, authorization: authorization.clone() };
    Ok(Verified {
        network: terms.network,
        payer: authorization.from,
        payee: authorization.to,
        amount: terms.amount,
        nonce: authorization.nonce,
        valid_after,
        valid_before,
        digest: transfer.digest(),
    })
}

fn check_terms(
    payment: &Payment,
    offered: &Requirement,
    terms: &Terms,
) -> Result<(), InvalidReason> {
    if payment.version != offered.version() {
        let detail = format!("{}", payment.version.number());
        return Err(InvalidReason::new("invalid_x402_version", detail));
    }
    if payment.scheme != "exact" {
        return Err(InvalidReason::new("unsupported_scheme", &payment.scheme));
    }
    if Some(payment.network.as_str()) != offered.text("network") {
        return Err(InvalidReason::new("invalid_network", &payment.network));
    }
    let Some(accepted) = &payment.accepted else {
        return match payment.version {
            Version::V1 => Ok(()),
            Version::V2 => Err(InvalidReason::new("invalid_payload", "accepted is missing")),
        };
    };
    // Nearly all echo it as it was; else by meaning, not by spelling: some write addresses in another case.
    let means_the_same = |theirs: Terms| {
        (theirs.network, theirs.amount, theirs.payee) == (terms.network, terms.amount, terms.payee)
    };
    if accepted == offered || match_terms(accepted, Address::ZERO).is_ok_and(means_the_same) {
        return Ok(());
    }
    let detail = "accepted is not what this request costs now; ask again without a payment";
    Err(InvalidReason::new("invalid_payment_requirements", detail))
}

fn check_transfer(payment: &Payment, terms: &Terms) -> Result<(), InvalidReason> {
    let authorization = &payment.authorization;
    if authorization.to != terms.payee {
        let detail = format!("pays {}, required {}", authorization.to, terms.payee);
        return Err(InvalidReason::new("invalid_exact_evm_payload_recipient_mismatch", detail));
    }
    if authorization.from == authorization.to {
        return Err(InvalidReason::new("invalid_payload", "payer and payee are the same account"));
    }
    if authorization.value != U256::from(terms.amount.micro()) {
        let code = match payment.version {
            Version::V1 => "invalid_exact_evm_payload_authorization_value",
            Version::V2 => "invalid_exact_evm_payload_authorization_value_mismatch",
        };
        let detail =
            format!("authorizes {}, required {}", authorization.value, terms.amount.micro());
        return Err(InvalidReason::new(code, detail));
    }
    Ok(())
}

fn check_window(
    payment: &Payment,
    now: Timestamp,
) -> Result<(Timestamp, Timestamp), InvalidReason> {
    let authorization = &payment.authorization;
    // Beyond u64 is beyond any block's time, so saturating keeps the meaning.
    let valid_after = authorization.valid_after.saturating_to::<u64>();
    let valid_before = authorization.valid_before.saturating_to::<u64>();
    if valid_before < now.saturating_add(SETTLE_MARGIN_SECONDS) {
        return Err(InvalidReason::new(
            "invalid_exact_evm_payload_authorization_valid_before",
            format!("valid before {valid_before}, now {now}"),
        ));
    }
    if valid_after > now {
        return Err(InvalidReason::new(
            "invalid_exact_evm_payload_authorization_valid_after",
            format!("valid after {valid_after}, now {now}"),
        ));
    }
    Ok((valid_after, valid_before))
}

/// The signature of an account's own key over a digest, as `r ‖ s ‖ v` with `v` 27 or 28 (0 and 1 are
/// taken for them).
///
/// # Errors
/// `invalid_exact_evm_payload_signature` when it is not 65 bytes long, malformed, by another key, or
/// has a high `s`, which the token contract refuses.
pub fn own_signature(
    signature: &[u8],
    digest: B256,
    account: Address,
) -> Result<[u8; 65], InvalidReason> {
    let recover = |signature: &Signature| signature.recover_address_from_prehash(&digest).ok();
    own_signature_by(recover, signature, account)
}

/// The same for a server that has a faster way to find out who signed: `recover` is given a signature
/// with a low `s`, and returns the account whose key made it, if there is one.
///
/// # Errors
/// Those of [`own_signature`].
pub fn own_signature_by(
    recover: impl FnOnce(&Signature) -> Option<Address>,
    signature: &[u8],
    account: Address,
) -> Result<[u8; 65], InvalidReason> {
    let invalid = |detail: &str| InvalidReason::new("invalid_exact_evm_payload_signature", detail);
    let bytes: [u8; 65] = signature.try_into().map_err(|_| invalid("is not 65 bytes long"))?;
    let parsed = Signature::from_raw_array(&bytes).map_err(|_| invalid("is malformed"))?;
    if parsed.normalize_s().is_some() {
        return Err(invalid("has a high s, which the token contract refuses"));
    }
    let signer = recover(&parsed).ok_or_else(|| invalid("belongs to no account"))?;
    if signer != account {
        return Err(invalid(&format!("is by {signer}, not by the payer {account}")));
    }
    Ok(parsed.as_bytes())
}

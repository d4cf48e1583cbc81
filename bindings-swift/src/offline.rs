//! Signing, verifying and pricing without a network, thin over the core's own functions.

use std::time::SystemTime;

use blockrun_llm::{
    Error, canonical_json as canonical,
    error::Result,
    offline::{self, Verified},
    policy::Policy,
    quote,
    wallet::{Address, B256, LocalKey},
    x402::{Authorization as CoreAuthorization, Challenge, Requirement, Version},
};
use serde_json::{json, value::RawValue};
use url::Url;

use crate::{
    convert::{Count, parse, seconds, time},
    error::NativeResult,
    money::Usdc,
};

/// An EIP-3009 authorization: addresses and nonce as 0x-hex, numbers as decimal text.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Authorization {
    /// Who pays.
    pub from: String,
    /// Who is paid.
    pub to: String,
    /// In the token's smallest unit.
    pub value: String,
    /// Unix time.
    pub valid_after: String,
    /// Unix time.
    pub valid_before: String,
    /// 32 bytes.
    pub nonce: String,
}

impl Authorization {
    fn into_core(self) -> Result<CoreAuthorization> {
        let wire = json!({
            "from": self.from, "to": self.to, "value": self.value,
            "validAfter": self.valid_after, "validBefore": self.valid_before, "nonce": self.nonce,
        });
        serde_json::from_value(wire)
            .map_err(|cause| Error::argument("authorization", &cause.to_string()))
    }
}

impl From<CoreAuthorization> for Authorization {
    fn from(signed: CoreAuthorization) -> Self {
        Self {
            from: signed.from.to_string(),
            to: signed.to.to_string(),
            value: signed.value.to_string(),
            valid_after: signed.valid_after.to_string(),
            valid_before: signed.valid_before.to_string(),
            nonce: signed.nonce.to_string(),
        }
    }
}

/// A signed authorization with every intermediate value, each 0x-hex.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SignedAuthorization {
    /// The account that signed.
    pub signer: String,
    /// EIP-712 domain separator of the token contract.
    pub domain_separator: String,
    /// EIP-712 hash of the message.
    pub struct_hash: String,
    /// What the key signed.
    pub digest: String,
    /// `r ‖ s ‖ v`.
    pub signature: String,
}

/// Internal: use `Offline`.
///
/// # Errors
/// `InvalidArgument`.
#[uniffi::export]
pub fn sign_authorization(
    private_key: &str,
    network: &str,
    authorization: Authorization,
) -> NativeResult<SignedAuthorization> {
    let key = LocalKey::from_hex(private_key)?;
    let signed = offline::sign_authorization(&key, network, &authorization.into_core()?)?;
    Ok(SignedAuthorization {
        signer: signed.signer.to_string(),
        domain_separator: signed.domain_separator.to_string(),
        struct_hash: signed.struct_hash.to_string(),
        digest: signed.digest.to_string(),
        signature: signed.signature,
    })
}

/// Internal: use `Offline`.
///
/// # Errors
/// `InvalidArgument`.
#[uniffi::export]
pub fn recover_signer(
    network: &str,
    authorization: Authorization,
    signature: &str,
) -> NativeResult<String> {
    let signer = offline::recover_signer(network, &authorization.into_core()?, signature)?;
    Ok(signer.to_string())
}

/// Internal: use `Offline`.
///
/// # Errors
/// `InvalidArgument`.
#[uniffi::export]
pub fn call_nonce(wallet: &str, key: &str, method: &str, url: &str) -> NativeResult<String> {
    let wallet: Address = parse("wallet", wallet, "an address of 20 bytes in hex")?;
    Ok(offline::call_nonce(wallet, key, method, url)?.to_string())
}

/// Internal: use `Offline`.
///
/// # Errors
/// `InvalidArgument`.
#[uniffi::export]
pub fn payment_id(nonce: &str) -> NativeResult<String> {
    Ok(offline::payment_id(&nonce_of(nonce)?))
}

/// A payment header ready to send.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SignedPayment {
    /// `payment-signature` (v2) or `x-payment` (v1).
    pub header_name: String,
    /// Base64 of JSON.
    pub header_value: String,
    /// What it pays.
    pub amount: Usdc,
    /// CAIP-2 identifier.
    pub network: String,
    /// The signed message.
    pub authorization: Authorization,
}

/// Internal: use `Offline`.
///
/// # Errors
/// `RequirementRejected` or `SpendLimit` as a client would throw them.
#[uniffi::export]
pub fn sign_payment(
    private_key: &str,
    challenge: &str,
    url: &str,
    now: SystemTime,
    nonce: &str,
    max_cost_per_call: Option<Usdc>,
) -> NativeResult<SignedPayment> {
    let mut policy = Policy::default();
    if let Some(limit) = max_cost_per_call {
        policy.max_cost_per_call = limit.into();
    }
    let url: Url = parse("url", url, "a URL")?;
    let (key, challenge) = (LocalKey::from_hex(private_key)?, Challenge::from_text(challenge)?);
    let (now, nonce) = (seconds(now), nonce_of(nonce)?);
    let signed = offline::sign_payment(&key, &challenge, &policy, &url, now, nonce)?;
    Ok(SignedPayment {
        header_name: signed.header_name.to_owned(),
        header_value: signed.header_value,
        amount: signed.amount.into(),
        network: signed.network.to_owned(),
        authorization: signed.authorization.into(),
    })
}

/// What a payment header is worth.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Verification {
    /// Its signature and terms are good.
    Valid {
        /// What it says.
        payment: VerifiedPayment,
    },
    /// The first check that fails.
    Invalid {
        /// The protocol's reason.
        reason: String,
        /// The same for people.
        detail: String,
    },
}

/// A payment whose signature and terms are good. Only a chain knows whether it can be executed.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct VerifiedPayment {
    /// CAIP-2 identifier.
    pub network: String,
    /// Who pays.
    pub payer: String,
    /// Who is paid.
    pub payee: String,
    /// What it pays.
    pub amount: Usdc,
    /// EIP-3009 nonce, 0x-hex.
    pub nonce: String,
    /// When it becomes valid.
    pub valid_after: SystemTime,
    /// When it ceases to be.
    pub valid_before: SystemTime,
    /// What was signed, 0x-hex.
    pub digest: String,
}

impl From<Verified> for VerifiedPayment {
    fn from(verified: Verified) -> Self {
        Self {
            network: verified.network.caip2.to_owned(),
            payer: verified.payer.to_string(),
            payee: verified.payee.to_string(),
            amount: verified.amount.into(),
            nonce: verified.nonce.to_string(),
            valid_after: time(verified.valid_after),
            valid_before: time(verified.valid_before),
            digest: verified.digest.to_string(),
        }
    }
}

/// Internal: use `Offline`.
///
/// # Errors
/// `InvalidArgument`.
#[uniffi::export]
pub fn verify_payment(
    header_value: &str,
    requirement: String,
    now: SystemTime,
    version: Count,
) -> NativeResult<Verification> {
    let version = Version::from_number(version.whole("version")?)
        .ok_or_else(|| Error::argument("version", "must be 1 or 2"))?;
    let raw = RawValue::from_string(requirement)
        .map_err(|cause| Error::argument("requirement", &format!("is not JSON: {cause}")))?;
    let offered = Requirement::from_raw(version, raw);
    Ok(match offline::verify_payment(header_value, &offered, seconds(now)) {
        Ok(verified) => Verification::Valid { payment: verified.into() },
        Err(invalid) => {
            Verification::Invalid { reason: invalid.code.to_owned(), detail: invalid.detail }
        }
    })
}

/// What a model costs, as a gateway publishes it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ChatRates {
    /// Micro-USDC for a million input tokens.
    pub input: u64,
    /// Micro-USDC for a million output tokens.
    pub output: u64,
    /// Most output tokens that the model writes.
    pub max_output: u64,
}

/// The parameters of price rule `q1` that a gateway publishes.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PriceRule {
    /// Margin in hundredths of a percent.
    #[uniffi(default = 1000)]
    pub margin_bps: u32,
    /// The least that a paid call costs, in micro-USDC.
    #[uniffi(default = 1000)]
    pub floor_micro: u64,
    /// Share of the output maximum that is priced, in thousandths.
    #[uniffi(default = 1000)]
    pub output_permille: u32,
    /// Tokens counted for an image that comes as a data URL.
    #[uniffi(default = 1024)]
    pub image_tokens: u64,
}

/// A price with the counts behind it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ChatPrice {
    /// The price.
    pub amount: Usdc,
    /// Tokens of the messages.
    pub input_tokens: Count,
    /// Tokens of the answer that are priced.
    pub output_tokens: Count,
}

/// Internal: use `Offline`.
///
/// # Errors
/// `InvalidArgument`.
#[uniffi::export]
pub fn quote_chat(body: &str, rates: ChatRates, rule: PriceRule) -> NativeResult<ChatPrice> {
    let rule = quote::PriceRule {
        margin_bps: rule.margin_bps,
        floor: blockrun_llm::Usdc::from_micro(rule.floor_micro.into()),
        output_permille: rule.output_permille,
        image_tokens: rule.image_tokens,
    };
    let per_million = quote::Rates { input: rates.input, output: rates.output };
    let price = rule.chat(body, per_million, rates.max_output)?;
    Ok(ChatPrice {
        amount: price.amount.into(),
        input_tokens: price.input_tokens.into(),
        output_tokens: price.output_tokens.into(),
    })
}

/// Internal: use `Offline`.
///
/// # Errors
/// `InvalidArgument`.
#[uniffi::export]
pub fn canonical_json(text: &str) -> NativeResult<String> {
    Ok(canonical(text)?)
}

fn nonce_of(text: &str) -> Result<B256> {
    parse("nonce", text, "32 bytes in hex")
}

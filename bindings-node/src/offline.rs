//! Signing and verifying without a network, thin over the core's own functions.

use blockrun_llm::{
    Error, canonical_json as canonical,
    error::Result as CoreResult,
    offline,
    policy::Policy,
    quote::{ChatPrice, PriceRule, Rates},
    wallet::LocalKey,
    x402::{Authorization, Challenge, Requirement, Verified, Version},
};
use napi::bindgen_prelude::{BigInt, Either, Result};
use napi_derive::napi;
use url::Url;

use crate::{
    convert::{dollars, u32_of, u64_of},
    errors::core,
    output::micro,
};

/// An authorization to be signed.
#[napi(object, object_to_js = false)]
pub struct SignAuthorizationInput {
    pub private_key: String,
    pub network: String,
    /// JSON text.
    pub authorization: String,
}

/// A signed authorization with every intermediate value.
#[napi(object, object_from_js = false)]
pub struct SignedAuthorizationOutput {
    pub signer: String,
    pub domain_separator: String,
    pub struct_hash: String,
    pub digest: String,
    pub signature: String,
}

/// Signs an authorization.
#[napi(catch_unwind)]
pub fn sign_authorization(input: SignAuthorizationInput) -> Result<SignedAuthorizationOutput> {
    let signed = authorization_of(&input.authorization).and_then(|authorization| {
        offline::sign_authorization(&key_of(input.private_key)?, &input.network, &authorization)
    });
    core(signed).map(|signed| SignedAuthorizationOutput {
        signer: signed.signer.to_string(),
        domain_separator: signed.domain_separator.to_string(),
        struct_hash: signed.struct_hash.to_string(),
        digest: signed.digest.to_string(),
        signature: signed.signature,
    })
}

/// An authorization that somebody signed.
#[napi(object, object_to_js = false)]
pub struct RecoverSignerInput {
    pub network: String,
    /// JSON text.
    pub authorization: String,
    pub signature: String,
}

/// The account that signed an authorization.
#[napi(catch_unwind)]
pub fn recover_signer(input: RecoverSignerInput) -> Result<String> {
    let signer = authorization_of(&input.authorization).and_then(|authorization| {
        offline::recover_signer(&input.network, &authorization, &input.signature)
    });
    core(signer).map(|signer| signer.to_string())
}

/// What decides the nonce of a call.
#[napi(object, object_to_js = false)]
pub struct CallNonceInput {
    pub wallet: String,
    pub key: String,
    pub method: String,
    pub url: String,
}

/// The nonce of a call.
#[napi(catch_unwind)]
pub fn call_nonce(input: CallNonceInput) -> Result<String> {
    let nonce = parse("wallet", &input.wallet)
        .and_then(|wallet| offline::call_nonce(wallet, &input.key, &input.method, &input.url));
    core(nonce).map(|nonce| nonce.to_string())
}

/// The public id of a call.
#[napi(catch_unwind)]
pub fn payment_id(nonce: String) -> Result<String> {
    core(parse("nonce", &nonce).map(|nonce| offline::payment_id(&nonce)))
}

/// A 402 to be answered.
#[napi(object, object_to_js = false)]
pub struct SignPaymentInput {
    pub private_key: String,
    /// Header or body of the 402.
    pub challenge: String,
    pub url: String,
    /// Unix time.
    pub now: BigInt,
    pub nonce: String,
    pub max_cost_per_call: Option<Either<f64, String>>,
}

/// A payment header.
#[napi(object, object_from_js = false)]
pub struct SignedPaymentOutput {
    pub header_name: String,
    pub header_value: String,
    pub amount_usd: f64,
    pub amount_micro: BigInt,
    pub network: String,
    /// JSON text.
    pub authorization: String,
}

/// Answers a 402.
#[napi(catch_unwind)]
pub fn sign_payment(input: SignPaymentInput) -> Result<SignedPaymentOutput> {
    core(answer(input)).map(|signed| SignedPaymentOutput {
        header_name: signed.header_name.to_owned(),
        header_value: signed.header_value,
        amount_usd: signed.amount.dollars(),
        amount_micro: micro(signed.amount),
        network: signed.network.to_owned(),
        authorization: serde_json::json!(signed.authorization).to_string(),
    })
}

fn answer(input: SignPaymentInput) -> CoreResult<offline::SignedPayment> {
    let mut policy = Policy::default();
    if let Some(limit) = dollars("max_cost_per_call", input.max_cost_per_call)? {
        policy.max_cost_per_call = limit;
    }
    offline::sign_payment(
        &key_of(input.private_key)?,
        &Challenge::from_text(&input.challenge)?,
        &policy,
        &parse::<Url>("url", &input.url)?,
        u64_of("now", &input.now)?,
        parse("nonce", &input.nonce)?,
    )
}

/// Whether a payment is good, and what it says if it is, or why not.
#[napi(object, object_from_js = false)]
pub struct VerifyOutput {
    pub valid: bool,
    pub reason: Option<String>,
    pub detail: Option<String>,
    pub payment: Option<VerifiedOutput>,
}

/// A payment whose signature and terms are good.
#[napi(object, object_from_js = false)]
pub struct VerifiedOutput {
    pub network: String,
    pub payer: String,
    pub payee: String,
    pub amount_usd: f64,
    pub amount_micro: BigInt,
    pub nonce: String,
    pub valid_after: f64,
    pub valid_before: f64,
    pub digest: String,
}

impl From<Verified> for VerifiedOutput {
    fn from(verified: Verified) -> Self {
        Self {
            network: verified.network.caip2.to_owned(),
            payer: verified.payer.to_string(),
            payee: verified.payee.to_string(),
            amount_usd: verified.amount.dollars(),
            amount_micro: micro(verified.amount),
            nonce: verified.nonce.to_string(),
            valid_after: verified.valid_after as f64,
            valid_before: verified.valid_before as f64,
            digest: verified.digest.to_string(),
        }
    }
}

/// A payment header, and what it is to be measured by.
#[napi(object, object_to_js = false)]
pub struct VerifyPaymentInput {
    pub header_value: String,
    /// JSON text.
    pub requirement: String,
    /// Protocol version of the requirement.
    pub version: BigInt,
    /// Unix time.
    pub now: BigInt,
}

/// Verifies a payment header against a requirement.
#[napi(catch_unwind)]
pub fn verify_payment(input: VerifyPaymentInput) -> Result<VerifyOutput> {
    let offered = core(requirement_of(&input.version, input.requirement))?;
    let now = core(u64_of("now", &input.now))?;
    Ok(match offline::verify_payment(&input.header_value, &offered, now) {
        Ok(verified) => {
            VerifyOutput { valid: true, reason: None, detail: None, payment: Some(verified.into()) }
        }
        Err(reason) => VerifyOutput {
            valid: false,
            reason: Some(reason.code.to_owned()),
            detail: Some(reason.detail),
            payment: None,
        },
    })
}

/// What rule `q1` is to price, and with which parameters.
#[napi(object, object_to_js = false)]
pub struct QuoteChatInput {
    /// JSON object.
    pub body: String,
    pub input_rate: BigInt,
    pub output_rate: BigInt,
    pub max_output: BigInt,
    pub margin_bps: Option<BigInt>,
    pub floor_micro: Option<BigInt>,
    pub output_permille: Option<BigInt>,
    pub image_tokens: Option<BigInt>,
}

/// A price with the counts behind it.
#[napi(object, object_from_js = false)]
pub struct ChatPriceOutput {
    pub amount_usd: f64,
    pub amount_micro: BigInt,
    pub input_tokens: f64,
    pub output_tokens: f64,
}

/// Prices a chat request by rule `q1`.
#[napi(catch_unwind)]
pub fn quote_chat(input: QuoteChatInput) -> Result<ChatPriceOutput> {
    core(price(&input)).map(|price| ChatPriceOutput {
        amount_usd: price.amount.dollars(),
        amount_micro: micro(price.amount),
        input_tokens: price.input_tokens as f64,
        output_tokens: price.output_tokens as f64,
    })
}

fn price(input: &QuoteChatInput) -> CoreResult<ChatPrice> {
    let mut rule = PriceRule::default();
    if let Some(margin) = &input.margin_bps {
        rule.margin_bps = u32_of("margin_bps", margin)?;
    }
    if let Some(floor) = &input.floor_micro {
        rule.floor = blockrun_llm::Usdc::from_micro(u64_of("floor_micro", floor)?.into());
    }
    if let Some(permille) = &input.output_permille {
        rule.output_permille = u32_of("output_permille", permille)?;
    }
    if let Some(tokens) = &input.image_tokens {
        rule.image_tokens = u64_of("image_tokens", tokens)?;
    }
    let rates = Rates {
        input: u64_of("input_rate", &input.input_rate)?,
        output: u64_of("output_rate", &input.output_rate)?,
    };
    rule.chat(&input.body, rates, u64_of("max_output", &input.max_output)?)
}

/// The canonical form of a JSON text.
#[napi(catch_unwind)]
pub fn canonical_json(text: String) -> Result<String> {
    core(canonical(&text))
}

fn key_of(private_key: String) -> CoreResult<LocalKey> {
    LocalKey::from_hex(private_key.trim())
}

fn authorization_of(text: &str) -> CoreResult<Authorization> {
    serde_json::from_str(text).map_err(|cause| Error::argument("authorization", &cause.to_string()))
}

fn requirement_of(version: &BigInt, text: String) -> CoreResult<Requirement> {
    let version = Version::from_number(u64_of("version", version)?)
        .ok_or_else(|| Error::argument("version", "must be 1 or 2"))?;
    let raw = serde_json::value::RawValue::from_string(text)
        .map_err(|cause| Error::argument("requirement", &cause.to_string()))?;
    Ok(Requirement::from_raw(version, raw))
}

fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(field: &str, text: &str) -> CoreResult<T> {
    text.parse().map_err(|cause| Error::argument(field, &format!("{text:?}: {cause}")))
}

//! From an offered requirement to terms that could be signed: everything is compared with our own
//! table, nothing is taken from the server but the amount, the payee and the time.

use alloy::primitives::Address;
use serde_json::Value;

use super::{Requirement, Version};
use crate::{
    error::Rejection,
    money::Usdc,
    networks::{self, Network},
};

/// Validity when a server names none; the default of the official packages.
const DEFAULT_TIMEOUT_SECONDS: u64 = 300;

/// Why a requirement is skipped.
pub type Mismatch = Rejection;

/// A requirement that matches our table: it can be paid, if policy allows.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// The offer, kept byte for byte.
    pub requirement: Requirement,
    /// Network, and with it the token contract and domain.
    pub network: &'static Network,
    /// What it costs.
    pub amount: Usdc,
    /// Who is paid.
    pub payee: Address,
    /// How long the server may take, as it says: not clamped yet.
    pub max_timeout_seconds: u64,
}

/// Checks one requirement against our table for a payer.
///
/// It looks at scheme, flow, transfer method, network, asset, domain, amount, payee and timeout,
/// in this order. It does not look at limits or allowed payees: that is [`crate::policy`].
///
/// # Errors
/// The first field that does not match, what it says and what is allowed.
pub fn match_terms(requirement: &Requirement, payer: Address) -> Result<Terms, Mismatch> {
    exactly(requirement, "scheme", "exact")?;
    extra_is(requirement, "paymentFlow", "authorization")?;
    extra_is(requirement, "assetTransferMethod", "eip3009")?;
    let network = network(requirement)?;
    asset(requirement, network)?;
    extra_is(requirement, "name", network.domain_name)?;
    extra_is(requirement, "version", network.domain_version)?;
    Ok(Terms {
        requirement: requirement.clone(),
        network,
        amount: amount(requirement)?,
        payee: payee(requirement, payer)?,
        max_timeout_seconds: timeout(requirement)?,
    })
}

fn mismatch(field: &str, got: Option<&Value>, allowed: &str) -> Mismatch {
    let got = got.map_or_else(|| "missing".to_owned(), shorten);
    Mismatch { field: field.to_owned(), got, allowed: allowed.to_owned() }
}

/// A value for an error message: what a server sends may be a megabyte.
fn shorten(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn exactly(requirement: &Requirement, field: &str, expected: &str) -> Result<(), Mismatch> {
    match requirement.text(field) {
        Some(text) if text == expected => Ok(()),
        _ => Err(mismatch(field, requirement.field(field), expected)),
    }
}

/// A reserved or domain key of `extra`: absent, or exactly this.
fn extra_is(requirement: &Requirement, field: &str, expected: &str) -> Result<(), Mismatch> {
    match requirement.extra(field) {
        None => Ok(()),
        Some(Value::String(text)) if text == expected => Ok(()),
        other => Err(mismatch(&format!("extra.{field}"), other, expected)),
    }
}

fn network(requirement: &Requirement) -> Result<&'static Network, Mismatch> {
    let named = |network: &Network| match requirement.version() {
        Version::V1 => network.v1_name,
        Version::V2 => Some(network.caip2),
    };
    let asked = requirement.text("network");
    networks::ALL.into_iter().find(|network| asked.is_some() && named(network) == asked).ok_or_else(
        || {
            let known: Vec<_> = networks::ALL.into_iter().filter_map(named).collect();
            mismatch("network", requirement.field("network"), &known.join(", "))
        },
    )
}

fn asset(requirement: &Requirement, network: &Network) -> Result<(), Mismatch> {
    match requirement.text("asset").and_then(address) {
        Some(asset) if asset == network.usdc => Ok(()),
        _ => {
            let allowed = format!("{} (USDC on {})", network.usdc, network.name);
            Err(mismatch("asset", requirement.field("asset"), &allowed))
        }
    }
}

fn amount(requirement: &Requirement) -> Result<Usdc, Mismatch> {
    let digits = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = requirement.amount().and_then(Value::as_str).filter(digits);
    match parsed.and_then(|text| text.parse().ok()) {
        Some(micro) if micro > 0 => Ok(Usdc::from_micro(micro)),
        _ => Err(mismatch(
            requirement.version().amount_field(),
            requirement.amount(),
            "a positive whole number of micro-USDC below 2^128, as a string of digits",
        )),
    }
}

fn payee(requirement: &Requirement, payer: Address) -> Result<Address, Mismatch> {
    let refuse = |allowed| Err(mismatch("payTo", requirement.field("payTo"), allowed));
    match requirement.text("payTo").and_then(address) {
        None => refuse("0x and 40 hexadecimal digits"),
        Some(payee) if payee.is_zero() => refuse("an address other than zero"),
        Some(payee) if payee == payer => refuse("an address other than the paying wallet"),
        Some(payee) => Ok(payee),
    }
}

/// Strict: `0x` and 40 digits, any case.
fn address(text: &str) -> Option<Address> {
    text.strip_prefix("0x").filter(|digits| digits.len() == 40)?.parse().ok()
}

fn timeout(requirement: &Requirement) -> Result<u64, Mismatch> {
    match requirement.field("maxTimeoutSeconds") {
        None => Ok(DEFAULT_TIMEOUT_SECONDS),
        Some(value) => value.as_u64().filter(|seconds| *seconds > 0).ok_or_else(|| {
            mismatch("maxTimeoutSeconds", Some(value), "a positive whole number of seconds")
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn offer(change: impl FnOnce(&mut Value)) -> Result<Terms, Mismatch> {
        let mut value = json!({
            "scheme": "exact", "network": "eip155:84532", "amount": "1000",
            "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
            "payTo": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", "maxTimeoutSeconds": 300,
            "extra": {"name": "USDC", "version": "2"},
        });
        change(&mut value);
        match_terms(&Requirement::from_value(Version::V2, &value).unwrap(), Address::repeat_byte(7))
    }

    #[test]
    fn a_true_offer_matches() {
        let terms = offer(|_| ()).unwrap();
        assert_eq!((terms.amount.micro(), terms.max_timeout_seconds), (1_000, 300));
        assert!(offer(|value| value["extra"] = json!(null)).is_ok());
        assert!(offer(|value| value["extra"]["assetTransferMethod"] = json!("eip3009")).is_ok());
    }

    #[test]
    fn whatever_differs_is_named() {
        let cases: [(&str, &str, Value); 18] = [
            ("scheme", "/scheme", json!("upto")),
            ("extra.paymentFlow", "/extra/paymentFlow", json!("upfront")),
            ("extra.assetTransferMethod", "/extra/assetTransferMethod", json!("permit2")),
            ("network", "/network", json!("eip155:1")),
            ("network", "/network", json!("base-sepolia")),
            ("asset", "/asset", json!("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913")),
            ("extra.name", "/extra/name", json!("USD Coin")),
            ("extra.version", "/extra/version", json!(2)),
            ("amount", "/amount", json!("0")),
            ("amount", "/amount", json!("-1")),
            ("amount", "/amount", json!("0x10")),
            ("amount", "/amount", json!("1.5")),
            ("amount", "/amount", json!(1000)),
            ("amount", "/amount", json!("340282366920938463463374607431768211456")),
            ("payTo", "/payTo", json!("0x209693Bc6afc0C5328bA36FaF03C514EF31228")),
            ("payTo", "/payTo", json!(Address::repeat_byte(7))),
            ("payTo", "/payTo", json!(Address::ZERO)),
            ("maxTimeoutSeconds", "/maxTimeoutSeconds", json!("300")),
        ];
        for (field, pointer, new) in cases {
            let change = |value: &mut Value| {
                let (parent, key) = pointer.rsplit_once('/').unwrap();
                value.pointer_mut(parent).unwrap()[key] = new.clone();
            };
            assert_eq!(offer(change).unwrap_err().field, field, "{new}");
        }
    }
}

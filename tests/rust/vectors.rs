//! The shared vectors against the Rust core, through its public offline API.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fmt::Debug};

use blockrun_llm::{
    ErrorKind, Usdc,
    error::Result,
    offline,
    policy::Policy,
    quote::{PriceRule, Rates},
    wallet::LocalKey,
    x402::{Challenge, Requirement, Version, decode_header},
};
use conformance::{ErrorRow, NonceCase, PaymentCase, QuoteCase, SigningCase, VerifyCase, load};
use serde_json::Value;
use url::Url;

fn same(id: &str, got: impl ToString, expected: &str) {
    assert_eq!(got.to_string().to_lowercase(), expected.to_lowercase(), "{id}");
}

fn good<T>(id: &str, result: Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{id}: {error}"))
}

fn report(file: &str, ran: usize, of: &[impl Debug]) {
    println!("{file}: ran {ran} of {}", of.len());
    assert!(ran == of.len() && ran > 0);
}

#[test]
fn signing() {
    let cases: Vec<SigningCase> = load("signing.json");
    for case in &cases {
        let id = &case.id;
        if let Some(key) = &case.private_key {
            let key = good(id, LocalKey::from_hex(key));
            let signed =
                good(id, offline::sign_authorization(&key, &case.network, &case.authorization));
            same(id, signed.domain_separator, &case.domain_separator);
            same(id, signed.struct_hash, &case.struct_hash);
            same(id, signed.digest, &case.digest);
            same(id, signed.signature, &case.signature);
        }
        let signer = offline::recover_signer(&case.network, &case.authorization, &case.signature);
        same(id, good(id, signer), &case.signer);
    }
    report("signing.json", cases.len(), &cases);
}

#[test]
fn nonces() {
    let cases: Vec<NonceCase> = load("nonce.json");
    for case in &cases {
        let wallet = case.wallet.parse().unwrap();
        let nonce = offline::call_nonce(wallet, &case.key, &case.method, &case.url);
        let nonce = good(&case.id, nonce);
        same(&case.id, nonce, &case.nonce);
        same(&case.id, offline::payment_id(&nonce), &case.payment_id);
    }
    report("nonce.json", cases.len(), &cases);
}

#[test]
fn quotes() {
    let cases: Vec<QuoteCase> = load("quote.json");
    for case in &cases {
        let rule = PriceRule {
            margin_bps: case.rule.margin_bps,
            floor: Usdc::from_micro(case.rule.floor_micro),
            output_permille: case.rule.output_permille,
            image_tokens: case.rule.image_tokens,
        };
        let rates = Rates { input: case.rule.input_rate, output: case.rule.output_rate };
        let price = good(&case.id, rule.chat(&case.body, rates, case.rule.max_output));
        let counts = (price.input_tokens, price.output_tokens, price.amount.micro());
        assert_eq!(
            counts,
            (case.input_tokens, case.output_tokens, case.amount_micro),
            "{}",
            case.id
        );
    }
    report("quote.json", cases.len(), &cases);
}

#[test]
fn payments() {
    let cases: Vec<PaymentCase> = load("payment.json");
    for case in &cases {
        let id = &case.id;
        let key = good(id, LocalKey::from_hex(&case.private_key));
        let challenge = good(id, Challenge::from_text(&case.challenge.to_string()));
        let url = Url::parse(&case.url).unwrap();
        let nonce = case.nonce.parse().unwrap();
        let signed =
            offline::sign_payment(&key, &challenge, &Policy::default(), &url, case.now, nonce);
        let signed = good(id, signed);
        assert_eq!(signed.header_name, case.header_name, "{id}");
        let json = decode_header(&signed.header_value).unwrap();
        let header: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(header, case.header, "{id}");
        let version = Version::from_number(case.version).unwrap();
        let offered = Requirement::from_value(version, &case.requirement).unwrap();
        let verified = offline::verify_payment(&signed.header_value, &offered, case.now);
        assert_eq!(verified.unwrap().payer, key.address(), "{id}");
    }
    report("payment.json", cases.len(), &cases);
}

#[test]
fn verification() {
    let cases: Vec<VerifyCase> = load("verify.json");
    for case in &cases {
        let version = Version::from_number(case.version).unwrap();
        let offered = Requirement::from_value(version, &case.requirement).unwrap();
        let verified = offline::verify_payment(&case.header_value, &offered, case.now);
        let reason = verified.err().map(|reason| reason.code.to_owned());
        assert_eq!(reason, case.reason, "{}", case.id);
    }
    report("verify.json", cases.len(), &cases);
}

#[test]
fn every_kind_of_error_has_a_row() {
    let rows: Vec<ErrorRow> = load("errors.json");
    let listed: BTreeSet<_> = rows.iter().map(|row| row.code.as_str()).collect();
    let kinds: BTreeSet<_> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(listed, kinds);
    report("errors.json", listed.len(), &rows);
}

//! The protocol's headers and bodies.

use alloy::primitives::{Address, B256, U256, address};
use blockrun_llm::{
    Usdc, networks,
    policy::Policy,
    x402::{
        Challenge, EncodePayment, PAYMENT_REQUIRED, PAYMENT_RESPONSE, Payment, Requirement,
        Settlement, Terms, Version, X_PAYMENT_RESPONSE, encode_header, verify,
    },
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use url::Url;

/// Some account.
const PAYER: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
/// Somebody else.
const PAYEE: Address = address!("209693Bc6afc0C5328bA36FaF03C514EF312287C");
/// What a call costs here.
const PRICE: Usdc = Usdc::from_micro(1_000);
/// Some time.
const NOW: u64 = 1_790_000_000;

/// A 402 in a header, as bytes and as the JSON in its base64.
pub fn payment_required_header(input: &[u8]) {
    for value in header_values(input) {
        let headers = header(PAYMENT_REQUIRED, value);
        if let Ok(challenge) = Challenge::parse(&headers, b"") {
            answer(&challenge);
        }
    }
}

/// A 402 in a body.
pub fn payment_required_body(input: &[u8]) {
    if let Ok(challenge) = Challenge::parse(&HeaderMap::new(), input) {
        answer(&challenge);
        let text = std::str::from_utf8(input).expect("what was read is UTF-8");
        let again = Challenge::from_text(text).map(|again| again.accepts);
        assert!(again.is_err() || again.is_ok_and(|again| again == challenge.accepts));
    }
}

/// A settlement, under both names; what is written of it is read again.
pub fn settlement_header(input: &[u8]) {
    for value in header_values(input) {
        for name in [PAYMENT_RESPONSE, X_PAYMENT_RESPONSE] {
            let headers = header(name, value.clone());
            let Some(settlement) = Settlement::from_headers(&headers) else { continue };
            let written = settlement.to_header().parse().expect("base64 is a header value");
            let headers = header(name, written);
            assert_eq!(Settlement::from_headers(&headers), Some(settlement));
        }
    }
}

/// A payment as a server receives it: what passes for an offer pays that offer.
pub fn payment_header(input: &[u8]) {
    for value in header_values(input) {
        let Ok(text) = value.to_str() else { continue };
        let Ok(payment) = Payment::decode(text) else { continue };
        let _ = payment.identifier();
        let Ok(verified) = verify(&payment, &offer(payment.version), NOW) else { continue };
        assert_eq!((verified.amount, verified.payee), (PRICE, PAYEE));
        assert_eq!(verified.network, &networks::BASE_SEPOLIA);
        assert!(verified.valid_after <= NOW && verified.valid_before > NOW);
        assert_eq!(verified.payer, payment.authorization.from);
    }
}

/// What is sold here, in the words of a version.
fn offer(version: Version) -> Requirement {
    let network = match version {
        Version::V1 => networks::BASE_SEPOLIA.v1_name,
        Version::V2 => Some(networks::BASE_SEPOLIA.caip2),
    };
    let offer = json!({
        "scheme": "exact",
        "network": network,
        version.amount_field(): PRICE.micro().to_string(),
        "asset": networks::BASE_SEPOLIA.usdc,
        "payTo": PAYEE,
        "maxTimeoutSeconds": 300,
        "extra": {"name": "USDC", "version": "2"},
    });
    Requirement::from_value(version, &offer).expect("it is JSON")
}

/// The bytes as a header's value, and the base64 of them.
fn header_values(input: &[u8]) -> impl Iterator<Item = HeaderValue> {
    let encoded = std::str::from_utf8(input).ok().map(encode_header);
    let encoded = encoded.and_then(|value| HeaderValue::from_str(&value).ok());
    HeaderValue::from_bytes(input).ok().into_iter().chain(encoded)
}

fn header(name: &'static str, value: HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([(HeaderName::from_static(name), value)])
}

/// What is signed for a 402 follows from our own tables, whatever it says.
fn answer(challenge: &Challenge) {
    let policy =
        Policy { max_cost_per_call: Usdc::from_micro(u64::MAX.into()), ..Policy::default() };
    let Ok(terms) = policy.choose(challenge, PAYER) else { return };
    assert!(networks::ALL.contains(&terms.network));
    assert!(challenge.accepts.contains(&terms.requirement));
    assert!(terms.amount > Usdc::ZERO && terms.amount <= policy.max_cost_per_call);
    assert!(terms.payee != PAYER && terms.payee != Address::ZERO);
    let authorization = policy.authorize(&terms, PAYER, B256::repeat_byte(7), NOW);
    assert!(authorization.valid_before <= U256::from(NOW + 600));
    let url = Url::parse("https://gateway.test/v1/chat/completions").expect("a URL");
    let encode = EncodePayment {
        challenge,
        terms: &terms,
        authorization: &authorization,
        signature: &[0x1b; 65],
        url: &url,
        payment_id: "pay_00",
    };
    let (_, header) = encode.header().expect("what was read can be written");
    let payment = Payment::decode(&header).expect("what was written can be read");
    assert_eq!((&payment.authorization, payment.version), (&authorization, challenge.version));
    if payment.version == Version::V2 {
        echoed(challenge, &terms, &payment);
    }
}

/// The chosen requirement and the extensions go back as they came.
fn echoed(challenge: &Challenge, terms: &Terms, payment: &Payment) {
    assert_eq!(payment.accepted.as_ref(), Some(&terms.requirement));
    for (name, advertised) in &challenge.extensions {
        let echoed = payment.extensions.get(name).map(|raw| raw.get());
        assert!(name == "payment-identifier" || echoed == Some(advertised.get()), "{name}");
    }
}

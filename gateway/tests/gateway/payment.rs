//! Paying: what is accepted, what is refused, and that a refusal costs nothing.

use std::time::Duration;

use blockrun_gateway::{Config, PRACTICE_PAYEE};
use blockrun_llm::{
    Usdc,
    policy::Policy,
    x402::{decode_header, encode_header},
};
use serde_json::{Value, json};

use super::support::{Shop, config, hello};

#[tokio::test]
async fn a_v2_payment_buys_an_answer_with_a_receipt() {
    let shop = Shop::open().await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    assert_eq!(payment.header_name, "payment-signature");
    let answer = shop.paid(&body, &payment).await;

    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "private");
    let reply = answer.json();
    assert_eq!((&reply["object"], &reply["model"]), (&json!("chat.completion"), &json!("gpt-4o")));
    assert_eq!(reply["system_fingerprint"], "practice");
    assert_eq!(reply["usage"]["prompt_tokens"], 13);

    let receipt = answer.settlement();
    assert!(receipt.success);
    assert_eq!(receipt.network, "eip155:84532");
    assert_eq!(receipt.payer, Some(shop.key.address().to_string()));
    assert_eq!(receipt.amount, Some(payment.amount.micro().to_string()));
    assert_eq!(shop.purse().await, 10_000_000 - payment.amount.micro());
}

#[tokio::test]
async fn a_v1_payment_buys_an_answer_with_a_v1_receipt() {
    let shop = Shop::open().await;
    let body = hello("gpt-4o");
    let payment = shop.sign(&shop.chat(&body, &[]).await.challenge_v1(), 1);
    assert_eq!(payment.header_name, "x-payment");
    let answer = shop.paid(&body, &payment).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.headers.contains_key("x-payment-response"));
    assert!(!answer.headers.contains_key("payment-response"));
    assert_eq!(answer.settlement().network, "base-sepolia");
}

#[tokio::test]
async fn a_changed_payment_is_refused_with_the_protocols_reason() {
    let shop = Shop::open().await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let cases: [(&str, &str, Value); 10] = [
        ("invalid_x402_version", "/x402Version", json!(3)),
        ("unsupported_scheme", "/accepted/scheme", json!("upto")),
        ("invalid_network", "/accepted/network", json!("eip155:8453")),
        ("invalid_payment_requirements", "/accepted/amount", json!("1")),
        (
            "invalid_exact_evm_payload_recipient_mismatch",
            "/payload/authorization/to",
            json!("0x209693Bc6afc0C5328bA36FaF03C514EF312287C"),
        ),
        (
            "invalid_exact_evm_payload_authorization_value_mismatch",
            "/payload/authorization/value",
            json!("1"),
        ),
        (
            "invalid_exact_evm_payload_authorization_valid_before",
            "/payload/authorization/validBefore",
            json!("1740672154"),
        ),
        (
            "invalid_exact_evm_payload_authorization_valid_after",
            "/payload/authorization/validAfter",
            json!("99999999999"),
        ),
        (
            "invalid_exact_evm_payload_signature",
            "/payload/authorization/nonce",
            json!(format!("0x{}", "02".repeat(32))),
        ),
        ("invalid_payload", "/payload/authorization/nonce", json!("0x02")),
    ];
    for (reason, pointer, value) in cases {
        let decoded = decode_header(&payment.header_value).unwrap();
        let mut changed: Value = serde_json::from_str(&decoded).unwrap();
        *changed.pointer_mut(pointer).unwrap() = value;
        let header = encode_header(&changed.to_string());
        let answer = shop.chat(&body, &[("payment-signature", &header)]).await;
        assert_eq!(answer.challenge().error.as_deref(), Some(reason), "{pointer}");
        assert_eq!(answer.json()["error"], reason);
        assert!(!answer.json()["message"].as_str().unwrap().is_empty());
    }
    assert_eq!(shop.purse().await, 10_000_000);
    // None of them spoiled the true one.
    assert_eq!(shop.paid(&body, &payment).await.status, 200);
}

#[tokio::test]
async fn garbage_is_a_refused_payment_and_two_payments_are_a_bad_request() {
    let shop = Shop::open().await;
    let body = hello("gpt-4o");
    let answer = shop.chat(&body, &[("x-payment", "%%%")]).await;
    assert_eq!(answer.challenge().error.as_deref(), Some("invalid_payload"));
    let answer = shop.chat(&body, &[("x-payment", "e30="), ("payment-signature", "W10=")]).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (400, &json!("ambiguous_payment"))
    );
}

#[tokio::test]
async fn a_payment_that_ends_too_soon_to_be_settled_is_refused() {
    let shop = Shop::open().await;
    let body = hello("gpt-4o");
    let challenge = shop.chat(&body, &[]).await.challenge();
    let hasty = Policy { max_validity_seconds: 20, ..Policy::default() };
    let answer = shop.paid(&body, &shop.sign_with(&hasty, &challenge, 1)).await;
    let reason = "invalid_exact_evm_payload_authorization_valid_before";
    assert_eq!(answer.challenge().error.as_deref(), Some(reason));
    assert!(answer.json()["message"].as_str().unwrap().contains("30 seconds"));
}

#[tokio::test]
async fn a_payment_without_funds_is_refused_and_may_come_again() {
    let starting_balance = Usdc::from_micro(12_000);
    let shop = Shop::with(Config { starting_balance, ..config() }).await;
    let body = hello("gpt-4o");
    let (first, second) = (shop.payment(&body, 1).await, shop.payment(&body, 2).await);
    assert_eq!(shop.paid(&body, &first).await.status, 200);
    let refused = shop.paid(&body, &second).await;
    assert_eq!(refused.challenge().error.as_deref(), Some("insufficient_funds"));
    assert_eq!(shop.purse().await, 12_000 - first.amount.micro());
    // The same nonce for the same request may be signed anew: nothing was executed.
    let challenge = shop.chat(&body, &[]).await.challenge();
    let longer = Policy { max_validity_seconds: 200, ..Policy::default() };
    let again = shop.paid(&body, &shop.sign_with(&longer, &challenge, 2)).await;
    assert_eq!(again.challenge().error.as_deref(), Some("insufficient_funds"));
}

#[tokio::test]
async fn a_provider_that_fails_costs_nothing_and_the_payment_stays_good() {
    let shop = Shop::open().await;
    let body = hello("practice/failing");
    let payment = shop.payment(&body, 1).await;
    for _ in 0..2 {
        let answer = shop.paid(&body, &payment).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (500, &json!("provider_error"))
        );
        assert!(!answer.headers.contains_key("payment-response"));
    }
    let mut stream = body.clone();
    stream["stream"] = json!(true);
    assert_eq!(shop.buy(&stream, 2).await.status, 500);
    assert_eq!(shop.purse().await, 10_000_000);
}

#[tokio::test]
async fn two_calls_at_once_cannot_spend_the_same_money() {
    let shop = Shop::with(Config {
        starting_balance: Usdc::from_micro(12_000),
        provider_delay: Duration::from_millis(200),
        ..config()
    })
    .await;
    let body = hello("gpt-4o");
    let (first, second) = (shop.payment(&body, 1).await, shop.payment(&body, 2).await);
    let answers = tokio::join!(shop.paid(&body, &first), shop.paid(&body, &second));
    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 402]);
    assert_eq!(shop.purse().await, 12_000 - first.amount.micro());
}

#[tokio::test]
async fn many_purchases_at_once_add_up() {
    let shop = Shop::open().await;
    let body = hello("gpt-4o-mini");
    let answers = futures_util::future::join_all((1..=50).map(|n| shop.buy(&body, n))).await;
    let mut transactions: Vec<_> = answers
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, 200, "{}", answer.text());
            answer.settlement().transaction
        })
        .collect();
    transactions.sort_unstable();
    transactions.dedup();
    assert_eq!(transactions.len(), 50);
    assert_eq!(shop.purse().await, 10_000_000 - 50 * 1_000);
    assert_eq!(shop.balance(PRACTICE_PAYEE).await, 50 * 1_000);
}

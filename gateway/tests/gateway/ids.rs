//! The ids of calls: `Idempotency-Key` and the `payment-identifier` extension.

use blockrun_llm::{
    offline::SignedPayment,
    wallet::LocalKey,
    x402::{decode_header, encode_header, payment_id},
};
use serde_json::{Value, json};

use super::support::{Answer, Shop, hello};

const ID: &str = "order-0000000017";

async fn with_key(shop: &Shop, body: &Value, payment: &SignedPayment, id: &str) -> Answer {
    let paid = (payment.header_name, payment.header_value.as_str());
    shop.chat(body, &[paid, ("idempotency-key", id)]).await
}

/// The payment with another id in its extension.
fn with_extension(payment: &SignedPayment, id: &str) -> SignedPayment {
    let decoded = decode_header(&payment.header_value).unwrap();
    let mut changed: Value = serde_json::from_str(&decoded).unwrap();
    changed["extensions"]["payment-identifier"]["info"]["id"] = id.into();
    let header_value = encode_header(&changed.to_string());
    SignedPayment { header_value, ..payment.clone() }
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn an_id_is_of_one_payment() {
    let shop = Shop::open().await;
    let body = hello("gpt-4o");
    let (first, second) = (shop.payment(&body, 1).await, shop.payment(&body, 2).await);
    let bought = with_key(&shop, &body, &first, ID).await;
    assert_eq!(bought.status, 200);
    assert_eq!(with_key(&shop, &body, &first, ID).await.body, bought.body);
    let conflict = (409, "idempotency_conflict".to_owned());
    assert_eq!(code(&with_key(&shop, &body, &second, ID).await), conflict);
    let extended = with_extension(&second, ID);
    assert_eq!(code(&shop.paid(&body, &extended).await), conflict);
    // The id that the first nonce derives is taken as well.
    let derived = payment_id(&first.authorization.nonce);
    assert_eq!(code(&with_key(&shop, &body, &second, &derived).await), conflict);
    assert_eq!(shop.purse().await, 10_000_000 - first.amount.micro());
    assert_eq!(with_key(&shop, &body, &second, "order-0000000018").await.status, 200);
}

#[tokio::test]
async fn what_was_not_bought_takes_no_id() {
    let shop = Shop::open().await;
    let body = hello("gpt-4o");
    // A 402, a payment that is refused, and one whose provider fails.
    assert_eq!(shop.chat(&body, &[("idempotency-key", ID)]).await.status, 402);
    let mut cheaper = shop.payment(&body, 1).await;
    cheaper.header_value = shop.payment(&hello("o1"), 1).await.header_value;
    assert_eq!(with_key(&shop, &body, &cheaper, ID).await.status, 402);
    let failing = hello("practice/failing");
    let failed = shop.payment(&failing, 2).await;
    assert_eq!(with_key(&shop, &failing, &failed, ID).await.status, 500);
    let payment = shop.payment(&body, 3).await;
    assert_eq!(with_key(&shop, &body, &payment, ID).await.status, 200);
}

#[tokio::test]
async fn payers_do_not_meet() {
    let mut shop = Shop::open().await;
    let body = hello("gpt-4o");
    let first = shop.payment(&body, 1).await;
    assert_eq!(with_key(&shop, &body, &first, ID).await.status, 200);
    shop.key = LocalKey::from_hex(&format!("0x{}", "11".repeat(32))).unwrap();
    let other = shop.payment(&body, 1).await;
    assert_eq!(with_key(&shop, &body, &other, ID).await.status, 200);
}

#[tokio::test]
async fn a_malformed_id_is_a_bad_request() {
    let shop = Shop::open().await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let bad = (400, "invalid_idempotency_key".to_owned());
    assert_eq!(code(&with_key(&shop, &body, &payment, "short").await), bad);
    let extended = with_extension(&payment, "no spaces are allowed");
    let answer = shop.paid(&body, &extended).await;
    assert_eq!((code(&answer), &answer.json()["error"]["param"]), (bad, &json!("idempotency-key")));
    assert_eq!(shop.purse().await, 10_000_000);
}

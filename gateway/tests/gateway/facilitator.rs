//! A gateway as the facilitator of somebody else's resource server.

use alloy::primitives::Address;
use blockrun_gateway::{AdminToken, Config, Facilitator};
use blockrun_llm::{networks::BASE_SEPOLIA, offline::SignedPayment, x402::decode_header};
use serde_json::{Value, json};

use super::support::{Answer, CHAT, Shop, config, hello, lasting, sql};

/// Who sells, and is no account of the facilitator.
pub(crate) const SELLER: &str = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
const SELLER_URL: &str = "https://seller.example/thing";
pub(crate) const USED: &str = "invalid_exact_evm_nonce_already_used";

/// A practice gateway that is a facilitator for everyone.
pub(crate) fn open() -> Config {
    Config { facilitator: Some(Facilitator::default()), ..config() }
}

/// What a resource server offers, as its 402 has it.
fn requirement(version: u64) -> Value {
    let mut offer = json!({
        "scheme": "exact", "network": "eip155:84532", "amount": "1000",
        "asset": BASE_SEPOLIA.usdc.to_string(), "payTo": SELLER, "maxTimeoutSeconds": 300,
        "extra": {"name": "USDC", "version": "2"},
    });
    if version == 1 {
        let fields = offer.as_object_mut().unwrap();
        let amount = fields.remove("amount").unwrap();
        fields.insert("maxAmountRequired".into(), amount);
        fields.insert("network".into(), "base-sepolia".into());
        fields.insert("resource".into(), SELLER_URL.into());
    }
    offer
}

/// A payment for it, as its client signs it.
fn signed(shop: &Shop, version: u64, nonce: u8) -> SignedPayment {
    let required = json!({
        "x402Version": version, "accepts": [requirement(version)],
        "resource": {"url": SELLER_URL},
    });
    let challenge = blockrun_llm::x402::Challenge::parse(
        &http::HeaderMap::new(),
        required.to_string().as_bytes(),
    );
    shop.sign(&challenge.unwrap(), nonce)
}

/// What a resource server asks.
fn asked(payment: &SignedPayment, version: u64) -> Value {
    let payload: Value =
        serde_json::from_str(&decode_header(&payment.header_value).unwrap()).unwrap();
    json!({
        "x402Version": version, "paymentPayload": payload,
        "paymentRequirements": requirement(version),
    })
}

async fn settle(shop: &Shop, asked: &Value, name: Option<&str>) -> Answer {
    let headers: Vec<_> = name.into_iter().map(|name| ("idempotency-key", name)).collect();
    shop.post("/settle", asked, &headers).await
}

async fn sold(shop: &Shop) -> u128 {
    shop.balance(SELLER.parse().unwrap()).await - 10_000_000
}

#[tokio::test]
async fn a_payment_is_verified_and_settled_in_both_versions() {
    let shop = Shop::with(open()).await;
    let supported = shop.get("/supported").await.json();
    assert_eq!(
        supported,
        json!({
            "kinds": [
                {"x402Version": 2, "scheme": "exact", "network": "eip155:84532"},
                {"x402Version": 1, "scheme": "exact", "network": "base-sepolia"},
            ],
            "extensions": [], "signers": {},
        })
    );
    for (version, network) in [(1_u64, "base-sepolia"), (2, "eip155:84532")] {
        let payment = signed(&shop, version, u8::try_from(version).unwrap());
        let asked = asked(&payment, version);
        let payer = shop.key.address().to_string();
        let verified = shop.post("/verify", &asked, &[]).await;
        assert_eq!(
            (verified.status, verified.json()),
            (200, json!({"isValid": true, "payer": payer}))
        );
        assert_eq!(verified.header("cache-control"), "no-store");
        let before = sold(&shop).await;
        let settled = settle(&shop, &asked, None).await.json();
        let transaction = settled["transaction"].as_str().unwrap();
        assert_eq!(
            settled,
            json!({"success": true, "payer": payer, "transaction": transaction,
                   "network": network, "amount": "1000"})
        );
        assert_eq!(sold(&shop).await, before + 1_000);
        let shown = shop.get(&format!("/practice/transactions/{transaction}")).await.json();
        let bought = [SELLER_URL.to_owned(), shop.url(CHAT).to_string()];
        assert_eq!(shown["purchase"], bought[usize::from(version == 2)]);
        let verified = shop.post("/verify", &asked, &[]).await.json();
        assert_eq!(
            (&verified["isValid"], &verified["invalidReason"]),
            (&json!(false), &json!(USED))
        );
    }
}

#[tokio::test]
async fn to_verify_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let config = Config { facilitator: open().facilitator, ..lasting(root.path()) };
    let shop = Shop::with(config.clone()).await;
    let asked = asked(&signed(&shop, 2, 1), 2);
    for _ in 0..3 {
        assert_eq!(shop.post("/verify", &asked, &[]).await.json()["isValid"], true);
    }
    assert!(shop.running.shutdown().await);
    for table in ["claims", "transfers"] {
        assert_eq!(sql(&config, &format!("SELECT count(*) FROM {table}")), "0");
    }
}

#[tokio::test]
async fn one_payment_is_one_success() {
    let shop = Shop::with(open()).await;
    let asked = asked(&signed(&shop, 2, 1), 2);
    let all = (0..10).map(|_| settle(&shop, &asked, None));
    let answers = futures_util::future::join_all(all).await;
    let successes = answers.iter().filter(|one| one.json()["success"] == true).count();
    let used = answers.iter().filter(|one| one.json()["errorReason"] == USED).count();
    assert_eq!((successes, used, sold(&shop).await), (1, 9, 1_000));
}

#[tokio::test]
async fn a_named_settlement_is_told_again() {
    let root = tempfile::tempdir().unwrap();
    let config = Config { facilitator: open().facilitator, ..lasting(root.path()) };
    let shop = Shop::with(config.clone()).await;
    let asked = asked(&signed(&shop, 2, 1), 2);
    let all = (0..5).map(|_| settle(&shop, &asked, Some("order-7")));
    let answers = futures_util::future::join_all(all).await;
    let first = answers[0].json();
    assert_eq!(first["success"], true);
    assert!(answers.iter().all(|one| one.json() == first));
    assert_eq!(settle(&shop, &asked, Some("order-8")).await.json()["errorReason"], USED);
    assert_eq!(settle(&shop, &asked, None).await.json()["errorReason"], USED);
    assert!(shop.running.shutdown().await);
    let shop = Shop::with(config).await;
    assert_eq!(settle(&shop, &asked, Some("order-7")).await.json(), first);
    assert_eq!(sold(&shop).await, 1_000);
}

#[tokio::test]
async fn an_answer_that_nobody_waited_for_is_told_to_whoever_comes_again() {
    let shop = Shop::with(open()).await;
    let asked = asked(&signed(&shop, 2, 1), 2);
    // The request arrives whole; its sender is gone before it is answered.
    let mut gone = std::net::TcpStream::connect(shop.running.address()).unwrap();
    let body = asked.to_string();
    let request =
        format!("POST /settle HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    std::io::Write::write_all(&mut gone, request.as_bytes()).unwrap();
    drop(gone);
    let told = settle(&shop, &asked, None).await.json();
    assert!(told["success"] == true || told["errorReason"] == USED, "{told}");
    assert_eq!(sold(&shop).await, 1_000);
}

#[tokio::test]
async fn what_is_sold_here_and_what_is_settled_for_others_share_their_nonces() {
    let shop = Shop::with(open()).await;
    let body = hello("gpt-4o-mini");
    let payment = shop.payment(&body, 1).await;
    assert_eq!(shop.paid(&body, &payment).await.status, 200);
    let other = asked(&signed(&shop, 2, 1), 2);
    assert_eq!(settle(&shop, &other, None).await.json()["errorReason"], USED);
    let settled = asked(&signed(&shop, 2, 2), 2);
    assert_eq!(settle(&shop, &settled, None).await.json()["success"], true);
    let payment = shop.payment(&body, 2).await;
    assert_eq!(shop.paid(&body, &payment).await.status, 409);
}

/// What is changed about a good request, and the reason to refuse it.
const REFUSED: [(&str, &str, &str); 12] = [
    ("/paymentRequirements/scheme", "upto", "unsupported_scheme"),
    ("/paymentRequirements/network", "eip155:8453", "invalid_network"),
    ("/paymentRequirements/network", "eip155:1", "invalid_network"),
    ("/paymentRequirements/asset", SELLER, "invalid_payment_requirements"),
    ("/paymentRequirements/amount", "999", "invalid_payment_requirements"),
    ("/paymentRequirements/extra/name", "USD Coin", "invalid_payment_requirements"),
    ("/paymentPayload/accepted/amount", "999", "invalid_payment_requirements"),
    (
        "/paymentPayload/payload/authorization/value",
        "999",
        "invalid_exact_evm_payload_authorization_value_mismatch",
    ),
    (
        "/paymentPayload/payload/authorization/to",
        "0x857b06519E91e3A54538791bDbb0E22373e36b66",
        "invalid_exact_evm_payload_recipient_mismatch",
    ),
    (
        "/paymentPayload/payload/authorization/validBefore",
        "1740672154",
        "invalid_exact_evm_payload_authorization_valid_before",
    ),
    (
        "/paymentPayload/payload/authorization/from",
        "0x857b06519E91e3A54538791bDbb0E22373e36b66",
        "invalid_exact_evm_payload_signature",
    ),
    ("/paymentPayload/payload/signature", "no hex", "invalid_payload"),
];

#[tokio::test]
async fn what_is_not_good_is_refused_by_both_with_the_protocols_reason() {
    let shop = Shop::with(open()).await;
    for (pointer, value, reason) in REFUSED {
        let mut asked = asked(&signed(&shop, 2, 1), 2);
        *asked.pointer_mut(pointer).unwrap() = json!(value);
        let verified = shop.post("/verify", &asked, &[]).await;
        assert_eq!(
            (verified.status, &verified.json()["isValid"]),
            (200, &json!(false)),
            "{pointer}"
        );
        assert_eq!(verified.json()["invalidReason"], reason, "{pointer}");
        let settled = settle(&shop, &asked, None).await;
        assert_eq!((settled.status, &settled.json()["success"]), (200, &json!(false)), "{pointer}");
        assert_eq!(settled.json()["errorReason"], reason, "{pointer}");
        assert_eq!(settled.json()["transaction"], "");
    }
    for body in ["", "{}", "[1]"] {
        let refused = shop.post("/verify", body, &[]).await;
        assert_eq!(
            (refused.status, &refused.json()["invalidReason"]),
            (400, &json!("invalid_payload"))
        );
    }
    assert_eq!(sold(&shop).await, 0);
}

#[tokio::test]
async fn an_empty_purse_is_refused_and_the_payment_stays_good() {
    let shop = Shop::with(Config { starting_balance: "0".parse().unwrap(), ..open() }).await;
    let asked = asked(&signed(&shop, 2, 1), 2);
    let verified = shop.post("/verify", &asked, &[]).await.json();
    assert_eq!(verified["invalidReason"], "insufficient_funds");
    for _ in 0..2 {
        let settled = settle(&shop, &asked, None).await.json();
        assert_eq!(settled["errorReason"], "insufficient_funds");
    }
}

#[tokio::test]
async fn strangers_and_foreign_payees_are_sent_away() {
    let guarded = Facilitator {
        payees: vec![Address::repeat_byte(7)],
        token: Some(AdminToken::new("a-token-of-this-test").unwrap()),
    };
    let shop = Shop::with(Config { facilitator: Some(guarded), ..config() }).await;
    let asked = asked(&signed(&shop, 2, 1), 2);
    for path in ["/verify", "/settle"] {
        let refused = shop.post(path, &asked, &[("authorization", "Bearer b-token")]).await;
        assert_eq!((refused.status, refused.header("www-authenticate")), (401, "Bearer"));
        let refused = shop
            .post(path, &asked, &[("authorization", "Bearer a-token-of-this-test")])
            .await
            .json();
        let reason = refused.get("invalidReason").or_else(|| refused.get("errorReason"));
        assert_eq!(reason, Some(&json!("invalid_payment_requirements")));
    }
    assert_eq!(shop.get("/supported").await.status, 200);
}

#[tokio::test]
async fn who_is_no_facilitator_has_no_such_paths() {
    let shop = Shop::open().await;
    assert_eq!(shop.get("/supported").await.status, 404);
    assert_eq!(shop.post("/settle", "{}", &[]).await.status, 404);
}

#[tokio::test]
async fn a_settlement_needs_a_name_that_can_be_one() {
    let shop = Shop::with(open()).await;
    let asked = asked(&signed(&shop, 2, 1), 2);
    let refused = settle(&shop, &asked, Some(&"x".repeat(129))).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]["param"]),
        (400, &json!("idempotency-key"))
    );
}

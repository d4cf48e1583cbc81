//! Fetching a paid answer again by its id and its recovery token.

use blockrun_gateway::Config;
use blockrun_llm::{offline::SignedPayment, x402::payment_id};
use http::HeaderMap;
use serde_json::{Value, json};

use super::{
    gated::gated,
    support::{Answer, Shop, config, hello},
};

const TOKEN: &str = "abababababababababababababababababababababababababababababababab";

async fn buy(shop: &Shop, body: &Value, payment: &SignedPayment) -> Answer {
    let paid = (payment.header_name, payment.header_value.as_str());
    shop.chat(body, &[paid, ("blockrun-recovery", TOKEN)]).await
}

async fn fetch(shop: &Shop, payment: &SignedPayment, token: Option<&str>) -> Answer {
    let id = payment_id(&payment.authorization.nonce);
    let mut request = shop.http.get(shop.url(&format!("/api/v1/answers/{id}")));
    if let Some(token) = token {
        request = request.header("blockrun-recovery", token);
    }
    Answer::of(request.send().await.unwrap()).await
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["error"]["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_token_fetches_the_answer_and_both_receipts() {
    let shop = Shop::open().await;
    for (nonce, stream) in [(1, false), (2, true)] {
        let mut body = hello("gpt-4o");
        body["stream"] = json!(stream);
        let payment = shop.payment(&body, nonce).await;
        let first = buy(&shop, &body, &payment).await;
        let again = fetch(&shop, &payment, Some(TOKEN)).await;
        assert_eq!((again.status, &again.body), (200, &first.body));
        assert_eq!(again.header("content-type"), first.header("content-type"));
        assert_eq!(again.header("cache-control"), "no-store");
        assert_eq!(again.settlement(), first.settlement());
        let mut v1 = HeaderMap::new();
        v1.insert("x-payment-response", again.headers["x-payment-response"].clone());
        let v1 = blockrun_llm::x402::Settlement::from_headers(&v1).unwrap();
        assert_eq!((v1.success, v1.network.as_str()), (true, "base-sepolia"));
        assert_eq!(v1.transaction, first.settlement().transaction);
    }
}

#[tokio::test]
async fn nothing_else_opens_it() {
    let shop = Shop::open().await;
    let body = hello("gpt-4o");
    let (with, without) = (shop.payment(&body, 1).await, shop.payment(&body, 2).await);
    buy(&shop, &body, &with).await;
    shop.paid(&body, &without).await;
    let refused = (409, "recovery_refused".to_owned());
    assert_eq!(code(&fetch(&shop, &with, None).await), refused);
    assert_eq!(code(&fetch(&shop, &with, Some(&"cd".repeat(32))).await), refused);
    assert_eq!(code(&fetch(&shop, &without, Some(TOKEN)).await), refused);
    let malformed = fetch(&shop, &with, Some("short")).await;
    assert_eq!(code(&malformed), (400, "invalid_recovery_token".to_owned()));
    let unpaid = shop.payment(&body, 3).await;
    let nothing = (404, "answer_not_found".to_owned());
    assert_eq!(code(&fetch(&shop, &unpaid, Some(TOKEN)).await), nothing);
    let failing = hello("practice/failing");
    let released = shop.payment(&failing, 4).await;
    buy(&shop, &failing, &released).await;
    assert_eq!(code(&fetch(&shop, &released, Some(TOKEN)).await), nothing);
}

#[tokio::test]
async fn an_answer_in_flight_is_worth_waiting_for() {
    let (shop, gate) = gated(config(), 0).await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let (bought, early) = tokio::join!(buy(&shop, &body, &payment), async {
        gate.reached(1).await;
        let early = fetch(&shop, &payment, Some(TOKEN)).await;
        gate.open(1);
        early
    });
    assert_eq!((code(&early), early.header("retry-after")), ((503, "answer_pending".into()), "2"));
    assert_eq!(fetch(&shop, &payment, Some(TOKEN)).await.body, bought.body);
}

#[tokio::test]
async fn an_answer_that_is_not_kept_any_more_is_gone() {
    let shop = Shop::with(Config { answer_limit: 100, ..config() }).await;
    let mut body = hello("gpt-4o");
    body["stream"] = json!(true);
    let payment = shop.payment(&body, 1).await;
    let bought = buy(&shop, &body, &payment).await;
    let gone = fetch(&shop, &payment, Some(TOKEN)).await;
    assert_eq!(code(&gone), (410, "answer_expired".to_owned()));
    assert_eq!(gone.settlement(), bought.settlement());
}

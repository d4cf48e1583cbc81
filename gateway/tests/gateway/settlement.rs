//! Settlements that do not end well at once: unknown, refused, interrupted.

use std::{sync::atomic::Ordering, time::Duration};

use blockrun_llm::{
    ChatRequest, ClientOptions, LLMClient, journal::JournalOptions, x402::payment_id,
};
use serde_json::json;

use super::{
    counting::counted,
    support::{Answer, KEY, Shop, config, hello, lasting, sql},
};

fn assert_pending(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.header("retry-after"), "1");
    let told = answer.settlement();
    assert!(told.is_pending() && !told.success && told.transaction().is_some());
    assert_eq!(told.network, "eip155:84532");
    assert!(told.payer.is_some());
}

#[tokio::test]
async fn an_unknown_settlement_is_looked_up_when_its_payment_comes_again() {
    for stream in [false, true] {
        let (shop, provider) = counted(config(), Duration::ZERO).await;
        let mut body = hello("practice/unknown");
        body["stream"] = json!(stream);
        let payment = shop.payment(&body, 1).await;
        let first = shop.paid(&body, &payment).await;
        assert_pending(&first);
        let again = shop.paid(&body, &payment).await;
        assert_eq!(again.status, 200, "{}", again.text());
        assert_eq!(again.settlement().transaction, first.settlement().transaction);
        assert!(again.text().contains("practice"), "{}", again.text());
        assert_eq!(shop.paid(&body, &payment).await.body, again.body);
        assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
        assert_eq!(shop.purse().await, 10_000_000 - payment.amount.micro());
    }
}

#[tokio::test]
async fn an_unknown_settlement_is_looked_up_when_its_answer_is_fetched() {
    let shop = Shop::open().await;
    let body = hello("practice/unknown");
    let payment = shop.payment(&body, 1).await;
    let token = ("blockrun-recovery", "ab".repeat(32));
    let headers = [(payment.header_name, payment.header_value.as_str()), (token.0, &token.1)];
    let first = shop.chat(&body, &headers).await;
    assert_pending(&first);
    let id = payment_id(&payment.authorization.nonce);
    let fetch = shop.http.get(shop.url(&format!("/api/v1/answers/{id}"))).header(token.0, &token.1);
    let fetched = Answer::of(fetch.send().await.unwrap()).await;
    assert_eq!(fetched.status, 200, "{}", fetched.text());
    assert_eq!(fetched.settlement().transaction, first.settlement().transaction);
}

#[tokio::test]
async fn an_unknown_settlement_is_looked_up_after_a_restart() {
    let root = tempfile::tempdir().unwrap();
    let config = lasting(root.path());
    let shop = Shop::with(config.clone()).await.at_rest().await;
    let body = hello("practice/unknown");
    let payment = shop.payment(&body, 1).await;
    let first = shop.paid(&body, &payment).await;
    assert_pending(&first);
    assert!(shop.running.shutdown().await);
    let state = || sql(&config, "SELECT state FROM claims");
    assert_eq!(state(), "settling");
    // Nobody has to come for it.
    assert!(Shop::with(config.clone()).await.running.shutdown().await);
    assert_eq!(state(), "settled");
    let again = Shop::with(config.clone()).await.paid(&body, &payment).await;
    assert_eq!((again.status, again.settlement().success), (200, true));
    assert_eq!(again.settlement().transaction, first.settlement().transaction);
}

#[tokio::test]
async fn a_settlement_that_is_refused_gives_no_answer_and_charges_nothing() {
    for stream in [false, true] {
        let (shop, provider) = counted(config(), Duration::ZERO).await;
        let mut body = hello("practice/unsettled");
        body["stream"] = json!(stream);
        let payment = shop.payment(&body, 1).await;
        for _ in 0..2 {
            let refused = shop.paid(&body, &payment).await;
            assert_eq!(refused.challenge().error.as_deref(), Some("insufficient_funds"));
            let told = refused.settlement();
            assert_eq!((told.success, told.transaction()), (false, None));
            assert_eq!(told.error_reason.as_deref(), Some("insufficient_funds"));
        }
        // A whole answer is there already: nobody gets work for nothing again and again.
        assert_eq!(provider.asked.load(Ordering::SeqCst), 1 + u64::from(stream));
        assert_eq!(shop.purse().await, 10_000_000);
    }
}

#[tokio::test]
async fn the_client_sees_a_pending_settlement_through() {
    let shop = Shop::open().await;
    let client = LLMClient::with_options(ClientOptions {
        private_key: Some(KEY.into()),
        api_url: Some(shop.running.api_url()),
        journal: JournalOptions { in_memory: true, ..JournalOptions::default() },
        ..ClientOptions::default()
    })
    .unwrap();
    let model = Some("practice/unknown".to_owned());
    let request = ChatRequest { model, ..ChatRequest::new("Hello!") };
    let answer = client.chat_completion(&request).await.unwrap();
    assert_eq!(answer.cost().micro(), 1_000);
    assert_eq!(shop.purse().await, 10_000_000 - 1_000);
}

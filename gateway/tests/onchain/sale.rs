//! Buying on a chain.

use blockrun_gateway::Gateway;
use blockrun_llm::{
    ChatRequest, ClientOptions, LLMClient, journal::JournalOptions, offline::SignedPayment,
};
use serde_json::json;

use super::{
    anvil::{Anvil, PURSE, hash, payer},
    shop::{PAYEE, assert_paid, at},
    support::{KEY, Shop, hello},
};

#[tokio::test]
async fn the_client_buys_and_the_chain_shows_it() {
    let Some(anvil) = Anvil::start().await else { return };
    let shop = Shop::with(at(&anvil.url)).await;
    let home = tempfile::tempdir().unwrap();
    let client = LLMClient::with_options(ClientOptions {
        journal: JournalOptions { home: Some(home.path().into()), ..JournalOptions::default() },
        private_key: Some(KEY.into()),
        api_url: Some(shop.running.api_url()),
        ..ClientOptions::default()
    })
    .unwrap();
    let answer = client.chat_completion(&ChatRequest::new("Hello!")).await.unwrap();
    assert!(answer.text().starts_with("Hello! How can I help you today?"));
    assert_eq!(answer.cost().micro(), 1_000);
    assert_paid(&anvil, 1_000, 1).await;
    assert_eq!(anvil.payments().await, [answer.transaction().unwrap()]);
    assert_eq!(shop.get("/health").await.json()["mode"], "onchain");
    assert_eq!(shop.post("/practice/rpc", "{}", &[]).await.status, 404);
}

#[tokio::test]
async fn a_replay_is_answered_and_not_charged() {
    let Some(anvil) = Anvil::start().await else { return };
    let shop = Shop::with(at(&anvil.url)).await;
    for (nonce, stream) in [(1, false), (2, true)] {
        let mut body = hello("gpt-4o");
        body["stream"] = json!(stream);
        let payment = shop.payment(&body, nonce).await;
        let answers = futures_util::future::join_all((0..4).map(|_| shop.paid(&body, &payment)));
        let answers = answers.await;
        for answer in &answers {
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.body, answers[0].body);
            assert_eq!(answer.settlement(), answers[0].settlement());
        }
        let paid = u128::from(nonce) * payment.amount.micro();
        assert_paid(&anvil, paid, usize::from(nonce)).await;
        let payments = anvil.payments().await;
        assert_eq!(answers[0].settlement().transaction(), payments.last().map(String::as_str));
    }
}

#[tokio::test]
async fn many_buyers_at_once_are_all_settled() {
    let Some(anvil) = Anvil::start().await else { return };
    let shop = Shop::with(at(&anvil.url)).await;
    let body = hello("gpt-4o-mini");
    let answers = futures_util::future::join_all((1..=20).map(|n| shop.buy(&body, n))).await;
    let mut told: Vec<_> =
        answers.iter().map(|answer| hash(answer.settlement().transaction().unwrap())).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), 20);
    assert_paid(&anvil, 20_000, 20).await;
}

#[tokio::test]
async fn what_the_purse_does_not_hold_is_not_sold() {
    let Some(anvil) = Anvil::start().await else { return };
    let shop = Shop::with(at(&anvil.url)).await;
    let body = hello("gpt-4o");
    let price = shop.payment(&body, 1).await.amount.micro();
    // All but one and a half of the price is spent elsewhere.
    let spend = super::token::TestUSDC::transferCall {
        to: alloy::primitives::Address::repeat_byte(9),
        value: alloy::primitives::U256::from(PURSE - price - price / 2),
    };
    anvil.send(&payer().to_string(), spend).await;
    let payments: Vec<SignedPayment> =
        [shop.payment(&body, 1).await, shop.payment(&body, 2).await].into();
    let answers = tokio::join!(shop.paid(&body, &payments[0]), shop.paid(&body, &payments[1]));
    let mut answers = [answers.0, answers.1];
    answers.sort_by_key(|answer| answer.status);
    assert_eq!(answers.each_ref().map(|answer| answer.status), [200, 402]);
    assert_eq!(answers[1].challenge().error.as_deref(), Some("insufficient_funds"));
    assert_eq!(anvil.balance(PAYEE).await, price);
}

#[tokio::test]
async fn a_payment_that_was_executed_before_is_refused_before_any_work() {
    let Some(anvil) = Anvil::start().await else { return };
    let shop = Shop::with(at(&anvil.url)).await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    anvil.send(super::anvil::ANYBODY, super::token::execution(&payment)).await;
    let refused = shop.paid(&body, &payment).await;
    let reason = "invalid_exact_evm_nonce_already_used";
    assert_eq!(refused.challenge().error.as_deref(), Some(reason));
}

#[tokio::test]
async fn a_node_of_another_chain_is_not_taken() {
    let Some(other) = Anvil::of_chain(1) else { return };
    let error = Gateway::start(at(&other.url)).await.unwrap_err().to_string();
    assert!(error.contains("chain 1") && error.contains("84532"), "{error}");
    let error = Gateway::start(at("http://127.0.0.1:1/secret")).await.unwrap_err().to_string();
    assert!(error.starts_with("onchain.rpc_url: ") && !error.contains("secret"), "{error}");
}

//! What the client itself reads on the chain: its money, and what became of a lost answer.

use std::{path::Path, time::Duration};

use blockrun_llm::{
    ChatRequest, ClientOptions, LLMClient, PaymentState,
    journal::{JournalOptions, PaymentFilter},
};
use conformance::{Fault, FaultProxy};

use super::{
    anvil::{Anvil, PURSE},
    shop::{assert_paid, at, until_paid},
    support::{KEY, Shop},
};

fn client(home: &Path, api_url: String, anvil: &Anvil) -> LLMClient {
    LLMClient::with_options(ClientOptions {
        journal: JournalOptions { home: Some(home.into()), ..JournalOptions::default() },
        private_key: Some(KEY.into()),
        api_url: Some(api_url),
        rpc_url: Some(anvil.url.clone()),
        timeout: Some(Duration::from_secs(8)),
        ..ClientOptions::default()
    })
    .unwrap()
}

#[tokio::test]
async fn the_balance_is_that_of_the_chain() {
    let Some(anvil) = Anvil::start().await else { return };
    let shop = Shop::with(at(&anvil.url)).await;
    let home = tempfile::tempdir().unwrap();
    let client = client(home.path(), shop.running.api_url(), &anvil);
    let balance = async || client.balance(Some("eip155:84532")).await.unwrap().micro();
    assert_eq!(balance().await, PURSE);
    let cost = client.chat_completion(&ChatRequest::new("Hello!")).await.unwrap().cost();
    assert_eq!(balance().await, PURSE - cost.micro());
    let other = client.balance(Some("eip155:8453")).await.unwrap_err();
    assert!(other.message().contains("84532"), "a node of another chain is no zero: {other}");
}

#[tokio::test]
async fn a_lost_answer_is_proven_to_be_paid_and_comes_when_asked_again() {
    let Some(anvil) = Anvil::start().await else { return };
    let shop = Shop::with(at(&anvil.url)).await;
    let proxy = FaultProxy::start(shop.running.address()).await.unwrap();
    proxy.plan([], Fault::CutResponse(0));
    let home = tempfile::tempdir().unwrap();
    let client = client(home.path(), proxy.api_url(), &anvil);
    let lost = client.chat("Hello!").await.unwrap_err();
    assert!(matches!(lost.payment(), PaymentState::Unknown { .. }), "{lost}");
    until_paid(&anvil, 1).await;
    assert_paid(&anvil, 1_000, 1).await;

    let found = client.reconcile().await.unwrap();
    assert_eq!((found.open, found.paid, found.freed), (1, 1, 0));
    let [payment] = client.payments(PaymentFilter::default()).await.unwrap().try_into().unwrap();
    assert_eq!(anvil.payments().await, [payment.transaction.unwrap()]);

    proxy.plan([], Fault::None);
    assert!(client.chat("Hello!").await.unwrap().starts_with("Hello!"));
    assert_paid(&anvil, 1_000, 1).await;
}

//! The SDK's own client buys here.

use std::sync::atomic::Ordering;

use blockrun_gateway::{Config, Protocols};
use blockrun_llm::{ChatRequest, ClientOptions, ImageRequest, LLMClient, journal::JournalOptions};

use super::{
    cutting::cut_at,
    support::{KEY, Shop, config},
};

fn client(api_url: String) -> LLMClient {
    LLMClient::with_options(ClientOptions {
        private_key: Some(KEY.into()),
        api_url: Some(api_url),
        journal: JournalOptions { in_memory: true, ..JournalOptions::default() },
        ..ClientOptions::default()
    })
    .unwrap()
}

#[tokio::test]
async fn the_client_pays_for_itself_in_every_version() {
    for protocols in [Protocols::Both, Protocols::V1, Protocols::V2] {
        let shop = Shop::with(Config { protocols, ..config() }).await;
        let client = client(shop.running.api_url());
        let answer = client.chat_completion(&ChatRequest::new("Hello!")).await.unwrap();
        assert!(answer.text().starts_with("Hello! How can I help you today?"));
        assert_eq!(answer.cost().micro(), 1_000);
        assert_eq!(shop.purse().await, 10_000_000 - 1_000);
        let transaction = answer.transaction().unwrap();
        assert_eq!(shop.get(&format!("/practice/transactions/{transaction}")).await.status, 200);
        assert!(client.list_models().await.unwrap().len() > 10);
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_again_and_again_comes_whole_and_is_paid_once() {
    let shop = Shop::open().await;
    // In the middle of an event, between two, and right before the last one. No mark spans two events:
    // HTTP may frame each by itself.
    let marks = ["data: {\"id\"", "id: 300\n", "id: 504\n"].map(str::to_owned);
    let (line, cuts) = cut_at(shop.running.address(), marks.into()).await;
    let client = client(format!("http://{line}/api"));
    let mut request = ChatRequest::new("Count to 500");
    request.max_tokens = Some(1_000);
    let mut stream = client.chat_completion_stream(&request).unwrap();
    while stream.next().await.unwrap().is_some() {}
    assert_eq!(cuts.load(Ordering::SeqCst), 3);
    let answer = stream.received();
    let numbers: Vec<_> = (1..=500).map(|number: u32| number.to_string()).collect();
    assert_eq!(answer.text(), format!("[practice] {}", numbers.join(" ")));
    assert_eq!(shop.purse().await, 10_000_000 - answer.cost().micro());
    assert!(answer.transaction().is_some());
}

#[tokio::test]
async fn the_client_buys_pictures() {
    let shop = Shop::open().await;
    let client = client(shop.running.api_url());
    let answer = client.image(&ImageRequest::new("a red fox")).await.unwrap();
    assert_eq!(answer.cost().micro(), 39_000);
    let models = client.list_image_models().await.unwrap();
    assert_eq!(models.len(), 4);
    assert_eq!(shop.purse().await, 10_000_000 - 39_000);
}

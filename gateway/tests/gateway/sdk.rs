//! The SDK's own client buys here.

use blockrun_gateway::{Config, Protocols};
use blockrun_llm::{ChatRequest, ClientOptions, LLMClient, journal::JournalOptions};

use super::support::{KEY, Shop, config};

#[tokio::test]
async fn the_client_pays_for_itself_in_every_version() {
    for protocols in [Protocols::Both, Protocols::V1, Protocols::V2] {
        let shop = Shop::with(Config { protocols, ..config() }).await;
        let client = LLMClient::with_options(ClientOptions {
            private_key: Some(KEY.into()),
            api_url: Some(shop.running.api_url()),
            journal: JournalOptions { in_memory: true, ..JournalOptions::default() },
            ..ClientOptions::default()
        })
        .unwrap();
        let answer = client.chat_completion(&ChatRequest::new("Hello!")).await.unwrap();
        assert!(answer.text().starts_with("Hello! How can I help you today?"));
        assert_eq!(answer.cost().micro(), 1_000);
        assert_eq!(shop.purse().await, 10_000_000 - 1_000);
        let transaction = answer.transaction().unwrap();
        assert_eq!(shop.get(&format!("/practice/transactions/{transaction}")).await.status, 200);
        assert!(client.list_models().await.unwrap().len() > 10);
    }
}

//! Calls whose price is known beforehand, against the real gateway: one round trip, the exact price,
//! and whatever goes wrong on the way, one transfer.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use blockrun_gateway::{Config, Gateway, Protocols, Running};
use blockrun_llm::{
    ChatRequest, ChatResponse, ClientOptions, ErrorKind, LLMClient, PaymentState, Usdc,
    http::Prepay,
    journal::{JournalOptions, PaymentFilter},
};
use conformance::{Fault, FaultProxy, TEST_KEY, transfers};

/// A gateway, what stands before it, and a client.
struct Shop {
    gateway: Running,
    proxy: FaultProxy,
    client: LLMClient,
}

impl Shop {
    async fn open(config: Config, options: ClientOptions) -> Self {
        let bind = "127.0.0.1:0".parse().unwrap();
        let gateway = Gateway::start(Config { bind, ..config }).await.unwrap();
        let proxy = FaultProxy::start(gateway.address()).await.unwrap();
        let client = LLMClient::with_options(ClientOptions {
            private_key: Some(TEST_KEY.into()),
            api_url: Some(proxy.api_url()),
            journal: JournalOptions { in_memory: true, ..JournalOptions::default() },
            ..options
        });
        Self { gateway, proxy, client: client.unwrap() }
    }

    async fn plain() -> Self {
        Self::open(Config::default(), ClientOptions::default()).await
    }

    async fn ask(&self, prompt: &str) -> blockrun_llm::Result<ChatResponse> {
        // Dear enough that the floor of the price does not hide the counts.
        let model = Some("openai/gpt-4o".to_owned());
        let max_tokens = Some(1_000);
        let request = ChatRequest { model, max_tokens, ..ChatRequest::new(prompt) };
        self.client.chat_completion(&request).await
    }

    /// Calls until prices are known: they are fetched beside calls and may need a few.
    async fn learn(&self) {
        for number in 0..100 {
            let unpaid = self.proxy.unpaid();
            self.ask(&format!("lesson {number}")).await.unwrap();
            if self.proxy.unpaid() == unpaid {
                return;
            }
        }
        panic!("the prices never came");
    }

    async fn transfers(&self) -> usize {
        let payer = self.client.address().unwrap().to_string();
        transfers(self.gateway.address(), &payer).await.unwrap()
    }
}

#[tokio::test]
async fn a_known_price_takes_one_round_trip_and_is_exact() {
    let shop = Shop::plain().await;
    let quoted = {
        let request = ChatRequest {
            model: Some("openai/gpt-4o".into()),
            max_tokens: Some(1_000),
            ..ChatRequest::new("What is 6 * 7?")
        };
        shop.client.quote(&request).await.unwrap().amount
    };
    shop.learn().await;
    let (unpaid, paid) = (shop.proxy.unpaid(), shop.proxy.arrived());
    let answer = shop.ask("What is 6 * 7?").await.unwrap();
    assert_eq!((answer.text().as_str(), answer.cost()), ("[practice] 6 * 7 = 42", quoted));
    assert_eq!((shop.proxy.unpaid(), shop.proxy.arrived()), (unpaid, paid + 1));
    let mut stream = shop.client.chat_completion_stream(&ChatRequest::new("Hello!")).unwrap();
    while stream.next().await.unwrap().is_some() {}
    assert_eq!((shop.proxy.unpaid(), shop.proxy.arrived()), (unpaid, paid + 2), "a stream too");
    assert_eq!(shop.transfers().await, paid + 2);
}

#[tokio::test]
async fn off_asks_before_every_call() {
    let options = ClientOptions { prepay: Some(Prepay::Off), ..ClientOptions::default() };
    let shop = Shop::open(Config::default(), options).await;
    for calls in 1..=5 {
        shop.ask("Hello!").await.unwrap();
        assert_eq!((shop.proxy.unpaid(), shop.proxy.arrived()), (calls, calls));
    }
}

#[tokio::test]
async fn what_has_no_known_price_is_asked_for() {
    let shop = Shop::plain().await;
    shop.learn().await;
    let unpaid = shop.proxy.unpaid();
    // Not in the list, free, and one of several.
    for (model, fallbacks) in [
        ("practice/fallback", vec![]),
        ("openai/gpt-oss-20b", vec![]),
        ("openai/gpt-4o", vec!["openai/gpt-4o-mini".to_owned()]),
    ] {
        let request = ChatRequest {
            model: Some(model.into()),
            fallback_models: fallbacks,
            ..ChatRequest::new("Hello!")
        };
        shop.client.chat_completion(&request).await.unwrap();
    }
    assert_eq!(shop.proxy.unpaid(), unpaid + 3);
}

#[tokio::test]
async fn a_price_that_changed_is_paid_once_and_learned_again() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = folder.path().join("catalog.toml");
    let rates = |input: u32| write_catalog(&catalog, input);
    rates(2_500_000);
    let config = Config { catalog: Some(catalog.clone()), ..Config::default() };
    let shop = Shop::open(config, ClientOptions::default()).await;
    shop.learn().await;
    let before = shop.ask("Hello!").await.unwrap().cost();
    rates(5_000_000);
    shop.gateway.reload().unwrap();
    let (unpaid, paid, transfers) =
        (shop.proxy.unpaid(), shop.proxy.arrived(), shop.transfers().await);
    let answer = shop.ask("Hello again!").await.unwrap();
    assert!(answer.cost() > before, "{} then {}", before, answer.cost());
    assert_eq!((shop.proxy.unpaid(), shop.proxy.arrived()), (unpaid, paid + 2));
    assert_eq!(shop.transfers().await, transfers + 1);
    shop.ask("Hello once more!").await.unwrap();
    assert_eq!(shop.proxy.unpaid(), unpaid + 1, "the next call asks first");
}

fn write_catalog(path: &Path, input: u32) {
    let built_in = include_str!("../../gateway/catalog.toml");
    let mut lines: Vec<String> = built_in.lines().map(str::to_owned).collect();
    let model = lines.iter().position(|line| line.contains("\"openai/gpt-4o\"")).unwrap();
    let rate =
        lines[model..].iter().position(|line| line.trim_start().starts_with("input")).unwrap();
    lines[model + rate] = format!("input = {input}");
    fs::write(path, lines.join("\n")).unwrap();
}

#[tokio::test]
async fn a_lost_answer_is_fetched_with_the_same_payment() {
    let shop = Shop::plain().await;
    shop.learn().await;
    let (unpaid, transfers) = (shop.proxy.unpaid(), shop.transfers().await);
    for fault in [Fault::CutRequest(40), Fault::CutResponse(0), Fault::CutResponse(300)] {
        shop.proxy.plan([fault], Fault::None);
        shop.ask("What is 6 * 7?").await.unwrap();
    }
    assert_eq!(shop.transfers().await, transfers + 3);
    assert_eq!(shop.proxy.unpaid(), unpaid);
}

#[tokio::test]
async fn a_limit_below_the_known_price_ends_the_call_unpaid() {
    let options = ClientOptions {
        max_cost_per_call: Some(Usdc::from_micro(20_000)),
        ..ClientOptions::default()
    };
    let shop = Shop::open(Config::default(), options).await;
    shop.learn().await;
    let paid = shop.proxy.arrived();
    let request = ChatRequest {
        model: Some("openai/gpt-4o".into()),
        max_tokens: Some(16_000),
        ..ChatRequest::new("Hello!")
    };
    let error = shop.client.chat_completion(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SpendLimit, "{error}");
    assert_eq!(error.payment(), &PaymentState::NotCharged);
    assert_eq!(shop.proxy.arrived(), paid, "nothing was signed");
}

#[tokio::test]
async fn a_server_without_prices_is_paid_at_once_for_the_same_again() {
    let config = Config { protocols: Protocols::V1, ..Config::default() };
    let shop = Shop::open(config, ClientOptions::default()).await;
    for unpaid in [1, 1, 1] {
        shop.ask("Hello!").await.unwrap();
        assert_eq!(shop.proxy.unpaid(), unpaid);
    }
    shop.ask("Something else").await.unwrap();
    assert_eq!(shop.proxy.unpaid(), 2);
    assert_eq!(shop.transfers().await, 4, "each is a purchase of its own");
    let payments = shop.client.payments(PaymentFilter::default()).await.unwrap();
    assert_eq!(payments.len(), 4);
}

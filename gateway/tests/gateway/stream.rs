//! Streams: standard frames, paid at the first byte, replayed whole.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use blockrun_gateway::{
    Completion, Config, Frames, Gateway, PracticeProvider, Provider, ProviderCall, ProviderError,
};
use futures_util::{StreamExt, future::join_all};
use serde_json::{Value, json};

use super::{
    counting::counted,
    events::events,
    support::{Answer, CHAT, Shop, config, hello},
};

/// Bytes of an event of [`Talkative`], and how many of them it has.
const LARGE: usize = 64 * 1024;
const MANY: u64 = 500;

/// Has 32 MB to say, and counts what it was asked for.
#[derive(Debug, Default)]
struct Talkative {
    said: Arc<AtomicU64>,
    inner: PracticeProvider,
}

#[async_trait::async_trait]
impl Provider for Talkative {
    async fn complete(&self, call: &ProviderCall) -> Result<Completion, ProviderError> {
        self.inner.complete(call).await
    }

    async fn stream(&self, _: &ProviderCall) -> Result<Frames, ProviderError> {
        let said = Arc::clone(&self.said);
        let large = format!("data: {}\n\n", "x".repeat(LARGE));
        let events = (0..MANY).map(move |_| {
            said.fetch_add(1, Ordering::SeqCst);
            Ok(large.clone().into())
        });
        let events = events.chain([Ok("data: [DONE]\n\n".into())]);
        Ok(futures_util::stream::iter(events).boxed())
    }
}

/// Breaks off its first stream after two frames and does not open its second.
#[derive(Debug, Default)]
struct Breaking {
    opened: AtomicU64,
    inner: PracticeProvider,
}

#[async_trait::async_trait]
impl Provider for Breaking {
    async fn complete(&self, call: &ProviderCall) -> Result<Completion, ProviderError> {
        self.inner.complete(call).await
    }

    async fn stream(&self, call: &ProviderCall) -> Result<Frames, ProviderError> {
        let frames = self.inner.stream(call).await?;
        let gone = ProviderError::failed("gone");
        match self.opened.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(frames.take(2).chain(futures_util::stream::iter([Err(gone)])).boxed()),
            1 => Err(gone),
            _ => Ok(frames),
        }
    }
}

fn streamed(model: &str) -> Value {
    let mut body = hello(model);
    body["stream"] = json!(true);
    body["stream_options"] = json!({"include_usage": true});
    body
}

/// The chunks of a whole answer, whose events are numbered without a gap.
fn chunks(answer: &Answer) -> Vec<Value> {
    let events = events(answer.text());
    let [chunks @ .., done] = events.as_slice() else { panic!("no events") };
    assert_eq!(done.data, "[DONE]");
    assert!((events[0].id..).zip(&events).all(|(id, event)| event.id == id));
    chunks.iter().map(|event| serde_json::from_str(event.data).unwrap()).collect()
}

#[tokio::test]
async fn a_stream_is_openais() {
    let shop = Shop::open().await;
    let answer = shop.chat(&streamed("gpt-oss-20b"), &[]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream"));
    let chunks = chunks(&answer);
    assert!(chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk"));
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let text: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert!(text.starts_with("Hello! How can I help you today?"), "{text}");
    assert!(chunks.len() > 5);
    let [.., finish, usage] = chunks.as_slice() else { panic!() };
    assert_eq!(finish["choices"][0]["finish_reason"], "stop");
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"]["completion_tokens"], text.len().div_ceil(4));
}

#[tokio::test]
async fn a_paid_stream_carries_its_receipt_and_can_be_replayed() {
    let shop = Shop::open().await;
    let body = streamed("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let first = shop.paid(&body, &payment).await;
    assert_eq!((first.status, first.header("cache-control")), (200, "private"));
    assert!(first.settlement().success);
    chunks(&first);
    let again = shop.paid(&body, &payment).await;
    assert_eq!(again.body, first.body);
    assert_eq!(again.settlement(), first.settlement());
    assert_eq!(again.header("content-type"), "text/event-stream");
    assert_eq!(shop.purse().await, 10_000_000 - payment.amount.micro());
}

#[tokio::test]
async fn a_stream_that_is_left_is_kept_for_its_buyer() {
    let shop = Shop::open().await;
    let body = streamed("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let request = shop.http.post(shop.url(CHAT)).body(body.to_string());
    let response = request.header(payment.header_name, &payment.header_value).send().await.unwrap();
    assert_eq!(response.status(), 200);
    drop(response);
    chunks(&shop.paid(&body, &payment).await);
    assert_eq!(shop.purse().await, 10_000_000 - payment.amount.micro());
}

#[tokio::test]
async fn the_upkeep_leaves_streams_alone_that_begin_under_its_eyes() {
    let restless = Config { upkeep: Duration::from_millis(1), ..config() };
    let (shop, provider) = counted(restless, Duration::from_millis(5)).await;
    let mut body = streamed("gpt-4o-mini");
    body["messages"][0]["content"] = json!("Count slowly to 5");
    let challenge = shop.chat(&body, &[]).await.challenge();
    let payments: Vec<_> = (1..=100).map(|nonce| shop.sign(&challenge, nonce)).collect();
    let buy = async |payment| shop.paid(&body, payment).await;
    let bought = join_all(payments.iter().map(buy)).await;
    for (payment, first) in payments.iter().zip(&bought) {
        chunks(first);
        assert_eq!(shop.paid(&body, payment).await.body, first.body, "it was kept");
    }
    assert_eq!(provider.asked.load(Ordering::SeqCst), 100);
}

#[tokio::test]
async fn tool_calls_are_streamed() {
    let shop = Shop::open().await;
    let mut body = streamed("gpt-oss-20b");
    body["tools"] = json!([{"type": "function", "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }}]);
    body["tool_choice"] = json!("required");
    let chunks = chunks(&shop.chat(&body, &[]).await);
    let deltas = || chunks.iter().filter_map(|c| c["choices"][0]["delta"]["tool_calls"].get(0));
    assert_eq!(deltas().next().unwrap()["function"]["name"], "get_weather");
    let arguments: String =
        deltas().filter_map(|call| call["function"]["arguments"].as_str()).collect();
    assert_eq!(arguments, r#"{"city":"practice"}"#);
    assert!(chunks.iter().any(|c| c["choices"][0]["finish_reason"] == "tool_calls"));
}

#[tokio::test]
async fn a_paid_stream_that_broke_is_owed() {
    let running = Gateway::start_with(config(), Arc::<Breaking>::default()).await.unwrap();
    let shop = Shop::around(running);
    let body = streamed("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let broken = shop.paid(&body, &payment).await;
    assert_eq!(broken.status, 200);
    assert!(broken.text().contains("\"code\":\"provider_error\""));
    assert!(!broken.text().contains("[DONE]"));
    let owed = shop.paid(&body, &payment).await;
    assert_eq!((owed.status, owed.header("retry-after")), (503, "2"));
    assert_eq!(owed.settlement(), broken.settlement());
    for _ in 0..2 {
        let whole = shop.paid(&body, &payment).await;
        chunks(&whole);
        assert_eq!(whole.settlement(), broken.settlement());
    }
    assert_eq!(shop.purse().await, 10_000_000 - payment.amount.micro());
}

#[tokio::test]
async fn a_slow_reader_holds_the_provider_instead_of_filling_the_memory() {
    for model in ["gpt-4o", "gpt-oss-20b"] {
        let said = Arc::<AtomicU64>::default();
        let provider = Talkative { said: Arc::clone(&said), ..Talkative::default() };
        let small = Config { answer_limit: 4 * LARGE as u64, ..config() };
        let shop = Shop::around(Gateway::start_with(small, Arc::new(provider)).await.unwrap());
        let body = streamed(model);
        let mut request = shop.http.post(shop.url(CHAT)).body(body.to_string());
        if model == "gpt-4o" {
            let payment = shop.payment(&body, 1).await;
            request = request.header(payment.header_name, &payment.header_value);
        }
        let response = request.send().await.unwrap();
        let mut held = 0;
        // What the system buffers on the way is not ours, so it is waited until nothing moves.
        while held != said.load(Ordering::SeqCst) {
            held = said.load(Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        assert!(held < MANY, "{model}: all of it was taken in");
        assert_eq!(events(&response.text().await.unwrap()).len() as u64, MANY + 1);
    }
}

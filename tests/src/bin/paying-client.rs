//! `paying-client ORDER`: a client in a process of its own, to be killed or to race others. Prints
//! one line of JSON for each call, and of a stream a line for each chunk before it; before a payment is signed, if it was told so, prints `approving`
//! and waits for ever.

use std::{
    io::{Error, Write},
    path::PathBuf,
    thread,
    time::Duration,
};

use blockrun_llm::{
    ChatRequest, ChatResponse, ClientOptions, LLMClient, Usdc, http::PaymentHook,
    journal::JournalOptions, x402::Terms,
};
use conformance::Report;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    api_url: String,
    home: PathBuf,
    private_key: String,
    prompt: String,
    key: Option<String>,
    day_limit: Option<u64>,
    timeout_seconds: u64,
    /// Threads, each with a client of its own and a prompt of its own where there are several.
    threads: usize,
    /// Calls of each thread, one after the other.
    calls: usize,
    stop_before_signing: bool,
    /// Streams instead of whole answers.
    #[serde(default)]
    stream: bool,
}

/// Never agrees and never declines.
#[derive(Debug)]
struct Stop;

#[async_trait::async_trait]
impl PaymentHook for Stop {
    async fn approve(&self, _: &Terms, _: Option<&str>) -> blockrun_llm::Result<()> {
        say("approving");
        std::future::pending().await
    }
}

fn say(line: &str) {
    // Whoever does not listen any more does not need it.
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn main() -> std::io::Result<()> {
    let text = std::env::args().nth(1).ok_or_else(|| Error::other("usage: paying-client ORDER"))?;
    let order: Order = serde_json::from_str(&text)?;
    let threads: Vec<_> = (0..order.threads)
        .map(|number| {
            let order = order.clone();
            thread::spawn(move || pay(&order, number))
        })
        .collect();
    threads
        .into_iter()
        .try_for_each(|thread| thread.join().map_err(|_| Error::other("a thread panicked"))?)
}

fn pay(order: &Order, thread: usize) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = LLMClient::with_options(ClientOptions {
        private_key: Some(order.private_key.as_str().into()),
        api_url: Some(order.api_url.clone()),
        timeout: Some(Duration::from_secs(order.timeout_seconds)),
        max_cost_per_day: order.day_limit.map(|micro| Usdc::from_micro(micro.into())),
        on_payment: order.stop_before_signing.then(|| std::sync::Arc::new(Stop) as _),
        journal: JournalOptions { home: Some(order.home.clone()), ..Default::default() },
        ..ClientOptions::default()
    })
    .map_err(Error::other)?;
    for call in 0..order.calls {
        let prompt = match order.threads * order.calls {
            1 => order.prompt.clone(),
            _ => format!("{} {thread}.{call}", order.prompt),
        };
        let request =
            ChatRequest { idempotency_key: order.key.clone(), ..ChatRequest::new(prompt) };
        let result = match order.stream {
            true => runtime.block_on(read(&client, &request)),
            false => runtime.block_on(client.chat_completion(&request)),
        };
        say(&serde_json::to_string(&Report::of(&result))?);
    }
    Ok(())
}

async fn read(client: &LLMClient, request: &ChatRequest) -> blockrun_llm::Result<ChatResponse> {
    let mut stream = client.chat_completion_stream(request)?;
    while let Some(chunk) = stream.next().await? {
        say(&format!("chunk {}", chunk.text()));
    }
    Ok(stream.received())
}

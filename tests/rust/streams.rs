//! Streams of the real gateway: cut, split, left, raced and survived; after each, the same text and
//! one transfer.
//!
//! `cargo test` cuts a short answer at every third byte; `FAULTS=full` (`make faults`) at every one.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking")]
#![allow(clippy::large_futures, reason = "they hold gateways, and there are few of them")]

#[path = "streams/cuts.rs"]
mod cuts;
#[path = "streams/deaths.rs"]
mod deaths;
#[path = "streams/readers.rs"]
mod readers;
#[path = "streams/relay.rs"]
mod relay;
#[path = "streams/splits.rs"]
mod splits;
#[path = "streams/wallet.rs"]
mod wallet;

use std::net::SocketAddr;

use blockrun_gateway::{Config, Gateway, Running};
use blockrun_llm::{ChatChunk, ChatRequest, Result, chat::ChatStream};

/// A gateway in this process.
async fn gateway() -> (Running, SocketAddr) {
    let bind = "127.0.0.1:0".parse().unwrap();
    let running = Gateway::start(Config { bind, ..Config::default() }).await.unwrap();
    let address = running.address();
    (running, address)
}

/// A stream of so many numbers, an event for each; `slowly` with 20 ms before each.
fn counting(numbers: usize, slowly: bool) -> ChatRequest {
    let word = if slowly { "slowly " } else { "" };
    let tokens = u64::try_from(numbers * 2 + 100).unwrap();
    ChatRequest {
        max_tokens: Some(tokens),
        ..ChatRequest::new(format!("Count {word}to {numbers}"))
    }
}

/// What the practice provider says to it.
fn counted(numbers: usize) -> String {
    let numbers: Vec<_> = (1..=numbers).map(|number| number.to_string()).collect();
    format!("[practice] {}", numbers.join(" "))
}

/// Reads to the end.
async fn rest(stream: &mut ChatStream) -> Result<Vec<ChatChunk>> {
    let mut chunks = Vec::new();
    while let Some(chunk) = stream.next().await? {
        chunks.push(chunk);
    }
    Ok(chunks)
}

/// The same, as many at a time as there are.
async fn rest_in_batches(stream: &mut ChatStream) -> Result<Vec<ChatChunk>> {
    let mut chunks = Vec::new();
    loop {
        let batch = stream.next_batch(16).await?;
        if batch.is_empty() {
            return Ok(chunks);
        }
        chunks.extend(batch);
    }
}

fn text(chunks: &[ChatChunk]) -> String {
    chunks.iter().map(ChatChunk::text).collect()
}

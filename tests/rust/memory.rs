//! Nothing grows: neither with the length of a stream nor with the number of calls. Alone in its
//! process, so that what it measures is its own; the gateway has another one.
//!
//! 5,000 calls, or as many as `BLOCKRUN_SOAK` says.

// It reads `/proc`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking")]

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use blockrun_llm::{
    ChatRequest, ClientOptions, ErrorKind, LLMClient, Usdc, journal::JournalOptions,
};
use tempfile::TempDir;

/// Bytes of a page, on the machines that these tests run on.
const PAGE: u64 = 4_096;
/// Calls before the first measurement: pools, caches and the allocator have their size then.
const WARM_UP: usize = 1_000;
/// What may come and go: a heap is not a ruler.
const SLACK: u64 = 4 * 1024 * 1024;

/// Resident bytes and open files of this process.
fn measure() -> (u64, usize) {
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = text.split(' ').nth(1).unwrap().parse().unwrap();
    (pages * PAGE, fs::read_dir("/proc/self/fd").unwrap().count())
}

/// A practice gateway in a process of its own, killed when dropped.
struct Server {
    child: Child,
    api_url: String,
    _data: TempDir,
}

impl Server {
    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_practice-gateway"))
            .arg(data.path())
            .arg("0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, api_url: format!("http://{}/api", line.trim()), _data: data }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_grows() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let client = LLMClient::with_options(ClientOptions {
        // Of nobody, and new to the ledger.
        private_key: Some(format!("0x{:064x}", 0x5eed).into()),
        api_url: Some(server.api_url.clone()),
        timeout: Some(Duration::from_secs(60)),
        max_session_cost: Some(Usdc::from_micro(1_000_000_000)),
        journal: JournalOptions { home: Some(home.path().to_owned()), ..JournalOptions::default() },
        ..ClientOptions::default()
    })
    .unwrap();
    with_calls(&client).await;
    with_the_length_of_a_stream(&client).await;
}

async fn with_calls(client: &LLMClient) {
    let said = std::env::var("BLOCKRUN_SOAK").ok();
    let calls: usize = said.map_or(5_000, |count| count.parse().unwrap());
    let started = Instant::now();
    all(client, 0..WARM_UP).await;
    let (memory, files) = measure();
    all(client, WARM_UP..calls.max(2 * WARM_UP)).await;
    let (after, files_after) = measure();
    let grown = after.saturating_sub(memory);
    println!(
        "{calls} calls in {:.1} s: from {} to {} KiB, from {files} to {files_after} files",
        started.elapsed().as_secs_f64(),
        memory / 1024,
        after / 1024,
    );
    assert!(grown < SLACK, "{grown} bytes more than after {WARM_UP} calls");
    assert!(files_after <= files + 4, "{files} files became {files_after}");
}

/// Sixteen at a time, so that connections are shared and not made anew.
async fn all(client: &LLMClient, numbers: std::ops::Range<usize>) {
    let lanes: Vec<_> = (0..16)
        .map(|lane| {
            let (client, numbers) = (client.clone(), numbers.clone().skip(lane).step_by(16));
            tokio::spawn(async move {
                for number in numbers {
                    call(&client, number).await;
                }
            })
        })
        .collect();
    for lane in lanes {
        lane.await.unwrap();
    }
}

/// Every kind of call and every kind of end. One in twenty is paid: a wallet of practice money is not
/// without bottom.
async fn call(client: &LLMClient, number: usize) {
    let free = |prompt: &str| ChatRequest {
        model: Some("openai/gpt-oss-20b".into()),
        ..ChatRequest::new(prompt)
    };
    match number % 20 {
        0 => drop(client.chat_completion(&ChatRequest::new("Hello!")).await.unwrap()),
        1 => {
            let unknown = ChatRequest { model: Some("no/such".into()), ..free("Hello!") };
            let error = client.chat_completion(&unknown).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Api, "{error}");
        }
        2 => {
            let mut stream = client.chat_completion_stream(&free("Count to 10")).unwrap();
            while stream.next().await.unwrap().is_some() {}
        }
        3 => {
            // Left in its middle.
            let mut stream = client.chat_completion_stream(&free("Count to 50")).unwrap();
            stream.next().await.unwrap().unwrap();
        }
        4 => {
            // Given up before there is an answer.
            let patience = Duration::from_micros(300);
            let _ = tokio::time::timeout(patience, client.chat_completion(&free("Hello!"))).await;
        }
        5 => drop(client.chat_completion(&ChatRequest::default()).await.unwrap_err()),
        _ => drop(client.chat_completion(&free("Hello!")).await.unwrap()),
    }
}

async fn with_the_length_of_a_stream(client: &LLMClient) {
    let request = ChatRequest { max_tokens: Some(16_000), ..ChatRequest::new("Count to 10,000") };
    let mut stream = client.chat_completion_stream(&request).unwrap();
    let (mut chunks, mut early, mut peak) = (0_u64, 0, 0);
    while stream.next().await.unwrap().is_some() {
        chunks += 1;
        if chunks == 1_000 {
            early = measure().0;
        }
        if chunks % 500 == 0 {
            peak = peak.max(measure().0);
        }
    }
    let grown = peak.saturating_sub(early);
    println!("{chunks} chunks: from {} to {} KiB at most", early / 1024, peak / 1024);
    assert!(chunks > 10_000 && stream.received().text().ends_with(" 9999 10000"));
    assert!(grown < SLACK, "{grown} bytes more than after 1,000 chunks");
}

//! Processes that die while a stream is under way.

use std::{net::SocketAddr, path::Path, process::Stdio};

use blockrun_llm::{ErrorKind, PaymentState};
use conformance::Report;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::{
    counted, counting, gateway,
    relay::Relay,
    rest, text,
    wallet::{Wallet, api_url},
};

/// A process and what it prints; killed when dropped.
struct Party {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Party {
    fn start(program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    async fn line(&mut self) -> String {
        self.lines.next_line().await.unwrap().expect("it said nothing more")
    }

    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

async fn gateway_process(data: &Path) -> (Party, SocketAddr) {
    let program = env!("CARGO_BIN_EXE_practice-gateway");
    let mut party = Party::start(program, &[data.to_str().unwrap(), "0"]);
    let address = party.line().await.parse().unwrap();
    (party, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_dies_in_the_middle_still_owes_the_answer() {
    let (wallet, data) = (Wallet::new(), tempfile::tempdir().unwrap());
    let (victim, address) = gateway_process(data.path()).await;
    let relay = Relay::start(address).await;
    let client = wallet.client(&relay.api_url());
    let mut stream = client.chat_completion_stream(&counting(100, true)).unwrap();
    for _ in 0..10 {
        stream.next().await.unwrap().unwrap();
    }
    victim.kill().await;
    let (_alive, address) = gateway_process(data.path()).await;
    relay.redirect(address);
    let error = rest(&mut stream).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StreamBroken, "{error}");
    assert!(matches!(error.payment(), PaymentState::Charged { .. }), "{error:?}");
    assert!(error.response().unwrap().contains("[practice] 1 2 3"), "{:?}", error.response());
    assert!(counted(100).starts_with(&stream.received().text()));
    // The same call again, as an application retries: without its key, and then with it.
    let mut again = client.chat_completion_stream(&counting(100, true)).unwrap();
    assert_eq!(text(&rest(&mut again).await.unwrap()), counted(100));
    assert_eq!(wallet.paid(address).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_was_killed_has_its_answer_in_the_next_process() {
    let (_running, address) = gateway().await;
    let wallet = Wallet::new();
    let order = json!({
        "api_url": api_url(address), "home": wallet.home.path(),
        "private_key": wallet.private_key, "prompt": "Count slowly to 100", "key": null,
        "day_limit": null, "timeout_seconds": 60, "threads": 1, "calls": 1,
        "stop_before_signing": false, "stream": true,
    })
    .to_string();
    let program = env!("CARGO_BIN_EXE_paying-client");
    let mut reader = Party::start(program, &[&order]);
    for _ in 0..5 {
        assert!(reader.line().await.starts_with("chunk "));
    }
    reader.kill().await;
    assert_eq!(wallet.paid(address).await, 1);
    let mut next = Party::start(program, &[&order]);
    let mut said = String::new();
    let report: Report = loop {
        let line = next.line().await;
        match line.strip_prefix("chunk ") {
            Some(text) => said.push_str(text),
            None => break serde_json::from_str(&line).unwrap(),
        }
    };
    assert!(report.answered && report.money == "charged", "{report:?}");
    assert_eq!(said, counted(100));
    assert_eq!(wallet.paid(address).await, 1, "it was paid for by the process that died");
}

//! Clients and gateways in processes of their own, to be killed.

use std::{net::SocketAddr, path::Path, process::Stdio, time::Duration};

use conformance::Report;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::bench::Wallet;

const CLIENT: &str = env!("CARGO_BIN_EXE_paying-client");
const GATEWAY: &str = env!("CARGO_BIN_EXE_practice-gateway");

/// A process and what it prints; killed when dropped.
pub(crate) struct Party {
    pub(crate) child: Child,
    pub(crate) lines: Lines<BufReader<ChildStdout>>,
}

impl Party {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// SIGKILL, and the end of it.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// What the client's calls came to.
    pub(crate) async fn reports(mut self) -> Vec<Report> {
        let mut reports = Vec::new();
        while let Some(line) = self.lines.next_line().await.unwrap() {
            reports.push(serde_json::from_str(&line).unwrap());
        }
        self.child.wait().await.unwrap();
        reports
    }
}

/// What a client process is told to do.
pub(crate) fn order(wallet: &Wallet, api_url: &str) -> Value {
    json!({
        "api_url": api_url,
        "home": wallet.home.path(),
        "private_key": wallet.private_key,
        "prompt": "Hello!",
        "key": null,
        "day_limit": null,
        "timeout_seconds": 120,
        "threads": 1,
        "calls": 1,
        "stop_before_signing": false,
    })
}

/// An order with other values.
pub(crate) fn with(order: &Value, changes: &Value) -> Value {
    let mut order = order.clone();
    order.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    order
}

pub(crate) fn client(order: &Value) -> Party {
    let mut command = Command::new(CLIENT);
    command.arg(order.to_string());
    Party::start(command)
}

/// A client that may write no file beyond so many blocks of 512 or 1,024 bytes, by its shell.
pub(crate) fn client_on_a_small_disk(order: &Value, blocks: u32) -> Party {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$1\"");
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(CLIENT).arg(order.to_string());
    Party::start(command)
}

/// A gateway on a folder, its model thinking so long.
pub(crate) async fn gateway(data: &Path, delay: Duration) -> (Party, SocketAddr) {
    let mut command = Command::new(GATEWAY);
    command.arg(data).arg(delay.as_millis().to_string());
    let mut party = Party::start(command);
    let address = party.lines.next_line().await.unwrap().unwrap().parse().unwrap();
    (party, address)
}

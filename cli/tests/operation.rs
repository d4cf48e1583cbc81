//! What whoever runs a gateway does beside it.

#![cfg(feature = "gateway")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

const BLOCKRUN: &str = env!("CARGO_BIN_EXE_blockrun");
const KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const TOKEN: &str = "an-admin-token-of-tests";

/// Stopped when dropped.
struct Gateway {
    process: Child,
    url: String,
}

impl Gateway {
    fn start(data: &Path) -> Self {
        let mut process = Command::new(BLOCKRUN)
            .args(["gateway", "--practice", "--port", "0", "--data"])
            .arg(data)
            .env("BLOCKRUN_GATEWAY_ADMIN_TOKEN", TOKEN)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap().strip_suffix("/api").unwrap();
        Self { url: url.to_owned(), process }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have stopped by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn blockrun(arguments: &[&str]) -> Command {
    let mut command = Command::new(BLOCKRUN);
    command.args(arguments).env_remove("BLOCKRUN_GATEWAY_ADMIN_TOKEN");
    command
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn revenue_is_exported_from_a_gateway_that_runs_and_from_one_that_does_not() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let gateway = Gateway::start(&data);
    for _ in 0..2 {
        let mut chat = blockrun(&["chat", "Hello!"]);
        chat.env("BLOCKRUN_WALLET_KEY", KEY).env("BLOCKRUN_HOME", root.path().join("home"));
        let bought = chat.env("BLOCKRUN_API_URL", format!("{}/api", gateway.url)).output().unwrap();
        assert!(bought.status.success(), "{:?}", said(&bought));
    }
    let ask = ["gateway", "revenue", "--url", &gateway.url, "--by", "model"];
    let closed = blockrun(&ask).output().unwrap();
    assert!(!closed.status.success() && said(&closed).1.contains("answers 401"));
    let open = blockrun(&ask).env("BLOCKRUN_GATEWAY_ADMIN_TOKEN", TOKEN).output().unwrap();
    let csv = "day,model,payer,calls,micro_usdc\n,openai/gpt-4o-mini,,2,2000\n";
    assert_eq!(said(&open), (csv.to_owned(), String::new()));
    drop(gateway);

    let read = ["gateway", "revenue", "--by", "total", "--format", "json", "--data"];
    let total = blockrun(&read).arg(&data).output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&total.stdout).unwrap();
    assert_eq!((&json["calls"], &json["micro_usdc"]), (&2.into(), &"2000".into()));
    let wrong = blockrun(&["gateway", "revenue", "--from", "May"]).output().unwrap();
    assert!(!wrong.status.success() && said(&wrong).1.contains("from: \"May\""));
}

//! `blockrun discover` and `blockrun fetch`, against a practice gateway.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};

const BLOCKRUN: &str = env!("CARGO_BIN_EXE_blockrun");
const KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

struct Gateway {
    process: Child,
    origin: String,
}

impl Gateway {
    fn start() -> Self {
        let mut process = Command::new(BLOCKRUN)
            .args(["gateway", "--practice", "--ephemeral", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let origin = line.trim().strip_prefix("listening on ").unwrap();
        Self { process, origin: origin.strip_suffix("/api").unwrap().to_owned() }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have stopped by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs the command with a wallet and no endpoint of its own; status, output, remarks.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(BLOCKRUN);
    command.args(arguments).env("BLOCKRUN_HOME", home.path()).env("BLOCKRUN_WALLET_KEY", KEY);
    for name in ["BLOCKRUN_API_URL", "BLOCKRUN_MAX_COST_PER_CALL", "BLOCKRUN_MAX_SESSION_COST"] {
        command.env_remove(name);
    }
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn what_is_found_can_be_bought() {
    let gateway = Gateway::start();
    let origin = gateway.origin.as_str();
    let (code, out, err) = run(&["discover", "--from", origin, "chat", "--max-price", "0.001"]);
    assert_eq!(code, Some(0), "{err}");
    let url = format!("{origin}/api/v1/chat/completions");
    assert!(out.starts_with(&format!("POST  {url}  from $0.001  Chat")), "{out}");
    assert_eq!(out.lines().count(), 1, "{out}");
    let (_, out, _) = run(&["discover", "--from", origin, "--json", "--limit", "1"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&found[0]["url"], &found[0]["type"]), (&json!(url), &json!("http")));
    let (_, out, err) = run(&["discover", "--from", origin, "weather"]);
    assert!(out.is_empty() && err.contains("nothing was found"), "{err}");

    let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]});
    let (code, out, err) = run(&["fetch", &url, "--data", &body.to_string()]);
    assert_eq!(code, Some(0), "{err}");
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["object"], "chat.completion");
    assert!(err.contains("price        0.001 USDC") && err.contains("transaction  0x"), "{err}");
    let (_, out, err) = run(&["fetch", &format!("{origin}/discovery/resources?limit=1")]);
    let page: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(page["pagination"]["limit"], 1);
    assert!(err.contains("free"), "{err}");
}

#[test]
fn what_cannot_be_done_is_said() {
    let gateway = Gateway::start();
    let origin = gateway.origin.as_str();
    let chat = format!("{origin}/api/v1/chat/completions");
    let body = r#"{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello!"}]}"#;
    for (code, words, arguments) in [
        (2, "not encrypted", &["discover", "--from", "http://example.com"][..]),
        (2, "limit", &["discover", "--from", origin, "--limit", "0"]),
        (3, "404", &["discover", "--from", &format!("{origin}/nowhere")]),
        (2, "not encrypted", &["fetch", "http://example.com/x"]),
        (2, "relative URL", &["fetch", "example.com"]),
        (5, "per-call limit", &["fetch", &chat, "-d", body, "--max-cost", "0.0001"]),
    ] {
        let (status, out, err) = run(arguments);
        assert_eq!(status, Some(code), "{arguments:?}: {err}");
        assert!(err.contains(words) && out.is_empty(), "{arguments:?}: {err}");
    }
}

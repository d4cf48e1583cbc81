//! The command as a person uses it: what it prints, where, and how it ends.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::{Command, Stdio},
};

use common::{BLOCKRUN, Gateway, HOME, KEY, blockrun, run};
use conformance::{Front, TlsFronts};
use serde_json::Value;

#[test]
fn chat_prints_the_answer_and_beside_it_the_payment() {
    let gateway = Gateway::start();
    let (output, out, err) = run(blockrun(&gateway.api_url, &["chat", "Hello!"]));
    assert!(output.status.success(), "{err}");
    assert!(out.starts_with("Hello!") && out.lines().count() == 1, "{out}");
    for line in ["model        openai/gpt-4o-mini", "price        0.001 USDC", "transaction  0x"] {
        assert!(err.contains(line), "{err}");
    }
    let (_, out, _) = run(blockrun(&gateway.api_url, &["chat", "--json", "Hello!"]));
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["cost_micro"], 1_000);
    assert_eq!(json["response"]["object"], "chat.completion");
}

#[test]
fn the_prompt_may_come_from_standard_input() {
    let gateway = Gateway::start();
    let mut child = blockrun(&gateway.api_url, &["chat", "-m", "gpt-4o", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"over the pipe\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("over the pipe"));
}

#[test]
fn quotes_and_models_cost_nothing() {
    let gateway = Gateway::start();
    let (_, out, _) = run(blockrun(&gateway.api_url, &["quote", "Hello!"]));
    assert_eq!(out, "0.001 USDC\n");
    let (_, out, _) = run(blockrun(&gateway.api_url, &["models"]));
    assert!(out.contains("openai/gpt-4o-mini") && out.starts_with("MODEL"), "{out}");
}

#[test]
fn every_kind_of_error_has_its_exit_code_and_says_what_to_do() {
    let gateway = Gateway::start();
    let cases: [(i32, &str, &[&str]); 5] = [
        (2, "temperature", &["chat", "--temperature", "3", "Hello!"]),
        (3, "Did you mean", &["chat", "-m", "gpt-4o-mini-x", "Hello!"]),
        (5, "per-call limit", &["chat", "--max-cost", "0.0001", "Hello!"]),
        (2, "not encrypted", &["chat", "--api-url", "http://example.com", "Hello!"]),
        (4, "could not connect", &["chat", "--api-url", "http://127.0.0.1:1", "Hello!"]),
    ];
    for (code, words, arguments) in cases {
        let (output, out, err) = run(blockrun(&gateway.api_url, arguments));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
        assert!(err.contains(words) && out.is_empty(), "{arguments:?}: {err}");
    }
    let mut command = blockrun(&gateway.api_url, &["chat", "Hello!"]);
    command.env("BLOCKRUN_WALLET_KEY", "").env("BASE_CHAIN_WALLET_KEY", " ");
    let (output, _, err) = run(command);
    assert_eq!(output.status.code(), Some(2));
    assert!(err.contains("BLOCKRUN_WALLET_KEY"), "{err}");
    let mut command = blockrun(&gateway.api_url, &["chat", "Hello!"]);
    command.env("BLOCKRUN_MAX_SESSION_COST", "one dollar");
    let (output, _, err) = run(command);
    assert_eq!(output.status.code(), Some(2), "a limit with a typing error is not no limit");
    assert!(err.contains("BLOCKRUN_MAX_SESSION_COST"), "{err}");
}

#[test]
fn what_a_server_says_commands_no_terminal() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api_url = format!("http://{}/api", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut caller, _) = listener.accept().unwrap();
        let (mut request, mut piece) = (Vec::new(), [0; 4_096]);
        while !request.ends_with(b"}") {
            let length = caller.read(&mut piece).unwrap();
            assert!(length > 0, "the request ended in its middle");
            request.extend_from_slice(&piece[..length]);
        }
        let body = r#"{"error": {"message": "\u001b[2Jgone\u0007"}}"#;
        let length = body.len();
        let head = format!("HTTP/1.1 400 Bad Request\r\ncontent-length: {length}\r\n\r\n");
        caller.write_all(format!("{head}{body}").as_bytes()).unwrap();
    });
    let (output, _, err) = run(blockrun(&api_url, &["chat", "Hello!"]));
    server.join().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(err.contains("[2Jgone") && !err.contains(['\u{1b}', '\u{7}']), "{err:?}");
}

#[test]
fn a_proxy_for_http_sees_nothing_of_a_loopback_payment() {
    let gateway = Gateway::start();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let mut command = blockrun(&gateway.api_url, &["chat", "Hello!"]);
    for variable in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        command.env(variable, &address);
    }
    let (output, _, err) = run(command);
    assert!(output.status.success(), "{err}");
    assert!(proxy.accept().is_err(), "somebody connected to the proxy");
}

#[tokio::test(flavor = "multi_thread")]
async fn https_trusts_the_certificate_that_is_named_and_no_other() {
    let gateway = Gateway::start();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    let fronts = TlsFronts::start(gateway.address(), &ca_file).await.unwrap();
    let good = format!("{}/api", fronts.url(Front::Http2));
    let unknown = format!("{}/api", fronts.url(Front::UnknownAuthority));
    let file = ca_file.to_str().unwrap();
    let (output, _, err) = run(blockrun(&good, &["chat", "--ca-file", file, "Hello!"]));
    assert!(output.status.success(), "{err}");
    let mut command = blockrun(&good, &["chat", "Hello!"]);
    command.env("SSL_CERT_FILE", file);
    let (output, _, err) = run(command);
    assert!(output.status.success(), "{err}");
    for command in [
        blockrun(&good, &["chat", "Hello!"]),
        blockrun(&unknown, &["chat", "--ca-file", file, "Hello!"]),
    ] {
        let (output, _, err) = run(command);
        assert_eq!(output.status.code(), Some(4), "{err}");
        assert!(err.contains("certificate") && err.contains("nothing was charged"), "{err}");
    }
}

#[test]
fn the_gateway_says_where_it_listens_and_refuses_half_a_certificate() {
    let gateway = Gateway::start();
    assert!(gateway.api_url.starts_with("http://127.0.0.1:") && gateway.api_url.ends_with("/api"));
    let mut command = Command::new(BLOCKRUN);
    command.args(["gateway", "--practice", "--tls-cert", "x.pem"]);
    let (output, _, err) = run(command);
    assert!(!output.status.success() && err.contains("--tls-key"), "{err}");
    let mut command = Command::new(BLOCKRUN);
    let port = gateway.address().port().to_string();
    command.args(["gateway", "--practice", "--ephemeral", "--port", &port]);
    let (output, _, err) = run(command);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("cannot listen on"), "{err}");
}

#[test]
fn a_key_is_paid_once_and_its_answer_can_be_fetched_again() {
    let gateway = Gateway::start();
    let chat = ["chat", "--json", "--key", "order-7", "Hello!"];
    let (output, first, err) = run(blockrun(&gateway.api_url, &chat));
    assert!(output.status.success(), "{err}");
    let (_, again, _) = run(blockrun(&gateway.api_url, &chat));
    assert_eq!(first, again, "the same answer and the same transaction");
    let other = ["chat", "--key", "order-7", "Something else"];
    let (output, _, err) = run(blockrun(&gateway.api_url, &other));
    assert!(!output.status.success() && err.contains("another call"), "{err}");

    let (_, list, _) = run(blockrun(&gateway.api_url, &["payments", "export", "json"]));
    let json: Value = serde_json::from_str(&list).unwrap();
    let transaction = serde_json::from_str::<Value>(&first).unwrap()["transaction"].clone();
    let mine: Vec<&Value> =
        json.as_array().unwrap().iter().filter(|one| one["transaction"] == transaction).collect();
    assert_eq!((mine.len(), &mine[0]["state"]), (1, &Value::from("settled")));
    assert_eq!(mine[0]["key"], Value::Null, "a caller's key is not stored");
    let id = mine[0]["payment_id"].as_str().unwrap();

    for name in [id, "order-7"] {
        let (output, out, err) = run(blockrun(&gateway.api_url, &["payments", "recover", name]));
        assert!(output.status.success() && out.starts_with("Hello!"), "{name}: {err}");
    }
    let (_, shown, _) = run(blockrun(&gateway.api_url, &["payments", "show", id]));
    assert!(shown.contains("\"settled\""), "{shown}");
    let (_, csv, _) = run(blockrun(&gateway.api_url, &["payments", "export", "csv"]));
    assert!(csv.starts_with("payment_id,state") && csv.contains(id), "{csv}");
    let (_, found, _) = run(blockrun(&gateway.api_url, &["payments", "reconcile"]));
    assert!(found.contains("0 paid"), "{found}");
    no_key_in_the_journal();
}

/// Neither as text nor as bytes.
fn no_key_in_the_journal() {
    let digits = KEY.trim_start_matches("0x");
    let bytes: Vec<u8> = (0..32)
        .map(|index| u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).unwrap())
        .collect();
    let contains = |content: &[u8], part: &[u8]| content.windows(part.len()).any(|one| one == part);
    let mut files = 0;
    for entry in std::fs::read_dir(&*HOME).unwrap() {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!contains(&content, &bytes) && !contains(&content, digits.as_bytes()));
        files += 1;
    }
    assert!(files > 0, "nothing was looked at");
}

#[test]
fn the_accounts_policy_file_binds_whatever_the_home_is() {
    let gateway = Gateway::start();
    let account = tempfile::tempdir().unwrap();
    std::fs::create_dir(account.path().join(".blockrun")).unwrap();
    let file = account.path().join(".blockrun/policy.toml");
    let chat = |arguments: &[&str]| {
        let mut command = blockrun(&gateway.api_url, arguments);
        command.env("HOME", account.path());
        run(command)
    };
    std::fs::write(&file, "max_cost_per_call = \"0.0005\"\n").unwrap();
    let (output, _, err) = chat(&["chat", "--max-cost", "1", "Hello!"]);
    assert_eq!(output.status.code(), Some(5), "{err}");
    assert!(err.contains("0.0005"), "{err}");
    std::fs::write(&file, "max_cost_per_cal = \"0.0005\"\n").unwrap();
    let (output, _, err) = chat(&["chat", "Hello!"]);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("policy.toml") && err.contains("max_cost_per_cal"), "{err}");
}

#[cfg(unix)]
#[test]
fn a_gateway_that_is_told_to_stop_finishes_the_calls_in_flight() {
    let mut gateway = Gateway::start_with(&["--provider-delay", "3"]);
    let chat = blockrun(&gateway.api_url, &["chat", "Is anybody still there?"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    gateway.until("blockrun_payments_verified_total 1");
    let process = gateway.process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
    let output = chat.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(gateway.process.wait().unwrap().code(), Some(0));
}

//! `blockrun gateway --otlp-endpoint`: a real collector's end, a caller's trace, an upstream that is told
//! of it.

#![cfg(all(unix, feature = "otel"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, SystemTime},
};

use blockrun_llm::{
    offline::sign_payment,
    policy::Policy,
    wallet::{B256, LocalKey},
    x402::Challenge,
};

const KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const ANSWER: &str = r#"{"id":"x","object":"chat.completion","created":1,"model":"m","choices":
    [{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#;

/// A server that keeps every request, head and body, and answers all of them alike.
fn server(body: &'static str) -> (u16, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (keep, kept) = channel();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = BufReader::new(socket.unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                socket.read_line(&mut line).unwrap();
                let line = line.to_lowercase();
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.trim().parse().unwrap();
                }
                head += &line;
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut request = vec![0; length];
            socket.read_exact(&mut request).unwrap();
            let _ = keep.send((head, request));
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n{body}",
                body.len()
            );
            socket.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (port, kept)
}

fn chat(address: &str, headers: &str) -> String {
    let body = r#"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello!"}]}"#;
    let mut socket = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST /api/v1/chat/completions HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_callers_trace_goes_through_the_gateway_to_the_collector_and_the_upstream() {
    let (collector, traces) = server("");
    let (upstream, asked) = server(ANSWER);
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("gateway.toml");
    let settings = format!(
        "[[upstream]]\nname = \"a\"\nbase_url = \"http://127.0.0.1:{upstream}/v1\"\n\
         models = {{ \"*\" = \"*\" }}\n"
    );
    std::fs::write(&file, settings).unwrap();
    let mut gateway = Command::new(env!("CARGO_BIN_EXE_blockrun"))
        .args(["gateway", "--practice", "--ephemeral", "--port", "0", "--config"])
        .arg(&file)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{collector}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(gateway.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap();
    let address = address.strip_suffix("/api").unwrap();

    let told = chat(address, "");
    let header = told.lines().find_map(|line| line.strip_prefix("payment-required: ")).unwrap();
    let challenge = Challenge::from_text(header).unwrap();
    let key = LocalKey::from_hex(KEY).unwrap();
    let url = format!("http://{address}/api/v1/chat/completions").parse().unwrap();
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let nonce = B256::repeat_byte(1);
    let payment = sign_payment(&key, &challenge, &Policy::default(), &url, now, nonce).unwrap();
    let payment = payment.header_value;
    let parent = format!("traceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\n");
    let answer = chat(address, &format!("{parent}payment-signature: {payment}\r\n"));
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("hi"), "{answer}");

    let (head, _) = asked.recv_timeout(Duration::from_secs(60)).unwrap();
    let passed = head.lines().find_map(|line| line.strip_prefix("traceparent: ")).unwrap();
    assert!(passed.starts_with(&format!("00-{TRACE}-")), "{passed}");
    assert!(!passed.contains("00f067aa0ba902b7"), "the upstream's parent is a span of ours");

    // What is kept back is sent when it stops.
    let killed = Command::new("kill").args(["-s", "TERM", &gateway.id().to_string()]).status();
    assert!(killed.unwrap().success());
    assert!(gateway.wait().unwrap().success());
    let batches: Vec<_> = traces.try_iter().collect();
    assert!(batches.iter().all(|(head, _)| head.starts_with("post /v1/traces ")));
    let sent: Vec<u8> = batches.into_iter().flat_map(|(_, body)| body).collect();
    // Protobuf holds texts and ids as they are.
    let has = |bytes: &[u8]| sent.windows(bytes.len()).any(|window| window == bytes);
    let trace: u128 = u128::from_str_radix(TRACE, 16).unwrap();
    assert!(has(&trace.to_be_bytes()), "the caller's trace");
    for name in ["blockrun-gateway", "request", "verify", "claim", "provider", "settle"] {
        assert!(has(name.as_bytes()), "{name}");
    }
    for never in [payment.as_str(), "Hello!", &KEY[2..]] {
        assert!(!has(never.as_bytes()), "{never}");
    }
}

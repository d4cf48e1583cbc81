//! The Rust client against the real gateway: every protocol version, http and https.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use blockrun_gateway::{Config, Gateway, Protocols, Running};
use blockrun_llm::{
    ChatRequest, ClientOptions, ErrorKind, LLMClient, PaymentState, Usdc,
    journal::{JournalOptions, PaymentFilter, PaymentRecord, RecordState},
};
use conformance::{Front, TlsFronts};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const START: u64 = 10_000_000;

async fn gateway(protocols: Protocols) -> Running {
    let bind = "127.0.0.1:0".parse().unwrap();
    Gateway::start(Config { bind, protocols, ..Config::default() }).await.unwrap()
}

fn client(api_url: &str, ca_file: Option<PathBuf>) -> LLMClient {
    LLMClient::with_options(ClientOptions {
        private_key: Some(KEY.into()),
        api_url: Some(api_url.to_owned()),
        ca_file,
        journal: JournalOptions { in_memory: true, ..JournalOptions::default() },
        ..ClientOptions::default()
    })
    .unwrap()
}

async fn payments(client: &LLMClient) -> Vec<PaymentRecord> {
    client.payments(PaymentFilter::default()).await.unwrap()
}

/// What the ledger says the wallet has, in micro-USDC, asked as a chain is asked.
async fn balance(gateway: &Running, client: &LLMClient) -> u64 {
    let address = client.address().unwrap().to_string().to_lowercase();
    let data = format!("0x70a08231{:0>64}", &address[2..]);
    let usdc = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
    let call = json!({
        "jsonrpc": "2.0", "id": 1, "method": "eth_call",
        "params": [{"to": usdc, "data": data}, "latest"],
    });
    let answer = post(gateway.address(), "/practice/rpc", &call).await;
    u64::from_str_radix(answer["result"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// The plainest HTTP there is: these tests look at the ledger without the client's help.
async fn post(address: SocketAddr, path: &str, body: &Value) -> Value {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn every_version_of_the_protocol_is_paid_once() {
    for protocols in [Protocols::V1, Protocols::V2, Protocols::Both] {
        let gateway = gateway(protocols).await;
        let client = client(&gateway.api_url(), None);
        let quote = client.quote(&ChatRequest::new("Hello!")).await.unwrap();
        assert_eq!(balance(&gateway, &client).await, START, "a quote is free");
        let response = client.chat_completion(&ChatRequest::new("Hello!")).await.unwrap();
        assert!(response.text().starts_with("Hello!"), "{}", response.text());
        assert_eq!(response.cost(), quote.amount);
        let paid = u64::try_from(quote.amount.micro()).unwrap();
        assert_eq!(balance(&gateway, &client).await, START - paid, "{protocols:?}");
        let payments = payments(&client).await;
        assert_eq!((payments.len(), payments[0].state), (1, RecordState::Settled));
        assert_eq!(payments[0].transaction.as_deref(), response.transaction());
        assert!(gateway.shutdown().await);
    }
}

#[tokio::test]
async fn a_free_model_is_not_paid() {
    let gateway = gateway(Protocols::Both).await;
    let client = client(&gateway.api_url(), None);
    let request =
        ChatRequest { model: Some("openai/gpt-oss-20b".into()), ..ChatRequest::new("Hello!") };
    let response = client.chat_completion(&request).await.unwrap();
    assert_eq!((response.cost(), response.receipt), (Usdc::ZERO, None));
    assert!(payments(&client).await.is_empty());
    assert_eq!(balance(&gateway, &client).await, START);
}

#[tokio::test]
async fn models_are_listed_and_an_unknown_one_is_free_of_charge() {
    let gateway = gateway(Protocols::Both).await;
    let client = client(&gateway.api_url(), None);
    let models = client.list_models().await.unwrap();
    assert!(models.iter().any(|model| model.id == "openai/gpt-4o-mini"));
    let request = ChatRequest { model: Some("gpt-4p".into()), ..ChatRequest::new("Hello!") };
    let error = client.chat_completion(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(400)));
    assert!(error.message().contains("gpt-4"), "{error}");
    assert_eq!(balance(&gateway, &client).await, START);
}

#[tokio::test]
async fn a_provider_that_fails_is_not_paid() {
    let gateway = gateway(Protocols::Both).await;
    let client = client(&gateway.api_url(), None);
    let request = ChatRequest { model: Some("practice/failing".into()), ..ChatRequest::new("Hi") };
    let error = client.chat_completion(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(500)), "{error}");
    // The server's word alone proves nothing: it stays counted, though the ledger kept the money.
    assert!(matches!(error.payment(), PaymentState::Unknown { .. }), "{error:?}");
    assert_eq!(balance(&gateway, &client).await, START);
}

#[tokio::test]
async fn an_empty_wallet_is_refused() {
    let bind = "127.0.0.1:0".parse().unwrap();
    let starting_balance = Usdc::from_micro(999);
    let poor =
        Gateway::start(Config { bind, starting_balance, ..Config::default() }).await.unwrap();
    let error = client(&poor.api_url(), None).chat("Hello!").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PaymentRefused);
    assert!(matches!(error.payment(), PaymentState::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("insufficient_funds"), "{error}");
}

#[tokio::test]
async fn https_is_paid_with_the_right_authority_over_both_versions_of_http() {
    let gateway = gateway(Protocols::Both).await;
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    let fronts = TlsFronts::start(gateway.address(), &ca_file).await.unwrap();
    for front in [Front::Http2, Front::Http1] {
        let client = client(&format!("{}/api", fronts.url(front)), Some(ca_file.clone()));
        let before = balance(&gateway, &client).await;
        let response = client.chat_completion(&ChatRequest::new("Hello!")).await.unwrap();
        let paid = u64::try_from(response.cost().micro()).unwrap();
        assert!(paid > 0);
        assert_eq!(balance(&gateway, &client).await, before - paid, "{front:?}");
        assert_eq!(fronts.http2_connections(), 1, "only the first one offers HTTP/2");
    }
}

#[tokio::test]
async fn a_bad_certificate_ends_the_call_before_anything_is_signed() {
    let gateway = gateway(Protocols::Both).await;
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    let fronts = TlsFronts::start(gateway.address(), &ca_file).await.unwrap();
    for front in [Front::Expired, Front::WrongHost, Front::UnknownAuthority] {
        let client = client(&format!("{}/api", fronts.url(front)), Some(ca_file.clone()));
        let error = client.chat("Hello!").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection, "{front:?}: {error}");
        assert_eq!(error.payment(), &PaymentState::NotCharged, "{front:?}");
        assert!(error.message().contains("certificate"), "{front:?}: {error}");
        assert!(payments(&client).await.is_empty(), "{front:?}");
    }
    let system = client(&format!("{}/api", fronts.url(Front::Http2)), None);
    assert_eq!(system.chat("Hello!").await.unwrap_err().kind(), ErrorKind::Connection);
}

#[tokio::test]
async fn a_session_limit_holds_for_clones_and_parallel_calls() {
    let gateway = gateway(Protocols::Both).await;
    let client = LLMClient::with_options(ClientOptions {
        private_key: Some(KEY.into()),
        api_url: Some(gateway.api_url()),
        max_session_cost: Some(Usdc::from_micro(3_500)),
        journal: JournalOptions { in_memory: true, ..JournalOptions::default() },
        ..ClientOptions::default()
    })
    .unwrap();
    let calls: Vec<_> = (0..16)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.chat("Hello!").await })
        })
        .collect();
    let mut paid = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => paid += 1,
            Err(error) => assert_eq!(error.kind(), ErrorKind::SpendLimit, "{error}"),
        }
    }
    assert_eq!(paid, 3);
    assert_eq!(balance(&gateway, &client).await, START - 3_000);
}

#[tokio::test]
async fn nothing_that_was_said_is_on_the_disk() {
    let gateway = gateway(Protocols::Both).await;
    let home = tempfile::tempdir().unwrap();
    let client = LLMClient::with_options(ClientOptions {
        private_key: Some(KEY.into()),
        api_url: Some(gateway.api_url()),
        journal: JournalOptions { home: Some(home.path().to_owned()), ..JournalOptions::default() },
        ..ClientOptions::default()
    })
    .unwrap();
    let request = ChatRequest {
        idempotency_key: Some("order-rhubarb".into()),
        ..ChatRequest::new("reverse: kumquat marmalade")
    };
    let answer = client.chat_completion(&request).await.unwrap().text();
    assert!(answer.contains("edalamram tauqmuk"), "{answer}");
    assert_eq!(payments(&client).await.len(), 1);
    let files: Vec<_> = walk(home.path());
    assert!(files.iter().any(|file| file.ends_with("journal.sqlite")), "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        for said in ["kumquat", "marmalade", "tauqmuk", "rhubarb", &KEY[2..]] {
            let found = bytes.windows(said.len()).any(|window| window == said.as_bytes());
            assert!(!found, "{} is in {}", &said[..4], file.display());
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} is for all to read", file.display());
        }
    }
}

/// All files below a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

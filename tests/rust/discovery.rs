//! Finding what can be bought elsewhere, and buying it, from real gateways and from servers that lie.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use blockrun_llm::{
    ApiRequest, ClientOptions, DiscoverOptions, ErrorKind, LLMClient, Resource, Usdc,
    journal::PaymentFilter, networks::BASE_SEPOLIA,
};
use conformance::{practice_client, practice_gateway};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

fn client(api_url: &str) -> LLMClient {
    let max_session_cost = Some(Usdc::from_micro(1_500));
    practice_client(api_url, ClientOptions { max_session_cost, ..ClientOptions::default() })
}

fn from(url: &str) -> DiscoverOptions {
    DiscoverOptions { url: Some(url.to_owned()), ..DiscoverOptions::default() }
}

fn hello() -> Value {
    json!({"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]})
}

#[tokio::test]
async fn what_is_found_elsewhere_is_bought_from_the_same_purse() {
    let (home, other) = (practice_gateway().await, practice_gateway().await);
    let client = client(&home.api_url());
    let query = Some("chat GPT-4o".to_owned());
    let options =
        DiscoverOptions { query, network: Some("base-sepolia".into()), ..from(other.base_url()) };
    let found = client.discover(&options).await.unwrap();
    let [chat]: [Resource; 1] = found.try_into().unwrap();
    assert_eq!(chat.url, format!("{}/api/v1/chat/completions", other.base_url()));
    assert_eq!((chat.kind.as_str(), chat.method.as_deref()), ("http", Some("POST")));
    assert_eq!(chat.price(Some("eip155:84532")), Some(Usdc::from_micro(1_000)));
    let models = chat.input_schema.as_ref().unwrap()["properties"]["model"]["enum"].to_string();
    assert!(models.contains("openai/gpt-4o-mini"), "{models}");

    let request = chat.request(Some(&hello())).unwrap();
    // Its own server has no such thing to sell for this client until it is named.
    let shop = client.at(&chat.url).unwrap();
    assert_eq!(shop.api_url(), other.base_url());
    let answer = shop.request(&request).await.unwrap();
    assert_eq!(answer.receipt.unwrap().amount, Usdc::from_micro(1_000));
    // One purse and one journal: what was spent there is spent here.
    let spent = client.payments(PaymentFilter::default()).await.unwrap();
    assert_eq!((spent.len(), spent[0].amount), (1, Usdc::from_micro(1_000)));
    let refused = client.chat("Hello!").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::SpendLimit, "{refused}");
}

#[tokio::test]
async fn a_search_narrows_by_words_network_and_price() {
    let gateway = practice_gateway().await;
    let client = client(&gateway.api_url());
    let count = async |options| client.discover(&options).await.unwrap().len();
    let own = DiscoverOptions::default();
    assert_eq!(count(own.clone()).await, 2);
    assert_eq!(count(DiscoverOptions { limit: Some(1), ..own.clone() }).await, 1);
    for (query, found) in [("IMAGE dall", 1), ("chat", 1), ("openai", 2), ("weather", 0)] {
        assert_eq!(
            count(DiscoverOptions { query: Some(query.into()), ..own.clone() }).await,
            found
        );
    }
    for (micro, found) in [(999, 0), (1_000, 1), (39_000, 2)] {
        let max_price = Some(Usdc::from_micro(micro));
        assert_eq!(count(DiscoverOptions { max_price, ..own.clone() }).await, found);
    }
    assert_eq!(count(DiscoverOptions { network: Some("eip155:8453".into()), ..own }).await, 0);
}

/// A server that answers each request with the next of these, whatever it is asked; the last one
/// stays. What it was asked is kept.
async fn scripted(answers: Vec<String>) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let asked = Arc::clone(&seen);
    tokio::spawn(async move {
        for count in 0.. {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 8_192];
            let length = tcp.read(&mut head).await.unwrap();
            asked.lock().unwrap().push(String::from_utf8_lossy(&head[..length]).into_owned());
            let answer = answers.get(count).or(answers.last()).unwrap();
            // Whoever has read enough closes.
            let _ = tcp.write_all(answer.as_bytes()).await;
        }
    });
    (address, seen)
}

fn page(items: &[Value], total: Option<usize>) -> String {
    let mut body = json!({"x402Version": 2, "items": items});
    if let Some(total) = total {
        body["pagination"] = json!({"limit": 100, "offset": 0, "total": total});
    }
    answer("200 OK", &body.to_string())
}

fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn items(numbers: std::ops::Range<usize>) -> Vec<Value> {
    let offer = json!({
        "scheme": "exact", "network": "eip155:8453", "amount": "10", "payTo": "0x01",
        "asset": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    });
    numbers
        .map(|n| json!({"resource": format!("https://a.example/{n}"), "accepts": [offer]}))
        .collect()
}

#[tokio::test]
async fn what_is_sold_at_a_root_is_bought_there() {
    let offer = json!({"x402Version": 1, "accepts": [{
        "scheme": "exact", "network": "base-sepolia", "maxAmountRequired": "1000",
        "resource": "https://shop.example/", "description": "", "mimeType": "application/json",
        "payTo": "0x0000000000000000000000000000000000000002", "maxTimeoutSeconds": 60,
        "asset": BASE_SEPOLIA.usdc, "extra": {"name": "USDC", "version": "2"},
    }]});
    let sold = vec![answer("402 Payment Required", &offer.to_string()), answer("200 OK", "{}")];
    for address in ["", "/", "?units=c"] {
        let (server, seen) = scripted(sold.clone()).await;
        let client = client("http://127.0.0.1:9/api");
        let get = ApiRequest::get("");
        let bought = client.request_at(&format!("http://{server}{address}"), get).await.unwrap();
        assert_eq!(bought.receipt.unwrap().amount, Usdc::from_micro(1_000), "{address:?}");
        let line = format!("GET /{} HTTP/1.1\r\n", address.trim_start_matches('/'));
        let seen = seen.lock().unwrap();
        assert!(seen.len() == 2 && seen.iter().all(|head| head.starts_with(&line)), "{seen:?}");
        assert!(seen[1].to_lowercase().contains("\r\nx-payment: "), "{seen:?}");
    }
}

#[tokio::test]
async fn a_long_listing_is_turned_page_by_page_and_told_nothing() {
    let pages = vec![page(&items(0..100), Some(150)), page(&items(100..150), Some(150))];
    let (address, seen) = scripted(pages).await;
    let client = client("http://127.0.0.1:9/api");
    let options = DiscoverOptions { limit: Some(200), ..from(&format!("http://{address}/list")) };
    let found = client.discover(&options).await.unwrap();
    assert_eq!((found.len(), found[149].url.as_str()), (150, "https://a.example/149"));
    let seen = seen.lock().unwrap();
    assert!(seen[0].starts_with("GET /list/discovery/resources?limit=100&offset=0 HTTP/1.1"));
    assert!(seen[1].contains("offset=100") && seen.len() == 2);
    let address = client.address().unwrap().to_string().to_lowercase();
    assert!(!seen.iter().any(|head| head.to_lowercase().contains(&address[2..])));
}

#[tokio::test]
async fn a_server_that_lies_about_its_length_is_left() {
    // It says the same page for ever, of a list that never ends.
    let (address, seen) = scripted(vec![page(&items(0..100), Some(usize::MAX))]).await;
    let options = DiscoverOptions { limit: Some(2_000), ..from(&format!("http://{address}")) };
    let found = client("http://127.0.0.1:9/api").discover(&options).await.unwrap();
    assert_eq!((found.len(), seen.lock().unwrap().len()), (100, 20));
}

#[tokio::test]
async fn what_is_no_listing_is_an_error_that_says_so() {
    let huge = answer("200 OK", &format!("{{\"items\": [\"{}\"]}}", "x".repeat(5 << 20)));
    let elsewhere =
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let silent = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{";
    for (answers, kind) in [
        (answer("200 OK", "<html>"), ErrorKind::Api),
        (answer("404 Not Found", "{}"), ErrorKind::Api),
        (elsewhere.to_owned(), ErrorKind::Api),
        (huge, ErrorKind::Connection),
        (silent.to_owned(), ErrorKind::Connection),
    ] {
        let (address, _) = scripted(vec![answers]).await;
        let timeout = Some(Duration::from_secs(20));
        let options = DiscoverOptions { timeout, ..from(&format!("http://{address}")) };
        let error = client("http://127.0.0.1:9/api").discover(&options).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[tokio::test]
async fn a_listing_takes_its_time_and_no_more() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = DiscoverOptions {
        timeout: Some(Duration::from_millis(200)),
        ..from(&format!("http://{}", listener.local_addr().unwrap()))
    };
    let error = client("http://127.0.0.1:9/api").discover(&options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn play_money_and_real_money_have_clients_of_their_own() {
    let client = client("http://127.0.0.1:9/api");
    for url in ["https://api.example/v1/x", "http://api.example", "https://me@api.example", "x"] {
        assert_eq!(client.at(url).unwrap_err().field(), Some("url"), "{url}");
    }
    assert_eq!(client.at("http://127.0.0.1:7/a/b?c=d#e").unwrap().api_url(), "http://127.0.0.1:7");
    let account = LLMClient::new("brk_0123456789abcdef").unwrap();
    assert_eq!(account.at("https://api.example").unwrap_err().kind(), ErrorKind::InvalidArgument);
}

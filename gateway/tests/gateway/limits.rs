//! Sizes and times.

use std::time::Duration;

use blockrun_gateway::Config;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::support::{CHAT, Shop, config, hello};

/// The beginning of the answer to raw bytes.
async fn raw(shop: &Shop, request: &str) -> String {
    let mut tcp = TcpStream::connect(shop.running.address()).await.unwrap();
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    tcp.read_exact(&mut answer).await.unwrap();
    String::from_utf8(answer.to_vec()).unwrap()
}

#[tokio::test]
async fn a_body_may_be_so_large() {
    let shop = Shop::with(Config { body_limit: 1_000, ..config() }).await;
    let mut body = hello("gpt-oss-20b");
    body["padding"] = json!("x".repeat(1_000));
    let answer = shop.chat(&body, &[]).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (413, &json!("request_too_large"))
    );
    // Without a length, the bytes are counted as they come.
    let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1_000));
    let head = format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    assert_eq!(raw(&shop, &format!("{head}{chunk}{chunk}")).await, "HTTP/1.1 413");
}

#[tokio::test]
async fn a_head_may_be_so_large() {
    let shop = Shop::open().await;
    let large = "x".repeat(17 * 1024);
    let answer = shop.chat(&hello("gpt-oss-20b"), &[("x-large", &large)]).await;
    assert_eq!(answer.status, 431);
    let fair = "x".repeat(10 * 1024);
    assert_eq!(shop.chat(&hello("gpt-oss-20b"), &[("x-large", &fair)]).await.status, 200);
}

#[tokio::test]
async fn a_body_may_be_so_slow() {
    let shop = Shop::with(Config { body_timeout: Duration::from_millis(100), ..config() }).await;
    let head = format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{{");
    assert_eq!(raw(&shop, &head).await, "HTTP/1.1 408");
}

#[tokio::test]
async fn a_head_may_be_so_slow() {
    let shop = Shop::with(Config { header_timeout: Duration::from_millis(100), ..config() }).await;
    for sent in ["", "POST / HTTP/1.1\r\nhost:"] {
        let mut tcp = TcpStream::connect(shop.running.address()).await.unwrap();
        tcp.write_all(sent.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(5), tcp.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "{sent:?}");
    }
}

#[tokio::test]
async fn a_provider_may_be_so_slow() {
    let provider_timeout = Duration::from_millis(100);
    let shop = Shop::with(Config { provider_timeout, ..config() }).await;
    for stream in [false, true] {
        let mut body = hello("practice/slow");
        body["stream"] = json!(stream);
        let answer = shop.buy(&body, 1 + u8::from(stream)).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (500, &json!("provider_error"))
        );
    }
    assert_eq!(shop.purse().await, 10_000_000);
}

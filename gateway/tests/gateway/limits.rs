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
        let closed =
            tokio::time::timeout(Duration::from_secs(30), tcp.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "{sent:?}");
    }
}

#[tokio::test]
async fn a_provider_may_be_so_slow() {
    let provider_timeout = Duration::from_millis(100);
    let provider_delay = Duration::from_secs(60);
    let shop = Shop::with(Config { provider_timeout, provider_delay, ..config() }).await;
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

#[tokio::test]
async fn an_answer_that_could_not_be_kept_is_not_sold() {
    let shop = Shop::with(Config { answer_limit: 100, ..config() }).await;
    let answer = shop.buy(&hello("gpt-4o"), 1).await;
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (500, &json!("provider_error")));
    assert!(answer.text().contains("100 is the most"), "{}", answer.text());
    assert_eq!(shop.purse().await, 10_000_000);
}

#[tokio::test]
async fn a_stream_that_is_too_long_to_be_kept_is_delivered_once() {
    let shop = Shop::with(Config { answer_limit: 100, ..config() }).await;
    let mut body = hello("gpt-4o");
    body["stream"] = json!(true);
    let payment = shop.payment(&body, 1).await;
    let answer = shop.paid(&body, &payment).await;
    assert!(answer.text().ends_with("data: [DONE]\n\n"));
    let again = shop.paid(&body, &payment).await;
    assert_eq!((again.status, &again.json()["error"]["code"]), (410, &json!("answer_expired")));
    assert_eq!(again.settlement(), answer.settlement());
}

#[tokio::test]
async fn a_full_store_lets_no_new_call_in_and_keeps_what_it_has() {
    // Room for one answer in flight, and not for another beside a stored one.
    let limits = Config { answer_limit: 10_000, answers_limit: 10_100, ..config() };
    let shop = Shop::with(limits).await;
    let body = hello("gpt-4o");
    let (first, second) = (shop.payment(&body, 1).await, shop.payment(&body, 2).await);
    let answer = shop.paid(&body, &first).await;
    assert_eq!(answer.status, 200);
    let refused = shop.paid(&body, &second).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "10"));
    assert_eq!(refused.json()["error"]["code"], "store_full");
    assert!(!refused.headers.contains_key("payment-response"));
    assert_eq!(shop.purse().await, 10_000_000 - first.amount.micro());
    assert_eq!(shop.paid(&body, &first).await.body, answer.body);
    assert_eq!(shop.chat(&hello("gpt-oss-20b"), &[]).await.status, 200, "free calls keep nothing");
}

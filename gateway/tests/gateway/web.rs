//! Browsers, caches and crooked paths.

use std::{sync::atomic::Ordering, time::Duration};

use blockrun_gateway::{Allowance, Config, Traffic};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    counting::counted,
    scripted::{Upstream, row},
    support::{Answer, CHAT, Shop, config, hello},
    upstream::completion,
};

const PAGE: &str = "https://app.example";

async fn asked(shop: &Shop, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = shop.http.request(method.parse().unwrap(), shop.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request.send().await.unwrap()).await
}

async fn preflight(shop: &Shop, path: &str, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "content-type,payment-signature,x-payment,blockrun-recovery,idempotency-key,last-event-id",
        ),
    ];
    asked(shop, "OPTIONS", path, &headers).await
}

#[tokio::test]
async fn a_page_may_pay_and_read_what_it_got() {
    let shop = Shop::open().await;
    let allowed = preflight(&shop, CHAT, PAGE).await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (200, PAGE));
    assert!(allowed.header("access-control-allow-methods").contains("POST"));
    for name in ["payment-signature", "x-payment", "blockrun-recovery", "last-event-id"] {
        assert!(allowed.header("access-control-allow-headers").contains(name), "{name}");
    }
    assert!(!allowed.headers.contains_key("access-control-allow-credentials"));
    let answer = shop.chat(&hello("gpt-4o"), &[("origin", PAGE)]).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (402, PAGE));
    let exposed = answer.header("access-control-expose-headers").to_lowercase();
    for name in [
        "payment-required",
        "payment-response",
        "x-payment-response",
        "blockrun-answer",
        "retry-after",
        "x-fallback-used",
        "x-fallback-model",
        "x-settlement-skipped",
        "etag",
    ] {
        assert!(exposed.split(',').any(|one| one == name), "{name} in {exposed}");
    }
    // An error is to be read too.
    let refused = shop.chat(&json!({}), &[("origin", PAGE)]).await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (400, PAGE));
}

#[tokio::test]
async fn a_page_is_told_that_it_asks_too_often() {
    let client = Allowance { per_second: Some(0.1), burst: Some(1), ..Allowance::default() };
    let traffic = Traffic { client, ..Traffic::default() };
    let shop = Shop::with(Config { traffic, ..config() }).await;
    for status in [402, 429] {
        let answer = shop.chat(&hello("gpt-4o"), &[("origin", PAGE)]).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, PAGE));
        let exposed = answer.header("access-control-expose-headers");
        assert!(exposed.contains("retry-after") && exposed.contains("x-request-id"), "{exposed}");
        assert!(answer.headers.contains_key("x-request-id"));
    }
}

#[tokio::test]
async fn no_page_reads_the_practice_ledger() {
    let shop = Shop::open().await;
    for path in ["/practice/rpc", "/practice/transactions/0x00"] {
        let answer = preflight(&shop, path, PAGE).await;
        assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control")));
        assert_eq!(answer.status, 405);
    }
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []});
    let answer = shop.post("/practice/rpc", body, &[("origin", PAGE)]).await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn the_settings_say_which_pages_and_may_change_their_mind() {
    let upstream = Upstream::run(|_, _| completion("Hi")).await;
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("gateway.toml");
    let write = |origins: &str| {
        let service = format!("[service]\norigins = {origins}\n");
        std::fs::write(&path, service + &row("a", &upstream, "")).unwrap();
    };
    write("[\"https://app.example\"]");
    let shop = Shop::with(Config { settings: Some(path.clone()), ..config() }).await;
    let allowed = async |origin: &str| {
        preflight(&shop, CHAT, origin).await.headers.contains_key("access-control-allow-origin")
    };
    assert!(allowed(PAGE).await && !allowed("https://other.example").await);
    write("[]");
    shop.running.reload().unwrap();
    assert!(!allowed(PAGE).await);
}

#[tokio::test]
async fn only_documents_are_for_caches() {
    let shop = Shop::open().await;
    let paths = [
        "/api/pricing",
        "/api/v1/models",
        "/openapi.json",
        "/.well-known/x402",
        "/discovery/resources",
        "/discovery/search?query=chat",
    ];
    for path in paths {
        let first = shop.get(path).await;
        assert_eq!(first.header("cache-control"), "public, max-age=60", "{path}");
        let tag = first.header("etag");
        let again = asked(&shop, "GET", path, &[("if-none-match", tag)]).await;
        // Prices expire by the minute, and one may have passed.
        if shop.get(path).await.header("etag") == tag {
            assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, tag));
        }
        let head = asked(&shop, "HEAD", path, &[]).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(head.header("content-length"), first.body.len().to_string(), "{path}");
    }
    let paid = shop.buy(&hello("gpt-4o"), 1).await;
    assert_eq!((paid.status, paid.header("cache-control")), (200, "private"));
    for answer in [
        shop.chat(&hello("gpt-4o"), &[]).await,
        shop.chat(&hello("gpt-oss-20b"), &[]).await,
        shop.chat(&json!({}), &[]).await,
        shop.get("/nothing").await,
        shop.get(CHAT).await,
        shop.get("/health").await,
        shop.get("/discovery/resources?limit=0").await,
        shop.get("/discovery/search").await,
        shop.get("/practice/transactions/0x00").await,
    ] {
        assert_eq!(answer.header("cache-control"), "no-store", "{}", answer.status);
    }
}

#[tokio::test]
async fn a_browser_gets_the_same_402() {
    let shop = Shop::open().await;
    let headers = [("accept", "text/html,*/*;q=0.8"), ("user-agent", "Mozilla/5.0")];
    let answer = shop.chat(&hello("gpt-4o"), &headers).await;
    assert_eq!((answer.status, answer.header("content-type")), (402, "application/json"));
}

/// Sends a request line as it is; the status and the body of what comes back.
async fn raw(shop: &Shop, line: &str, headers: &str, body: &Value) -> (u16, String) {
    let body = body.to_string();
    let length = body.len();
    let mut tcp = TcpStream::connect(shop.running.address()).await.unwrap();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
    );
    tcp.write_all((head + &body).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that refuses a line may close before it has read the body.
    let _ = tcp.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    (status, answer)
}

/// What has opened paid paths of other servers: no spelling of a path or a method is answered without
/// a payment.
#[tokio::test]
async fn no_crooked_path_leads_around_the_payment() {
    let (shop, provider) = counted(config(), Duration::ZERO).await;
    let crooked = [
        "/api/v1/chat/completions/",
        "//api/v1/chat/completions",
        "/api//v1/chat/completions",
        "/api/v1/chat%2Fcompletions",
        "/api/v1/chat/%63ompletions",
        "/API/V1/chat/completions",
        "/api/v1/chat/Completions",
        "/api/v1/chat/completions%0A",
        "/api/v1/chat/completions%20",
        "/api/v1/chat/completions%00",
        "/api/v1/chat/completions;a=b",
        "/api/v1/chat/completions.json",
        "/api/v1/./chat/completions",
        "/api/v1/models/../chat/completions",
        "/api/v1/models/%2e%2e/chat/completions",
        "/api/v1/chat/completions\\",
        "/chat/completions",
        "/v1/chat/completions",
        "api/v1/chat/completions",
        "*",
    ];
    let body = hello("gpt-4o");
    for path in crooked {
        let (status, answer) = raw(&shop, &format!("POST {path}"), "", &body).await;
        assert!([400, 404].contains(&status), "{path}: {answer}");
    }
    // These are the path itself, and cost what it costs.
    for path in [
        "/api/v1/chat/completions?free=1",
        "http://b.example/api/v1/chat/completions",
        "/api/v1/chat/completions#a",
    ] {
        let (status, answer) = raw(&shop, &format!("POST {path}"), "", &body).await;
        assert!([400, 402].contains(&status), "{path}: {answer}");
    }
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "post", "POSTX", "PROPFIND"] {
        let (status, answer) = raw(&shop, &format!("{method} {CHAT}"), "", &body).await;
        assert_eq!(status, 405, "{method}: {answer}");
    }
    let (status, answer) = raw(&shop, &format!("OPTIONS {CHAT}"), "", &body).await;
    assert!(status == 200 && answer.ends_with("\r\n\r\n"), "{answer}");
    for headers in [
        "x-http-method-override: GET\r\n",
        "x-original-url: /health\r\n",
        "x-rewrite-url: /health\r\n",
        "x-forwarded-prefix: /api\r\n",
        "x-payment: \r\n",
        "payment-signature: null\r\n",
    ] {
        let (status, answer) = raw(&shop, &format!("POST {CHAT}"), headers, &body).await;
        assert_eq!(status, 402, "{headers}: {answer}");
    }
    // A line within a line, and a second request behind the first one's body.
    for line in [format!("POST {CHAT}\n"), format!("POST {CHAT}\nX: y"), format!("POST\n{CHAT}")] {
        let (status, answer) = raw(&shop, &line, "", &body).await;
        assert!(status == 400 || status == 0, "{line:?}: {answer}");
    }
    assert_eq!(provider.asked.load(Ordering::SeqCst), 0);
    assert_eq!(shop.purse().await, 10_000_000);
}

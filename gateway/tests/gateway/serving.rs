//! HTTP/1.1, HTTP/2, HTTPS, and stopping.

use std::time::Duration;

use blockrun_gateway::{Config, Gateway, TlsFiles};
use reqwest::{Certificate, Version};

use super::{
    gated::gated,
    support::{Answer, CHAT, Shop, config, hello},
};

async fn secure() -> (tempfile::TempDir, Shop, Certificate) {
    let root = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let files =
        TlsFiles { certificate: root.path().join("cert.pem"), key: root.path().join("key.pem") };
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let shop = Shop::with(Config { tls: Some(files), ..config() }).await;
    let certificate = Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    (root, shop, certificate)
}

#[tokio::test]
async fn https_speaks_both_versions_of_http() {
    let (_root, shop, certificate) = secure().await;
    let url = format!("https://localhost:{}{CHAT}", shop.running.address().port());
    for (version, only_http1) in [(Version::HTTP_2, false), (Version::HTTP_11, true)] {
        let builder = reqwest::Client::builder().no_proxy().tls_certs_only([certificate.clone()]);
        let builder = if only_http1 { builder.http1_only() } else { builder };
        let client = builder.build().unwrap();
        let response = client.post(&url).body(hello("gpt-4o").to_string()).send().await.unwrap();
        assert_eq!(response.version(), version);
        let answer = Answer::of(response).await;
        assert_eq!(answer.json()["accepts"][0]["resource"], url);
    }
    assert!(shop.http.get(&url).send().await.is_err(), "an unknown certificate is not trusted");
}

#[tokio::test]
async fn http_2_needs_no_tls() {
    let shop = Shop::open().await;
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let response = client.get(shop.url("/health")).send().await.unwrap();
    assert_eq!((response.version(), response.status().as_u16()), (Version::HTTP_2, 200));
}

#[tokio::test]
async fn a_shutdown_finishes_what_was_begun() {
    let patience = config().shutdown_deadline;
    let (shop, gate) = gated(config(), 0).await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let idle = tokio::net::TcpStream::connect(shop.running.address()).await.unwrap();
    let Shop { running, http, .. } = shop;
    let url = format!("{}{CHAT}", running.base_url());
    let request = http.post(&url).body(body.to_string());
    let request = request.header(payment.header_name, &payment.header_value);
    let call = tokio::spawn(request.send());
    gate.reached(1).await;
    let began = std::time::Instant::now();
    let (stopped, ()) = tokio::join!(running.shutdown(), async { gate.open(1) });
    assert!(stopped);
    assert!(began.elapsed() < patience / 2, "an idle connection does not delay it");
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
    assert!(http.get(&url).send().await.is_err(), "nobody listens any more");
    drop(idle);
}

#[tokio::test]
async fn a_shutdown_has_a_deadline() {
    let config = Config { shutdown_deadline: Duration::from_millis(100), ..config() };
    let (shop, gate) = gated(config, 0).await;
    let request = shop.http.post(shop.url(CHAT)).body(hello("gpt-oss-20b").to_string());
    let _call = tokio::spawn(request.send());
    gate.reached(1).await;
    assert!(!shop.running.shutdown().await);
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let shop = Shop::open().await;
    let taken = Config { bind: shop.running.address(), ..config() };
    let error = Gateway::start(taken).await.unwrap_err().to_string();
    assert!(error.contains("127.0.0.1") && error.contains("another port"), "{error}");
}

//! The dashboard in a real browser: it must be whole, run nothing, and be readable on a phone, by day and
//! by night. Pictures of it are left in `target/dashboard`.
//!
//! Without a Chromium it says so and passes. In CI (`CI=true`) it is fetched where there is apt and the
//! right to use it; that this fails is a failure.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod browser;
#[path = "../gateway/support.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod support;

use std::path::PathBuf;

use blockrun_gateway::{Admin, Config};
use serde_json::json;

use browser::Browser;
use support::{Shop, config, hello};

/// A shop with some trade behind it.
async fn shop() -> Shop {
    let admin = Admin { dashboard: true, ..Admin::default() };
    let shop = Shop::with(Config { admin, ..config() }).await;
    let mut streamed = hello("gpt-4o");
    streamed["stream"] = json!(true);
    let bodies = [
        hello("gpt-4o"),
        streamed,
        hello("gpt-4o-mini"),
        hello("claude-3-5-sonnet"),
        hello("practice/unknown"),
        hello("practice/failing"),
        hello("practice/unsettled"),
    ];
    for (nonce, body) in (1..).zip(&bodies) {
        shop.buy(body, nonce).await;
    }
    shop
}

fn pictures() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../dashboard");
    std::fs::create_dir_all(&folder).unwrap();
    folder.canonicalize().unwrap()
}

// The browser is waited for, and the gateway must not wait with it.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_whole_in_a_browser_on_a_phone_and_at_night() {
    let Some(browser) = Browser::find() else { return };
    let shop = shop().await;
    let url = shop.url("/dashboard").to_string();
    let page = browser.page(&url);
    // The unknown settlement is listed, or sold once it was looked up again.
    for said in ["BlockRun gateway", "practice money", "openai/gpt-4o", "practice/unknown"] {
        assert!(page.contains(said), "{said:?} is missing in {page}");
    }
    for (name, width, height, dark) in [
        ("desk", 1280, 1500, false),
        ("desk-at-night", 1280, 1500, true),
        ("phone", 390, 2400, false),
        ("phone-at-night", 390, 2400, true),
    ] {
        let file = pictures().join(format!("{name}.png"));
        browser.picture(&url, &file, (width, height), dark);
        let png = std::fs::read(&file).unwrap();
        // A page without its style, or none at all, would be a small white picture.
        assert!(png.starts_with(b"\x89PNG") && png.len() > 30_000, "{name}: {} bytes", png.len());
    }
}

#[tokio::test]
async fn it_loads_and_runs_nothing() {
    let shop = shop().await;
    let answer = shop.get("/dashboard").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    let policy = answer.header("content-security-policy").to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'nonce-"), "{policy}");
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    let page = answer.text();
    assert!(page.contains(&format!("<style nonce=\"{nonce}\">")) && nonce.len() == 32);
    for never in ["<script", "http://", "https://", "src=", "url(", "style=", "onload"] {
        assert!(!page.contains(never), "{never}");
    }
    assert_ne!(shop.get("/dashboard").await.header("content-security-policy"), policy);
}

#[tokio::test]
async fn it_is_there_only_where_it_is_wanted() {
    let answer = Shop::open().await.get("/dashboard").await;
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (404, &json!("not_found")));
}

#[tokio::test]
async fn its_figures_outlive_a_restart() {
    let root = tempfile::tempdir().unwrap();
    let admin = Admin { dashboard: true, ..Admin::default() };
    let config = Config { admin, data: Some(root.path().into()), ..config() };
    let shop = Shop::with(config.clone()).await;
    assert_eq!(shop.buy(&hello("gpt-4o-mini"), 1).await.status, 200);
    assert_eq!(shop.buy(&hello("practice/unknown"), 2).await.status, 503);
    assert!(shop.running.shutdown().await);
    let shop = Shop::with(config).await;
    // What was unknown is looked up at the start.
    for _ in 0..1_500 {
        let page = shop.get("/dashboard").await;
        if page.text().contains("test USDC, 2 calls") {
            assert!(page.text().contains("None. Every settlement"), "{}", page.text());
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{}", shop.get("/dashboard").await.text());
}

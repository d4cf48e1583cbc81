//! Settings that change while calls are under way.

use std::sync::Arc;

use blockrun_gateway::{Config, Gateway, PracticeProvider};
use serde_json::{Value, json};

use super::{
    scripted::{Act, Upstream, row},
    support::{CHAT, Shop, config, hello},
    upstream::{chunk, completion, streamed},
};

async fn published(shop: &Shop) -> (Value, usize) {
    let pricing = shop.get("/api/pricing").await.json();
    (pricing["parameters"]["margin_bps"].clone(), pricing["models"].as_array().unwrap().len())
}

#[tokio::test]
async fn a_reload_changes_prices_and_upstreams_and_drops_no_call() {
    let pieces: Vec<_> = (0..300).map(|_| chunk("old ")).collect();
    let old = Upstream::run(move |_, _| {
        Act::Stream([pieces.clone(), vec!["data: [DONE]\n\n".into()]].concat(), true)
    })
    .await;
    let new = Upstream::run(|_, _| completion("new")).await;
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("gateway.toml");
    std::fs::write(&path, row("a", &old, "")).unwrap();
    let shop = Shop::with(Config { settings: Some(path.clone()), ..config() }).await;
    let before = published(&shop).await;
    assert_eq!(before.0, 1_000);

    let body = streamed();
    let payment = shop.payment(&body, 1).await;
    let request = shop.http.post(shop.url(CHAT)).body(body.to_string());
    let request = request.header(payment.header_name, &payment.header_value);
    let under_way = request.send().await.unwrap();
    let other = hello("gpt-4o");
    let signed = shop.payment(&other, 2).await;

    std::fs::write(&path, format!("[price]\nmargin_bps = 0\n{}", row("a", &new, ""))).unwrap();
    assert!(shop.running.reload().unwrap().restart_for.is_empty());
    assert_eq!(published(&shop).await, (json!(0), before.1));
    assert!(under_way.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    // A payment for the old price is refused with the new one, and costs nothing.
    let late = shop.paid(&other, &signed).await;
    let price = late.challenge();
    assert_eq!(shop.purse().await, 10_000_000 - payment.amount.micro());
    let answer = shop.paid(&other, &shop.sign(&price, 2)).await;
    assert_eq!(answer.json()["choices"][0]["message"]["content"], "new");

    std::fs::write(&path, "[price]\nmargin = 0\n").unwrap();
    assert!(shop.running.reload().unwrap_err().to_string().contains("margin"));
    assert_eq!(published(&shop).await, (json!(0), before.1));
    assert_eq!(shop.buy(&other, 3).await.status, 200);
}

#[tokio::test]
async fn a_provider_that_was_given_stays_and_the_catalog_is_read_again() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("catalog.toml");
    let model = |name: &str| {
        format!(
            "[[model]]\nid = \"a/{name}\"\nname = \"A\"\nprovider = \"a\"\ndescription = \"d\"\n\
             categories = [\"chat\"]\nfree = true\ncontext = 999\nmax_output = 99\n"
        )
    };
    std::fs::write(&path, model("one")).unwrap();
    let catalog = Config { catalog: Some(path.clone()), ..config() };
    let provider = Arc::<PracticeProvider>::default();
    let running = Gateway::start_with(catalog, provider).await.unwrap();
    let shop = Shop::around(running);
    assert_eq!(shop.chat(&hello("one"), &[]).await.status, 200);
    std::fs::write(&path, model("two")).unwrap();
    shop.running.reload().unwrap();
    assert_eq!(shop.chat(&hello("one"), &[]).await.status, 400);
    assert_eq!(shop.chat(&hello("two"), &[]).await.json()["system_fingerprint"], "practice");
}

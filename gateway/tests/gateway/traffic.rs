//! Limits on what one client and one payer may take.

use std::time::Duration;

use blockrun_gateway::{Allowance, Config, Traffic};
use futures_util::{
    StreamExt,
    future::{join_all, select_all},
    stream::FuturesUnordered,
};
use serde_json::json;

use super::{
    gated::gated,
    support::{Answer, CHAT, Shop, config, hello},
};

fn limited(client: Allowance, payer: Allowance) -> Config {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    Config { traffic: Traffic { client, payer, trusted_proxies }, ..config() }
}

fn assert_limited(answer: &Answer) {
    assert_eq!(answer.status, 429, "{}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!(
        (&error["code"], &error["type"]),
        (&json!("rate_limit_exceeded"), &json!("rate_limit_error"))
    );
    assert!((1..=100).contains(&answer.header("retry-after").parse::<u64>().unwrap()));
    assert!(!answer.headers.contains_key("payment-response"));
}

#[tokio::test]
async fn a_client_may_ask_so_often_and_others_do_not_feel_it() {
    let client = Allowance { per_second: Some(0.01), burst: Some(3), ..Allowance::default() };
    let shop = Shop::with(limited(client, Allowance::default())).await;
    let body = hello("gpt-oss-20b");
    let from = |address: &'static str| {
        let (shop, body) = (&shop, &body);
        async move { shop.chat(body, &[("x-forwarded-for", address)]).await }
    };
    let answers = join_all((0..50).map(|_| from("203.0.113.7"))).await;
    let (served, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|one| one.status == 200);
    assert_eq!((served.len(), refused.len()), (3, 47), "a burst of 3, however they race");
    refused.into_iter().for_each(assert_limited);
    assert_eq!(from("203.0.113.8").await.status, 200);
    assert_eq!(from("9.9.9.9, 203.0.113.7").await.status, 429, "what it says of itself counts not");
    for path in ["/health", "/ready", "/metrics"] {
        let answers = join_all((0..5).map(|_| shop.get(path))).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{path} has no limit");
    }
    let text = shop.get("/metrics").await;
    assert!(text.text().contains("blockrun_limited_total{limit=\"client_rate\"} 48\n"));
}

#[tokio::test]
async fn a_client_may_have_so_many_in_flight_streams_included() {
    let client = Allowance { in_flight: Some(2), ..Allowance::default() };
    let (shop, gate) = gated(limited(client, Allowance::default()), 0).await;
    let mut body = hello("gpt-oss-20b");
    body["stream"] = json!(true);
    let open = || tokio::spawn(shop.http.post(shop.url(CHAT)).body(body.to_string()).send());
    let streams = [open(), open()];
    gate.reached(2).await;
    assert_limited(&shop.chat(&body, &[]).await);
    gate.open(1);
    let (begun, _, other) = select_all(streams).await;
    // One is in the middle of its events, the other waits for its first.
    assert_limited(&shop.chat(&body, &[]).await);
    gate.open(1_000);
    for stream in [begun, other.into_iter().next().unwrap().await] {
        let text = stream.unwrap().unwrap().text().await.unwrap();
        assert!(text.ends_with("data: [DONE]\n\n"));
    }
    for _ in 0..1_000 {
        match shop.chat(&hello("gpt-oss-20b"), &[]).await.status {
            200 => return,
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    panic!("the streams have ended and are still counted");
}

#[tokio::test]
async fn a_payer_may_have_so_many_in_flight_and_nothing_of_the_others_is_claimed() {
    let payer = Allowance { in_flight: Some(3), ..Allowance::default() };
    let (shop, gate) = gated(limited(Allowance::default(), payer), 0).await;
    let body = hello("gpt-4o");
    let offer = shop.chat(&body, &[]).await.challenge();
    let payments: Vec<_> = (1..=20).map(|nonce| shop.sign(&offer, nonce)).collect();
    let price = payments[0].amount.micro();
    let pay = async |payment| (payment, shop.paid(&body, payment).await);
    let mut calls: FuturesUnordered<_> = payments.iter().map(pay).collect();
    // Three are being served, and whoever else comes is answered first.
    for _ in 0..17 {
        assert_limited(&calls.next().await.unwrap().1);
    }
    gate.open(1_000);
    let served: Vec<_> = calls.collect().await;
    assert!(served.len() == 3 && served.iter().all(|(_, answer)| answer.status == 200));
    assert_eq!(gate.asked(), 3);
    assert_eq!(shop.purse().await, 10_000_000 - 3 * price);

    // Every payment is still good, and one that was served is not counted again.
    for (payment, before) in &served {
        assert_eq!(shop.paid(&body, payment).await.body, before.body);
    }
    for payment in &payments {
        let answer = shop.paid(&body, payment).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(gate.asked(), 20);
    assert_eq!(shop.purse().await, 10_000_000 - 20 * price);
}

#[tokio::test]
async fn a_payer_may_pay_so_often_and_a_replay_is_free() {
    let payer = Allowance { per_second: Some(0.01), burst: Some(2), ..Allowance::default() };
    let shop = Shop::with(limited(Allowance::default(), payer)).await;
    let body = hello("gpt-4o");
    let payments = [shop.payment(&body, 1).await, shop.payment(&body, 2).await];
    for payment in &payments {
        for _ in 0..3 {
            assert_eq!(shop.paid(&body, payment).await.status, 200);
        }
    }
    assert_limited(&shop.buy(&body, 3).await);
    assert_eq!(shop.purse().await, 10_000_000 - 2 * payments[0].amount.micro());
}

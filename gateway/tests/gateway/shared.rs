//! Gateways that share a PostgreSQL database: each has its own store, as processes have. Processes that
//! are killed are in `tests/rust/shared.rs`.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use blockrun_gateway::{Config, Database, Gateway};
use blockrun_llm::offline::SignedPayment;
use conformance::Postgres;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    counting::{Counting, counted},
    support::{Answer, Shop, hello},
};

fn on(url: &str) -> Config {
    let database = Some(Database { connections: 3, ..Database::new(url) });
    Config { bind: ([127, 0, 0, 1], 0).into(), database, ..Config::default() }
}

async fn two(delay: Duration) -> Option<[(Shop, Arc<Counting>); 2]> {
    let url = Postgres::shared()?.database();
    let (one, two) = tokio::join!(counted(on(&url), delay), counted(on(&url), delay));
    Some([one, two])
}

/// The same payment, so many times at every gateway at once.
async fn rush(shops: &[&Shop], body: &Value, payment: &SignedPayment, times: usize) -> Vec<Answer> {
    join_all((0..times).map(|time| shops[time % shops.len()].paid(body, payment))).await
}

#[tokio::test]
async fn a_hundred_copies_of_a_payment_at_two_gateways_are_one_sale() {
    let Some([(one, first), (two, second)]) = two(Duration::from_millis(50)).await else { return };
    for stream in [false, true] {
        let mut body = hello("gpt-4o");
        body["stream"] = json!(stream);
        let asked = || first.asked.load(Ordering::SeqCst) + second.asked.load(Ordering::SeqCst);
        let (before, purse) = (asked(), one.purse().await);
        let payment = one.payment(&body, 1 + u8::from(stream)).await;
        let answers = rush(&[&one, &two], &body, &payment, 100).await;
        for answer in &answers {
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.body, answers[0].body);
            assert_eq!(answer.settlement(), answers[0].settlement());
        }
        assert_eq!(asked(), before + 1);
        assert_eq!(two.purse().await, purse - payment.amount.micro());
    }
}

#[tokio::test]
async fn a_payer_spends_no_more_than_it_has_at_two_gateways() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    let config = Config { starting_balance: "0.01".parse().unwrap(), ..on(&url) };
    let (one, asked) = counted(config.clone(), Duration::from_millis(50)).await;
    let (two, others) = counted(config, Duration::from_millis(50)).await;
    let body = hello("gpt-4o-mini");
    let mut payments = Vec::new();
    for nonce in 1..=20 {
        payments.push(one.payment(&body, nonce).await);
    }
    let shops = [&one, &two];
    let all = payments.iter().enumerate().map(|(at, payment)| shops[at % 2].paid(&body, payment));
    let answers = join_all(all).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    // Ten calls of $0.001.
    assert_eq!((count(200), count(402)), (10, 10));
    assert_eq!(one.purse().await, 0);
    // Nobody worked for nothing.
    assert_eq!(asked.asked.load(Ordering::SeqCst) + others.asked.load(Ordering::SeqCst), 10);
}

#[tokio::test]
async fn what_one_gateway_made_the_other_hands_out() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    let (one, two) = tokio::join!(Shop::with(on(&url)), Shop::with(on(&url)));
    let drawing = json!({"model": "dall-e-3", "prompt": "a pattern"});
    let path = "/api/v1/images/generations";
    let challenge = one.post(path, &drawing, &[]).await.challenge();
    let payment = one.sign(&challenge, 1);
    let drawn = one.post(path, &drawing, &[(payment.header_name, &payment.header_value)]).await;
    let link = drawn.json()["data"][0]["url"].as_str().unwrap().to_owned();
    let name = link.rsplit('/').next().unwrap();
    let picture = two.get(&format!("/api/v1/images/{name}")).await;
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/png"));

    let body = hello("gpt-4o");
    let payment = one.payment(&body, 2).await;
    let answer = one.paid(&body, &payment).await;
    assert!(one.running.shutdown().await);
    let again = two.paid(&body, &payment).await;
    assert_eq!((again.status, &again.body), (200, &answer.body));
    assert_eq!(again.settlement(), answer.settlement());
}

#[tokio::test]
async fn gateways_that_start_at_once_make_the_tables_once() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    let starts = (0..4).map(|_| Gateway::start(on(&url)));
    let running: Vec<_> = join_all(starts).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(server.sql(&url, "SELECT count(*) FROM gateway_schema"), "1");
    assert_eq!(server.sql(&url, "SELECT count(*) FROM processes"), "4");
    for gateway in running {
        assert!(gateway.shutdown().await);
    }
    assert_eq!(server.sql(&url, "SELECT count(*) FROM processes"), "0");
    server.sql(&url, "UPDATE gateway_schema SET version = 1000");
    let error = Gateway::start(on(&url)).await.unwrap_err().to_string();
    assert!(error.contains("newer version (schema 1000"), "{error}");
}

#[tokio::test]
async fn migrating_says_what_was_there() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    assert_eq!(Gateway::migrate(on(&url)).await.unwrap(), 0);
    assert_ne!(Gateway::migrate(on(&url)).await.unwrap(), 0);
    let wrong = on("postgres://nobody:secret@127.0.0.1:1/none");
    let error = Gateway::migrate(wrong).await.unwrap_err().to_string();
    assert!(error.contains("cannot be used") && !error.contains("secret"), "{error}");
}

#[tokio::test]
async fn a_database_that_goes_away_comes_back_with_everything() {
    let Some(server) = Postgres::start() else { return };
    let (shop, provider) = counted(on(&server.database()), Duration::ZERO).await;
    let body = hello("gpt-4o-mini");
    let sold = shop.buy(&body, 1).await;
    assert_eq!(sold.status, 200);
    let payment = shop.payment(&body, 2).await;
    server.stop();
    assert_eq!(shop.get("/health").await.status, 503);
    let refused = shop.paid(&body, &payment).await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_eq!(refused.json()["error"]["code"], "store_unavailable");
    assert!(refused.headers.contains_key("retry-after"));
    server.start_again();
    // A connection that could not be made is left alone for 0.2 s; with one of three the provider would
    // be asked, and with the next one nothing be kept.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let answer = persistent(&shop, &body, &payment).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(provider.asked.load(Ordering::SeqCst), 2);
    assert_eq!(shop.purse().await, 10_000_000 - 2_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_under_way_when_the_database_crashes_are_charged_once() {
    let Some(server) = Postgres::start() else { return };
    let (shop, _) = counted(on(&server.database()), Duration::from_millis(20)).await;
    let body = hello("gpt-4o-mini");
    let mut payments = Vec::new();
    for nonce in 1..=30 {
        payments.push(shop.payment(&body, nonce).await);
    }
    let calls = payments.iter().enumerate().map(async |(at, payment)| {
        tokio::time::sleep(Duration::from_millis(10 * at as u64)).await;
        persistent(&shop, &body, payment).await
    });
    let crash = async {
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(80)).await;
            tokio::task::block_in_place(|| {
                server.stop();
                server.start_again();
            });
        }
    };
    let (answers, ()) = tokio::join!(join_all(calls), crash);
    for answer in answers {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(shop.purse().await, 10_000_000 - 30_000);
}

/// Sends a payment until it is answered, as clients do after a 503.
async fn persistent(shop: &Shop, body: &Value, payment: &SignedPayment) -> Answer {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let answer = shop.paid(body, payment).await;
        if answer.status != 503 || Instant::now() > deadline {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

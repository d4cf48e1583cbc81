//! The same payment again: answered again, never run or charged twice.

use std::{collections::BTreeSet, sync::atomic::Ordering, time::Duration};

use blockrun_gateway::Config;
use blockrun_llm::policy::Policy;
use futures_util::future::join_all;
use serde_json::json;

use super::{
    counting::counted,
    gated::gated,
    support::{Shop, config, hello},
};

#[tokio::test]
async fn a_settled_payment_gets_its_answer_again() {
    let (shop, provider) = counted(config(), Duration::ZERO).await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let first = shop.paid(&body, &payment).await;
    let again = shop.paid(&body, &payment).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.body, first.body);
    assert_eq!(again.settlement(), first.settlement());
    assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
    assert_eq!(shop.purse().await, 10_000_000 - payment.amount.micro());
}

#[tokio::test]
async fn ten_deliveries_at_once_are_one_purchase() {
    let (shop, provider) = counted(config(), Duration::from_millis(200)).await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let answers = join_all((0..10).map(|_| shop.paid(&body, &payment))).await;
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (200, &answers[0].body));
    }
    assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
    assert_eq!(shop.purse().await, 10_000_000 - payment.amount.micro());
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_payments_eight_times_each_at_once_are_twenty_purchases() {
    let (shop, provider) = counted(config(), Duration::from_millis(20)).await;
    let body = hello("gpt-4o");
    let challenge = shop.chat(&body, &[]).await.challenge();
    let payments: Vec<_> = (1..=20).map(|nonce| shop.sign(&challenge, nonce)).collect();
    let all = payments.iter().cycle().take(8 * payments.len());
    let answers = join_all(all.map(|payment| shop.paid(&body, payment))).await;
    let mut settlements = BTreeSet::new();
    for answer in answers {
        assert_eq!(answer.status, 200, "{}", answer.text());
        settlements.insert(answer.settlement().transaction);
    }
    assert_eq!((settlements.len(), provider.asked.load(Ordering::SeqCst)), (20, 20));
    let spent: u128 = payments.iter().map(|payment| payment.amount.micro()).sum();
    assert_eq!(shop.purse().await, 10_000_000 - spent);
}

#[tokio::test]
async fn a_replay_that_waits_too_long_is_told_to_come_again() {
    let config = Config { replay_wait: Duration::from_millis(50), ..config() };
    let (shop, gate) = gated(config, 0).await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let (first, second) = tokio::join!(shop.paid(&body, &payment), async {
        gate.reached(1).await;
        let second = shop.paid(&body, &payment).await;
        gate.open(1);
        second
    });
    assert_eq!(first.status, 200);
    assert_eq!((second.status, second.header("retry-after")), (503, "2"));
    assert_eq!(second.json()["error"]["code"], "answer_pending");
}

#[tokio::test]
async fn a_caller_that_hangs_up_finds_its_answer() {
    let (shop, gate) = gated(config(), 0).await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    tokio::select! {
        answer = shop.paid(&body, &payment) => panic!("{}", answer.text()),
        () = gate.reached(1) => (),
    }
    gate.open(1);
    assert_eq!(shop.paid(&body, &payment).await.status, 200);
    assert_eq!(gate.asked(), 1);
}

#[tokio::test]
async fn a_nonce_belongs_to_one_request_and_one_authorization() {
    let shop = Shop::open().await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    assert_eq!(shop.paid(&body, &payment).await.status, 200);

    let mut other = body.clone();
    other["temperature"] = json!(0.5);
    let answer = shop.paid(&other, &payment).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (409, &json!("authorization_conflict"))
    );

    let challenge = shop.chat(&body, &[]).await.challenge();
    let shorter = Policy { max_validity_seconds: 200, ..Policy::default() };
    let answer = shop.paid(&body, &shop.sign_with(&shorter, &challenge, 1)).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (409, &json!("authorization_conflict"))
    );
    assert_eq!(shop.purse().await, 10_000_000 - payment.amount.micro());
}

#[tokio::test]
async fn a_recovery_token_is_needed_again() {
    let shop = Shop::open().await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let (token, wrong) = ("ab".repeat(32), "cd".repeat(32));
    let with = |token: String| {
        let (shop, body, payment) = (&shop, &body, &payment);
        async move {
            let header = (payment.header_name, payment.header_value.as_str());
            shop.chat(body, &[header, ("blockrun-recovery", &token)]).await
        }
    };
    let first = with(token.clone()).await;
    assert_eq!(first.status, 200);
    assert_eq!(with(token).await.body, first.body);
    assert_eq!(with(wrong).await.status, 409);
    assert_eq!(shop.paid(&body, &payment).await.status, 409);
    assert_eq!(with("short".to_owned()).await.status, 400);
}

//! Blocks that come and go.

use std::time::Duration;

use serde_json::json;

use super::{
    anvil::Anvil,
    shop::{assert_paid, assert_pending, at, at_with, insist},
    support::{Shop, hello},
};

async fn reorganise(anvil: &Anvil, depth: u64) {
    anvil.ask("anvil_reorg", json!([depth, []])).await;
}

async fn until_paid(anvil: &Anvil) {
    let paid = async {
        while anvil.payments().await.is_empty() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), paid).await.unwrap();
}

#[tokio::test]
async fn an_answer_waits_for_as_many_blocks_as_were_asked_for() {
    let Some(anvil) = Anvil::start().await else { return };
    let shop = Shop::with(at_with(&anvil.url, |onchain| {
        onchain.confirmations = 3;
        onchain.receipt_wait = Duration::from_millis(700);
    }))
    .await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    assert_pending(&shop.paid(&body, &payment).await);
    assert_paid(&anvil, payment.amount.micro(), 1).await;
    anvil.mine(1).await;
    assert_pending(&shop.paid(&body, &payment).await);
    anvil.mine(1).await;
    let answer = insist(&shop, &body, &payment).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let payments = anvil.payments().await;
    assert_eq!(answer.settlement().transaction(), payments.first().map(String::as_str));
    assert_paid(&anvil, payment.amount.micro(), 1).await;
}

#[tokio::test]
async fn what_a_reorganisation_throws_out_before_it_is_confirmed_is_sent_again() {
    let Some(anvil) = Anvil::start().await else { return };
    let shop = Shop::with(at_with(&anvil.url, |onchain| {
        onchain.confirmations = 2;
        onchain.receipt_wait = Duration::from_millis(700);
    }))
    .await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    assert_pending(&shop.paid(&body, &payment).await);
    assert_paid(&anvil, payment.amount.micro(), 1).await;
    reorganise(&anvil, 1).await;
    assert_paid(&anvil, 0, 0).await;
    until_paid(&anvil).await;
    assert_pending(&shop.paid(&body, &payment).await);
    anvil.mine(1).await;
    assert_eq!(insist(&shop, &body, &payment).await.status, 200);
    assert_paid(&anvil, payment.amount.micro(), 1).await;
}

#[tokio::test]
async fn what_a_reorganisation_throws_out_after_the_answer_is_sent_again() {
    let Some(anvil) = Anvil::start().await else { return };
    let shop = Shop::with(at(&anvil.url)).await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let answer = shop.paid(&body, &payment).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    reorganise(&anvil, 1).await;
    assert_paid(&anvil, 0, 0).await;
    until_paid(&anvil).await;
    assert_eq!(anvil.payments().await, [answer.settlement().transaction().unwrap()]);
    assert_eq!(shop.paid(&body, &payment).await.body, answer.body);
    assert_eq!(shop.buy(&body, 2).await.status, 200);
    assert_paid(&anvil, 2 * payment.amount.micro(), 2).await;
}

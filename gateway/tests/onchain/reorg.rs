//! Blocks that come and go.

use std::time::Duration;

use serde_json::json;

use super::{
    anvil::Anvil,
    shop::{PATIENCE, assert_paid, assert_pending, at, at_with, insist, until_paid},
    support::{Shop, hello},
};

/// Throws the newest block and its payment out, and waits until that was sent again: it is in a block
/// then. No block comes but by `mine` from here on.
async fn reorganise(anvil: &Anvil) {
    anvil.automine(false).await;
    anvil.ask("anvil_reorg", json!([1, []])).await;
    assert_paid(anvil, 0, 0).await;
    let sent = async {
        while anvil.waiting().await == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, sent).await.unwrap();
    anvil.mine(1).await;
    assert_eq!(anvil.payments().await.len(), 1);
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
    until_paid(&anvil, 1).await;
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
    until_paid(&anvil, 1).await;
    assert_paid(&anvil, payment.amount.micro(), 1).await;
    reorganise(&anvil).await;
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
    reorganise(&anvil).await;
    anvil.automine(true).await;
    assert_eq!(anvil.payments().await, [answer.settlement().transaction().unwrap()]);
    assert_eq!(shop.paid(&body, &payment).await.body, answer.body);
    assert_eq!(shop.buy(&body, 2).await.status, 200);
    assert_paid(&anvil, 2 * payment.amount.micro(), 2).await;
}

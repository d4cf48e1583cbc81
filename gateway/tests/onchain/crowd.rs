//! Many at once, through a node that goes away and comes back.

use std::time::Duration;

use futures_util::future::join_all;

use super::{
    anvil::{Anvil, hash},
    front::{Front, Spoil},
    shop::{assert_paid, at, at_with, insist},
    support::{Shop, hello},
};

const BUYERS: u8 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_settlements_of_one_gas_key_and_none_is_lost() {
    let Some(anvil) = Anvil::start().await else { return };
    let front = Front::of(&anvil).await;
    let shop = Shop::with(at(&front.url)).await;
    let body = hello("gpt-4o-mini");
    let challenge = shop.chat(&body, &[]).await.challenge();
    let payments: Vec<_> = (1..=BUYERS).map(|nonce| shop.sign(&challenge, nonce)).collect();
    let outage = async {
        while anvil.payments().await.len() < usize::from(BUYERS) / 4 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for what in [Spoil::Everything, Spoil::Gone, Spoil::Refuse] {
            front.spoil(what);
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        front.spoil(Spoil::Nothing);
    };
    let buying = join_all(payments.iter().map(|payment| insist(&shop, &body, payment)));
    let (answers, ()) = tokio::join!(buying, outage);
    let mut told: Vec<_> = answers
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, 200, "{}", answer.text());
            hash(answer.settlement().transaction().unwrap())
        })
        .collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), usize::from(BUYERS));
    assert_paid(&anvil, 1_000 * u128::from(BUYERS), usize::from(BUYERS)).await;
    let mut shown: Vec<_> = anvil.payments().await.iter().map(|text| hash(text)).collect();
    shown.sort_unstable();
    assert_eq!(told, shown);
}

#[tokio::test]
async fn when_one_endpoint_is_gone_the_next_one_answers() {
    let Some(anvil) = Anvil::start().await else { return };
    let front = Front::of(&anvil).await;
    // The first of three is not there when the gateway starts.
    let urls = format!("http://127.0.0.1:1,{}, {}", front.url, anvil.url);
    let shop = Shop::with(at_with(&urls, |_| ())).await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    front.spoil(Spoil::Gone);
    let answer = shop.paid(&body, &payment).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_paid(&anvil, payment.amount.micro(), 1).await;
}

//! The published attacks on x402 servers, where they aim at the settlement: replay at once, another
//! resource for the same payment, an overdraft by many payments. What a payer can do between check and
//! settlement is in `meanwhile`.

use alloy::primitives::{Address, U256};
use futures_util::future::join_all;

use super::{
    anvil::{Anvil, PURSE, payer},
    meanwhile::Meanwhile,
    shop::{PAYEE, assert_paid, with_provider},
    support::{Shop, hello},
    token::TestUSDC,
};

async fn scene() -> Option<(Anvil, Shop, Meanwhile)> {
    let anvil = Anvil::start().await?;
    let meanwhile = Meanwhile::default();
    let shop = with_provider(&anvil, meanwhile.clone()).await;
    Some((anvil, shop, meanwhile))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_copies_of_a_payment_buy_one_answer() {
    let Some((anvil, shop, meanwhile)) = scene().await else { return };
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let answers = join_all((0..100).map(|_| shop.paid(&body, &payment))).await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(
            (&answer.body, answer.settlement()),
            (&answers[0].body, answers[0].settlement())
        );
    }
    assert_eq!(meanwhile.asked(), 1);
    assert_paid(&anvil, payment.amount.micro(), 1).await;
    // Not one transaction of the gas key was in vain.
    let sent = anvil.ask("eth_getTransactionCount", serde_json::json!([gas(), "latest"])).await;
    assert_eq!(sent, "0x1");
}

fn gas() -> Address {
    blockrun_llm::wallet::LocalKey::from_hex(super::shop::GAS_KEY).unwrap().address()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_buys_one_of_two_things_of_the_same_price() {
    let Some((anvil, shop, meanwhile)) = scene().await else { return };
    let (one, mut other) = (hello("gpt-4o"), hello("gpt-4o"));
    other["messages"][0]["content"] = "Howdy!".into();
    let payment = shop.payment(&one, 1).await;
    assert_eq!(shop.payment(&other, 1).await.amount, payment.amount);
    let answers =
        join_all([&one, &other, &one, &other].map(|body| shop.paid(body, &payment))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 409, 409]);
    assert_eq!(meanwhile.asked(), 1);
    assert_paid(&anvil, payment.amount.micro(), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_payments_from_a_purse_for_three_buy_three_answers() {
    let Some((anvil, shop, meanwhile)) = scene().await else { return };
    let body = hello("gpt-4o");
    let challenge = shop.chat(&body, &[]).await.challenge();
    let payments: Vec<_> = (1..=10).map(|nonce| shop.sign(&challenge, nonce)).collect();
    let price = payments[0].amount.micro();
    let elsewhere = Address::repeat_byte(9);
    let spend =
        TestUSDC::transferCall { to: elsewhere, value: U256::from(PURSE - 3 * price - price / 2) };
    anvil.send(&payer().to_string(), spend).await;
    let answers = join_all(payments.iter().map(|payment| shop.paid(&body, payment))).await;
    let good = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(good, 3);
    for poor in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(poor.challenge().error.as_deref(), Some("insufficient_funds"));
    }
    assert_eq!(meanwhile.asked(), 3, "nobody worked for those that could not pay");
    assert_eq!(anvil.balance(PAYEE).await, 3 * price);
}

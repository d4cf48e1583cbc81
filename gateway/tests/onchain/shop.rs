//! A gateway on a chain of our own.

use std::{sync::Arc, time::Duration};

use alloy::primitives::{Address, address};
use blockrun_gateway::{Config, Gateway, Onchain, Provider};
use blockrun_llm::{offline::SignedPayment, wallet::LocalKey};
use serde_json::Value;

use super::{
    anvil::{Anvil, PURSE, payer},
    support::{Answer, Shop, config},
};

pub(crate) const PAYEE: Address = address!("7777777777777777777777777777777777777777");
/// Anvil's account 1.
pub(crate) const GAS_KEY: &str =
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

/// Settles through an endpoint.
pub(crate) fn at(url: &str) -> Config {
    let gas_key = LocalKey::from_hex(GAS_KEY).unwrap();
    let mut onchain = Onchain::new(url, gas_key);
    onchain.receipt_wait = Duration::from_secs(30);
    Config { onchain: Some(onchain), payee: PAYEE, ..config() }
}

/// The same with other options.
pub(crate) fn at_with(url: &str, change: impl FnOnce(&mut Onchain)) -> Config {
    let mut config = at(url);
    change(config.onchain.as_mut().unwrap());
    config
}

/// Settles through an endpoint, and tells a buyer soon that it is pending.
pub(crate) fn hasty_at(url: &str) -> Config {
    at_with(url, |onchain| onchain.receipt_wait = Duration::from_millis(700))
}

pub(crate) async fn with_provider(anvil: &Anvil, provider: impl Provider + 'static) -> Shop {
    selling(at(&anvil.url), provider).await
}

pub(crate) async fn selling(config: Config, provider: impl Provider + 'static) -> Shop {
    Shop::around(Gateway::start_with(config, Arc::new(provider)).await.unwrap())
}

/// As long as anything here may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Sends a payment again and again until it is answered or refused for good.
pub(crate) async fn insist(shop: &Shop, body: &Value, payment: &SignedPayment) -> Answer {
    let answered = async {
        loop {
            let answer = shop.paid(body, payment).await;
            if answer.status != 503 {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.unwrap()
}

/// Waits until so many payments are in the chain.
pub(crate) async fn until_paid(anvil: &Anvil, payments: usize) {
    let paid = async {
        while anvil.payments().await.len() < payments {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, paid).await.unwrap();
}

/// That so much was paid by so many transactions, and to whom.
pub(crate) async fn assert_paid(anvil: &Anvil, micro: u128, transactions: usize) {
    assert_eq!(anvil.balance(PAYEE).await, micro);
    assert_eq!(anvil.balance(payer()).await, PURSE - micro);
    assert_eq!(anvil.payments().await.len(), transactions);
}

pub(crate) fn assert_pending(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    let told = answer.settlement();
    assert!(told.is_pending() && told.transaction().is_some(), "{told:?}");
}

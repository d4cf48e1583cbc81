//! A gateway that dies in the middle of a settlement.

use std::{path::Path, sync::Arc, time::Duration};

use blockrun_gateway::{
    Completion, Config, Frames, Gateway, Provider, ProviderCall, ProviderError,
};
use blockrun_llm::offline::SignedPayment;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{
    anvil::Anvil,
    front::{Front, Spoil},
    shop::{PATIENCE, assert_paid, at},
    support::{Shop, hello},
};

fn kept_in(folder: &Path, url: &str) -> Config {
    Config { data: Some(folder.into()), ..at(url) }
}

/// Pays at a gateway that dies as soon as `reached` is true. Every task of it is dropped where it
/// stands, as by SIGKILL.
fn die_at<F: Future<Output = bool>>(
    config: &Config,
    body: &Value,
    reached: impl Fn() -> F,
) -> SignedPayment {
    let dying = Runtime::new().unwrap();
    let payment = dying.block_on(async {
        let shop = Shop::with(config.clone()).await;
        let payment = shop.payment(body, 1).await;
        tokio::select! {
            answer = shop.paid(body, &payment) => panic!("{}", answer.text()),
            () = async {
                while !reached().await {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            } => (),
        }
        payment
    });
    drop(dying);
    payment
}

/// The state on disk.
fn state(folder: &Path) -> String {
    let db = rusqlite::Connection::open(folder.join("gateway.sqlite")).unwrap();
    db.busy_timeout(PATIENCE).unwrap();
    db.query_row("SELECT state FROM claims", [], |row| row.get(0)).unwrap()
}

/// Has no answers: whoever gets one got a stored one.
#[derive(Debug)]
struct Dumb;

#[async_trait::async_trait]
impl Provider for Dumb {
    async fn complete(&self, _: &ProviderCall) -> Result<Completion, ProviderError> {
        Err(ProviderError::failed("nothing to say"))
    }

    async fn stream(&self, _: &ProviderCall) -> Result<Frames, ProviderError> {
        Err(ProviderError::failed("nothing to say"))
    }
}

#[test]
fn once_the_answer_was_there() {
    let outside = Runtime::new().unwrap();
    let Some(anvil) = outside.block_on(Anvil::start()) else { return };
    let front = outside.block_on(Front::of(&anvil));
    let root = tempfile::tempdir().unwrap();
    let body = hello("gpt-4o");
    front.spoil(Spoil::Fees);
    let dying = kept_in(root.path(), &front.url);
    let payment = die_at(&dying, &body, async || front.sent() == 1);
    assert_eq!(state(root.path()), "answered");
    outside.block_on(async {
        let config = kept_in(root.path(), &anvil.url);
        let shop = Shop::around(Gateway::start_with(config, Arc::new(Dumb)).await.unwrap());
        assert_paid(&anvil, 0, 0).await;
        let answer = shop.paid(&body, &payment).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_paid(&anvil, payment.amount.micro(), 1).await;
    });
}

#[test]
fn after_its_transaction_was_broadcast() {
    let outside = Runtime::new().unwrap();
    let Some(anvil) = outside.block_on(Anvil::start()) else { return };
    let root = tempfile::tempdir().unwrap();
    let config = kept_in(root.path(), &anvil.url);
    let body = hello("gpt-4o");
    outside.block_on(anvil.automine(false));
    // Anvil is asked by the dying runtime, and lives on.
    let payment = die_at(&config, &body, async || anvil.waiting().await == 1);
    assert_eq!(state(root.path()), "settling");
    outside.block_on(async {
        anvil.automine(true).await;
        anvil.ask("evm_mine", json!([])).await;
        assert_paid(&anvil, payment.amount.micro(), 1).await;
        let shop = Shop::with(config).await;
        let answer = shop.paid(&body, &payment).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let payments = anvil.payments().await;
        assert_eq!(answer.settlement().transaction(), payments.first().map(String::as_str));
        assert_paid(&anvil, payment.amount.micro(), 1).await;
    });
}

#[test]
fn before_its_transaction_arrived() {
    let outside = Runtime::new().unwrap();
    let Some(anvil) = outside.block_on(Anvil::start()) else { return };
    let front = outside.block_on(Front::of(&anvil));
    let root = tempfile::tempdir().unwrap();
    let body = hello("gpt-4o");
    front.spoil(Spoil::Swallow);
    let dying = kept_in(root.path(), &front.url);
    let payment = die_at(&dying, &body, async || front.sent() == 1);
    assert_eq!(state(root.path()), "settling");
    outside.block_on(async {
        assert_paid(&anvil, 0, 0).await;
        // Nobody has to come: the stored transaction is sent at the next start.
        let shop = Shop::with(kept_in(root.path(), &anvil.url)).await;
        let sent = async {
            while anvil.payments().await.is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, sent).await.unwrap();
        let answer = shop.paid(&body, &payment).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(shop.buy(&body, 2).await.status, 200, "and the next nonce is right");
        assert_paid(&anvil, 2 * payment.amount.micro(), 2).await;
    });
}

#[test]
fn before_it_knew_the_outcome() {
    let outside = Runtime::new().unwrap();
    let Some(anvil) = outside.block_on(Anvil::start()) else { return };
    let front = outside.block_on(Front::of(&anvil));
    let root = tempfile::tempdir().unwrap();
    let body = hello("gpt-4o");
    front.spoil(Spoil::Silence);
    let dying = kept_in(root.path(), &front.url);
    let payment = die_at(&dying, &body, async || !anvil.payments().await.is_empty());
    assert_eq!(state(root.path()), "settling");
    outside.block_on(async {
        let shop = Shop::with(kept_in(root.path(), &anvil.url)).await;
        let answer = shop.paid(&body, &payment).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_paid(&anvil, payment.amount.micro(), 1).await;
    });
}

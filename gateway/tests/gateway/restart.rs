//! What outlives a process.

use std::time::Duration;

use blockrun_gateway::{Config, Gateway};
use tokio::runtime::Runtime;

use super::support::{Shop, hello, in_folder, lasting, sql};

#[tokio::test]
async fn balances_and_answers_outlive_a_restart() {
    let root = tempfile::tempdir().unwrap();
    let config = lasting(&root.path().join("data"));
    let shop = Shop::with(config.clone()).await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let first = shop.paid(&body, &payment).await;
    let left = shop.purse().await;
    assert!(shop.running.shutdown().await);

    let shop = Shop::with(config).await;
    assert_eq!(shop.purse().await, left);
    let again = shop.paid(&body, &payment).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.settlement(), first.settlement());
    assert_eq!(shop.purse().await, left);
}

#[tokio::test]
async fn the_answer_is_not_readable_on_disk() {
    let root = tempfile::tempdir().unwrap();
    let config = in_folder(root.path());
    let shop = Shop::with(config).await;
    assert_eq!(shop.buy(&hello("gpt-4o"), 1).await.status, 200);
    shop.running.shutdown().await;
    for entry in root.path().read_dir().unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let shows = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        assert!(!shows(b"How can I help") && !shows(b"Hello!"));
    }
}

#[tokio::test]
async fn an_answer_whose_time_is_over_is_gone_and_its_nonce_is_not() {
    let root = tempfile::tempdir().unwrap();
    let config = lasting(root.path());
    let shop = Shop::with(config.clone()).await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let first = shop.paid(&body, &payment).await;
    assert!(shop.running.shutdown().await);
    sql(&config, "UPDATE claims SET valid_before = 1, expires = 2");

    let shop = Shop::with(config).await;
    let left = shop.purse().await;
    let again = shop.paid(&body, &payment).await;
    assert_eq!((again.status, again.settlement()), (410, first.settlement()));
    assert_eq!(shop.buy(&body, 2).await.status, 200);
    assert_eq!(shop.paid(&body, &payment).await.status, 410, "it was pruned, its claim was not");
    assert_eq!(shop.purse().await, left - payment.amount.micro());
}

#[tokio::test]
async fn two_gateways_do_not_share_a_folder() {
    let root = tempfile::tempdir().unwrap();
    let config = in_folder(root.path());
    let shop = Shop::with(config.clone()).await;
    let error = Gateway::start(config).await.unwrap_err().to_string();
    assert!(error.contains("in use by another gateway"), "{error}");
    assert_eq!(shop.get("/health").await.status, 200);
}

/// Its tasks are dropped where they stand. Processes are killed in the fault battery
/// (`tests/rust/faults`).
#[test]
fn a_gateway_that_is_dropped_while_the_provider_thinks_has_charged_nothing() {
    let root = tempfile::tempdir().unwrap();
    let slow = Config { provider_delay: Duration::from_secs(60), ..lasting(root.path()) };
    let body = hello("gpt-4o");
    let dying = Runtime::new().unwrap();
    let payment = dying.block_on(async {
        let shop = Shop::with(slow.clone()).await;
        let payment = shop.payment(&body, 1).await;
        let call = tokio::time::timeout(Duration::from_millis(300), shop.paid(&body, &payment));
        assert!(call.await.is_err());
        payment
    });
    drop(dying);

    Runtime::new().unwrap().block_on(async {
        let quick = Config { provider_delay: Duration::ZERO, ..slow };
        let shop = Shop::with(quick).await;
        assert_eq!(shop.purse().await, 10_000_000);
        assert_eq!(shop.paid(&body, &payment).await.status, 200);
        assert_eq!(shop.purse().await, 10_000_000 - payment.amount.micro());
    });
}

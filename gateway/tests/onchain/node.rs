//! A node that cannot be relied on: what is not known is never called refused, and never paid twice.

use super::{
    anvil::Anvil,
    front::{Front, Spoil},
    shop::{assert_paid, assert_pending, hasty_at, insist, until_paid},
    support::{Shop, hello},
};

async fn scene() -> Option<(Anvil, Front, Shop)> {
    let anvil = Anvil::start().await?;
    let front = Front::of(&anvil).await;
    let shop = Shop::with(hasty_at(&front.url)).await;
    Some((anvil, front, shop))
}

#[tokio::test]
async fn a_settlement_without_a_receipt_is_pending_until_there_is_one() {
    let Some((anvil, front, shop)) = scene().await else { return };
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    anvil.automine(false).await;
    let pending = shop.paid(&body, &payment).await;
    assert_pending(&pending);
    assert_eq!(pending.header("retry-after"), "1");
    assert_pending(&shop.paid(&body, &payment).await);
    assert_paid(&anvil, 0, 0).await;
    anvil.automine(true).await;
    anvil.ask("evm_mine", serde_json::json!([])).await;
    let answer = insist(&shop, &body, &payment).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.settlement().transaction, pending.settlement().transaction);
    assert_paid(&anvil, payment.amount.micro(), 1).await;
    assert!(front.sent() >= 2, "the same transaction was sent again");
}

#[tokio::test]
async fn a_settlement_whose_receipt_is_hidden_is_found_by_its_transfer() {
    let Some((anvil, front, shop)) = scene().await else { return };
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    front.spoil(Spoil::Receipts);
    let pending = shop.paid(&body, &payment).await;
    assert_pending(&pending);
    until_paid(&anvil, 1).await;
    assert_paid(&anvil, payment.amount.micro(), 1).await;
    assert_pending(&shop.paid(&body, &payment).await);
    front.spoil(Spoil::Nothing);
    let answer = insist(&shop, &body, &payment).await;
    assert_eq!((answer.status, answer.settlement().success), (200, true));
    assert_paid(&anvil, payment.amount.micro(), 1).await;
}

#[tokio::test]
async fn a_refused_transaction_holds_up_nobody_behind_it() {
    let Some((anvil, front, shop)) = scene().await else { return };
    let body = hello("gpt-4o");
    let (first, second) = (shop.payment(&body, 1).await, shop.payment(&body, 2).await);
    front.spoil(Spoil::Refuse);
    assert_pending(&shop.paid(&body, &first).await);
    assert_paid(&anvil, 0, 0).await;
    front.spoil(Spoil::Nothing);
    assert_eq!(insist(&shop, &body, &second).await.status, 200);
    assert_eq!(insist(&shop, &body, &first).await.status, 200);
    assert_paid(&anvil, 2 * first.amount.micro(), 2).await;
}

#[tokio::test]
async fn a_node_that_is_down_costs_nothing() {
    let Some((anvil, front, shop)) = scene().await else { return };
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    front.spoil(Spoil::Everything);
    let down = shop.paid(&body, &payment).await;
    assert_eq!((down.status, down.header("retry-after")), (503, "2"));
    assert_eq!(down.json()["error"]["code"], "settlement_unavailable");
    assert!(!down.headers.contains_key("payment-response"));
    assert_paid(&anvil, 0, 0).await;
    front.spoil(Spoil::Nothing);
    assert_eq!(insist(&shop, &body, &payment).await.status, 200);
}

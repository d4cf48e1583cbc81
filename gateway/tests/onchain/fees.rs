//! What it costs to get into a block: fees that rise, a cap, an empty purse, a gap.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    anvil::Anvil,
    front::{Front, Spoil},
    meanwhile::Meanwhile,
    shop::{GAS_KEY, PATIENCE, assert_paid, assert_pending, at, at_with, insist, selling},
    support::{Shop, hello},
};

const GWEI: u128 = 1_000_000_000;

fn gas_account() -> String {
    blockrun_llm::wallet::LocalKey::from_hex(GAS_KEY).unwrap().address().to_string()
}

fn fee(transaction: &Value, part: &str) -> u128 {
    u128::from_str_radix(&transaction[part].as_str().unwrap()[2..], 16).unwrap()
}

/// Waits for the only transaction in the pool to be one that is wanted.
async fn pool_has(anvil: &Anvil, wanted: impl Fn(&Value) -> bool) -> Value {
    let look = async {
        loop {
            if let Some(one) = anvil.waiting_one().await.filter(&wanted) {
                return one;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap()
}

#[tokio::test]
async fn what_the_chain_does_not_take_is_replaced_for_a_higher_fee() {
    let Some(anvil) = Anvil::start().await else { return };
    let shop = Shop::with(at_with(&anvil.url, |onchain| {
        onchain.max_fee = 100 * GWEI;
        onchain.replace_after = Duration::from_secs(1);
        onchain.receipt_wait = PATIENCE;
    }))
    .await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    anvil.automine(false).await;
    let spike = async {
        let first = pool_has(&anvil, |_| true).await;
        anvil.base_fee(10).await;
        anvil.mine(1).await;
        let raised = pool_has(&anvil, |one| fee(one, "maxFeePerGas") >= 10 * GWEI).await;
        for part in ["maxFeePerGas", "maxPriorityFeePerGas"] {
            assert!(8 * fee(&raised, part) >= 9 * fee(&first, part), "{part}: {first} {raised}");
        }
        for same in ["nonce", "input", "to", "gas"] {
            assert_eq!(raised[same], first[same], "{same}");
        }
        assert_ne!(raised["hash"], first["hash"]);
        anvil.mine(1).await;
    };
    let (answer, ()) = tokio::join!(shop.paid(&body, &payment), spike);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let payments = anvil.payments().await;
    assert_eq!(answer.settlement().transaction(), payments.first().map(String::as_str));
    assert_paid(&anvil, payment.amount.micro(), 1).await;
}

#[tokio::test]
async fn any_of_the_transactions_of_a_nonce_may_settle_it() {
    let Some(anvil) = Anvil::start().await else { return };
    let front = Front::of(&anvil).await;
    let shop = Shop::with(at_with(&front.url, |onchain| {
        onchain.max_fee = 100 * GWEI;
        onchain.replace_after = Duration::from_secs(1);
        onchain.receipt_wait = PATIENCE;
    }))
    .await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    anvil.automine(false).await;
    let first_wins = async {
        pool_has(&anvil, |_| true).await;
        // The replacements are kept, and no node takes them.
        front.spoil(Spoil::Refuse);
        let before = front.sent();
        while front.sent() < before + 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let first = pool_has(&anvil, |_| true).await;
        anvil.mine(1).await;
        first["hash"].as_str().unwrap().to_owned()
    };
    let (answer, first) = tokio::join!(shop.paid(&body, &payment), first_wins);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.settlement().transaction(), Some(first.as_str()));
    front.spoil(Spoil::Nothing);
    anvil.automine(true).await;
    assert_eq!(shop.buy(&body, 2).await.status, 200, "and the next nonce is right");
    assert_paid(&anvil, 2 * payment.amount.micro(), 2).await;
}

#[tokio::test]
async fn no_fee_is_beyond_the_cap() {
    let Some(anvil) = Anvil::start().await else { return };
    let meanwhile = Meanwhile::default();
    let config = at_with(&anvil.url, |onchain| {
        onchain.max_fee = 3 * GWEI;
        onchain.replace_after = Duration::from_secs(1);
        onchain.receipt_wait = Duration::from_millis(700);
    });
    let shop = selling(config, meanwhile.clone()).await;
    let body = hello("gpt-4o");
    let (first, second) = (shop.payment(&body, 1).await, shop.payment(&body, 2).await);
    anvil.automine(false).await;
    assert_pending(&shop.paid(&body, &first).await);
    anvil.base_fee(50).await;
    anvil.mine(1).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_paid(&anvil, 0, 0).await;
    // At such fees nothing is sold.
    let dear = shop.paid(&body, &second).await;
    assert_eq!(
        (dear.status, &dear.json()["error"]["code"]),
        (503, &json!("settlement_unavailable"))
    );
    assert_eq!(meanwhile.asked(), 1);
    anvil.base_fee(1).await;
    anvil.automine(true).await;
    anvil.mine(1).await;
    for payment in [&first, &second] {
        assert_eq!(insist(&shop, &body, payment).await.status, 200);
    }
    assert_paid(&anvil, 2 * first.amount.micro(), 2).await;
    for txid in anvil.payments().await {
        let transaction = anvil.ask("eth_getTransactionByHash", json!([txid])).await;
        assert!(fee(&transaction, "maxFeePerGas") <= 3 * GWEI, "{transaction}");
    }
}

#[tokio::test]
async fn without_gas_nothing_is_sold() {
    let Some(anvil) = Anvil::start().await else { return };
    anvil.ask("anvil_setBalance", json!([gas_account(), "0x0"])).await;
    let meanwhile = Meanwhile::default();
    let shop = selling(at(&anvil.url), meanwhile.clone()).await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let poor = shop.paid(&body, &payment).await;
    assert_eq!(
        (poor.status, &poor.json()["error"]["code"]),
        (503, &json!("settlement_unavailable"))
    );
    assert_eq!(meanwhile.asked(), 0);
    let gas = shop.get("/health").await.json()["gas"].clone();
    assert_eq!((&gas["wei"], &gas["settlements"]), (&json!("0"), &json!(0)), "{gas}");
    assert_eq!(gas["account"].as_str().unwrap().to_lowercase(), gas_account().to_lowercase());
    let coin = format!("{:#x}", 10_u128.pow(18));
    anvil.ask("anvil_setBalance", json!([gas_account(), coin])).await;
    assert_eq!(insist(&shop, &body, &payment).await.status, 200);
    assert_paid(&anvil, payment.amount.micro(), 1).await;
    assert!(shop.get("/health").await.json()["gas"]["settlements"].as_u64().unwrap() > 100);
}

#[tokio::test]
async fn a_gap_before_the_first_transaction_is_filled() {
    let Some(anvil) = Anvil::start().await else { return };
    anvil.automine(false).await;
    // Something of the account waits when the gateway starts, and is lost then.
    let foreign = json!([{"from": gas_account(), "to": gas_account()}]);
    let foreign = anvil.ask("eth_sendTransaction", foreign).await;
    let shop = Shop::with(at_with(&anvil.url, |onchain| {
        onchain.replace_after = Duration::from_secs(1);
        onchain.receipt_wait = PATIENCE;
    }))
    .await;
    anvil.ask("anvil_dropTransaction", json!([foreign])).await;
    anvil.automine(true).await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let answer = shop.paid(&body, &payment).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_paid(&anvil, payment.amount.micro(), 1).await;
}

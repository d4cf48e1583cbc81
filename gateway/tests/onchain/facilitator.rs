//! A gateway that settles through another one, which settles on the chain.

use blockrun_gateway::{Config, Facilitator, Gateway, SettleThrough};
use serde_json::json;

use super::{
    anvil::Anvil,
    shop::{PAYEE, assert_paid, assert_pending, at, hasty_at, insist},
    support::{Shop, config, hello},
};

fn serving(config: Config) -> Config {
    let facilitator = Facilitator { payees: vec![PAYEE], ..Facilitator::default() };
    Config { facilitator: Some(facilitator), ..config }
}

fn through(facilitator: &Shop, rpc_url: &str) -> Config {
    let mut through = SettleThrough::new(facilitator.running.base_url());
    through.rpc_url = Some(rpc_url.into());
    Config { settle_through: Some(through), payee: PAYEE, ..config() }
}

#[tokio::test]
async fn a_sale_is_settled_on_the_chain_by_a_facilitator() {
    let Some(anvil) = Anvil::start().await else { return };
    let facilitator = Shop::with(serving(at(&anvil.url))).await;
    let shop = Shop::with(through(&facilitator, "off")).await;
    let body = hello("gpt-4o-mini");
    let payment = shop.payment(&body, 1).await;
    let answers = futures_util::future::join_all((0..4).map(|_| shop.paid(&body, &payment)));
    for answer in answers.await {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told = answer.settlement().transaction;
        assert_eq!(anvil.payments().await, [told]);
    }
    assert_paid(&anvil, payment.amount.micro(), 1).await;
    let signer = &facilitator.get("/supported").await.json()["signers"]["eip155:*"][0];
    assert_eq!(signer, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
}

#[tokio::test]
async fn what_waits_for_a_block_is_pending_at_both() {
    for chain in [false, true] {
        let Some(anvil) = Anvil::start().await else { return };
        let facilitator = Shop::with(serving(hasty_at(&anvil.url))).await;
        let shop = Shop::with(through(&facilitator, if chain { &anvil.url } else { "off" })).await;
        let body = hello("gpt-4o-mini");
        let payment = shop.payment(&body, 1).await;
        anvil.automine(false).await;
        for _ in 0..2 {
            assert_pending(&shop.paid(&body, &payment).await);
        }
        assert_eq!(anvil.waiting().await, 1);
        anvil.ask("evm_mine", json!([])).await;
        assert_eq!(insist(&shop, &body, &payment).await.status, 200);
        assert_paid(&anvil, payment.amount.micro(), 1).await;
    }
}

#[tokio::test]
async fn nobody_pays_everybodys_gas() {
    let Some(anvil) = Anvil::start().await else { return };
    let open = Config { facilitator: Some(Facilitator::default()), ..at(&anvil.url) };
    let error = Gateway::start(open).await.map(drop).unwrap_err().to_string();
    assert!(error.starts_with("facilitator.payees: "), "{error}");
}

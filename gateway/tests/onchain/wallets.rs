//! Who may pay: contracts, accounts that delegate, wallets that are not deployed; and who may not.

use alloy::primitives::{Address, B256, U256, hex};
use blockrun_gateway::Config;
use serde_json::{Value, json};

use super::{
    anvil::{Anvil, PURSE, payer},
    shop::{PAYEE, at, at_with},
    support::{Answer, Shop, hello},
    wallet::{
        FACTORY, changed, delegate, deployed, deployment, long, owner, pay, payment_of, undeployed,
        waste, wrapped,
    },
};

const SIGNATURE: &str = "invalid_exact_evm_payload_signature";
const SIMULATION: &str = "invalid_exact_evm_transaction_simulation_failed";

fn reason(answer: &Answer) -> String {
    answer.challenge().error.unwrap()
}

async fn assert_paid_by(anvil: &Anvil, wallet: Address, micro: u128) {
    assert_eq!(anvil.balance(PAYEE).await, micro);
    assert_eq!(anvil.balance(wallet).await, PURSE - micro);
}

#[tokio::test]
async fn a_contract_pays_by_whatever_it_takes_for_a_signature() {
    let Some(anvil) = Anvil::start().await else { return };
    let wallet = deployed(&anvil).await;
    let shop = Shop::with(at(&anvil.url)).await;
    let body = hello("gpt-4o-mini");
    let short = |digest: B256| owner().sign_digest(&digest).unwrap().to_vec();
    for (nonce, header) in [
        (1, payment_of(&shop, &body, wallet, 1, short).await),
        (2, payment_of(&shop, &body, wallet, 2, long).await),
        // Its deployment is passed over: it is there.
        (3, payment_of(&shop, &body, wallet, 3, |hash| wrapped(FACTORY, b"", &long(hash))).await),
    ] {
        let answer = pay(&shop, &body, &header).await;
        assert_eq!(answer.status, 200, "{nonce}: {}", answer.text());
        assert_paid_by(&anvil, wallet, 1_000 * nonce).await;
        let again = pay(&shop, &body, &header).await;
        assert_eq!((again.status, again.body), (200, answer.body));
    }
    assert_paid_by(&anvil, wallet, 3_000).await;
}

#[tokio::test]
async fn a_contract_that_does_not_confirm_pays_nothing() {
    let Some(anvil) = Anvil::start().await else { return };
    let wallet = deployed(&anvil).await;
    let shop = Shop::with(at(&anvil.url)).await;
    let body = hello("gpt-4o-mini");
    let foreign = |digest: B256| shop.key.sign_digest(&digest).unwrap().to_vec();
    let header = payment_of(&shop, &body, wallet, 1, foreign).await;
    assert_eq!(reason(&pay(&shop, &body, &header).await), SIGNATURE);
    // Every check costs the gas of whoever sends the transaction.
    waste(&anvil, wallet, 5_000).await;
    let header = payment_of(&shop, &body, wallet, 2, long).await;
    let answer = pay(&shop, &body, &header).await;
    assert_eq!(reason(&answer), SIMULATION);
    assert!(answer.json()["message"].as_str().unwrap().contains("400000"), "{}", answer.text());
    waste(&anvil, wallet, 0).await;
    assert_eq!(pay(&shop, &body, &header).await.status, 200, "it was not spoiled");
    assert_paid_by(&anvil, wallet, 1_000).await;
}

#[tokio::test]
async fn the_code_of_an_account_that_delegates_decides_alone() {
    let Some(anvil) = Anvil::start().await else { return };
    let shop = Shop::with(at(&anvil.url)).await;
    let body = hello("gpt-4o-mini");
    let before = shop.payment(&body, 1).await;
    delegate(&anvil, &shop.key).await;
    // Its key's signature alone is none any more, although it recovers to it.
    let refused = shop.paid(&body, &before).await;
    assert_eq!(reason(&refused), SIGNATURE);
    let own = |digest: B256| [[1].as_slice(), &shop.key.sign_digest(&digest).unwrap()].concat();
    let header = payment_of(&shop, &body, payer(), 2, own).await;
    let answer = pay(&shop, &body, &header).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_paid_by(&anvil, payer(), 1_000).await;
}

fn deploying(url: &str) -> Config {
    at_with(url, |onchain| {
        onchain.wallet_factories = vec![FACTORY];
        onchain.max_gas = 1_000_000;
    })
}

#[tokio::test]
async fn a_wallet_is_deployed_with_its_first_payment() {
    let Some(anvil) = Anvil::start().await else { return };
    let wallet = undeployed(&anvil).await;
    let shop = Shop::with(deploying(&anvil.url)).await;
    let body = hello("gpt-4o-mini");
    let sign = |digest: B256| wrapped(FACTORY, &deployment(), &long(digest));
    let header = payment_of(&shop, &body, wallet, 1, sign).await;
    let answer = pay(&shop, &body, &header).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_paid_by(&anvil, wallet, 1_000).await;
    let code = anvil.ask("eth_getCode", json!([wallet, "latest"])).await;
    assert!(code.as_str().unwrap().len() > 2, "it is there");
    // From now on it is a contract like any other, whether or not its owner knows.
    for (nonce, header) in [
        (2, payment_of(&shop, &body, wallet, 2, sign).await),
        (3, payment_of(&shop, &body, wallet, 3, long).await),
    ] {
        assert_eq!(pay(&shop, &body, &header).await.status, 200);
        assert_paid_by(&anvil, wallet, 1_000 * nonce).await;
    }
}

#[tokio::test]
async fn a_wallet_that_cannot_be_deployed_pays_nothing() {
    let Some(anvil) = Anvil::start().await else { return };
    let wallet = undeployed(&anvil).await;
    let body = hello("gpt-4o-mini");
    let closed = Shop::with(at(&anvil.url)).await;
    let sign = |digest: B256| wrapped(FACTORY, &deployment(), &long(digest));
    let header = payment_of(&closed, &body, wallet, 1, sign).await;
    assert_eq!(reason(&pay(&closed, &body, &header).await), "eip6492_factory_not_allowed");
    let header = payment_of(&closed, &body, wallet, 1, long).await;
    let undeployed = "invalid_exact_evm_payload_undeployed_smart_wallet";
    assert_eq!(reason(&pay(&closed, &body, &header).await), undeployed);

    let shop = Shop::with(deploying(&anvil.url)).await;
    let header =
        payment_of(&shop, &body, wallet, 1, |hash| wrapped(FACTORY, b"else", &long(hash))).await;
    assert_eq!(reason(&pay(&shop, &body, &header).await), "smart_wallet_deployment_failed");
    let foreign =
        |digest: B256| wrapped(FACTORY, &deployment(), &shop.key.sign_digest(&digest).unwrap());
    let header = payment_of(&shop, &body, wallet, 1, foreign).await;
    assert_eq!(reason(&pay(&shop, &body, &header).await), SIGNATURE);
    let cut = |digest: B256| wrapped(FACTORY, &deployment(), &long(digest)).split_off(200);
    let header = payment_of(&shop, &body, wallet, 1, cut).await;
    assert_eq!(reason(&pay(&shop, &body, &header).await), SIGNATURE);
    assert_paid_by(&anvil, wallet, 0).await;
}

#[tokio::test]
async fn what_no_token_takes_is_refused_and_claims_nothing() {
    let Some(anvil) = Anvil::start().await else { return };
    let root = tempfile::tempdir().unwrap();
    let shop = Shop::with(Config { data: Some(root.path().into()), ..at(&anvil.url) }).await;
    let body = hello("gpt-4o-mini");
    let high_s = |payload: &mut Value| {
        let signature = &mut payload["payload"]["signature"];
        let mut bytes = hex::decode(signature.as_str().unwrap()).unwrap();
        let s = U256::from_be_slice(&bytes[32..64]);
        let order = U256::from_be_bytes(hex!(
            "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
        ));
        bytes[32..64].copy_from_slice(&(order - s).to_be_bytes::<32>());
        bytes[64] = 27 + 28 - bytes[64];
        *signature = json!(hex::encode_prefixed(bytes));
    };
    let foreign = |payload: &mut Value| {
        payload["payload"]["authorization"]["from"] = json!(Address::repeat_byte(9));
    };
    let empty = |payload: &mut Value| payload["payload"]["signature"] = json!("0x");
    let own = |payload: &mut Value| payload["payload"]["authorization"]["from"] = json!(PAYEE);
    let nothing = |payload: &mut Value| payload["payload"]["authorization"]["value"] = json!("0");
    for (header, code) in [
        (changed(&shop, &body, 1, high_s).await, SIGNATURE),
        (changed(&shop, &body, 1, foreign).await, SIGNATURE),
        (changed(&shop, &body, 1, empty).await, SIGNATURE),
        (changed(&shop, &body, 1, own).await, "invalid_payload"),
        (
            changed(&shop, &body, 1, nothing).await,
            "invalid_exact_evm_payload_authorization_value_mismatch",
        ),
    ] {
        assert_eq!(reason(&pay(&shop, &body, &header).await), code);
    }
    assert!(shop.running.shutdown().await);
    let db = rusqlite::Connection::open(root.path().join("gateway.sqlite")).unwrap();
    let claims: i64 = db.query_row("SELECT count(*) FROM claims", [], |row| row.get(0)).unwrap();
    assert_eq!(claims, 0);
}

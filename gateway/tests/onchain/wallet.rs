//! Payers that are contracts, and what they sign.

use std::time::Duration;

use alloy::{
    consensus::{SignableTransaction, TxEip7702, TxEnvelope},
    eips::{Encodable2718, eip7702::Authorization as Delegation},
    primitives::{Address, B256, Bytes, Signature, U256, address, b256, hex},
    sol,
    sol_types::{SolCall, SolValue},
};
use blockrun_llm::{
    networks::BASE_SEPOLIA,
    wallet::{LocalKey, TypedData},
    x402::{Authorization, Transfer, decode_header, encode_header},
};
use serde_json::{Value, json};

use super::{
    anvil::{ANYBODY, Anvil, PURSE},
    support::{Answer, Shop},
};

sol! {
    #[allow(missing_docs)]
    interface TestWallet {
        function setWaste(uint256 rounds) external;
    }

    #[allow(missing_docs)]
    interface TestFactory {
        function deploy(address owner, bytes32 salt) external returns (address);
        function walletOf(address owner, bytes32 salt) external view returns (address);
    }
}

pub(crate) const WALLET: Address = address!("0000000000000000000000000000000000001271");
pub(crate) const FACTORY: Address = address!("0000000000000000000000000000000000006492");
const MULTICALL: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");
const MAGIC: B256 = b256!("6492649264926492649264926492649264926492649264926492649264926492");

/// Signs for contracts; it has no money itself.
pub(crate) fn owner() -> LocalKey {
    LocalKey::from_hex(&"33".repeat(32)).unwrap()
}

/// A contract wallet of the owner, with money.
pub(crate) async fn deployed(anvil: &Anvil) -> Address {
    anvil.plant(WALLET, "TestWallet").await;
    let slot = json!([WALLET, "0x0", owner().address().into_word()]);
    anvil.ask("anvil_setStorageAt", slot).await;
    anvil.mint(WALLET, PURSE).await;
    WALLET
}

/// A wallet of the owner that its factory can deploy, with money.
pub(crate) async fn undeployed(anvil: &Anvil) -> Address {
    anvil.plant(FACTORY, "TestFactory").await;
    anvil.plant(MULTICALL, "TestMulticall").await;
    let call = TestFactory::walletOfCall { owner: owner().address(), salt: B256::ZERO };
    let wallet = anvil.view_at(FACTORY, call).await;
    anvil.mint(wallet, PURSE).await;
    wallet
}

/// What deploys it.
pub(crate) fn deployment() -> Vec<u8> {
    TestFactory::deployCall { owner: owner().address(), salt: B256::ZERO }.abi_encode()
}

/// A signature with the deployment of its signer (EIP-6492).
pub(crate) fn wrapped(factory: Address, deployment: &[u8], signature: &[u8]) -> Vec<u8> {
    let parts = (factory, Bytes::copy_from_slice(deployment), Bytes::copy_from_slice(signature));
    [parts.abi_encode_params().as_slice(), MAGIC.as_slice()].concat()
}

/// The owner's signature behind 32 bytes of its wallet's own: 97 bytes, which is no key's length.
pub(crate) fn long(digest: B256) -> Vec<u8> {
    [[7; 32].as_slice(), &owner().sign_digest(&digest).unwrap()].concat()
}

/// Makes an account delegate to the wallet's code (EIP-7702).
pub(crate) async fn delegate(anvil: &Anvil, key: &LocalKey) {
    let code = address!("0000000000000000000000000000000000007702");
    anvil.plant(code, "TestWallet").await;
    let nonce = anvil.ask("eth_getTransactionCount", json!([key.address(), "latest"])).await;
    let nonce = u64::from_str_radix(&nonce.as_str().unwrap()[2..], 16).unwrap();
    let sign = |hash: B256| Signature::from_raw_array(&key.sign_digest(&hash).unwrap()).unwrap();
    // Its own transaction counts first.
    let chain_id = U256::from(BASE_SEPOLIA.chain_id);
    let delegation = Delegation { chain_id, address: code, nonce: nonce + 1 };
    let signature = sign(delegation.signature_hash());
    let transaction = TxEip7702 {
        chain_id: BASE_SEPOLIA.chain_id,
        nonce,
        gas_limit: 100_000,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 1,
        to: key.address(),
        authorization_list: vec![delegation.into_signed(signature)],
        ..TxEip7702::default()
    };
    let signature = sign(transaction.signature_hash());
    let raw = TxEnvelope::from(transaction.into_signed(signature)).encoded_2718();
    anvil.ask("eth_sendRawTransaction", json!([hex::encode_prefixed(raw)])).await;
    // The node answers before its block is there.
    for _ in 0..3_000 {
        let code = anvil.ask("eth_getCode", json!([key.address(), "latest"])).await;
        if code.as_str().unwrap().starts_with("0xef0100") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the account never delegated");
}

/// Has a wallet waste gas in every check.
pub(crate) async fn waste(anvil: &Anvil, wallet: Address, rounds: u64) {
    anvil.send_to(wallet, ANYBODY, TestWallet::setWasteCall { rounds: U256::from(rounds) }).await;
}

/// A payment of the test wallet, changed.
pub(crate) async fn changed(
    shop: &Shop,
    body: &Value,
    nonce: u8,
    change: impl FnOnce(&mut Value),
) -> String {
    let payment = shop.payment(body, nonce).await;
    let mut payload = serde_json::from_str(&decode_header(&payment.header_value).unwrap()).unwrap();
    change(&mut payload);
    encode_header(&payload.to_string())
}

/// A payment of a contract, by what its owner makes of the digest.
pub(crate) async fn payment_of(
    shop: &Shop,
    body: &Value,
    payer: Address,
    nonce: u8,
    sign: impl FnOnce(B256) -> Vec<u8>,
) -> String {
    let by_payer = |payload: &mut Value| {
        let payload = &mut payload["payload"];
        payload["authorization"]["from"] = json!(payer);
        let authorization: Authorization =
            serde_json::from_value(payload["authorization"].clone()).unwrap();
        let digest = Transfer { network: &BASE_SEPOLIA, authorization }.digest();
        payload["signature"] = json!(hex::encode_prefixed(sign(digest)));
    };
    changed(shop, body, nonce, by_payer).await
}

/// Sends a body with the value of a payment header.
pub(crate) async fn pay(shop: &Shop, body: &Value, header: &str) -> Answer {
    shop.chat(body, &[("payment-signature", header)]).await
}

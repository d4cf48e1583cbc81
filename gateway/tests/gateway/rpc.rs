//! The ledger as a node would show it, and as people read it.

use blockrun_gateway::PRACTICE_PAYEE;
use blockrun_llm::networks::BASE_SEPOLIA;
use serde_json::{Value, json};

use super::support::{Shop, hello, now};

const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
const USED: &str = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";

fn word(hex: &str) -> String {
    format!("0x{:0>64}", hex.trim_start_matches("0x").to_lowercase())
}

#[tokio::test]
async fn a_settlement_can_be_proven() {
    let shop = Shop::open().await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 7).await;
    let txid = shop.paid(&body, &payment).await.settlement().transaction;

    let receipt = shop.rpc("eth_getTransactionReceipt", json!([txid])).await["result"].clone();
    assert_eq!((&receipt["status"], &receipt["transactionHash"]), (&json!("0x1"), &json!(txid)));
    let payer = word(&shop.key.address().to_string());
    let [used, moved] = receipt["logs"].as_array().unwrap().as_slice() else { panic!() };
    assert_eq!(used["topics"], json!([USED, payer, format!("0x{}", "07".repeat(32))]));
    assert_eq!(moved["topics"], json!([TRANSFER, payer, word(&PRACTICE_PAYEE.to_string())]));
    assert_eq!(moved["data"], word(&format!("{:x}", payment.amount.micro())));

    let usdc = BASE_SEPOLIA.usdc.to_string();
    let filter = json!({"address": usdc, "topics": [[TRANSFER], payer], "fromBlock": "0x0"});
    let logs = shop.rpc("eth_getLogs", json!([filter])).await["result"].clone();
    assert_eq!(logs, json!([moved]));
    for (key, value) in [
        ("topics", json!([TRANSFER, word("0x01")])),
        ("topics", json!([null, null, null, null])),
        ("address", json!(PRACTICE_PAYEE.to_string())),
        ("toBlock", json!("0x0")),
    ] {
        let mut filter = filter.clone();
        filter[key] = value;
        assert_eq!(shop.rpc("eth_getLogs", json!([filter])).await["result"], json!([]), "{filter}");
    }

    let block = shop.rpc("eth_getBlockByNumber", json!([moved["blockNumber"], false])).await;
    assert_eq!(block["result"]["transactions"], json!([txid]));
    assert_eq!(block["result"]["hash"], moved["blockHash"]);
}

#[tokio::test]
async fn the_token_answers_calls() {
    let shop = Shop::open().await;
    let payment = shop.payment(&hello("gpt-4o"), 7).await;
    let usdc = BASE_SEPOLIA.usdc.to_string();
    let payer = &word(&shop.key.address().to_string())[2..];
    let state = format!("0xe94a0102{payer}{}", "07".repeat(32));
    let call = |data: &str| shop.rpc("eth_call", json!([{"to": usdc, "input": data}, "latest"]));

    assert_eq!(call(&state).await["result"], word("0"));
    shop.paid(&hello("gpt-4o"), &payment).await;
    assert_eq!(call(&state).await["result"], word("1"));
    let earlier = json!([{"to": usdc, "input": state}, "earliest"]);
    assert_eq!(shop.rpc("eth_call", earlier).await["result"], word("0"));

    let separator = "0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818";
    assert_eq!(call("0x3644e515").await["result"], separator);
    assert_eq!(call("0xdeadbeef").await["error"]["code"], 3);
    let elsewhere = json!([{"to": PRACTICE_PAYEE.to_string(), "data": state}]);
    assert_eq!(shop.rpc("eth_call", elsewhere).await["result"], "0x");
}

#[tokio::test]
async fn the_chain_tells_its_facts() {
    let shop = Shop::open().await;
    assert_eq!(shop.rpc("eth_chainId", json!([])).await["result"], "0x14a34");
    let number = shop.rpc("eth_blockNumber", json!([])).await["result"].clone();
    let block = shop.rpc("eth_getBlockByNumber", json!([number, false])).await["result"].clone();
    let time = block["timestamp"].as_str().unwrap().trim_start_matches("0x");
    assert!(u64::from_str_radix(time, 16).unwrap().abs_diff(now()) < 5);
    assert_eq!(shop.rpc("eth_getBlockByNumber", json!(["0xffff"])).await["result"], Value::Null);
    let code = |account: String| shop.rpc("eth_getCode", json!([account, "latest"]));
    assert_ne!(code(BASE_SEPOLIA.usdc.to_string()).await["result"], "0x");
    assert_eq!(code(shop.key.address().to_string()).await["result"], "0x");
}

#[tokio::test]
async fn json_rpc_is_spoken_properly() {
    let shop = Shop::open().await;
    let error = |answer: Value| answer["error"]["code"].clone();
    assert_eq!(error(shop.rpc("eth_sendRawTransaction", json!([])).await), -32601);
    assert_eq!(error(shop.rpc("eth_getCode", json!(["0x12"])).await), -32602);
    assert_eq!(error(shop.post("/practice/rpc", "{", &[]).await.json()), -32700);
    assert_eq!(error(shop.post("/practice/rpc", "[]", &[]).await.json()), -32600);
    let batch = json!([
        {"jsonrpc": "2.0", "id": "a", "method": "eth_chainId"},
        {"jsonrpc": "2.0", "method": "eth_chainId"},
        {"id": 2, "method": "eth_chainId"},
    ]);
    let answers = shop.post("/practice/rpc", batch, &[]).await.json();
    assert_eq!(answers.as_array().unwrap().len(), 2);
    assert_eq!((&answers[0]["id"], &answers[0]["result"]), (&json!("a"), &json!("0x14a34")));
    assert_eq!(answers[1]["error"]["code"], -32600);
}

#[tokio::test]
async fn a_transaction_is_explained() {
    let shop = Shop::open().await;
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let txid = shop.paid(&body, &payment).await.settlement().transaction;
    let told = shop.get(&format!("/practice/transactions/{txid}")).await.json();
    assert_eq!(told["payer"], shop.key.address().to_string());
    assert_eq!(told["amount"]["micro"], payment.amount.micro().to_string());
    assert_eq!(told["amount"]["usdc"], payment.amount.to_string());
    assert_eq!(told["purchase"], "openai/gpt-4o chat completion, 1024 max output tokens");
    let missing = format!("/practice/transactions/0x{}", "00".repeat(32));
    assert_eq!(shop.get(&missing).await.status, 404);
    assert_eq!(shop.get("/practice/transactions/x").await.status, 400);
}

//! The chain reader against scripted nodes: what is not a clear answer is an error, and used is
//! not paid.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/node.rs"]
mod node;

use std::time::Duration;

use blockrun_llm::{
    ErrorKind, Usdc,
    chain::{AuthorizationFact, ChainOptions, ChainReader, RpcUrl},
    http::{Transport, TransportOptions},
    networks::{BASE, BASE_SEPOLIA},
    wallet::{Address, B256},
};
use node::{NONCE, NOW, Node, PAYEE, PAYER, Reply, Script, TXID};
use serde_json::{Value, json};

fn reader(urls: &str) -> ChainReader {
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    let rpc_url = Some(RpcUrl::parse("rpc_url", urls).unwrap());
    ChainReader::new(transport, ChainOptions { rpc_url, timeout: Duration::from_secs(3) })
}

async fn balance(urls: &str) -> blockrun_llm::Result<Usdc> {
    reader(urls).balance(&BASE_SEPOLIA, PAYER).await
}

async fn fact(node: &Node, since: u64) -> blockrun_llm::Result<AuthorizationFact> {
    reader(&node.url).authorization(&BASE_SEPOLIA, PAYER, NONCE, since).await
}

#[tokio::test]
async fn a_balance_is_read_and_the_chain_is_asked_for_once() {
    let node = Node::start(Script::default()).await;
    let reader = reader(&node.url);
    for _ in 0..3 {
        let balance = reader.clone().balance(&BASE_SEPOLIA, PAYER).await.unwrap();
        assert_eq!(balance, Usdc::from_micro(1_234_567));
    }
    assert_eq!(node.asked("eth_chainId"), 1);
    assert_eq!(node.asked("eth_call"), 3);
}

#[tokio::test]
async fn a_node_of_another_chain_is_not_believed() {
    let node = Node::start(Script::default()).await;
    let reader = reader(&node.url);
    for _ in 0..2 {
        let error = reader.balance(&BASE, PAYER).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Api);
        assert!(error.message().contains("chain 84532, not of Base (chain 8453)"), "{error}");
    }
    assert_eq!((node.asked("eth_chainId"), node.asked("eth_call")), (1, 0));
}

#[tokio::test]
async fn whatever_is_not_a_balance_is_an_error() {
    let word = |digits: &str| Reply::Result(json!(format!("0x{digits:0>64}")));
    let text = |text: &str| Reply::Result(json!(text));
    let cases = [
        ("no contract", text("0x"), "knows no contract"),
        ("not hex", text("0xzz"), "something else"),
        ("odd hex", text("0x123"), "something else"),
        ("31 bytes", text(&format!("0x{}", "00".repeat(31))), "answered balanceOf(address) with"),
        ("64 bytes", text(&format!("0x{}", "00".repeat(64))), "answered balanceOf(address) with"),
        ("beyond 128 bits", word(&"f".repeat(64)), "more than there can be"),
        ("a number", Reply::Result(json!(5)), "something else"),
        ("null", Reply::Result(Value::Null), "something else"),
        ("neither", Reply::Body(200, json!({"jsonrpc": "2.0", "id": 1}).to_string()), "else"),
        ("not JSON", Reply::Body(200, "<html>".into()), "something else"),
        ("an error", Reply::Error(3, "execution reverted"), "execution reverted (code 3)"),
        ("HTTP", Reply::Body(429, "slow down".into()), "HTTP 429"),
        ("redirect", Reply::Body(302, String::new()), "HTTP 302"),
    ];
    for (name, reply, said) in cases {
        let node = Node::start(Script { call: Some(reply), ..Script::default() }).await;
        let error = balance(&node.url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Api, "{name}: {error}");
        assert!(error.message().contains(said), "{name}: {error}");
        assert!(error.message().contains("http://127.0.0.1:"), "{name}: {error}");
        assert!(error.message().len() < 600, "{name}: {error}");
    }
    let node =
        Node::start(Script { call: Some(Reply::Body(429, String::new())), ..Script::default() });
    assert!(balance(&node.await.url).await.unwrap_err().is_retryable());
}

#[tokio::test]
async fn a_huge_answer_a_cut_one_and_silence_are_connection_errors() {
    let huge = format!("0x{}", "0".repeat(5 * 1024 * 1024));
    let cases = [
        (Reply::Result(json!(huge)), "larger than"),
        (Reply::Cut, "broke"),
        (Reply::Silence, "did not answer eth_call within 3s"),
    ];
    for (call, said) in cases {
        let node = Node::start(Script { call: Some(call), ..Script::default() }).await;
        let error = balance(&node.url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
        assert!(error.message().contains(said), "{error}");
    }
    let error = balance("http://127.0.0.1:1/v2/secret").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
}

#[tokio::test]
async fn the_next_endpoint_is_asked_when_one_fails() {
    let good = Node::start(Script::default()).await;
    let foreign = Node::start(Script { chain_id: "0x1", ..Script::default() }).await;
    let silent = Node::start(Script { call: Some(Reply::Silence), ..Script::default() }).await;
    let urls = format!("http://127.0.0.1:1, {}, {}, {}", foreign.url, silent.url, good.url);
    assert_eq!(balance(&urls).await.unwrap(), Usdc::from_micro(1_234_567));

    let error = balance(&format!("http://127.0.0.1:1,{}", foreign.url)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Api);
    assert!(error.message().contains("could not connect to http://127.0.0.1:1"), "{error}");
    assert!(error.message().contains("chain 1, not of Base Sepolia (chain 84532)"), "{error}");
}

#[tokio::test]
async fn an_unused_authorization_is_as_of_one_block() {
    let node = Node::start(Script::default()).await;
    let unused = fact(&node, NOW).await.unwrap();
    assert_eq!(unused, AuthorizationFact::Unused { block_time: NOW });
    assert!(unused.proves_unexecutable(NOW - 1) && !unused.proves_unexecutable(NOW));
    let call = node.last("eth_call");
    assert_eq!(call[1], "0xf4240", "the block whose time is told, not whatever is newest by then");
    let input = call[0]["data"].as_str().unwrap();
    assert!(input.starts_with("0xe94a0102") && input.ends_with(&"44".repeat(32)), "{input}");
    assert_eq!(node.asked("eth_getLogs"), 0);
}

#[tokio::test]
async fn only_a_transfer_proves_payment() {
    let node = Node::start(Script::paid()).await;
    let paid = fact(&node, NOW).await.unwrap();
    let expected = AuthorizationFact::Paid {
        transaction: TXID,
        payee: PAYEE,
        amount: Usdc::from_micro(1_000),
        block_time: node::time(999_998),
    };
    assert_eq!(paid, expected);
    assert!(!paid.proves_unexecutable(0));
    let filter = &node.last("eth_getLogs")[0];
    assert_eq!((&filter["fromBlock"], &filter["toBlock"]), (&json!("0xf3a71"), &json!("0xf4240")));

    let without = Script { receipt: vec![node::used(999_998)], ..Script::paid() };
    let node = Node::start(without).await;
    assert_eq!(fact(&node, NOW).await.unwrap(), AuthorizationFact::Used);
}

#[tokio::test]
async fn a_cancelled_authorization_cannot_be_executed() {
    let script = Script { logs: vec![node::canceled(999_990)], ..Script::paid() };
    let node = Node::start(script).await;
    let canceled = fact(&node, NOW).await.unwrap();
    assert_eq!(canceled, AuthorizationFact::Canceled { transaction: TXID });
    assert!(canceled.proves_unexecutable(u64::MAX));
    assert_eq!(node.asked("eth_getTransactionReceipt"), 0);
}

#[tokio::test]
async fn logs_are_searched_back_to_the_authorizations_time_and_no_further() {
    // Blocks come every 2 seconds: 10,000 s are 2.5 windows, 2 hours of clock margin 1.8 more.
    let node = Node::start(Script { logs: vec![], ..Script::paid() }).await;
    assert_eq!(fact(&node, NOW - 10_000).await.unwrap(), AuthorizationFact::Used);
    assert_eq!(node.asked("eth_getLogs"), 5);
    let filter = &node.last("eth_getLogs")[0];
    assert_eq!((&filter["fromBlock"], &filter["toBlock"]), (&json!("0xf1b31"), &json!("0xf2300")));

    let node = Node::start(Script { logs: vec![], ..Script::paid() }).await;
    assert_eq!(fact(&node, 0).await.unwrap(), AuthorizationFact::Used);
    assert_eq!(node.asked("eth_getLogs"), 64, "the search has a limit");

    let old = Script { logs: vec![node::used(990_001)], ..Script::paid() };
    let node = Node::start(Script { receipt: node::receipt(990_001), ..old }).await;
    let paid = fact(&node, NOW - 20_000).await.unwrap();
    assert!(
        matches!(paid, AuthorizationFact::Paid { block_time, .. } if block_time == node::time(990_001))
    );
}

#[tokio::test]
async fn logs_of_others_are_not_evidence() {
    let mut other_nonce = node::used(999_998);
    other_nonce["topics"][2] = json!(B256::repeat_byte(9));
    let mut other_token = node::used(999_998);
    other_token["address"] = json!(Address::repeat_byte(9));
    let script = Script { logs: vec![other_nonce, other_token], ..Script::paid() };
    let node = Node::start(script).await;
    assert_eq!(fact(&node, NOW).await.unwrap(), AuthorizationFact::Used);
}

#[tokio::test]
async fn a_broken_answer_on_the_way_is_an_error() {
    let mut broken = node::used(999_998);
    broken["blockNumber"] = Value::Null;
    let bad_state = Reply::Result(json!(format!("0x{:0>64}", 2)));
    for script in [
        Script { call: Some(bad_state), ..Script::paid() },
        Script { call: Some(Reply::Error(-32000, "header not found")), ..Script::paid() },
        Script { head: Value::Null, ..Script::paid() },
        Script { head: json!({"number": "0x1"}), ..Script::paid() },
        Script { head: json!({"number": "1", "timestamp": "0x1"}), ..Script::paid() },
        Script { logs: vec![broken], ..Script::paid() },
        Script { receipt: vec![json!({"address": "0x12"})], ..Script::paid() },
        Script { chain_id: "0x", ..Script::paid() },
    ] {
        let described = format!("{script:?}");
        let node = Node::start(script).await;
        let error = fact(&node, NOW).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Api, "{described}: {error}");
    }
}

#[tokio::test]
async fn questions_can_be_asked_from_another_task() {
    let node = Node::start(Script::paid()).await;
    let reader = reader(&node.url);
    let asking = async move { reader.authorization(&BASE_SEPOLIA, PAYER, NONCE, NOW).await };
    assert!(tokio::spawn(asking).await.unwrap().is_ok());
}

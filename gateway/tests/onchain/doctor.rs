//! What the doctor says of a chain, every line of it. About 2 s.

use axum::{Router, body::Bytes, routing::post};
use blockrun_gateway::{Config, examine};
use blockrun_llm::networks::BASE_SEPOLIA;
use serde_json::{Value, json};

use super::{
    anvil::Anvil,
    front::{Front, Spoil, bind, serve},
    shop::at,
};

/// A line for each finding. Addresses of endpoints often are keys.
async fn said(config: Config) -> String {
    let findings = examine(&config).await;
    let line = |one: &blockrun_gateway::Finding| {
        assert!(!one.says.contains("http://"), "{one:?}");
        format!("{:?} {}: {}\n", one.health, one.subject, one.says)
    };
    findings.iter().map(line).collect()
}

fn assert_said(said: &str, start: &str, rest: &str) {
    let found = said.lines().any(|line| line.starts_with(start) && line.contains(rest));
    assert!(found, "{start:?} ... {rest:?} is missing in\n{said}");
}

#[tokio::test]
async fn a_chain_is_asked_and_so_is_what_pays_the_gas() {
    let Some(anvil) = Anvil::start().await else { return };
    anvil.mine(1).await;
    let look = async || said(at(&anvil.url)).await;
    let good = look().await;
    assert_said(&good, "Good chain endpoint 1: Base Sepolia, its USDC, newest block ", " s old");
    assert_said(&good, "Good gas: 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 has ", " settlements");
    assert_said(&good, "Good clock: within 5 s of that of chain endpoint 1", "");

    let price = anvil.ask("eth_gasPrice", json!([])).await;
    let price = u128::from_str_radix(&price.as_str().unwrap()[2..], 16).unwrap();
    for (settlements, start, rest) in [
        (50, "Doubtful gas: ", "enough for about 50 settlements; send it more of the chain's coin"),
        (0, "Bad gas: ", "has 0 wei, enough for about 0 settlements; send it the chain's coin"),
    ] {
        let wei = format!("{:#x}", price * 120_000 * settlements);
        let account = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
        anvil.ask("anvil_setBalance", json!([account, wei])).await;
        assert_said(&look().await, start, rest);
    }
    anvil.ask("evm_increaseTime", json!([3_600])).await;
    anvil.mine(1).await;
    let behind =
        " s behind that of chain endpoint 1; payments are valid for minutes: keep it right";
    assert_said(&look().await, "Bad clock: 3", behind);
}

#[tokio::test]
async fn an_endpoint_that_is_of_no_use_is_told_from_one_that_is() {
    let (Some(anvil), Some(empty)) = (Anvil::start().await, Anvil::of_chain(84_532)) else {
        return;
    };
    let Some(mainnet) = Anvil::of_chain(1) else { return };
    anvil.mine(1).await;
    let front = Front::of(&anvil).await;
    front.spoil(Spoil::Everything);
    let urls = [&mainnet.url, &empty.url, "http://127.0.0.1:1", &front.url, &anvil.url].join(",");
    let said = said(at(&urls)).await;
    let usdc = format!("the contract at {} is not the USDC of Base Sepolia", BASE_SEPOLIA.usdc);
    for (n, says) in [
        (1, "it is of chain 1, and Base Sepolia is 84532; name another node"),
        (2, &*usdc),
        (3, "it does not answer; check the address and what it allows"),
        (4, "it does not answer eth_chainId; name another node"),
    ] {
        assert_said(&said, &format!("Bad chain endpoint {n}: {says}"), "");
    }
    assert_said(&said, "Good chain endpoint 5: ", "");
}

/// What a node says that follows no chain, but for one answer.
async fn node(method: &'static str, result: Value) -> String {
    let answer = move |body: Bytes| async move {
        let request: Value = serde_json::from_slice(&body).unwrap();
        let result = match request["method"].as_str().unwrap() {
            asked if asked == method => result,
            "eth_chainId" => json!("0x14a34"),
            "eth_call" => json!(BASE_SEPOLIA.domain_separator()),
            "eth_getBlockByNumber" => {
                let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
                json!({"timestamp": format!("{now:#x}")})
            }
            _ => json!("0x1"),
        };
        json!({"jsonrpc": "2.0", "id": request["id"], "result": result}).to_string()
    };
    let (listener, url) = bind().await;
    serve(listener, Router::new().route("/", post(answer)));
    url
}

#[tokio::test]
async fn a_node_that_tells_something_else_is_not_believed() {
    for (method, result, start, rest) in [
        ("", json!(null), "Good chain endpoint 1: ", ""),
        (
            "eth_chainId",
            json!("84532"),
            "Bad chain endpoint 1: ",
            "eth_chainId with something else",
        ),
        ("eth_getBlockByNumber", json!({}), "Bad chain endpoint 1: it has no newest block", ""),
        (
            "eth_getBlockByNumber",
            json!({"timestamp": "0x1"}),
            "Bad chain endpoint 1: its newest block is ",
            " s old; wait until the node has caught up, or set the clock",
        ),
        (
            "eth_getBalance",
            json!(null),
            "Bad gas: it does not answer eth_getBalance",
            "another node",
        ),
    ] {
        let said = said(at(&node(method, result).await)).await;
        assert_said(&said, start, rest);
        if start.contains("newest block") {
            assert_said(&said, "Doubtful clock: nobody told the time to compare it with", "");
        }
    }
}

//! The chain: its id, its token, the age of its newest block, and what pays the gas.

use std::time::Duration;

use alloy::{
    hex,
    primitives::{B256, U256},
    sol,
    sol_types::SolCall,
};
use blockrun_llm::networks::Network;
use reqwest::Client;
use serde_json::{Value, json};

use super::{Finding, clock::Skew};
use crate::{app::now, outgoing, settlement::Onchain};

/// How long a node may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A node whose newest block is older does not follow its chain.
const OLD: i64 = 120;
/// Gas that a settlement is reckoned with.
const GAS: u64 = 120_000;
/// With less than this many settlements left, it is said.
const FEW: u64 = 100;

sol! {
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}

/// Looks at each endpoint.
pub(super) async fn chain(
    network: &'static Network,
    onchain: &Onchain,
    skews: &mut Vec<Skew>,
) -> Vec<Finding> {
    let client = outgoing::client().ok().and_then(|it| it.timeout(PATIENCE).build().ok());
    let Some(client) = client else {
        return vec![Finding::bad("chain", "there is no client to ask it with")];
    };
    let mut findings = Vec::new();
    for (n, url) in (1..).zip(onchain.rpc_url.split(',')) {
        // The address often is a key.
        let subject = format!("chain endpoint {n}");
        let node = Node { client: client.clone(), url: url.trim().to_owned() };
        match node.look(network, &subject, skews).await {
            Ok(says) => {
                findings.push(Finding::good(subject, says));
                findings.push(gas(&node, onchain).await);
            }
            Err(says) => findings.push(Finding::bad(subject, says)),
        }
    }
    findings
}

struct Node {
    client: Client,
    url: String,
}

impl Node {
    async fn ask(&self, method: &str, params: Value) -> Result<Value, String> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let sent =
            self.client.post(&self.url).header(http::header::CONTENT_TYPE, "application/json");
        let sent = sent.body(request.to_string()).send().await;
        let silent = |_| "it does not answer; check the address and what it allows".to_owned();
        let body = sent.map_err(silent)?.bytes().await.map_err(silent)?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        match &answer["result"] {
            Value::Null => Err(format!("it does not answer {method}; name another node")),
            result => Ok(result.clone()),
        }
    }

    async fn number(&self, method: &str, params: Value) -> Result<U256, String> {
        let answer = self.ask(method, params).await?;
        number(&answer).ok_or_else(|| format!("it answers {method} with something else"))
    }

    /// Chain, token and newest block.
    async fn look(
        &self,
        network: &'static Network,
        subject: &str,
        skews: &mut Vec<Skew>,
    ) -> Result<String, String> {
        let Network { name, chain_id, usdc, .. } = network;
        let id = self.number("eth_chainId", json!([])).await?;
        if id != U256::from(*chain_id) {
            return Err(format!(
                "it is of chain {id}, and {name} is {chain_id}; name another node"
            ));
        }
        let data = hex::encode_prefixed(DOMAIN_SEPARATORCall {}.abi_encode());
        let call = json!([{"to": usdc, "data": data}, "latest"]);
        let domain = self.ask("eth_call", call).await?;
        let domain = domain.as_str().and_then(|text| text.parse::<B256>().ok());
        if domain != Some(network.domain_separator()) {
            return Err(format!("the contract at {usdc} is not the USDC of {name}"));
        }
        let block = self.ask("eth_getBlockByNumber", json!(["latest", false])).await?;
        let time = number(&block["timestamp"]).and_then(|time| i64::try_from(time).ok());
        let time = time.ok_or("it has no newest block")?;
        let age = now().cast_signed() - time;
        if age > OLD {
            return Err(format!(
                "its newest block is {age} s old; wait until the node has caught up, or set the clock"
            ));
        }
        // A block may be some seconds old; one from the future shows a clock that is behind.
        skews.push(Skew { whose: subject.to_owned(), seconds: (-age).max(0) });
        Ok(format!("{name}, its USDC, newest block {} s old", age.max(0)))
    }
}

async fn gas(node: &Node, onchain: &Onchain) -> Finding {
    let account = onchain.gas_key.address();
    let balance = node.number("eth_getBalance", json!([account, "latest"])).await;
    let price = node.number("eth_gasPrice", json!([])).await;
    let (wei, price) = match (balance, price) {
        (Ok(balance), Ok(price)) => (balance, price.max(U256::ONE)),
        (Err(error), _) | (_, Err(error)) => return Finding::bad("gas", error),
    };
    let settlements = wei / (price * U256::from(GAS));
    let says = format!("{account} has {wei} wei, enough for about {settlements} settlements");
    if settlements.is_zero() {
        Finding::bad("gas", format!("{says}; send it the chain's coin"))
    } else if settlements < U256::from(FEW) {
        Finding::doubtful("gas", format!("{says}; send it more of the chain's coin"))
    } else {
        Finding::good("gas", says)
    }
}

fn number(value: &Value) -> Option<U256> {
    let digits = value.as_str()?.strip_prefix("0x")?;
    U256::from_str_radix(digits, 16).ok()
}

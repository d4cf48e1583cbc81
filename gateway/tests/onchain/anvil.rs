//! A chain of our own.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use alloy::{
    primitives::{Address, B256, U256, hex},
    sol_types::{SolCall, SolEvent},
};
use blockrun_llm::networks::BASE_SEPOLIA;
use serde_json::{Value, json};

use super::token::TestUSDC;

/// Anvil's unlocked accounts: 0 is the payer's, 1 the gas key's, 2 anybody's.
pub(crate) const ANYBODY: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
/// What the payer starts with, in micro-USDC.
pub(crate) const PURSE: u128 = 10_000_000;

pub(crate) struct Anvil {
    process: Child,
    pub(crate) url: String,
    http: reqwest::Client,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // It may have died by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Anvil {
    /// A chain with the token in its place and money in the payer's purse; `None` without anvil.
    pub(crate) async fn start() -> Option<Self> {
        let anvil = Self::of_chain(BASE_SEPOLIA.chain_id)?;
        anvil.plant(BASE_SEPOLIA.usdc, "TestUSDC").await;
        anvil.mint(payer(), PURSE).await;
        Some(anvil)
    }

    /// An empty chain.
    pub(crate) fn of_chain(id: u64) -> Option<Self> {
        let binary = binary()?;
        let mut process = Command::new(binary)
            .args(["--port", "0", "--chain-id", &id.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines
            .find_map(|line| line.unwrap().strip_prefix("Listening on ").map(str::to_owned))
            .unwrap();
        // Whatever else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Some(Self { process, url: format!("http://{address}"), http })
    }

    pub(crate) async fn ask(&self, method: &str, params: Value) -> Value {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = self.http.post(&self.url).body(body.to_string());
        let answer = answer.header("content-type", "application/json").send().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// A transaction of an unlocked account to the token, which is in a block when this returns.
    pub(crate) async fn send(&self, from: &str, call: impl SolCall) {
        self.send_to(BASE_SEPOLIA.usdc, from, call).await;
    }

    /// The same to another contract.
    pub(crate) async fn send_to(&self, contract: Address, from: &str, call: impl SolCall) {
        let data = hex::encode_prefixed(call.abi_encode());
        let transaction = json!([{"from": from, "to": contract, "data": data}]);
        let hash = self.ask("eth_sendTransaction", transaction).await;
        // The node answers before its block is there.
        while self.ask("eth_getTransactionReceipt", json!([hash])).await.is_null() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn mint(&self, to: Address, micro: u128) {
        self.send(ANYBODY, TestUSDC::mintCall { to, value: U256::from(micro) }).await;
    }

    /// Puts one of our contracts at an address.
    pub(crate) async fn plant(&self, address: Address, name: &str) {
        self.ask("anvil_setCode", json!([address, runtime(name)])).await;
    }

    pub(crate) async fn view<C: SolCall>(&self, call: C) -> C::Return {
        self.view_at(BASE_SEPOLIA.usdc, call).await
    }

    pub(crate) async fn view_at<C: SolCall>(&self, contract: Address, call: C) -> C::Return {
        let data = hex::encode_prefixed(call.abi_encode());
        let answer = self.ask("eth_call", json!([{"to": contract, "data": data}])).await;
        C::abi_decode_returns(&hex::decode(answer.as_str().unwrap()).unwrap()).unwrap()
    }

    pub(crate) async fn balance(&self, account: Address) -> u128 {
        self.view(TestUSDC::balanceOfCall { account }).await.to()
    }

    /// Hashes of the transactions that moved the payer's money.
    pub(crate) async fn payments(&self) -> Vec<String> {
        let topics = json!([TestUSDC::Transfer::SIGNATURE_HASH, payer().into_word()]);
        let filter = json!([{"address": BASE_SEPOLIA.usdc, "topics": topics, "fromBlock": "0x0"}]);
        let logs = self.ask("eth_getLogs", filter).await;
        let hash = |log: &Value| log["transactionHash"].as_str().unwrap().to_owned();
        logs.as_array().unwrap().iter().map(hash).collect()
    }

    /// Transactions that wait for a block.
    pub(crate) async fn waiting(&self) -> usize {
        let status = self.ask("txpool_status", json!([])).await;
        let count = status["pending"].as_str().unwrap().strip_prefix("0x").unwrap();
        usize::from_str_radix(count, 16).unwrap()
    }

    /// The transaction that waits for a block, when it is the only one.
    pub(crate) async fn waiting_one(&self) -> Option<Value> {
        let pool = self.ask("txpool_content", json!([])).await;
        let senders = pool["pending"].as_object()?;
        let [by_nonce] = senders.values().collect::<Vec<_>>().try_into().ok()?;
        let [only] = by_nonce.as_object()?.values().collect::<Vec<_>>().try_into().ok()?;
        Some(only.clone())
    }

    pub(crate) async fn mine(&self, blocks: u64) {
        self.ask("anvil_mine", json!([format!("{blocks:#x}")])).await;
    }

    /// What the next block takes per gas, and those after it about as much.
    pub(crate) async fn base_fee(&self, gwei: u64) {
        let wei = format!("{:#x}", gwei * 1_000_000_000);
        self.ask("anvil_setNextBlockBaseFeePerGas", json!([wei])).await;
    }

    pub(crate) async fn automine(&self, on: bool) {
        self.ask("evm_setAutomine", json!([on])).await;
    }
}

/// The account of the tests' wallet.
pub(crate) fn payer() -> Address {
    blockrun_llm::wallet::LocalKey::from_hex(super::support::KEY).unwrap().address()
}

/// What the source of a contract compiles to.
pub(crate) fn runtime(name: &str) -> String {
    let compiled = std::fs::read(root().join(format!("tests/chain/{name}.json"))).unwrap();
    let compiled: Value = serde_json::from_slice(&compiled).unwrap();
    compiled["runtime"].as_str().unwrap().to_owned()
}

/// The hash as a log tells it.
pub(crate) fn hash(text: &str) -> B256 {
    text.parse().unwrap()
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The program itself, because the package's script would leave it behind when it is killed.
fn binary() -> Option<PathBuf> {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    let machine = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "amd64",
    };
    let package = format!("node_modules/@foundry-rs/anvil-{system}-{machine}/bin/anvil");
    let installed = root().join(package).with_extension(std::env::consts::EXE_EXTENSION);
    installed.exists().then_some(installed).or_else(|| missing("anvil"))
}

/// Says loudly what is not tested; in CI nothing may be left out.
#[allow(clippy::print_stderr, reason = "a skipped test has no other way to say so")]
pub(crate) fn missing<T>(tool: &str) -> Option<T> {
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{tool} is missing: run npm ci");
    eprintln!("SKIPPED: {tool} is missing; run `npm ci` to test settlement on a chain");
    None
}

//! What every language is tested with: vectors, scenarios and the server that plays them.
//!
//! A field that a type does not know is a failure: a runner must not skip half of a case.

#![forbid(unsafe_code)]

mod fault_proxy;
mod ledger;
#[cfg(unix)]
mod postgres;
mod practice;
mod report;
mod scenario;
mod scripted;
mod tls_front;

use std::path::{Path, PathBuf};

use blockrun_llm::x402::Authorization;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

pub use fault_proxy::{Fault, FaultProxy, Leg};
pub use ledger::transfers;
#[cfg(unix)]
pub use postgres::Postgres;
pub use practice::{PAYER_KEY, practice_client, practice_gateway};
pub use report::Report;
pub use scenario::{
    Call, End, Expectation, PaymentRule, Reply, RequestRule, Scenario, Sent, Step, StreamEvent,
    check_outcomes,
};
pub use scripted::{ScriptedServer, Seen};
pub use tls_front::{Front, TlsFronts};

/// The key that scenarios sign with, unless they say otherwise: the first of every test chain.
pub const TEST_KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// A case of `signing.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct SigningCase {
    pub id: String,
    pub source: String,
    pub network: String,
    pub private_key: Option<String>,
    pub authorization: Authorization,
    pub domain_separator: String,
    pub struct_hash: String,
    pub digest: String,
    pub signature: String,
    pub signer: String,
}

/// A case of `nonce.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct NonceCase {
    pub id: String,
    pub wallet: String,
    pub key: String,
    pub method: String,
    pub url: String,
    pub nonce: String,
    pub payment_id: String,
}

/// A case of `quote.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct QuoteCase {
    pub id: String,
    pub body: String,
    pub rule: QuoteRule,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub amount_micro: u128,
}

/// The rule and rates of a [`QuoteCase`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct QuoteRule {
    pub margin_bps: u32,
    pub floor_micro: u128,
    pub output_permille: u32,
    pub image_tokens: u64,
    pub input_rate: u64,
    pub output_rate: u64,
    pub max_output: u64,
}

/// A case of `payment.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct PaymentCase {
    pub id: String,
    pub private_key: String,
    pub challenge: Value,
    pub url: String,
    pub now: u64,
    pub nonce: String,
    pub header_name: String,
    pub header: Value,
    pub requirement: Value,
    pub version: u64,
}

/// A case of `verify.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct VerifyCase {
    pub id: String,
    pub header_value: String,
    pub now: u64,
    pub reason: Option<String>,
    pub requirement: Value,
    pub version: u64,
}

/// A row of `errors.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ErrorRow {
    pub code: String,
    pub python: String,
    pub python_parents: Vec<String>,
    pub node: String,
    pub node_parent: String,
    pub swift: String,
    pub kotlin: String,
    pub kotlin_parent: String,
}

/// A database that this test run wants its gateways to share, new and empty: with
/// `BLOCKRUN_TEST_STORE=postgres`, where there is a server or one can be had.
#[cfg(unix)]
pub fn shared_database() -> Option<String> {
    let wanted = std::env::var_os("BLOCKRUN_TEST_STORE").is_some_and(|store| store == "postgres");
    wanted.then(Postgres::shared).flatten().map(Postgres::database)
}

/// The root of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All cases of a file of `tests/vectors`.
///
/// # Panics
/// When the file is missing or a case is of another shape: then nothing was tested.
pub fn load<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let path = root().join("tests/vectors").join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
}

//! What needs no client: the table of networks, and the checks that a chat has to pass.

use blockrun_llm::{client::DEFAULT_MODEL, networks};
use napi::bindgen_prelude::Result;
use napi_derive::napi;

use crate::{errors::core, request::ChatInput};

/// A network that can be paid on, with its USDC contract.
#[napi(object, object_from_js = false)]
pub struct NetworkOutput {
    pub name: String,
    pub caip2: String,
    pub v1_name: Option<String>,
    pub chain_id: f64,
    pub usdc: String,
    pub domain_name: String,
    pub domain_version: String,
    pub testnet: bool,
    pub rpc_urls: Vec<String>,
}

impl From<&networks::Network> for NetworkOutput {
    fn from(network: &networks::Network) -> Self {
        Self {
            name: network.name.to_owned(),
            caip2: network.caip2.to_owned(),
            v1_name: network.v1_name.map(str::to_owned),
            chain_id: network.chain_id as f64,
            usdc: network.usdc.to_string(),
            domain_name: network.domain_name.to_owned(),
            domain_version: network.domain_version.to_owned(),
            testnet: network.testnet,
            rpc_urls: network.rpc_urls.iter().map(|url| (*url).to_owned()).collect(),
        }
    }
}

/// Every network of the table.
#[napi(catch_unwind)]
pub fn network_table() -> Vec<NetworkOutput> {
    networks::ALL.into_iter().map(Into::into).collect()
}

/// Checks a chat as a client does before it sends one.
#[napi(catch_unwind)]
pub fn check_chat(input: ChatInput) -> Result<()> {
    let request = core(input.into_request())?;
    let model = request.model.as_deref().unwrap_or(DEFAULT_MODEL);
    core(request.to_body(model)).map(drop)
}

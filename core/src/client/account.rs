//! Whose money a client spends.

use serde::Serialize;

use super::{LLMClient, Rail};
use crate::{
    error::{Error, Result},
    money::Usdc,
    networks::{BASE, BASE_SEPOLIA, Network},
    policy::is_loopback,
    wallet::Address,
};

/// How a client pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentMode {
    /// From a wallet, each call by itself.
    Wallet,
    /// By the account of an API key.
    ApiKey,
}

impl PaymentMode {
    /// Name, the same in every language: `wallet` or `apikey`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wallet => "wallet",
            Self::ApiKey => "apikey",
        }
    }
}

impl LLMClient {
    /// How this client pays.
    pub fn payment_mode(&self) -> PaymentMode {
        match self.inner.rail {
            Rail::Wallet(_) => PaymentMode::Wallet,
            Rail::Account(_) => PaymentMode::ApiKey,
        }
    }

    /// The wallet that pays; `None` with an API key.
    pub fn address(&self) -> Option<Address> {
        self.inner.rail.wallet("address").ok().map(|http| http.signer.address())
    }

    /// Whether the endpoint takes test money: it is on this machine, or its name begins with
    /// `testnet.`.
    pub fn is_testnet(&self) -> bool {
        let host = self.base().host();
        let named = self.base().host_str().is_some_and(|name| name.starts_with("testnet."));
        named || host.is_some_and(|host| is_loopback(&host))
    }

    /// The network whose USDC the endpoint is expected to take: Base, or Base Sepolia for test
    /// money. What is really paid on is what a 402 names and policy allows.
    pub fn network(&self) -> &'static Network {
        if self.is_testnet() { &BASE_SEPOLIA } else { &BASE }
    }

    /// What the wallet holds, in micro-USDC: on a network (CAIP-2 identifier, such as
    /// `eip155:8453`) or, with `None`, on [`LLMClient::network`].
    ///
    /// # Errors
    /// `InvalidArgument` for a network that is not in the table, where nobody can be asked
    /// (`rpc_url`), and with an API key; `Connection` or `Api` when no endpoint answered. Never a
    /// zero that was not read.
    pub async fn balance(&self, network: Option<&str>) -> Result<Usdc> {
        let http = self.inner.rail.wallet("balance")?;
        let network = match network {
            None => self.network(),
            Some(name) => Network::by_id(name).ok_or_else(|| {
                let problem = format!("{name:?} is not known; write eip155:8453 or eip155:84532");
                Error::argument("network", &problem)
            })?,
        };
        http.chain.balance(network, http.signer.address()).await
    }
}

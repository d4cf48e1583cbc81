//! [`ChainReader`]: asks the endpoints of a network, one after the other.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use alloy::primitives::{Address, B256};
use url::Url;

use super::{
    authorization::{AuthorizationFact, Question},
    endpoint::{Endpoint, Node},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    http::Transport,
    money::Usdc,
    networks::{self, Network},
    policy::check_url,
};

/// Which endpoints are asked instead of the network table's: the user's own, or none at all.
#[derive(Clone, PartialEq, Eq)]
pub struct RpcUrl(Vec<Url>);

impl RpcUrl {
    /// Reads the option: an address (https, or http to this machine), several separated by commas
    /// and asked in that order, or `off`.
    ///
    /// They are asked about every network, and a node of another chain than the one in question
    /// is an error that names both.
    ///
    /// # Errors
    /// `InvalidArgument` that names `field`.
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        if text.trim().eq_ignore_ascii_case("off") {
            return Ok(Self::off());
        }
        text.split(',').map(|one| check_url(field, one.trim())).collect::<Result<_>>().map(Self)
    }

    /// Asks nobody.
    pub const fn off() -> Self {
        Self(Vec::new())
    }
}

impl fmt::Debug for RpcUrl {
    /// Origins only: the path often is the user's key for a node provider.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins = self.0.iter().map(|url| url.origin().ascii_serialization());
        f.debug_list().entries(origins).finish()
    }
}

/// How chains are read.
#[derive(Clone, Debug)]
pub struct ChainOptions {
    /// Whom to ask. Default: the endpoints of [`networks`].
    pub rpc_url: Option<RpcUrl>,
    /// Time for each question to an endpoint; then the next endpoint is asked. Default 10 s.
    pub timeout: Duration,
}

impl Default for ChainOptions {
    fn default() -> Self {
        Self { rpc_url: None, timeout: Duration::from_secs(10) }
    }
}

/// Reads balances and authorizations from chains by JSON-RPC. Signs nothing, sends no transaction.
///
/// The endpoints of a network are asked in order until one has answered a whole question; what is
/// returned comes from one endpoint, never from a mixture. That endpoint is believed. Clones share
/// connections and what is known of the endpoints. Nothing is asked before the first question.
#[derive(Clone, Debug)]
pub struct ChainReader {
    transport: Transport,
    timeout: Duration,
    /// By chain id.
    endpoints: Arc<BTreeMap<u64, Vec<Endpoint>>>,
}

impl ChainReader {
    /// A reader; it connects to nothing yet.
    pub fn new(transport: Transport, options: ChainOptions) -> Self {
        let ChainOptions { rpc_url, timeout } = options;
        let given: Option<Vec<_>> =
            rpc_url.map(|RpcUrl(urls)| urls.into_iter().map(Endpoint::new).collect());
        let of = |network: &Network| given.clone().unwrap_or_else(|| table(network));
        let endpoints = networks::ALL.map(|network| (network.chain_id, of(network)));
        Self { transport, timeout, endpoints: Arc::new(endpoints.into()) }
    }

    /// Whether there is nobody to ask about a network: reading is off, or the table knows no
    /// endpoint of it. A question is an error then.
    pub fn is_disabled(&self, network: &Network) -> bool {
        self.of(network).is_empty()
    }

    /// What an account holds in the newest block.
    ///
    /// # Errors
    /// `Connection` or `Api` when no endpoint gave an answer, naming each with its reason;
    /// `InvalidArgument` (`rpc_url`) where reading [is disabled](Self::is_disabled).
    pub async fn balance(&self, network: &Network, account: Address) -> Result<Usdc> {
        first(network, self.nodes(network).map(|node| node.balance(account))).await
    }

    /// What became of an authorization that was signed at `since` (Unix time, by our clock) or
    /// later. Asks as many questions as it needs, so the caller sets the total time.
    ///
    /// One that ended more than 128,000 blocks ago (three days of Base) is reported as `Used`.
    ///
    /// # Errors
    /// As [`ChainReader::balance`].
    pub async fn authorization(
        &self,
        network: &Network,
        payer: Address,
        nonce: B256,
        since: Timestamp,
    ) -> Result<AuthorizationFact> {
        let about = Question { payer, nonce, since };
        first(network, self.nodes(network).map(|node| node.authorization(about))).await
    }

    fn of(&self, network: &Network) -> &[Endpoint] {
        self.endpoints.get(&network.chain_id).map_or(&[], Vec::as_slice)
    }

    fn nodes<'a>(&'a self, network: &'a Network) -> impl Iterator<Item = Node<'a>> {
        let Self { transport, timeout, .. } = self;
        let node = |endpoint| Node { transport, endpoint, network, timeout: *timeout };
        self.of(network).iter().map(node)
    }
}

/// Addresses of the table; a test below makes sure that each can be used.
fn table(network: &Network) -> Vec<Endpoint> {
    network.rpc_urls.iter().filter_map(|url| url.parse().ok()).map(Endpoint::new).collect()
}

/// The first success, or every failure in one error.
async fn first<T>(
    network: &Network,
    attempts: impl Iterator<Item = impl Future<Output = Result<T>>>,
) -> Result<T> {
    let mut failed: Option<Error> = None;
    for attempt in attempts {
        let error = match attempt.await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        failed = Some(match failed {
            None => error,
            Some(earlier) => {
                let both = format!("{}; {}", earlier.message(), error.message());
                error.with_message(both)
            }
        });
    }
    Err(failed.unwrap_or_else(|| {
        let problem = format!("nobody can be asked about {}: give a JSON-RPC URL", network.name);
        Error::argument("rpc_url", &problem)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        http::TransportOptions,
        networks::{ARC, BASE, BASE_SEPOLIA},
    };

    fn reader(rpc_url: Option<&str>) -> ChainReader {
        let transport = Transport::new(&TransportOptions::default()).unwrap();
        let rpc_url = rpc_url.map(|text| RpcUrl::parse("rpc_url", text).unwrap());
        ChainReader::new(transport, ChainOptions { rpc_url, ..ChainOptions::default() })
    }

    #[test]
    fn every_address_of_the_table_can_be_used() {
        for network in networks::ALL {
            for url in network.rpc_urls {
                assert!(check_url("rpc_url", url).is_ok(), "{url}");
            }
            assert_eq!(table(network).len(), network.rpc_urls.len());
        }
    }

    #[tokio::test]
    async fn disabled_is_a_state() {
        let disabled =
            |reader: &ChainReader| [&BASE, &BASE_SEPOLIA, &ARC].map(|one| reader.is_disabled(one));
        assert_eq!(disabled(&reader(None)), [false, false, true]);
        assert_eq!(disabled(&reader(Some(" OFF "))), [true, true, true]);
        assert_eq!(disabled(&reader(Some("https://node.example"))), [false, false, false]);
        let error = reader(Some("off")).balance(&BASE, Address::ZERO).await.unwrap_err();
        assert_eq!(error.field(), Some("rpc_url"));
        assert!(error.message().contains("Base"), "{error}");
    }

    #[test]
    fn an_address_is_checked_and_its_path_is_not_printed() {
        for bad in ["", "node.example", "http://node.example", "https://a.example,", "on"] {
            let error = RpcUrl::parse("BLOCKRUN_RPC_URL", bad).unwrap_err();
            assert_eq!(error.field(), Some("BLOCKRUN_RPC_URL"), "{bad:?}");
        }
        let text = "https://a.example/v2/secret, http://localhost:8545/secret";
        let printed = format!("{:?} {:?}", RpcUrl::parse("rpc_url", text), reader(Some(text)));
        assert!(printed.contains("a.example") && printed.contains("localhost:8545"), "{printed}");
        assert!(!printed.contains("secret"), "{printed}");
    }
}

//! One JSON-RPC endpoint: asks, and knows which chain it speaks for.

use std::{fmt, sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::Url;

use super::answer::{Quantity, Refusal, Reply};
use crate::{
    error::{Error, ErrorKind, Result},
    http::Transport,
    networks::Network,
};

/// Largest answer that is read: many times the receipt of a full block's transaction.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// Most characters of a node's own words in an error.
const MAX_QUOTE: usize = 300;

/// An address, and the chain that was found behind it. Clones share what was found.
#[derive(Clone)]
pub(super) struct Endpoint {
    url: Url,
    chain_id: Arc<OnceCell<u64>>,
}

impl Endpoint {
    pub(super) fn new(url: Url) -> Self {
        Self { url, chain_id: Arc::default() }
    }
}

impl fmt::Debug for Endpoint {
    /// The origin only: the path often is the user's key for a node provider.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url.origin().ascii_serialization())
    }
}

/// An endpoint that is asked about a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    pub(super) transport: &'a Transport,
    pub(super) endpoint: &'a Endpoint,
    pub(super) network: &'a Network,
    pub(super) timeout: Duration,
}

impl Node<'_> {
    /// Makes sure that the endpoint speaks for the network. Asked once per endpoint.
    pub(super) async fn check_chain(self) -> Result<()> {
        let asked = || self.ask::<Quantity>("eth_chainId", json!([]));
        let found = self
            .endpoint
            .chain_id
            .get_or_try_init(|| async { asked().await.map(|id| id.0) })
            .await?;
        let Network { name, chain_id, .. } = self.network;
        if found == chain_id {
            return Ok(());
        }
        Err(self.problem(&format!("is a node of chain {found}, not of {name} (chain {chain_id})")))
    }

    /// Asks one question.
    ///
    /// # Errors
    /// `Connection` without a complete answer in time; `Api` for an error, or for an answer of
    /// another shape.
    pub(super) async fn ask<T: DeserializeOwned>(self, method: &str, params: Value) -> Result<T> {
        let question = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let question = question.to_string().into_bytes();
        let asked = self.transport.ask(&self.endpoint.url, question, MAX_ANSWER);
        let Ok(answer) = tokio::time::timeout(self.timeout, asked).await else {
            let waited = format!("did not answer {method} within {:?}", self.timeout);
            return Err(Error::new(ErrorKind::Connection, self.says(&waited)));
        };
        let answer = answer?;
        let success = (200..300).contains(&answer.status);
        match serde_json::from_slice::<Reply>(&answer.body) {
            Ok(Reply { error: Some(refusal), .. }) => Err(self.refused(method, &refusal)),
            _ if !success => {
                let problem = format!("answered {method} with HTTP {}", answer.status);
                Err(self.problem(&problem).with_status(answer.status))
            }
            Ok(reply) => {
                serde_json::from_value(reply.result).map_err(|cause| self.odd(method, &cause))
            }
            Err(cause) => Err(self.odd(method, &cause)),
        }
    }

    /// An error of kind `Api` about this endpoint.
    pub(super) fn problem(self, what: &str) -> Error {
        Error::new(ErrorKind::Api, self.says(what))
    }

    fn refused(self, method: &str, refusal: &Refusal) -> Error {
        let Refusal { code, message } = refusal;
        let said = shortened(message);
        self.problem(&format!("refused {method}: {said} (code {code})")).with_reason(Some(said))
    }

    fn odd(self, method: &str, cause: &serde_json::Error) -> Error {
        let cause = shortened(&cause.to_string());
        self.problem(&format!("answered {method} with something else: {cause}"))
    }

    fn says(self, what: &str) -> String {
        format!("the JSON-RPC endpoint {:?} {what}", self.endpoint)
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_QUOTE).collect()
}

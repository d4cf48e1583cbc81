//! The nodes that are asked and that take transactions. What they do not answer is not known.

use std::{future::Future, time::Duration};

use alloy::{
    eips::eip1559::Eip1559Estimation,
    network::Ethereum,
    primitives::{Address, B256, Bytes, TxKind, U256, keccak256},
    providers::{Provider, RootProvider},
    rpc::{
        client::ClientBuilder,
        types::{TransactionInput, TransactionReceipt, TransactionRequest},
    },
    sol_types::{Revert, SolCall, SolError},
    transports::{RpcError, TransportErrorKind},
};
use blockrun_llm::networks::Network;

use super::contract::{Call, DOMAIN_SEPARATORCall};
use crate::{outgoing, settlement::Unavailable};

/// Time for one question to one node.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The JSON-RPC endpoints of a network and the account that sends transactions through them.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Asked in this order, until one answers.
    providers: Vec<RootProvider<Ethereum>>,
    network: &'static Network,
    sender: Address,
}

/// Where the chain and the account are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tip {
    /// Number of the newest block.
    pub(super) number: u64,
    /// Wei per gas that the newest block took.
    pub(super) base_fee: u128,
    /// How many transactions of the account are in blocks.
    pub(super) mined: u64,
    /// How many of them are as deep as was asked.
    pub(super) deep: u64,
}

/// What a node did with a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handed {
    /// It has it, or one of the same nonce.
    Over,
    /// It has not.
    Back,
}

type RpcResult<T> = Result<T, RpcError<TransportErrorKind>>;

impl Node {
    /// Endpoints, separated by commas.
    pub(super) fn new(
        urls: &str,
        network: &'static Network,
        sender: Address,
    ) -> Result<Self, Unavailable> {
        let client = outgoing::client()
            .map_err(|error| Unavailable(error.to_string()))?
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| Unavailable(error.to_string()))?;
        let provider = |url: &str| {
            let url = url.trim().parse().map_err(|_| Unavailable("this is no URL".into()))?;
            let client = ClientBuilder::default().http_with_client(client.clone(), url);
            Ok::<_, Unavailable>(RootProvider::new(client))
        };
        let providers = urls.split(',').map(provider).collect::<Result<_, _>>()?;
        Ok(Self { providers, network, sender })
    }

    /// The first answer. A node that does not answer makes room for the next one; an error that it
    /// does answer is an answer.
    async fn ask<T, F>(&self, question: impl Fn(RootProvider<Ethereum>) -> F + Send) -> RpcResult<T>
    where
        F: Future<Output = RpcResult<T>> + Send,
    {
        let mut failed = None;
        for provider in &self.providers {
            match question(provider.clone()).await {
                Err(error) if error.as_error_resp().is_none() => failed = Some(error),
                answer => return answer,
            }
        }
        Err(failed.unwrap_or_else(|| TransportErrorKind::custom_str("there is no endpoint")))
    }

    /// Makes sure that every endpoint that answers is of the network and knows its token, and leaves
    /// out those that do not answer.
    pub(super) async fn checked(mut self) -> Result<Self, Unavailable> {
        let mut there = Vec::new();
        let mut silent = Unavailable("there is no endpoint".into());
        for provider in std::mem::take(&mut self.providers) {
            let one = Self { providers: vec![provider], ..self };
            match one.chain_id().await {
                Err(error) => {
                    tracing::warn!(%error, "an endpoint is left out");
                    silent = error;
                }
                Ok(_) => {
                    one.check_token().await?;
                    there.extend(one.providers);
                }
            }
        }
        self.providers = there;
        if self.providers.is_empty() { Err(silent) } else { Ok(self) }
    }

    async fn chain_id(&self) -> Result<u64, Unavailable> {
        answered(self.ask(|node| async move { node.get_chain_id().await }).await)
    }

    /// The chain by its number, and the token by its EIP-712 domain: with another one every signature
    /// would be wrong.
    async fn check_token(&self) -> Result<(), Unavailable> {
        let Network { name, chain_id, usdc, .. } = self.network;
        let found = self.chain_id().await?;
        if found != *chain_id {
            let problem = format!("it is a node of chain {found}, not of {name} ({chain_id})");
            return Err(Unavailable(problem));
        }
        if !self.has_code(*usdc).await? {
            let problem =
                format!("asset_not_deployed_contract: on {name} there is no contract at {usdc}");
            return Err(Unavailable(problem));
        }
        let answer = self.view(*usdc, DOMAIN_SEPARATORCall {}.abi_encode()).await?;
        let domain = answer.map(|answer| DOMAIN_SEPARATORCall::abi_decode_returns(&answer));
        if matches!(domain, Ok(Ok(domain)) if domain == self.network.domain_separator()) {
            return Ok(());
        }
        Err(Unavailable(format!("the contract at {usdc} is not the USDC of {name}")))
    }

    /// Whether there is a contract at an address, or an account that delegates to one (EIP-7702).
    pub(super) async fn has_code(&self, address: Address) -> Result<bool, Unavailable> {
        let code = self.ask(|node| async move { node.get_code_at(address).await }).await;
        Ok(!answered(code)?.is_empty())
    }

    /// Asks a contract, in the newest block; `Err` within is its revert.
    pub(super) async fn view(
        &self,
        contract: Address,
        data: Vec<u8>,
    ) -> Result<Result<Bytes, String>, Unavailable> {
        let call = Call { target: contract, data: data.into() };
        let request = self.request(&call);
        let asked = |node: RootProvider<Ethereum>| {
            let request = request.clone();
            async move { node.call(request).latest().await }
        };
        reverted(self.ask(asked).await)
    }

    /// The gas that a call takes in the newest block, not in the one to come: what only waits for a
    /// block may never get into one. `Err` within is its revert.
    pub(super) async fn gas(&self, call: &Call) -> Result<Result<u64, String>, Unavailable> {
        let request = self.request(call);
        let asked = |node: RootProvider<Ethereum>| {
            let request = request.clone();
            async move { node.estimate_gas(request).latest().await }
        };
        reverted(self.ask(asked).await)
    }

    fn request(&self, call: &Call) -> TransactionRequest {
        TransactionRequest {
            from: Some(self.sender),
            to: Some(TxKind::Call(call.target)),
            input: TransactionInput::new(call.data.clone()),
            ..TransactionRequest::default()
        }
    }

    /// The account's next nonce, counting what waits in the node's pool.
    pub(super) async fn next_nonce(&self) -> Result<u64, Unavailable> {
        let sender = self.sender;
        let count = |node: RootProvider<Ethereum>| async move {
            node.get_transaction_count(sender).pending().await
        };
        answered(self.ask(count).await)
    }

    /// Where the chain is. A transaction is deep with `depth` blocks from its own to the newest one,
    /// both counted.
    pub(super) async fn tip(&self, depth: u64) -> Result<Tip, Unavailable> {
        let sender = self.sender;
        let asked = |node: RootProvider<Ethereum>| async move {
            let Some(head) = node.get_block(alloy::eips::BlockId::latest()).await? else {
                return Err(TransportErrorKind::custom_str("there is no newest block"));
            };
            let number = head.header.number;
            let count = |number| node.get_transaction_count(sender).number(number);
            let mined = count(number).await?;
            let deep = match (number + 1).checked_sub(depth) {
                _ if depth == 1 => mined,
                Some(below) => count(below).await?,
                None => 0,
            };
            let base_fee = u128::from(head.header.base_fee_per_gas.unwrap_or_default());
            Ok(Tip { number, base_fee, mined, deep })
        };
        answered(self.ask(asked).await)
    }

    pub(super) async fn fees(&self) -> Result<Eip1559Estimation, Unavailable> {
        answered(self.ask(|node| async move { node.estimate_eip1559_fees().await }).await)
    }

    /// What the account has for gas, in wei.
    pub(super) async fn purse(&self) -> Result<U256, Unavailable> {
        let sender = self.sender;
        answered(self.ask(|node| async move { node.get_balance(sender).latest().await }).await)
    }

    /// Hands a signed transaction over.
    pub(super) async fn send(&self, raw: &[u8]) -> Handed {
        let sent =
            self.ask(|node| async move { node.send_raw_transaction(raw).await.map(|_| ()) }).await;
        match sent {
            Ok(()) => Handed::Over,
            Err(RpcError::ErrorResp(refusal)) if is_there(&refusal.message) => Handed::Over,
            Err(error) => {
                let (error, txid) = (told(&error), keccak256(raw));
                tracing::warn!(%txid, %error, "a transaction was not taken by the node");
                Handed::Back
            }
        }
    }

    /// The receipt of a transaction, if it is in a block.
    pub(super) async fn receipt(
        &self,
        txid: B256,
    ) -> Result<Option<TransactionReceipt>, Unavailable> {
        answered(self.ask(|node| async move { node.get_transaction_receipt(txid).await }).await)
    }
}

/// The node has the transaction, or had another one of its nonce: what became of that is asked.
fn is_there(message: &str) -> bool {
    let there = ["already known", "already imported", "nonce too low", "underpriced"];
    there.iter().any(|words| message.to_lowercase().contains(words))
}

fn answered<T>(result: RpcResult<T>) -> Result<T, Unavailable> {
    result.map_err(|error| Unavailable(told(&error)))
}

/// A revert is the contract's answer, any other error is none.
fn reverted<T>(result: RpcResult<T>) -> Result<Result<T, String>, Unavailable> {
    match result {
        Ok(answer) => Ok(Ok(answer)),
        Err(RpcError::ErrorResp(refusal)) if refusal.message.contains("revert") => {
            let said = refusal.as_revert_data().and_then(|data| words(&data));
            Ok(Err(said.unwrap_or_else(|| refusal.message.to_string())))
        }
        Err(error) => Err(Unavailable(told(&error))),
    }
}

/// What a contract says when it reverts with a text.
pub(super) fn words(data: &Bytes) -> Option<String> {
    Revert::abi_decode(data).ok().map(|revert| revert.reason)
}

/// An error in words that hold no URL, whose path often is a key.
fn told(error: &RpcError<TransportErrorKind>) -> String {
    match error {
        RpcError::ErrorResp(refusal) => {
            format!("the node says: {} (code {})", refusal.message, refusal.code)
        }
        RpcError::Transport(_) => "the node does not answer".to_owned(),
        _ => "the node answers something else".to_owned(),
    }
}

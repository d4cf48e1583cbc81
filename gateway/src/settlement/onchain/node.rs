//! The node that is asked and that takes transactions. What it does not answer is not known.

use std::time::Duration;

use alloy::{
    eips::eip1559::Eip1559Estimation,
    network::Ethereum,
    primitives::{Address, B256},
    providers::{Provider, RootProvider},
    rpc::{
        client::ClientBuilder,
        types::{TransactionReceipt, TransactionRequest},
    },
    sol_types::SolCall,
    transports::{RpcError, TransportErrorKind},
};
use blockrun_llm::{networks::Network, x402::InvalidReason};

use super::{contract::Call, reason, transaction::Transaction};
use crate::{outgoing, settlement::Unavailable};

/// Time for one question.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Between two looks for a receipt; a third of the shortest block times.
const POLL: Duration = Duration::from_millis(300);

/// One JSON-RPC endpoint and the account that sends transactions through it.
#[derive(Debug, Clone)]
pub(super) struct Node {
    provider: RootProvider<Ethereum>,
    network: &'static Network,
    sender: Address,
}

type RpcResult<T> = Result<T, RpcError<TransportErrorKind>>;

impl Node {
    pub(super) fn new(
        url: &str,
        network: &'static Network,
        sender: Address,
    ) -> Result<Self, Unavailable> {
        let url = url.parse().map_err(|_| Unavailable("this is no URL".into()))?;
        let client = outgoing::client()
            .map_err(|error| Unavailable(error.to_string()))?
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| Unavailable(error.to_string()))?;
        let provider = RootProvider::new(ClientBuilder::default().http_with_client(client, url));
        Ok(Self { provider, network, sender })
    }

    /// The chain behind the endpoint.
    pub(super) async fn chain_id(&self) -> Result<u64, Unavailable> {
        answered(self.provider.get_chain_id().await)
    }

    /// Tries a call without sending it; the gas it takes, or why the token would revert.
    pub(super) async fn simulate(
        &self,
        call: &Call,
    ) -> Result<Result<u64, InvalidReason>, Unavailable> {
        let request = TransactionRequest::default()
            .from(self.sender)
            .to(self.network.usdc)
            .input(call.abi_encode().into());
        match self.provider.call(request.clone()).await {
            Ok(_) => Ok(Ok(answered(self.provider.estimate_gas(request).await)?)),
            Err(error) => revert(error).map(Err),
        }
    }

    /// The sender's next nonce, counting what waits in the node's pool.
    pub(super) async fn next_nonce(&self) -> Result<u64, Unavailable> {
        answered(self.provider.get_transaction_count(self.sender).pending().await)
    }

    pub(super) async fn fees(&self) -> Result<Eip1559Estimation, Unavailable> {
        answered(self.provider.estimate_eip1559_fees().await)
    }

    /// Hands a transaction to the node; whether it took it. It may have had it already.
    pub(super) async fn send(&self, transaction: &Transaction) -> bool {
        let Transaction { txid, gas_nonce, raw, .. } = transaction;
        match self.provider.send_raw_transaction(raw).await {
            Ok(_) => true,
            Err(RpcError::ErrorResp(refusal)) if refusal.message.contains("already known") => true,
            Err(error) => {
                let error = told(&error);
                tracing::warn!(%txid, gas_nonce, %error, "a settlement was not taken by the node");
                false
            }
        }
    }

    /// The receipt of a transaction, if it is in a block.
    pub(super) async fn receipt(
        &self,
        txid: B256,
    ) -> Result<Option<TransactionReceipt>, Unavailable> {
        answered(self.provider.get_transaction_receipt(txid).await)
    }

    /// Waits so long for the receipt of a transaction. A node that does not answer is asked again.
    pub(super) async fn wait(&self, txid: B256, patience: Duration) -> Option<TransactionReceipt> {
        let look = async {
            loop {
                if let Ok(Some(receipt)) = self.receipt(txid).await {
                    return receipt;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(patience, look).await.ok()
    }
}

fn answered<T>(result: RpcResult<T>) -> Result<T, Unavailable> {
    result.map_err(|error| Unavailable(told(&error)))
}

/// A revert is the token's answer, anything else is none.
fn revert(error: RpcError<TransportErrorKind>) -> Result<InvalidReason, Unavailable> {
    match &error {
        RpcError::ErrorResp(refusal) if refusal.message.contains("revert") => {
            Ok(reason::of_revert(&refusal.message))
        }
        _ => Err(Unavailable(told(&error))),
    }
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

//! What became of an authorization.

use alloy::primitives::{Address, B256};
use serde_json::{Value, json};

use super::{
    answer::{Block, Log, Quantity, Receipt},
    endpoint::Node,
    token::{self, AuthorizationUsed},
};
use crate::{clock::Timestamp, error::Result, money::Usdc};

/// Blocks of one log search: public endpoints refuse much more.
const WINDOW: u64 = 2_000;
/// Most log searches for one authorization: three days of Base, with blocks every 2 s.
const MAX_WINDOWS: u32 = 64;
/// How far the clock that recorded the authorization may be ahead of the chain's. With more than
/// this between our clock and the server's nothing is signed.
const CLOCK_MARGIN: Timestamp = 2 * 60 * 60;

/// What the chain shows of an authorization. Only `Paid` proves a payment, and only what
/// [`proves_unexecutable`](Self::proves_unexecutable) proves that there will be none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizationFact {
    /// Neither used nor cancelled in the newest block that the endpoint has.
    Unused {
        /// Unix time of that block.
        block_time: Timestamp,
    },
    /// Executed: the token marked it as used and moved the money in the same transaction.
    Paid {
        /// Hash of the transaction.
        transaction: B256,
        /// Who was paid.
        payee: Address,
        /// How much.
        amount: Usdc,
        /// Unix time of its block.
        block_time: Timestamp,
    },
    /// Cancelled by its payer: it never can be executed.
    Canceled {
        /// Hash of the transaction.
        transaction: B256,
    },
    /// Used or cancelled, but no log was found that tells which. It is not known to be paid.
    Used,
}

impl AuthorizationFact {
    /// Whether this proves that the authorization was not and never will be executed: cancelled,
    /// or still unused in a block whose time is past `valid_before`.
    ///
    /// The token executes nothing at or after `valid_before` by the block's time, and later blocks
    /// have later times. As sure as that block: the chain may still reorganize its newest ones.
    pub const fn proves_unexecutable(&self, valid_before: Timestamp) -> bool {
        match self {
            Self::Unused { block_time } => *block_time > valid_before,
            Self::Canceled { .. } => true,
            Self::Paid { .. } | Self::Used => false,
        }
    }
}

/// The authorization that is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) payer: Address,
    pub(super) nonce: B256,
    /// It did not exist before.
    pub(super) since: Timestamp,
}

impl Node<'_> {
    /// What became of an authorization. Everything is read as of one block, so that a node behind
    /// the same address that lags answers with an error, not with the past.
    pub(super) async fn authorization(self, about: Question) -> Result<AuthorizationFact> {
        self.check_chain().await?;
        let head = self.block("latest".into()).await?;
        if !self.is_used(about.payer, about.nonce, head.number).await? {
            return Ok(AuthorizationFact::Unused { block_time: head.timestamp.0 });
        }
        match self.end(about, head).await? {
            None => Ok(AuthorizationFact::Used),
            Some(log) if log.is::<AuthorizationUsed>() => self.payment(about, &log).await,
            Some(log) => Ok(AuthorizationFact::Canceled { transaction: log.transaction_hash }),
        }
    }

    /// The log with which the authorization ended, searched from `head` back to a block that is
    /// older than the authorization, or to the limit.
    async fn end(self, about: Question, head: Block) -> Result<Option<Log>> {
        let Question { payer, nonce, since } = about;
        let oldest = since.saturating_sub(CLOCK_MARGIN);
        let mut last = head.number.0;
        for _ in 0..MAX_WINDOWS {
            let first = last.saturating_sub(WINDOW - 1);
            let filter = json!({
                "address": self.network.usdc,
                "topics": token::end_topics(payer, nonce),
                "fromBlock": Quantity(first),
                "toBlock": Quantity(last),
            });
            let logs: Vec<Log> = self.ask("eth_getLogs", json!([filter])).await?;
            let is_end = |log: &Log| token::is_end(log, self.network.usdc, payer, nonce);
            if let Some(end) = logs.into_iter().find(is_end) {
                return Ok(Some(end));
            }
            if first == 0 || self.block(json!(Quantity(first))).await?.timestamp.0 < oldest {
                break;
            }
            last = first - 1;
        }
        Ok(None)
    }

    /// The transfer in the transaction that used the authorization.
    async fn payment(self, about: Question, used: &Log) -> Result<AuthorizationFact> {
        let Question { payer, nonce, .. } = about;
        let transaction = used.transaction_hash;
        let receipt: Receipt = self.ask("eth_getTransactionReceipt", json!([transaction])).await?;
        let executed = token::executed(&receipt.logs, self.network.usdc, payer, nonce);
        let Some(transfer) = executed else { return Ok(AuthorizationFact::Used) };
        Ok(AuthorizationFact::Paid {
            transaction,
            payee: transfer.to,
            amount: self.usdc(transfer.value)?,
            block_time: self.block(json!(used.block_number)).await?.timestamp.0,
        })
    }

    /// A block's header, by number or tag.
    async fn block(self, number: Value) -> Result<Block> {
        self.ask("eth_getBlockByNumber", json!([number, false])).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_end_without_payment_proves_that_there_is_none() {
        let unused = |block_time| AuthorizationFact::Unused { block_time };
        assert!(!unused(999).proves_unexecutable(1_000));
        assert!(!unused(1_000).proves_unexecutable(1_000));
        assert!(unused(1_001).proves_unexecutable(1_000));
        let transaction = B256::ZERO;
        assert!(AuthorizationFact::Canceled { transaction }.proves_unexecutable(u64::MAX));
        assert!(!AuthorizationFact::Used.proves_unexecutable(0));
        let (payee, amount) = (Address::ZERO, Usdc::ZERO);
        let paid = AuthorizationFact::Paid { transaction, payee, amount, block_time: 9 };
        assert!(!paid.proves_unexecutable(0));
    }
}

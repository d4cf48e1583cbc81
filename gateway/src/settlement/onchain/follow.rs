//! What became of a transfer: by which transaction it was executed, if by any.

use std::time::{Duration, Instant};

use alloy::primitives::{Address, B256, U256};
use blockrun_llm::{chain::AuthorizationFact, x402::InvalidReason};

use super::{
    book::{self, Kept},
    chain::Chain,
    contract::{self, Execution},
    reason,
    transaction::Transaction,
};
use crate::{
    claim::{self, ClaimKey},
    settlement::{Outcome, Unavailable},
};

/// Between two looks; a third of the shortest block times.
pub(super) const POLL: Duration = Duration::from_millis(300);

impl Chain {
    /// Waits until one of a claim's transactions is as deep in the chain as it has to be, and judges it.
    pub(super) async fn follow(
        &self,
        key: &ClaimKey,
        kept: &Kept,
        patience: Duration,
    ) -> Result<Outcome, Unavailable> {
        let until = Instant::now() + patience;
        loop {
            // A node that does not answer is asked again.
            if self.tip().await.is_ok_and(|tip| tip.deep > kept.gas_nonce)
                && let Some(outcome) = self.judge(key).await?
            {
                return Ok(outcome);
            }
            if Instant::now() >= until {
                let own = key.clone();
                let kept = self.store.run(move |db| book::of_claim(db, &own)).await?;
                return Ok(Outcome::Unknown(Some(kept.newest.txid)));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Judges the transaction of a claim that is in the chain. `None` when its receipt is not there.
    async fn judge(&self, key: &ClaimKey) -> Result<Option<Outcome>, Unavailable> {
        let own = key.clone();
        let kept = self.store.run(move |db| book::of_claim(db, &own)).await?;
        // The newest is the likeliest.
        for txid in kept.txids.iter().rev() {
            let Ok(Some(receipt)) = self.node.receipt(*txid).await else { continue };
            let execution = &kept.newest.execution;
            if contract::executed(&receipt, self.network.usdc, execution) {
                return self.settled(key, *txid).await.map(Some);
            }
            // Somebody else may have been faster; if not, it is over: no other one of its nonce can be.
            let reverted = self.why(&kept.newest).await?;
            return self.elsewhere(key, execution, reverted).await;
        }
        Ok(None)
    }

    /// Why a transaction did not execute its transfer, as far as trying it again tells.
    async fn why(&self, transaction: &Transaction) -> Result<InvalidReason, Unavailable> {
        let Some(call) = transaction.call() else { return Ok(reason::reverted()) };
        let again = self.node.gas(&call).await?;
        Ok(again.map_or_else(|text| reason::of_revert(&text), |_| reason::reverted()))
    }

    /// Our transaction did not or would not execute the transfer: did another one? `None` when that one
    /// is not deep enough yet.
    pub(super) async fn elsewhere(
        &self,
        key: &ClaimKey,
        execution: &Execution,
        otherwise: InvalidReason,
    ) -> Result<Option<Outcome>, Unavailable> {
        let refusal = match self.fact(execution.from, execution.nonce).await? {
            AuthorizationFact::Paid { transaction, payee, amount, .. }
                if payee == execution.to && execution.value == U256::from(amount.micro()) =>
            {
                return if self.is_deep(transaction).await? {
                    self.settled(key, transaction).await.map(Some)
                } else {
                    Ok(None)
                };
            }
            AuthorizationFact::Paid { .. } | AuthorizationFact::Canceled { .. } => {
                reason::nonce_used()
            }
            // Two nodes of one endpoint, of which one is behind.
            AuthorizationFact::Unused { .. } if otherwise.code == reason::nonce_used().code => {
                return Err(Unavailable("the node contradicts itself".into()));
            }
            AuthorizationFact::Unused { .. } => otherwise,
            AuthorizationFact::Used => {
                let problem = "the authorization is used, and no log says by whom";
                return Err(Unavailable(problem.into()));
            }
        };
        self.refused(key, refusal).await.map(Some)
    }

    /// Whether a transaction is as deep in the chain as it has to be.
    async fn is_deep(&self, txid: B256) -> Result<bool, Unavailable> {
        let block = self.node.receipt(txid).await?.and_then(|receipt| receipt.block_number);
        let newest = self.tip().await?.number;
        Ok(block
            .is_some_and(|block| newest.saturating_add(1) >= block + self.options.confirmations))
    }

    /// What the chain says of an authorization.
    pub(super) async fn fact(
        &self,
        payer: Address,
        nonce: B256,
    ) -> Result<AuthorizationFact, Unavailable> {
        // When it was signed is not known here: the reader looks back as far as it does.
        let fact = self.reader.authorization(self.network, payer, nonce, 0).await;
        fact.map_err(|error| Unavailable(error.message().to_owned()))
    }

    async fn settled(&self, key: &ClaimKey, txid: B256) -> Result<Outcome, Unavailable> {
        let key = key.clone();
        let booked = self.store.run(move |db| {
            book::detach(db, &key)?;
            claim::settled(db, &key, txid)
        });
        // It is executed whatever the books say: whoever comes again finds it.
        Ok(booked.await.map_or_else(
            |error| {
                tracing::error!(%error, %txid, "a settlement could not be booked");
                Outcome::Unknown(Some(txid))
            },
            |()| Outcome::Settled(txid),
        ))
    }

    pub(super) async fn refused(
        &self,
        key: &ClaimKey,
        reason: InvalidReason,
    ) -> Result<Outcome, Unavailable> {
        let key = key.clone();
        let booked = move |db: &_| {
            book::detach(db, &key)?;
            claim::release(db, &key)
        };
        self.store.run(booked).await?;
        Ok(Outcome::Refused(reason))
    }
}

//! The gas key's transactions: numbered without gaps, or those after a gap wait for ever.

use std::sync::{Arc, Mutex, PoisonError, atomic::Ordering};

use alloy::primitives::B256;

use super::{
    book::{self, Kept},
    chain::Chain,
    contract::Call,
    fees::Fees,
    node::{Handed, Tip},
    transaction::{Terms, Transaction, filler},
};
use crate::{app::now, claim::ClaimKey, settlement::Unavailable};

/// A transaction that is under so many blocks is not sent again any more.
const FINAL: u64 = 32;
/// Most transactions that are handed over in one go: nodes keep few of one account.
const MOST: usize = 64;
/// Seconds after which a node may have lost what it was handed.
const STALE: u64 = 2;

/// What [`Chain::send`] did.
pub(super) enum Sent {
    /// The transaction is on disk and was handed to the node, which may or may not have taken it.
    Kept(Box<Kept>),
    /// It was not sent, but it may be on disk, from where it would be.
    Unsure(B256),
}

impl Chain {
    /// Signs the next transaction, keeps it, and hands it to the node.
    pub(super) async fn send(
        &self,
        key: &ClaimKey,
        call: Call,
        gas: u64,
    ) -> Result<Sent, Unavailable> {
        let (estimate, tip) = tokio::try_join!(self.node.fees(), self.tip())?;
        let terms = Terms {
            gas_nonce: 0,
            // What is simulated now may take a little more then.
            gas: gas + gas / 4,
            fees: Fees::within(estimate, self.options.max_fee),
        };
        let kept = self.enqueue(key, call, terms, tip).await?;
        if let Sent::Kept(kept) = &kept {
            if self.unsent.swap(false, Ordering::SeqCst) {
                self.push(tip.mined).await?;
            }
            self.hand_over(&kept.newest).await;
        }
        Ok(kept)
    }

    async fn enqueue(
        &self,
        key: &ClaimKey,
        call: Call,
        terms: Terms,
        tip: Tip,
    ) -> Result<Sent, Unavailable> {
        let (network, gas_key) = (self.network, self.options.gas_key.clone());
        let (key, sender, floor) = (key.clone(), gas_key.address(), self.floor.max(tip.mined));
        let tried = Arc::new(Mutex::new(None));
        let trying = Arc::clone(&tried);
        let work = move |db: &_| {
            book::enqueue(db, &key, sender, floor, now(), |gas_nonce| {
                let terms = Terms { gas_nonce, ..terms };
                let transaction = Transaction::sign(network, &gas_key, terms, &call)?;
                *trying.lock().unwrap_or_else(PoisonError::into_inner) = Some(transaction.txid);
                Ok(transaction)
            })
        };
        match self.store.run(work).await {
            Ok(transaction) => Ok(Sent::Kept(Box::new(Kept::first(transaction?, now())))),
            Err(error) => match *tried.lock().unwrap_or_else(PoisonError::into_inner) {
                None => Err(error.into()),
                Some(txid) => {
                    // It may be on disk all the same: a commit can fail after its write.
                    tracing::error!(%error, %txid, "a transaction could not be kept");
                    Ok(Sent::Unsure(txid))
                }
            },
        }
    }

    async fn hand_over(&self, transaction: &Transaction) {
        if self.node.send(&transaction.raw).await == Handed::Back {
            self.unsent.store(true, Ordering::SeqCst);
        }
    }

    /// Hands everything over again that is not in a block, byte for byte.
    pub(super) async fn push(&self, mined: u64) -> Result<(), Unavailable> {
        for kept in self.waiting(mined).await? {
            self.hand_over(&kept.newest).await;
        }
        Ok(())
    }

    async fn waiting(&self, mined: u64) -> Result<Vec<Kept>, Unavailable> {
        let sender = self.options.gas_key.address();
        let mut waiting = self.store.run(move |db| book::waiting(db, sender, mined)).await?;
        waiting.truncate(MOST);
        Ok(waiting)
    }

    /// Looks after the transactions: hands over again what may be lost, raises the fee of what the
    /// chain does not take, fills gaps, forgets what is final.
    pub(super) async fn tend(&self) -> Result<(), Unavailable> {
        let sender = self.options.gas_key.address();
        let Some((first, last)) = self.store.run(move |db| book::range(db, sender)).await? else {
            return Ok(());
        };
        let tip = self.tip().await?;
        if first < last && first < tip.mined {
            let below = self.node.tip(self.options.confirmations.max(FINAL)).await?.deep;
            self.store.run(move |db| book::forget(db, sender, below)).await?;
        }
        if last < tip.mined {
            return Ok(());
        }
        let unsent = self.unsent.swap(false, Ordering::SeqCst);
        for (place, kept) in self.waiting(tip.mined).await?.iter().enumerate() {
            let age = now().saturating_sub(kept.signed);
            let slow = age >= self.options.replace_after.as_secs();
            if place == 0 && slow && kept.gas_nonce > tip.mined {
                self.fill(tip.mined..kept.gas_nonce).await?;
            }
            // Those behind the first one wait for it, unless they would not be taken either.
            if slow && (place == 0 || kept.newest.fees.most < tip.base_fee) {
                self.raise(kept).await?;
            } else if unsent || age >= STALE {
                self.hand_over(&kept.newest).await;
            }
        }
        Ok(())
    }

    /// Replaces a transaction by one for a higher fee, which is on disk before it is sent. When the
    /// fee cannot be higher, it is handed over once more as it is.
    async fn raise(&self, kept: &Kept) -> Result<(), Unavailable> {
        let estimate = self.node.fees().await?;
        let Some(fees) = kept.newest.fees.raised(estimate, self.options.max_fee) else {
            let txid = kept.newest.txid;
            tracing::warn!(%txid, "a transaction is not taken, and max_fee lets it offer no more");
            self.hand_over(&kept.newest).await;
            return Ok(());
        };
        let replacement = kept.newest.replaced(&self.options.gas_key, fees)?;
        let (old, new) = (kept.newest.txid, replacement.txid);
        let (sender, kept, raised) =
            (self.options.gas_key.address(), kept.clone(), replacement.clone());
        let keep = move |db: &_| book::replace(db, sender, &kept, &raised, now());
        if self.store.run(keep).await? {
            tracing::info!(%old, %new, "a transaction is replaced by one for a higher fee");
            self.hand_over(&replacement).await;
        }
        Ok(())
    }

    /// Takes up gas nonces of which nothing is known here, as after a database was lost: a node lost
    /// their transactions as well.
    async fn fill(&self, gap: std::ops::Range<u64>) -> Result<(), Unavailable> {
        let fees = Fees::within(self.node.fees().await?, self.options.max_fee);
        for gas_nonce in gap.take(MOST) {
            tracing::warn!(gas_nonce, "a gap in the gas key's nonces is filled");
            let raw = filler(self.network, &self.options.gas_key, gas_nonce, fees)?;
            self.node.send(&raw).await;
        }
        Ok(())
    }
}

impl Kept {
    fn first(transaction: Transaction, signed: u64) -> Self {
        let txids = vec![transaction.txid];
        Self { gas_nonce: transaction.gas_nonce, signed, newest: transaction, txids }
    }
}

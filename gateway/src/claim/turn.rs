//! One at a time: paid requests with the same nonce take turns.
//!
//! A second delivery of a paid request waits here while the first is answered, and then finds the
//! stored answer. Requests with different nonces never meet.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{sync::OwnedMutexGuard, time::timeout};

use super::ClaimKey;

/// The right to work on a claim; given back when dropped.
pub(crate) type Turn = OwnedMutexGuard<()>;

/// The turns of all claims that are being worked on.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    waiting: Mutex<HashMap<ClaimKey, Weak<tokio::sync::Mutex<()>>>>,
}

impl Turns {
    /// Waits for the turn of a claim; `None` when it does not come within `patience`.
    pub(crate) async fn wait(&self, key: &ClaimKey, patience: Duration) -> Option<Turn> {
        let claim = self.claim(key);
        timeout(patience, claim.lock_owned()).await.ok()
    }

    /// Takes the turn of a claim, unless somebody has it.
    pub(crate) fn take(&self, key: &ClaimKey) -> Option<Turn> {
        self.claim(key).try_lock_owned().ok()
    }

    fn claim(&self, key: &ClaimKey) -> Arc<tokio::sync::Mutex<()>> {
        // No code below can panic while it holds the lock, so a poisoned map is a whole map.
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claim) = waiting.get(key).and_then(Weak::upgrade) {
            return claim;
        }
        waiting.retain(|_, claim| claim.strong_count() > 0);
        let claim = Arc::default();
        waiting.insert(key.clone(), Arc::downgrade(&claim));
        claim
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Address, B256};

    use super::*;

    #[tokio::test]
    async fn the_same_claim_waits_and_others_do_not() {
        let turns = Turns::default();
        let key = |nonce| ClaimKey {
            network: "eip155:84532",
            asset: Address::ZERO,
            payer: Address::ZERO,
            nonce: B256::repeat_byte(nonce),
        };
        let soon = Duration::from_millis(10);
        let first = turns.wait(&key(1), soon).await.unwrap();
        assert!(turns.take(&key(1)).is_none());
        assert!(turns.wait(&key(1), soon).await.is_none());
        assert!(turns.wait(&key(2), soon).await.is_some());
        drop(first);
        assert!(turns.wait(&key(1), soon).await.is_some());
        assert_eq!(turns.waiting.lock().unwrap().len(), 1);
    }
}

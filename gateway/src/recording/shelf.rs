//! The recordings that are being made, by the claim that paid for them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use super::Recording;
use crate::claim::ClaimKey;

/// Finds the recording of a claim. It is put here while its claim's turn is held, so whoever has the
/// turn and finds none knows that none is being made.
#[derive(Debug, Default)]
pub(crate) struct Recordings {
    made: Mutex<HashMap<ClaimKey, Weak<Recording>>>,
}

impl Recordings {
    /// Puts a recording here for as long as it is being made.
    pub(crate) fn put(&self, key: ClaimKey, recording: &Arc<Recording>) {
        let mut made = self.made();
        made.retain(|_, recording| recording.strong_count() > 0);
        made.insert(key, Arc::downgrade(recording));
    }

    /// The recording of a claim, unless it has ended: then what is stored counts.
    pub(crate) fn get(&self, key: &ClaimKey) -> Option<Arc<Recording>> {
        let found = self.made().get(key).and_then(Weak::upgrade);
        found.filter(|recording| !recording.ended())
    }

    fn made(&self) -> MutexGuard<'_, HashMap<ClaimKey, Weak<Recording>>> {
        // No code here can panic while it holds the lock, so a poisoned map is a whole map.
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

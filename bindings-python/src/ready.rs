//! Pieces of a stream that have crossed together with one that was waited for.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Most pieces that cross at once: then other tasks of an event loop have their turn.
pub(crate) const MOST: usize = 64;

/// Pieces that nobody has taken yet. They are kept here and not in Python, so that a forked child
/// does not get them as well.
pub(crate) struct Ready<T>(Mutex<VecDeque<T>>);

impl<T> Default for Ready<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Ready<T> {
    pub(crate) fn take(&self) -> Option<T> {
        self.pieces().pop_front()
    }

    pub(crate) fn add(&self, pieces: impl IntoIterator<Item = T>) {
        self.pieces().extend(pieces);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces().is_empty()
    }

    pub(crate) fn clear(&self) {
        self.pieces().clear();
    }

    fn pieces(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

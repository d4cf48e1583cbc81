//! How many are being served.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts who is being served, up to so many of each.
#[derive(Debug)]
pub(super) struct Crowd<K> {
    most: u32,
    inside: Mutex<HashMap<K, u32>>,
}

/// One that is being served, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat<K: Eq + Hash> {
    crowd: Arc<Crowd<K>>,
    key: K,
}

impl<K: Copy + Eq + Hash> Crowd<K> {
    pub(super) fn new(most: u32) -> Arc<Self> {
        Arc::new(Self { most, inside: Mutex::default() })
    }

    /// Lets one more in, if there is room for it.
    pub(super) fn enter(self: &Arc<Self>, key: K) -> Option<Seat<K>> {
        let mut inside = self.inside();
        let count = inside.entry(key).or_insert(0);
        let room = *count < self.most;
        *count += u32::from(room);
        room.then(|| Seat { crowd: Arc::clone(self), key })
    }
}

impl<K> Crowd<K> {
    fn inside(&self) -> MutexGuard<'_, HashMap<K, u32>> {
        // No code here can panic while it holds the lock, so a poisoned map is a whole map.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for Seat<K> {
    fn drop(&mut self) {
        let mut inside = self.crowd.inside();
        if let Some(count) = inside.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                inside.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_so_many_of_each_and_nobody_is_remembered() {
        let crowd = Crowd::new(2);
        let seats = [crowd.enter(1).unwrap(), crowd.enter(1).unwrap(), crowd.enter(2).unwrap()];
        assert!(crowd.enter(1).is_none());
        drop(seats);
        assert!(crowd.inside().is_empty());
        assert!(crowd.enter(1).is_some());
    }
}

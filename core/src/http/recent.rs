//! Keys of calls that were made lately, by what they asked: a host that retries a request says so,
//! but not which call it retries.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

/// Calls that are remembered; an older one is another purchase when it is asked again.
const REMEMBERED: usize = 4_096;

/// The last key under which each content was asked, by this client and its clones.
#[derive(Debug, Default)]
pub struct Recent {
    calls: Mutex<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    keys: HashMap<[u8; 32], String>,
    order: VecDeque<[u8; 32]>,
}

impl Recent {
    pub(super) fn key_of(&self, content: &[u8]) -> Option<String> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.keys.get(&digest(content)).cloned()
    }

    /// Another key for a content that is remembered.
    pub(super) fn replace(&self, content: &[u8], key: &str) {
        if self.key_of(content).is_some() {
            self.remember(content, key);
        }
    }

    pub(super) fn remember(&self, content: &[u8], key: &str) {
        let digest = digest(content);
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.keys.insert(digest, key.to_owned()).is_none() {
            calls.order.push_back(digest);
        }
        if calls.order.len() > REMEMBERED
            && let Some(oldest) = calls.order.pop_front()
        {
            calls.keys.remove(&oldest);
        }
    }
}

/// No prompt is kept.
fn digest(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_key_of_a_content_is_remembered_and_old_contents_are_forgotten() {
        let recent = Recent::default();
        recent.remember(b"a", "1");
        recent.remember(b"a", "2");
        assert_eq!(recent.key_of(b"a").as_deref(), Some("2"));
        for number in 0..REMEMBERED {
            recent.remember(number.to_string().as_bytes(), "x");
        }
        assert_eq!(recent.key_of(b"a"), None);
        assert_eq!(recent.key_of(b"0").as_deref(), Some("x"));
    }
}

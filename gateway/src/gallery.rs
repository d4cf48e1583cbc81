//! Pictures that are handed out as links: in memory, for a time, up to a limit.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::config::Config;

/// Pictures under names that cannot be guessed. A name is all that is needed to see one. They end
/// with the process; none is taken down before its time to make room.
#[derive(Debug)]
pub(crate) struct Gallery {
    limit: usize,
    time: Duration,
    wall: Mutex<Wall>,
}

#[derive(Debug, Default)]
struct Wall {
    pictures: HashMap<String, Bytes>,
    bytes: usize,
    /// When each picture is taken down, soonest first.
    ends: VecDeque<(Instant, String)>,
}

impl Gallery {
    pub(crate) fn of(config: &Config) -> Self {
        let limit = usize::try_from(config.pictures_limit).unwrap_or(usize::MAX);
        Self { limit, time: config.picture_time, wall: Mutex::default() }
    }

    /// Shows pictures and returns their names; `None` when there is no room for all of them.
    pub(crate) fn show(&self, pictures: &[Bytes]) -> Option<Vec<String>> {
        let mut wall = self.wall();
        let size: usize = pictures.iter().map(Bytes::len).sum();
        if wall.bytes.saturating_add(size) > self.limit {
            return None;
        }
        let end = Instant::now() + self.time;
        pictures.iter().map(|picture| wall.hang(picture.clone(), end)).collect()
    }

    /// The picture of a name.
    pub(crate) fn see(&self, name: &str) -> Option<Bytes> {
        self.wall().pictures.get(name).cloned()
    }

    /// The wall without what is over.
    fn wall(&self) -> MutexGuard<'_, Wall> {
        // No code here can panic while it holds the lock, so a poisoned wall is a whole wall.
        let mut wall = self.wall.lock().unwrap_or_else(PoisonError::into_inner);
        wall.clear(Instant::now());
        wall
    }
}

impl Wall {
    /// `None` when the system has no randomness to give.
    fn hang(&mut self, picture: Bytes, end: Instant) -> Option<String> {
        let mut name = [0; 16];
        getrandom::fill(&mut name).ok()?;
        let name = alloy::hex::encode(name);
        self.bytes += picture.len();
        self.pictures.insert(name.clone(), picture);
        self.ends.push_back((end, name.clone()));
        Some(name)
    }

    fn clear(&mut self, now: Instant) {
        while let Some((_, name)) = self.ends.pop_front_if(|(end, _)| *end <= now) {
            self.bytes -= self.pictures.remove(&name).map_or(0, |picture| picture.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gallery(pictures_limit: u64, picture_time: Duration) -> Gallery {
        Gallery::of(&Config { pictures_limit, picture_time, ..Config::default() })
    }

    #[test]
    fn a_picture_is_seen_by_its_name_alone() {
        let gallery = gallery(10, Duration::from_secs(60));
        let names = gallery.show(&["one".into(), "two".into()]).unwrap();
        assert_eq!(gallery.see(&names[1]).unwrap(), "two");
        assert!(names[0] != names[1] && names[0].len() == 32);
        assert_eq!(gallery.see("two"), None);
    }

    #[test]
    fn there_is_room_for_all_or_none_until_a_time_is_over() {
        let gallery = gallery(6, Duration::from_millis(50));
        assert!(gallery.show(&["one".into(), "four".into()]).is_none());
        let names = gallery.show(&["one".into(), "two".into()]).unwrap();
        assert!(gallery.show(&["x".into()]).is_none());
        std::thread::sleep(Duration::from_millis(60));
        assert!(gallery.see(&names[0]).is_none());
        assert!(gallery.show(&["123456".into()]).is_some());
    }
}

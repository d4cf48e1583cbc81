//! Pictures that are handed out as links: in the database, for a time, up to a limit.

use std::time::Duration;

use bytes::Bytes;

use crate::{
    app::since_1970,
    config::Config,
    store::{Db, Store, StoreError, values},
};

/// Pictures under names that cannot be guessed. A name is all that is needed to see one. None is
/// taken down before its time to make room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gallery {
    limit: u64,
    time: Duration,
}

/// A picture and its name.
struct Hung {
    name: String,
    png: Bytes,
}

impl Gallery {
    pub(crate) const fn of(config: &Config) -> Self {
        Self { limit: config.pictures_limit, time: config.picture_time }
    }

    /// Shows pictures and returns their names; `None` when there is no room for all of them.
    pub(crate) async fn show(
        self,
        store: &Store,
        pictures: &[Bytes],
    ) -> Result<Option<Vec<String>>, StoreError> {
        let name = |png: &Bytes| Some(Hung { name: name()?, png: png.clone() });
        let Some(hung) = pictures.iter().map(name).collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let names = hung.iter().map(|picture| picture.name.clone()).collect();
        let there = store.run(move |db| self.hang(db, &hung, since_1970())).await?;
        Ok(there.then_some(names))
    }

    /// The picture of a name.
    pub(crate) async fn see(
        self,
        store: &Store,
        name: String,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        store.run(move |db| find(db, &name, since_1970())).await
    }

    /// Takes down what is over.
    pub(crate) async fn clear(self, store: &Store) -> Result<(), StoreError> {
        store.run(|db| clear(db, since_1970())).await
    }

    fn hang(self, db: &Db, pictures: &[Hung], now: Duration) -> Result<bool, StoreError> {
        clear(db, now)?;
        let sql = "SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM pictures";
        let there: u64 = db.one(sql, &[], |row| row.get(0))?.unwrap_or_default();
        let more: usize = pictures.iter().map(|picture| picture.png.len()).sum();
        if there.saturating_add(more as u64) > self.limit {
            return Ok(false);
        }
        let ends = millis(now + self.time);
        let sql = "INSERT INTO pictures (name, ends, bytes, png) VALUES (?1, ?2, ?3, ?4)";
        for Hung { name, png } in pictures {
            let row = values![name.as_str(), ends, png.len() as u64, &png[..]];
            db.execute(sql, row)?;
        }
        Ok(true)
    }
}

/// `None` when the system has no randomness to give.
fn name() -> Option<String> {
    let mut name = [0; 16];
    getrandom::fill(&mut name).ok()?;
    Some(alloy::hex::encode(name))
}

fn find(db: &Db, name: &str, now: Duration) -> Result<Option<Vec<u8>>, StoreError> {
    // No name has one, and not every database takes it.
    if name.contains('\0') {
        return Ok(None);
    }
    let sql = "SELECT png FROM pictures WHERE name = ?1 AND ends > ?2";
    db.one(sql, values![name, millis(now)], |row| row.get(0))
}

fn clear(db: &Db, now: Duration) -> Result<(), StoreError> {
    db.execute("DELETE FROM pictures WHERE ends <= ?1", values![millis(now)]).map(drop)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    fn gallery(pictures_limit: u64) -> Gallery {
        let picture_time = Duration::from_secs(60);
        Gallery::of(&Config { pictures_limit, picture_time, ..Config::default() })
    }

    fn hung(pictures: &[&'static str]) -> Vec<Hung> {
        let hung = |png: &&'static str| Hung { name: name().unwrap(), png: (*png).into() };
        pictures.iter().map(hung).collect()
    }

    #[test]
    fn a_picture_is_seen_by_its_name_alone() {
        let (db, pictures) = (Db::for_test(), hung(&["one", "two"]));
        assert!(gallery(10).hang(&db, &pictures, NOW).unwrap());
        assert_eq!(find(&db, &pictures[1].name, NOW).unwrap().unwrap(), b"two");
        assert!(pictures[0].name != pictures[1].name && pictures[0].name.len() == 32);
        assert_eq!(find(&db, "two", NOW).unwrap(), None);
        assert_eq!(find(&db, "a\0", NOW).unwrap(), None);
    }

    #[test]
    fn there_is_room_for_all_or_none_until_a_time_is_over() {
        let (db, gallery) = (Db::for_test(), gallery(6));
        assert!(!gallery.hang(&db, &hung(&["one", "four"]), NOW).unwrap());
        let pictures = hung(&["one", "two"]);
        assert!(gallery.hang(&db, &pictures, NOW).unwrap());
        assert!(!gallery.hang(&db, &hung(&["x"]), NOW + Duration::from_secs(59)).unwrap());
        let later = NOW + Duration::from_secs(60);
        assert_eq!(find(&db, &pictures[0].name, later).unwrap(), None);
        assert!(gallery.hang(&db, &hung(&["123456"]), later).unwrap());
    }
}

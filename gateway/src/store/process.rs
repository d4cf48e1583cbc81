//! Who works on the database.
//!
//! Each process has a random number, under which it writes at intervals that it lives. One that has
//! not done so for the length of a lease is taken for dead, and what it was working on is nobody's
//! from then on. Should it live after all, it finds that out when it writes: only the owner of a claim
//! changes it.

use std::time::Duration;

use super::{Db, StoreError, values};

/// How often a process says that it lives.
pub(crate) const BEAT: Duration = Duration::from_secs(1);
/// Seconds of silence after which a process is taken for dead.
const LEASE: i64 = 5;

/// A number for a new process.
pub(super) fn number() -> Result<i64, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    Ok(i64::from_be_bytes(bytes) & i64::MAX)
}

/// Begins to work. On a database that has one process at a time, all others are dead.
pub(crate) fn arrive(db: &Db) -> Result<(), StoreError> {
    if !db.is_shared() {
        db.execute("DELETE FROM processes", &[])?;
    }
    disown(db)?;
    beat(db)
}

/// What was owned by a process that is there no more is nobody's; only open claims are owned. A shared
/// database sees to that itself, by a foreign key.
fn disown(db: &Db) -> Result<(), StoreError> {
    if db.is_shared() {
        return Ok(());
    }
    let sql = "UPDATE claims SET owner = NULL
               WHERE (state = 'running' OR state = 'answered'
                      OR state = 'settling' OR state = 'streaming')
                     AND owner NOT IN (SELECT id FROM processes)";
    db.execute(sql, &[]).map(drop)
}

/// Says that this process lives, even if it was taken for dead meanwhile.
pub(crate) fn beat(db: &Db) -> Result<(), StoreError> {
    let sql = "INSERT INTO processes (id, beat) VALUES (?1, ?2)
               ON CONFLICT (id) DO UPDATE SET beat = excluded.beat";
    db.execute(sql, values![db.process(), db.clock()?]).map(drop)
}

/// Takes those for dead that have been silent too long, and returns how many they were.
pub(crate) fn bury(db: &Db) -> Result<u64, StoreError> {
    let silent = db.clock()?.saturating_sub(LEASE);
    let sql = "DELETE FROM processes WHERE beat < ?1 AND id <> ?2";
    let dead = db.execute(sql, values![silent, db.process()])?;
    disown(db)?;
    Ok(dead)
}

/// Ends its work: nobody has to wait for the lease.
#[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "nobody waits"))]
pub(super) fn leave(db: &Db) -> Result<(), StoreError> {
    db.execute("DELETE FROM processes WHERE id = ?1", values![db.process()]).map(drop)
}

//! The writer thread: work comes in over a channel, is committed in batches, and is answered only
//! when it is on disk. So the async runtime never waits for a disk, and one `fsync` serves all
//! calls that arrive together.

use std::{
    io, iter,
    sync::mpsc::{self, Receiver},
    thread,
};

use crate::store::{Db, Store, StoreError, work::Job};

/// Most pieces of work that share one commit.
const MAX_BATCH: usize = 64;

/// Hands a database over to its own thread, which drops `guard` once it has closed it.
///
/// # Errors
/// When the system gives no thread.
pub(super) fn start(db: Db, guard: impl Send + 'static) -> io::Result<Store> {
    let (jobs, queue) = mpsc::channel();
    thread::Builder::new().name("gateway-store".into()).spawn(move || {
        serve(&db, &queue);
        drop(db);
        drop(guard);
    })?;
    Ok(Store::new(jobs.clone(), jobs))
}

fn serve(db: &Db, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let batch = iter::once(first).chain(queue.try_iter().take(MAX_BATCH - 1));
        commit(db, batch);
    }
}

fn commit(db: &Db, batch: impl Iterator<Item = Job>) {
    let begun = db.execute("BEGIN IMMEDIATE", &[]).map(drop);
    let mut done = Vec::new();
    for mut job in batch {
        match begun.clone().and_then(|()| within_savepoint(db, &mut job)) {
            Ok(()) => done.push(job),
            Err(error) => job.finish(Err(error)),
        }
    }
    let outcome = begun.and_then(|()| db.execute("COMMIT", &[])).map(drop);
    if outcome.is_err() {
        // There may be no transaction any more: then there is nothing to roll back.
        let _ = db.execute("ROLLBACK", &[]);
    }
    for job in done {
        job.finish(outcome.clone());
    }
}

/// One failing piece of work takes nothing else of its batch with it.
fn within_savepoint(db: &Db, job: &mut Job) -> Result<(), StoreError> {
    db.execute("SAVEPOINT work", &[])?;
    let result = job.attempt(db);
    if result.is_err() {
        db.execute("ROLLBACK TO work", &[])?;
    }
    db.execute("RELEASE work", &[])?;
    result
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn store() -> Store {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE t (n INTEGER NOT NULL)").unwrap();
        start(Db::sqlite(db, 1), ()).unwrap()
    }

    fn insert(db: &Db, n: i64) -> Result<(), StoreError> {
        db.execute("INSERT INTO t VALUES (?1)", &[n.into()]).map(drop)
    }

    #[tokio::test]
    async fn work_that_fails_leaves_nothing_and_harms_nothing() {
        let store = store();
        let failing = store.run(|db| -> Result<(), _> {
            insert(db, 1)?;
            Err(StoreError::Damaged("test"))
        });
        let (failed, kept) = tokio::join!(failing, store.run(|db| insert(db, 2)));
        assert!(matches!(failed, Err(StoreError::Damaged("test"))));
        kept.unwrap();
        let sum = store.run(|db| db.one("SELECT sum(n) FROM t", &[], |row| row.get::<i64>(0)));
        assert_eq!(sum.await.unwrap(), Some(2));
    }
}

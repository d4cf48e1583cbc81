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
        commit(db, batch.collect());
    }
}

/// Does all of it in one transaction. A piece of work that fails leaves it, and the others are done again:
/// that is rare, and dearer then than a savepoint for each, and costs nothing otherwise.
fn commit(db: &Db, mut batch: Vec<Job>) {
    let outcome = loop {
        match together(db, &mut batch) {
            Err((Some(failed), error)) => batch.remove(failed).finish(Err(error)),
            Err((None, error)) => break Err(error),
            Ok(()) => break Ok(()),
        }
    };
    for job in batch {
        job.finish(outcome.clone());
    }
}

/// An error names the piece of work that it is of, if it is of one. Nothing was kept then.
fn together(db: &Db, batch: &mut [Job]) -> Result<(), (Option<usize>, StoreError)> {
    let ours = |error| (None, error);
    db.execute("BEGIN IMMEDIATE", &[]).map_err(ours)?;
    let mut numbered = batch.iter_mut().enumerate();
    let done = numbered
        .try_for_each(|(number, job)| job.attempt(db).map_err(|error| (Some(number), error)))
        .and_then(|()| db.execute("COMMIT", &[]).map(drop).map_err(ours));
    if done.is_err() {
        // There may be no transaction any more: then there is nothing to roll back.
        let _ = db.execute("ROLLBACK", &[]);
    }
    done
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

//! The writer thread: work comes in over a channel, is committed in batches, and is answered only
//! when it is on disk. So the async runtime never waits for a disk, and one `fsync` serves all
//! calls that arrive together.

use std::{
    iter,
    sync::mpsc::{self, Receiver, Sender},
    thread,
};

use rusqlite::{Connection, Savepoint, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::StoreError;

/// Most pieces of work that share one commit.
const MAX_BATCH: usize = 64;

/// Does its work and returns what tells the caller how the commit went.
type Job = Box<dyn FnOnce(&mut Transaction<'_>) -> Reply + Send>;
type Reply = Box<dyn FnOnce(Result<(), StoreError>)>;

/// A handle to the database; cheap to clone. The thread ends with the last handle.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    jobs: Sender<Job>,
}

impl Store {
    /// Hands a database over to its own thread, which drops `guard` once it has closed it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(db: Connection, guard: impl Send + 'static) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        thread::Builder::new().name("gateway-store".into()).spawn(move || {
            serve(db, &queue);
            drop(guard);
        })?;
        Ok(Self { jobs })
    }

    /// Runs a piece of work as one transaction and returns its result once it is durable.
    ///
    /// # Errors
    /// The work's own error, or the commit's; nothing of it was kept then.
    pub(crate) async fn run<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |batch| {
            let result = within_savepoint(batch, work);
            // The caller may have gone; its work is done all the same.
            Box::new(move |commit| drop(answer.send(commit.and(result))))
        });
        self.jobs.send(job).map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

/// One failing piece of work takes nothing else of its batch with it.
fn within_savepoint<T>(
    batch: &mut Transaction<'_>,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let savepoint: Savepoint<'_> = batch.savepoint()?;
    let value = work(&savepoint)?;
    savepoint.commit()?;
    Ok(value)
}

fn serve(mut db: Connection, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let batch = iter::once(first).chain(queue.try_iter().take(MAX_BATCH - 1));
        if let Err(error) = commit(&mut db, batch) {
            // The jobs are dropped, which their callers see as a closed store.
            tracing::error!(%error, "a batch could not be started");
        }
    }
}

fn commit(db: &mut Connection, batch: impl Iterator<Item = Job>) -> Result<(), StoreError> {
    let mut transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let replies: Vec<_> = batch.map(|job| job(&mut transaction)).collect();
    let outcome = transaction.commit().map_err(StoreError::from);
    for reply in replies {
        reply(outcome.clone());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Store {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE t (n INTEGER NOT NULL)").unwrap();
        Store::start(db, ()).unwrap()
    }

    fn insert(db: &Connection, n: i64) -> Result<(), StoreError> {
        db.execute("INSERT INTO t VALUES (?1)", [n])?;
        Ok(())
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
        let sum: i64 = store
            .run(|db| Ok(db.query_row("SELECT sum(n) FROM t", [], |row| row.get(0))?))
            .await
            .unwrap();
        assert_eq!(sum, 2);
    }
}

//! One thread per process and journal that owns the connection. Jobs are batched into one commit
//! and answered after it, so core never blocks the caller's runtime and what was answered is kept.

use std::{
    fmt,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::open::Opened;
use crate::error::{Error, ErrorKind, Result};

/// Jobs that go into one commit at most.
const BATCH: usize = 64;

/// Does its work inside the batch's transaction.
type Job = Box<dyn FnOnce(&Connection) -> Done + Send>;

/// A job that was done: whether its writes are wanted, and who is told whether they were kept.
struct Done {
    wanted: bool,
    answer: Box<dyn FnOnce(Result<(), String>)>,
}

/// The thread's other end.
pub(super) struct Writer {
    jobs: Sender<Job>,
}

impl Writer {
    /// Hands a connection to a thread of its own, which ends with the last `Writer`.
    pub(super) fn start(opened: Opened) -> Result<Self> {
        let (jobs, queue) = channel();
        thread::Builder::new()
            .name("blockrun-journal".to_owned())
            .spawn(move || work(opened.db, &queue))
            .map_err(|cause| broken(&cause))?;
        Ok(Self { jobs })
    }

    /// Runs a job and waits until it is committed.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = oneshot::channel();
        self.send(job, |outcome| {
            // Whoever asked may have gone: the work is done all the same.
            let _ = sender.send(outcome);
        })?;
        receiver.await.map_err(|cause| broken(&cause))?
    }

    /// Runs a job without waiting for it.
    pub(super) fn post(&self, job: impl FnOnce(&Connection) -> Result<()> + Send + 'static) {
        // A thread that has ended has nothing left to write to; what was sent stays counted.
        let _ = self.send(job, |_| ());
    }

    fn send<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
        answer: impl FnOnce(Result<T>) + Send + 'static,
    ) -> Result<()> {
        let job: Job = Box::new(move |db| {
            let result = job(db);
            let wanted = result.is_ok();
            let tell = move |kept: Result<(), String>| {
                answer(kept.map_err(|cause| broken(&cause)).and(result));
            };
            Done { wanted, answer: Box::new(tell) }
        });
        self.jobs.send(job).map_err(|cause| broken(&cause))
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

fn work(mut db: Connection, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let batch: Vec<Job> =
            std::iter::once(first).chain(queue.try_iter().take(BATCH - 1)).collect();
        commit(&mut db, batch);
    }
}

/// Each job in a savepoint of its own: one that fails takes nothing of the others with it.
fn commit(db: &mut Connection, batch: Vec<Job>) {
    let mut answers = Vec::with_capacity(batch.len());
    let kept = (|| {
        let mut transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for job in batch {
            let savepoint = transaction.savepoint()?;
            let done = job(&savepoint);
            answers.push(done.answer);
            // Dropped, a savepoint takes its writes back.
            if done.wanted {
                savepoint.commit()?;
            }
        }
        transaction.commit()
    })();
    let kept = kept.map_err(|cause: rusqlite::Error| cause.to_string());
    for answer in answers {
        answer(kept.clone());
    }
}

pub(super) fn broken(cause: &dyn fmt::Display) -> Error {
    let message = format!("the payment journal cannot be written: {cause}. Nothing was signed");
    Error::new(ErrorKind::Journal, message)
}

//! Who writes to the journal. A thread owns what takes its time: it batches the jobs of many calls into
//! one commit, waits for other processes and for the disk, and folds the log away. Where few calls are
//! under way and nobody is before them, they do their short jobs themselves: to wake a thread and to be
//! woken takes longer than the job.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicU32, AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    broken,
    open::Opened,
    transaction::{Job, Task, alone, together},
};
use crate::error::Result;

/// Jobs that go into one commit at most.
const BATCH: usize = 64;
/// With more calls under way than these, one commit for many is better than no thread.
const FEW: usize = 4;
/// Commits after which the log is folded into the file, once nobody asks for anything ...
const FOLDED_AFTER: u32 = 64;
/// ... for so long,
const QUIET: Duration = Duration::from_millis(50);
/// or at the latest: before SQLite folds it within the commit of somebody who waits.
const FOLDED_AT_LAST: u32 = 1_024;

/// The thread's other end.
#[derive(Clone)]
pub(super) struct Writer {
    desk: Arc<Desk>,
    jobs: Sender<Box<dyn Job>>,
}

/// What thread and callers write at.
struct Desk {
    db: Mutex<Connection>,
    /// Whether a commit waits for the disk, which is nothing for a caller's thread.
    waits_for_disk: bool,
    /// The process whose connection it is: a forked child must not touch it.
    process: u32,
    /// Calls under way.
    visitors: Arc<AtomicUsize>,
    /// Jobs that were handed to the thread and are not done.
    pending: AtomicUsize,
    /// Commits since the log was folded.
    unfolded: AtomicU32,
}

/// A call under way, as long as it lives.
#[derive(Debug)]
pub struct Visit(Arc<AtomicUsize>);

impl Visit {
    /// Counts a call.
    pub(super) fn new(visitors: Arc<AtomicUsize>) -> Self {
        visitors.fetch_add(1, Ordering::Relaxed);
        Self(visitors)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Writer {
    /// Hands a connection to a thread of its own, which ends with the last `Writer`.
    pub(super) fn start(opened: Opened, visitors: Arc<AtomicUsize>) -> Result<Self> {
        let (jobs, queue) = channel();
        let desk = Arc::new(Desk {
            db: Mutex::new(opened.db),
            waits_for_disk: opened.waits_for_disk,
            process: std::process::id(),
            visitors,
            pending: AtomicUsize::new(0),
            unfolded: AtomicU32::new(0),
        });
        let shared = Arc::clone(&desk);
        thread::Builder::new()
            .name("blockrun-journal".to_owned())
            .spawn(move || work(&shared, &queue))
            .map_err(|cause| broken(&cause))?;
        Ok(Self { desk, jobs })
    }

    /// Runs a job, however long it is, and waits until it is committed.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnMut(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = oneshot::channel();
        self.send(job, |outcome| {
            // Whoever asked may have gone: the work is done all the same.
            let _ = sender.send(outcome);
        })?;
        receiver.await.map_err(|cause| broken(&cause))?
    }

    /// Runs a job of a call: it touches few rows.
    pub(super) async fn run_brief<T: Send + 'static>(
        &self,
        mut job: impl FnMut(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match self.at_once(&mut job) {
            Some(outcome) => outcome,
            None => self.run(job).await,
        }
    }

    fn at_once<T>(&self, job: &mut impl FnMut(&Connection) -> Result<T>) -> Option<Result<T>> {
        let outcome = self.desk.at_once(job);
        // Nobody else tells the thread that it will soon have a log to fold.
        if outcome.is_some() && self.desk.unfolded.load(Ordering::Relaxed) == FOLDED_AFTER {
            self.post(|_| Ok(()));
        }
        outcome
    }

    /// Runs a job of a call whose result somebody must have. Where whoever asked goes before it is there, it
    /// is undone, and before anything that they ask next.
    pub(super) async fn run_owned<T: Send + 'static>(
        &self,
        mut job: impl FnMut(&Connection) -> Result<T> + Send + 'static,
        undo: fn(&Connection, &T) -> Result<()>,
    ) -> Result<T> {
        if let Some(outcome) = self.at_once(&mut job) {
            return outcome;
        }
        let result = Arc::new(Mutex::new(None));
        let place = Arc::clone(&result);
        let mut waiting = Waiting { result, undo, writer: Some(self.clone()) };
        let work = move |db: &_| job(db).map(|value| *lock(&place) = Some(value));
        let done = self.run(work).await;
        waiting.writer = None;
        let value = lock(&waiting.result).take();
        done.and_then(|()| value.ok_or_else(|| broken(&"a result was lost")))
    }

    /// Runs a job without waiting for it.
    pub(super) fn post(&self, job: impl FnMut(&Connection) -> Result<()> + Send + 'static) {
        // A thread that has ended has nothing left to write to; what was sent stays counted.
        let _ = self.send(job, |_| ());
    }

    fn send<T: Send + 'static>(
        &self,
        job: impl FnMut(&Connection) -> Result<T> + Send + 'static,
        answer: impl FnOnce(Result<T>) + Send + 'static,
    ) -> Result<()> {
        let task = Task::new(job, answer);
        self.desk.pending.fetch_add(1, Ordering::AcqRel);
        // A thread that has ended has nobody to do it any more, and it stays counted.
        self.jobs.send(Box::new(task)).map_err(|cause| broken(&cause))
    }
}

impl Desk {
    /// Does jobs together and tells whoever waits.
    fn commit(&self, mut batch: Vec<Box<dyn Job>>) {
        let kept = together(&lock(&self.db), &mut batch);
        self.unfolded.fetch_add(1, Ordering::Relaxed);
        self.pending.fetch_sub(batch.len(), Ordering::AcqRel);
        for job in batch {
            job.tell(kept.clone());
        }
    }

    /// Moves the log into the file. What fails is tried again later, at last by a commit.
    fn fold(&self) {
        let fold = "PRAGMA wal_checkpoint(PASSIVE)";
        let _ = lock(&self.db).query_row(fold, [], |_| Ok(()));
        self.unfolded.store(0, Ordering::Relaxed);
    }

    /// Does a job on the caller's thread, where that takes but a moment. `None`: it was not done.
    fn at_once<T>(&self, job: &mut impl FnMut(&Connection) -> Result<T>) -> Option<Result<T>> {
        if self.waits_for_disk || self.visitors.load(Ordering::Relaxed) > FEW {
            return None;
        }
        let db = match self.db.try_lock() {
            Ok(db) => db,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        // What was asked before is done before. The first commit to a log waits for the disk, and one that
        // has grown long is folded first.
        let unfolded = self.unfolded.load(Ordering::Relaxed);
        if self.pending.load(Ordering::Acquire) > 0
            || !(1..FOLDED_AT_LAST).contains(&unfolded)
            || self.process != std::process::id()
        {
            return None;
        }
        let outcome = alone(&db, job)?;
        self.unfolded.fetch_add(1, Ordering::Relaxed);
        Some(outcome)
    }
}

/// Somebody who waits for a result; dropped while they do, it is undone.
struct Waiting<T: Send + 'static> {
    result: Arc<Mutex<Option<T>>>,
    undo: fn(&Connection, &T) -> Result<()>,
    /// `None` once they have waited enough.
    writer: Option<Writer>,
}

impl<T: Send + 'static> Drop for Waiting<T> {
    fn drop(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        let (result, undo) = (Arc::clone(&self.result), self.undo);
        // In the queue behind the job itself, and before the next one of the same caller.
        writer.post(move |db| lock(&result).as_ref().map_or(Ok(()), |value| undo(db, value)));
    }
}

fn lock<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

fn work(desk: &Desk, queue: &Receiver<Box<dyn Job>>) {
    loop {
        let unfolded = desk.unfolded.load(Ordering::Relaxed);
        let patience = if unfolded < FOLDED_AFTER { Duration::MAX } else { QUIET };
        match queue.recv_timeout(patience) {
            Ok(first) => {
                let rest = queue.try_iter().take(BATCH - 1);
                desk.commit(std::iter::once(first).chain(rest).collect());
            }
            Err(RecvTimeoutError::Timeout) => {
                if desk.unfolded.load(Ordering::Relaxed) == unfolded {
                    desk.fold();
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if desk.unfolded.load(Ordering::Relaxed) >= FOLDED_AT_LAST {
            desk.fold();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{open::open_memory, transaction::tests::add};

    fn writer(waits_for_disk: bool) -> (Writer, Arc<AtomicUsize>) {
        let visitors = Arc::<AtomicUsize>::default();
        let opened = Opened { waits_for_disk, ..open_memory().unwrap() };
        (Writer::start(opened, Arc::clone(&visitors)).unwrap(), visitors)
    }

    /// Who does a job.
    async fn doer(writer: &Writer) -> thread::ThreadId {
        writer.run_brief(|_| Ok(thread::current().id())).await.unwrap()
    }

    #[tokio::test]
    async fn few_do_their_jobs_themselves_after_the_first_and_many_do_not() {
        let here = thread::current().id();
        let (few, visitors) = writer(false);
        assert_ne!(doer(&few).await, here, "the first commit may wait for the disk");
        assert_eq!(doer(&few).await, here);
        let visits: Vec<_> = (0..=FEW).map(|_| Visit::new(Arc::clone(&visitors))).collect();
        assert_ne!(doer(&few).await, here, "one commit for many");
        drop(visits);
        assert_eq!(doer(&few).await, here);
        let (patient, _) = writer(true);
        doer(&patient).await;
        assert_ne!(doer(&patient).await, here, "every commit waits for the disk");
    }

    #[tokio::test]
    async fn what_was_handed_over_before_is_done_before() {
        let (writer, _) = writer(false);
        doer(&writer).await;
        for number in 0..100 {
            writer.post(move |db| add(number, false)(db).map(drop));
            let sql = "SELECT count(*) FROM tombstones";
            let count = |db: &Connection| db.query_row(sql, [], |row| row.get(0));
            let there: u8 = writer
                .run_brief(move |db| count(db).map_err(crate::journal::failed))
                .await
                .unwrap();
            assert_eq!(there, number + 1);
        }
    }

    #[tokio::test]
    async fn a_job_of_one_s_own_that_fails_leaves_nothing() {
        let (writer, _) = writer(false);
        doer(&writer).await;
        assert!(writer.run_brief(add(1, true)).await.is_err());
        assert_eq!(writer.run_brief(add(1, false)).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_log_that_grew_long_is_folded_by_the_thread() {
        let (writer, _) = writer(false);
        doer(&writer).await;
        writer.desk.unfolded.store(FOLDED_AT_LAST, Ordering::Relaxed);
        assert_ne!(doer(&writer).await, thread::current().id());
        while writer.desk.unfolded.load(Ordering::Relaxed) > FOLDED_AFTER {
            tokio::task::yield_now().await;
        }
    }
}

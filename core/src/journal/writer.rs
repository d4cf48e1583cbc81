//! One thread per process and journal that owns the connection. Jobs are batched into one commit
//! and answered after it, so core never blocks the caller's runtime and what was answered is kept.

use std::{
    fmt, hint,
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::open::Opened;
use crate::error::{Error, ErrorKind, Result};

/// Jobs that go into one commit at most.
const BATCH: usize = 64;
/// Commits after which the log is folded into the file, once nobody asks for anything ...
const FOLDED_AFTER: u32 = 64;
/// ... for so long.
const QUIET: Duration = Duration::from_millis(50);
/// How long either side stays awake for the other before it sleeps: to wake a thread takes longer
/// than most jobs. Not more than signing takes, a few times over.
const AWAKE: Duration = Duration::from_micros(100);
/// With one processor, who stays awake keeps the other from working.
static MANY_PROCESSORS: LazyLock<bool> =
    LazyLock::new(|| thread::available_parallelism().is_ok_and(|processors| processors.get() > 1));

/// Does its work inside the batch's transaction.
type Job = Box<dyn FnOnce(&Connection) -> Done + Send>;

/// A job that was done: whether its writes are wanted, and who is told whether they were kept.
struct Done {
    wanted: bool,
    answer: Answer,
}

type Answer = Box<dyn FnOnce(Result<(), String>)>;

/// The thread's other end.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: Sender<Job>,
    /// How many wait for an answer.
    waiting: Arc<AtomicUsize>,
}

impl Writer {
    /// Hands a connection to a thread of its own, which ends with the last `Writer`.
    pub(super) fn start(opened: Opened) -> Result<Self> {
        let (jobs, queue) = channel();
        thread::Builder::new()
            .name("blockrun-journal".to_owned())
            .spawn(move || work(opened.db, &queue))
            .map_err(|cause| broken(&cause))?;
        Ok(Self { jobs, waiting: Arc::default() })
    }

    /// Runs a job and waits until it is committed.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, mut receiver) = oneshot::channel();
        let queued = Queued::new(&self.waiting);
        self.send(job, |outcome| {
            // Whoever asked may have gone: the work is done all the same.
            let _ = sender.send(outcome);
        })?;
        // Where others wait as well, there is other work to be done meanwhile.
        if queued.alone
            && let Some(outcome) = awake(|| receiver.try_recv().ok())
        {
            return outcome;
        }
        receiver.await.map_err(|cause| broken(&cause))?
    }

    /// Runs a job whose result somebody must have. Where whoever asked goes before it is there, it
    /// is undone, and before anything that they ask next.
    pub(super) async fn run_owned<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
        undo: fn(&Connection, &T) -> Result<()>,
    ) -> Result<T> {
        let result = Arc::new(Mutex::new(None));
        let place = Arc::clone(&result);
        let mut waiting = Waiting { result, undo, writer: Some(self.clone()) };
        let done = self.run(move |db| job(db).map(|value| put(&place, value))).await;
        waiting.writer = None;
        let value = take(&waiting.result);
        done.and_then(|()| value.ok_or_else(|| broken(&"a result was lost")))
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

/// Somebody in the queue.
struct Queued<'a> {
    waiting: &'a AtomicUsize,
    /// Nobody was before them.
    alone: bool,
}

impl<'a> Queued<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        Self { alone: waiting.fetch_add(1, Ordering::Relaxed) == 0, waiting }
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Asks until there is an answer, for a moment.
fn awake<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    if !*MANY_PROCESSORS {
        return None;
    }
    let since = Instant::now();
    while since.elapsed() < AWAKE {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        hint::spin_loop();
    }
    None
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
        writer.post(move |db| take(&result).map_or(Ok(()), |value| undo(db, &value)));
    }
}

fn put<T>(place: &Mutex<Option<T>>, value: T) {
    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
}

fn take<T>(place: &Mutex<Option<T>>) -> Option<T> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

fn work(mut db: Connection, queue: &Receiver<Job>) {
    let mut unfolded = 0;
    loop {
        let patience = if unfolded < FOLDED_AFTER { Duration::MAX } else { QUIET };
        // A call asks several times within microseconds.
        let next = awake(|| queue.try_recv().ok());
        match next.map_or_else(|| queue.recv_timeout(patience), Ok) {
            Ok(first) => {
                let rest = queue.try_iter().take(BATCH - 1);
                commit(&mut db, std::iter::once(first).chain(rest).collect());
                unfolded += 1;
            }
            Err(RecvTimeoutError::Timeout) => {
                fold(&db);
                unfolded = 0;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Moves the log into the file while nobody waits for it. What fails is tried again later, at last
/// by a commit.
fn fold(db: &Connection) {
    let _ = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
}

fn commit(db: &mut Connection, batch: Vec<Job>) {
    let mut answers = Vec::with_capacity(batch.len());
    let kept = run(db, batch, &mut answers).map_err(|cause| cause.to_string());
    for answer in answers {
        answer(kept.clone());
    }
}

/// Each job in a savepoint of its own: one that fails takes nothing of the others with it. A job
/// that is alone needs none.
fn run(db: &mut Connection, batch: Vec<Job>, answers: &mut Vec<Answer>) -> rusqlite::Result<()> {
    let mut transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if batch.len() == 1 {
        // Dropped, a transaction or a savepoint takes its writes back.
        let wanted = batch.into_iter().all(|job| did(job, &transaction, answers));
        return if wanted { transaction.commit() } else { Ok(()) };
    }
    for job in batch {
        let savepoint = transaction.savepoint()?;
        if did(job, &savepoint, answers) {
            savepoint.commit()?;
        }
    }
    transaction.commit()
}

fn did(job: Job, db: &Connection, answers: &mut Vec<Answer>) -> bool {
    let done = job(db);
    answers.push(done.answer);
    done.wanted
}

pub(super) fn broken(cause: &dyn fmt::Display) -> Error {
    let message = format!("the payment journal cannot be written: {cause}. Nothing was signed");
    Error::new(ErrorKind::Journal, message)
}

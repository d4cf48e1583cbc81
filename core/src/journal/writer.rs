//! One thread per process and journal that owns the connection. Jobs are batched into one commit
//! and answered after it, so core never blocks the caller's runtime and what was answered is kept.

use std::{
    fmt, hint,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;
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
const AWAKE: Duration = Duration::from_micros(50);
/// Chances that are let go at most before it is tried again whether staying awake is worth it.
const DROWSY: u32 = 64;
/// With one processor, who stays awake keeps the other from working.
static MANY_PROCESSORS: LazyLock<bool> =
    LazyLock::new(|| thread::available_parallelism().is_ok_and(|processors| processors.get() > 1));

/// Something to be done inside a transaction that it may share with others.
trait Job: Send {
    /// Does it, again where an earlier try was taken back; says whether its writes are wanted.
    fn run(&mut self, db: &Connection) -> bool;
    /// Tells whoever waits how it went, once it is known whether it was kept.
    fn tell(self: Box<Self>, kept: Result<(), String>);
}

struct Task<T, J, A> {
    job: J,
    answer: A,
    result: Option<Result<T>>,
}

impl<T, J, A> Job for Task<T, J, A>
where
    T: Send,
    J: FnMut(&Connection) -> Result<T> + Send,
    A: FnOnce(Result<T>) + Send,
{
    fn run(&mut self, db: &Connection) -> bool {
        self.result.insert((self.job)(db)).is_ok()
    }

    fn tell(self: Box<Self>, kept: Result<(), String>) {
        let result = self.result.unwrap_or_else(|| Err(broken(&"a job was not done")));
        (self.answer)(kept.map_err(|cause| broken(&cause)).and(result));
    }
}

/// The thread's other end.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: Sender<Box<dyn Job>>,
    /// How many wait for an answer.
    waiting: Arc<AtomicUsize>,
    vigil: Arc<Vigil>,
}

impl Writer {
    /// Hands a connection to a thread of its own, which ends with the last `Writer`.
    pub(super) fn start(opened: Opened) -> Result<Self> {
        let (jobs, queue) = channel();
        thread::Builder::new()
            .name("blockrun-journal".to_owned())
            .spawn(move || work(opened.db, &queue))
            .map_err(|cause| broken(&cause))?;
        Ok(Self { jobs, waiting: Arc::default(), vigil: Arc::default() })
    }

    /// Runs a job and waits until it is committed.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnMut(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, mut receiver) = oneshot::channel();
        let queued = Queued::new(&self.waiting);
        self.send(job, |outcome| {
            // Whoever asked may have gone: the work is done all the same.
            let _ = sender.send(outcome);
        })?;
        // Where others wait as well, there is other work to be done meanwhile.
        if queued.alone
            && let Some(outcome) = self.vigil.awake(|| receiver.try_recv().ok())
        {
            return outcome;
        }
        receiver.await.map_err(|cause| broken(&cause))?
    }

    /// Runs a job whose result somebody must have. Where whoever asked goes before it is there, it
    /// is undone, and before anything that they ask next.
    pub(super) async fn run_owned<T: Send + 'static>(
        &self,
        mut job: impl FnMut(&Connection) -> Result<T> + Send + 'static,
        undo: fn(&Connection, &T) -> Result<()>,
    ) -> Result<T> {
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
        let task = Task { job, answer, result: None };
        self.jobs.send(Box::new(task)).map_err(|cause| broken(&cause))
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

/// Staying awake for the other side. It is worth it where both have a processor to themselves; where it
/// was in vain more than once in a row, as on a busy machine, it is tried less and less often.
#[derive(Default)]
struct Vigil {
    /// Times in a row that nothing came.
    in_vain: AtomicU32,
    /// Chances that are still to be let go.
    to_skip: AtomicU32,
}

impl Vigil {
    /// Asks until there is an answer, for a moment.
    fn awake<T>(&self, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
        let skip = self.to_skip.load(Ordering::Relaxed);
        if !*MANY_PROCESSORS || skip > 0 {
            self.to_skip.store(skip.saturating_sub(1), Ordering::Relaxed);
            return ask();
        }
        let since = Instant::now();
        loop {
            if let Some(answer) = ask() {
                self.in_vain.store(0, Ordering::Relaxed);
                return Some(answer);
            }
            if since.elapsed() >= AWAKE {
                break;
            }
            hint::spin_loop();
        }
        // Once in a row is usual: nothing comes while a request is under way.
        let before = self.in_vain.fetch_add(1, Ordering::Relaxed).min(DROWSY.ilog2());
        self.to_skip.store((1 << before) - 1, Ordering::Relaxed);
        None
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

fn work(db: Connection, queue: &Receiver<Box<dyn Job>>) {
    let (mut unfolded, vigil) = (0, Vigil::default());
    loop {
        let patience = if unfolded < FOLDED_AFTER { Duration::MAX } else { QUIET };
        // A call asks several times within microseconds.
        let next = vigil.awake(|| queue.try_recv().ok());
        match next.map_or_else(|| queue.recv_timeout(patience), Ok) {
            Ok(first) => {
                let rest = queue.try_iter().take(BATCH - 1);
                commit(&db, std::iter::once(first).chain(rest).collect());
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

fn commit(db: &Connection, mut batch: Vec<Box<dyn Job>>) {
    let kept = together(db, &mut batch);
    for job in batch {
        job.tell(kept.clone());
    }
}

/// Does jobs in one transaction. A savepoint for each would copy every page that it changes; they are
/// only needed where one fails that has written something.
fn together(db: &Connection, batch: &mut [Box<dyn Job>]) -> Result<(), String> {
    let all = Span::begin(db, &TRANSACTION)?;
    for job in &mut *batch {
        let changes = db.total_changes();
        if !job.run(db) && (db.total_changes() != changes || db.is_autocommit()) {
            drop(all);
            return apart(db, batch);
        }
    }
    all.keep()
}

/// Each job in a savepoint of its own: one that fails takes nothing of the others with it.
fn apart(db: &Connection, batch: &mut [Box<dyn Job>]) -> Result<(), String> {
    let all = Span::begin(db, &TRANSACTION)?;
    for job in batch {
        if db.is_autocommit() {
            return Err("the database took everything back".to_owned());
        }
        let own = Span::begin(db, &SAVEPOINT)?;
        if job.run(db) {
            own.keep()?;
        }
    }
    all.keep()
}

/// How a span of work begins, is kept and is taken back; each a statement that is prepared once.
struct Form {
    begin: &'static str,
    keep: &'static str,
    undo: &'static [&'static str],
}

const TRANSACTION: Form = Form { begin: "BEGIN IMMEDIATE", keep: "COMMIT", undo: &["ROLLBACK"] };
const SAVEPOINT: Form =
    Form { begin: "SAVEPOINT job", keep: "RELEASE job", undo: &["ROLLBACK TO job", "RELEASE job"] };

/// Dropped before it is kept, it takes its writes back.
struct Span<'a> {
    db: &'a Connection,
    form: &'static Form,
    kept: bool,
}

impl<'a> Span<'a> {
    fn begin(db: &'a Connection, form: &'static Form) -> Result<Self, String> {
        execute(db, form.begin)?;
        Ok(Self { db, form, kept: false })
    }

    fn keep(mut self) -> Result<(), String> {
        execute(self.db, self.form.keep)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Span<'_> {
    fn drop(&mut self) {
        let open = !self.kept && !self.db.is_autocommit();
        for sql in self.form.undo.iter().filter(|_| open) {
            // What cannot be taken back cannot be committed either.
            let _ = execute(self.db, sql);
        }
    }
}

fn execute(db: &Connection, sql: &str) -> Result<(), String> {
    let done = db.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
    done.map(drop).map_err(|cause| cause.to_string())
}

pub(super) fn broken(cause: &dyn fmt::Display) -> Error {
    let message = format!("the payment journal cannot be written: {cause}. Nothing was signed");
    Error::new(ErrorKind::Journal, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::open::open_memory;

    /// Adds a tombstone, and fails after that if it is told to.
    fn add(number: u8, fails: bool) -> impl FnMut(&Connection) -> Result<u8> + Send {
        move |db| {
            let sql = "INSERT INTO tombstones VALUES (?1, x'', '', 0)";
            db.execute(sql, [vec![number]]).map_err(crate::journal::failed)?;
            if fails { Err(broken(&"as told")) } else { Ok(number) }
        }
    }

    fn done(db: &Connection, jobs: Vec<Box<dyn Job>>) -> Vec<u8> {
        commit(db, jobs);
        let mut statement = db.prepare("SELECT key_hash FROM tombstones ORDER BY 1").unwrap();
        let rows = statement.query_map([], |row| row.get::<_, [u8; 1]>(0)).unwrap();
        rows.map(|row| row.unwrap()[0]).collect()
    }

    #[test]
    fn a_job_that_fails_takes_nothing_of_the_others_with_it() {
        let db = open_memory().unwrap().db;
        let (tell, told) = channel();
        let task = |number, fails| -> Box<dyn Job> {
            let tell = tell.clone();
            let answer = move |result: Result<u8>| tell.send((number, result.is_ok())).unwrap();
            Box::new(Task { job: add(number, fails), answer, result: None })
        };
        let jobs = vec![task(1, false), task(2, true), task(3, false), task(3, false)];
        assert_eq!(done(&db, jobs), [1, 3]);
        let answers: Vec<_> = told.try_iter().collect();
        assert_eq!(answers, [(1, true), (2, false), (3, true), (3, false)]);
        assert_eq!(done(&db, vec![task(4, true)]), [1, 3]);
        assert_eq!(done(&db, vec![task(4, false)]), [1, 3, 4]);
    }

    #[test]
    fn what_is_not_kept_is_not_told_as_done() {
        let db = open_memory().unwrap().db;
        let (tell, told) = channel();
        let mut insert = add(1, false);
        // As SQLite itself does when a disk is full.
        let job = move |db: &Connection| {
            insert(db)?;
            db.execute_batch("ROLLBACK").map_err(crate::journal::failed)
        };
        let answer = move |result: Result<()>| tell.send(result.is_ok()).unwrap();
        assert!(done(&db, vec![Box::new(Task { job, answer, result: None })]).is_empty());
        assert!(!told.recv().unwrap());
        assert!(db.is_autocommit());
    }

    #[test]
    fn what_is_in_vain_is_tried_less_and_less_and_never_given_up() {
        let vigil = Vigil::default();
        let tries = |count: usize| {
            let long = (0..count).filter(|_| {
                let due = vigil.to_skip.load(Ordering::Relaxed) == 0;
                assert_eq!(vigil.awake(|| None::<()>), None);
                due
            });
            long.count()
        };
        if !*MANY_PROCESSORS {
            return;
        }
        assert_eq!(tries(2), 2, "once is usual");
        assert!(tries(1_000) < 30);
        let found = (0..=DROWSY).filter(|_| vigil.awake(|| Some(())).is_some()).count();
        assert_eq!(found, DROWSY as usize + 1, "what is there is taken at once");
        assert_eq!(tries(2), 2);
    }
}

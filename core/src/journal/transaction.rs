//! Jobs on the journal, each whole or not at all, and how many of them share a transaction.

use std::time::Duration;

use rusqlite::Connection;

use super::{broken, failed, open::BUSY};
use crate::error::Result;

/// Something to be done inside a transaction that it may share with others.
pub(super) trait Job: Send {
    /// Does it, again where an earlier try was taken back; says whether its writes are wanted.
    fn run(&mut self, db: &Connection) -> bool;
    /// Tells whoever waits how it went, once it is known whether it was kept.
    fn tell(self: Box<Self>, kept: Result<(), String>);
}

/// A job, and what is done with its result.
pub(super) struct Task<T, J, A> {
    job: J,
    answer: A,
    result: Option<Result<T>>,
}

impl<T, J, A> Task<T, J, A> {
    pub(super) const fn new(job: J, answer: A) -> Self {
        Self { job, answer, result: None }
    }
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

/// A job in a transaction of its own. `None` where another process has the database.
pub(super) fn alone<T>(
    db: &Connection,
    job: &mut impl FnMut(&Connection) -> Result<T>,
) -> Option<Result<T>> {
    db.busy_timeout(Duration::ZERO).ok()?;
    let transaction = Span::begin(db, &TRANSACTION);
    // The thread waits for others; so does a commit, where it has to.
    let patient = db.busy_timeout(BUSY);
    let transaction = transaction.ok()?;
    let outcome = patient.map_err(failed).and_then(|()| job(db));
    if outcome.is_err() {
        return Some(outcome);
    }
    Some(transaction.keep().map_err(|cause| broken(&cause)).and(outcome))
}

/// Does jobs in one transaction. A savepoint for each would copy every page that it changes; they are
/// only needed where one fails that has written something.
pub(super) fn together(db: &Connection, batch: &mut [Box<dyn Job>]) -> Result<(), String> {
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

#[cfg(test)]
pub(in crate::journal) mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::journal::open::open_memory;

    /// Adds a tombstone, and fails after that if it is told to.
    pub(in crate::journal) fn add(
        number: u8,
        fails: bool,
    ) -> impl FnMut(&Connection) -> Result<u8> + Send {
        move |db| {
            let sql = "INSERT INTO tombstones VALUES (?1, x'', '', 0)";
            db.execute(sql, [vec![number]]).map_err(crate::journal::failed)?;
            if fails { Err(broken(&"as told")) } else { Ok(number) }
        }
    }

    fn done(db: &Connection, mut jobs: Vec<Box<dyn Job>>) -> Vec<u8> {
        let kept = together(db, &mut jobs);
        jobs.into_iter().for_each(|job| job.tell(kept.clone()));
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
            Box::new(Task::new(add(number, fails), answer))
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
        assert!(done(&db, vec![Box::new(Task::new(job, answer))]).is_empty());
        assert!(!told.recv().unwrap());
        assert!(db.is_autocommit());
    }
}

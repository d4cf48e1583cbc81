//! A connection that is made again when it breaks, and what becomes of the work that it broke under.

use std::{
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use super::place::Place;
use crate::store::{Db, StoreError, process, work::Work};

/// Attempts at a piece of work that gets into the way of others.
const ATTEMPTS: u32 = 20;
/// How long a connection that broke is tried to be made again for the work at hand.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long it is tried to ask what became of a commit.
const RESOLVE: Duration = Duration::from_secs(20);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a database that cannot be reached is left alone: work fails at once meanwhile.
const REST: Duration = Duration::from_millis(200);

/// One connection of the pool.
pub(super) struct Line {
    place: Arc<Place>,
    db: Option<Db>,
    /// Not to be connected before this.
    resting: Option<Instant>,
}

impl Line {
    pub(super) const fn new(place: Arc<Place>, db: Option<Db>) -> Self {
        Self { place, db, resting: None }
    }

    /// Does a piece of work in a transaction of its own, as often as it takes to keep it once.
    pub(super) fn run(&mut self, work: &mut dyn Work) -> Result<(), StoreError> {
        let patience = self.db.as_ref().map_or(Duration::ZERO, |_| PATIENCE);
        let deadline = Instant::now() + patience;
        for attempt in 1..=ATTEMPTS {
            match self.attempt(work) {
                Err(StoreError::Again) => sleep(PAUSE / ATTEMPTS * attempt),
                Err(StoreError::Unavailable(_)) if Instant::now() < deadline => sleep(PAUSE),
                outcome => return outcome,
            }
        }
        Err(StoreError::Again)
    }

    fn attempt(&mut self, work: &mut dyn Work) -> Result<(), StoreError> {
        let db = self.connected()?;
        let worked = db.batch("BEGIN").and_then(|()| work.attempt(db));
        // Fails too when an error was overlooked, after which a commit would keep nothing.
        let transaction = match worked.and_then(|()| db.transaction()) {
            Ok(transaction) => transaction,
            Err(error) => {
                self.roll_back();
                return Err(error);
            }
        };
        match (db.batch("COMMIT"), transaction) {
            (Ok(()), _) => Ok(()),
            (Err(StoreError::Unavailable(_)), Some(transaction)) => self.resolve(&transaction),
            (Err(error), _) => {
                self.roll_back();
                Err(error)
            }
        }
    }

    /// The connection broke while a commit was under way: was it kept?
    fn resolve(&mut self, transaction: &str) -> Result<(), StoreError> {
        let deadline = Instant::now() + RESOLVE;
        self.db = None;
        loop {
            let told = self.connected().and_then(|db| db.outcome(transaction));
            match told.as_ref().map(Option::as_deref) {
                Ok(Some("committed")) => return Ok(()),
                Ok(Some("aborted")) => return Err(StoreError::Again),
                Ok(None) => return Err(StoreError::Unknown("it is too long ago".into())),
                _ if Instant::now() >= deadline => {
                    let why = told.err().map_or_else(|| "it goes on".into(), |e| e.to_string());
                    return Err(StoreError::Unknown(why));
                }
                told => {
                    if told.is_err() {
                        self.db = None;
                    }
                    sleep(PAUSE);
                }
            }
        }
    }

    fn connected(&mut self) -> Result<&Db, StoreError> {
        if self.db.is_none() {
            self.db = Some(self.connect()?);
        }
        self.db.as_ref().ok_or(StoreError::Closed)
    }

    fn connect(&mut self) -> Result<Db, StoreError> {
        if self.resting.is_some_and(|end| Instant::now() < end) {
            return Err(StoreError::Unavailable("it could not be reached a moment ago".into()));
        }
        match self.place.connect() {
            Ok(connection) => {
                self.resting = None;
                Ok(self.place.db(connection))
            }
            Err(error) => {
                self.resting = Some(Instant::now() + REST);
                Err(error)
            }
        }
    }

    /// A connection on which even that fails is of no more use.
    fn roll_back(&mut self) {
        if self.db.as_ref().is_some_and(|db| db.batch("ROLLBACK").is_err()) {
            self.db = None;
        }
    }

    /// The process ends its work; others find that out by themselves if it cannot be said.
    pub(super) fn leave(&mut self) {
        if let Err(error) = self.connected().and_then(process::leave) {
            tracing::info!(%error, "the other processes are not told that this one ends");
        }
    }
}

//! Opens the journal's database: private from the first byte, of a version we know.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, OptionalExtension, config::DbConfig, params};

use super::{Durability, JournalOptions};
use crate::{
    clock::random_bytes,
    error::{Error, ErrorKind, Result},
    wallet::{create_file, create_folder, home_folder},
};

const FILE: &str = "journal.sqlite";
/// The steps from an empty file to the present form. One that was published never changes.
const SCHEMA: [&str; 2] = [include_str!("schema/1.sql"), include_str!("schema/2.sql")];
const VERSION: u32 = 2;
/// Other processes hold the write lock for microseconds; this is for a machine under load.
pub(super) const BUSY: Duration = Duration::from_secs(10);
/// Pages of the log (32 MB) at which a commit has to fold it into the file. The writer does so
/// earlier, when nobody waits for it.
const LONGEST_LOG: u32 = 8_192;
/// Room for every statement there is: none is parsed twice.
const STATEMENTS: usize = 64;
/// Between two tries to open a file that another process is just making.
const PAUSE: Duration = Duration::from_millis(5);

/// A database and the secret of its wallet home, under which keys and calls are hashed.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) db: Connection,
    pub(super) secret: [u8; 32],
    /// Whether every commit waits for the disk.
    pub(super) waits_for_disk: bool,
}

/// The journal's file, `None` when there is no home to put it.
pub(super) fn file(options: &JournalOptions) -> Option<PathBuf> {
    if options.in_memory {
        return None;
    }
    home_folder(options.home.as_deref()).map(|home| home.join(FILE))
}

/// Held while a file is made and opened. A process that closes any descriptor of a file loses all
/// its locks on it (POSIX), also those of another journal in it: so one is opened here only where
/// there is no file yet, and closed before anybody in this process can have a lock.
static OPENING: Mutex<()> = Mutex::new(());

/// Opens or makes the file.
pub(super) fn open_file(path: &Path, durability: Durability) -> Result<Opened> {
    let _one_at_a_time = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    create_private(path).map_err(|cause| unusable(path, &cause))?;
    let level = match durability {
        Durability::Process => "NORMAL",
        Durability::Power => "FULL",
    };
    let pragmas = format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {level};
         PRAGMA wal_autocheckpoint = {LONGEST_LOG};"
    );
    let started = Instant::now();
    loop {
        let opened = Connection::open(path).map_err(Problem::from);
        match opened.and_then(|db| prepare(db, &pragmas)) {
            // Two processes that make the file at once: SQLite does not wait when it changes the
            // journal mode, so we do.
            Err(cause) if is_busy(&cause) && started.elapsed() < BUSY => thread::sleep(PAUSE),
            outcome => {
                let opened = outcome.map_err(|cause| unusable(path, &cause))?;
                return Ok(Opened { waits_for_disk: durability == Durability::Power, ..opened });
            }
        }
    }
}

fn is_busy(problem: &Problem) -> bool {
    let code = problem.downcast_ref().and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// A journal that ends with the process.
pub(super) fn open_memory() -> Result<Opened> {
    let memory = Path::new("memory");
    let db = Connection::open_in_memory().map_err(|cause| unusable(memory, &cause))?;
    prepare(db, "").map_err(|cause| unusable(memory, &cause))
}

type Problem = Box<dyn std::error::Error + Send + Sync>;

fn prepare(mut db: Connection, pragmas: &str) -> Result<Opened, Problem> {
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    // Without it a statement is parsed anew whenever a bound value might change its plan.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.execute_batch(pragmas)?;
    db.execute_batch("PRAGMA foreign_keys = ON;")?;
    let setup = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    bring_up_to_date(&setup)?;
    let secret = setup
        .query_row("SELECT value FROM meta WHERE name = 'secret'", [], |row| row.get(0))
        .optional()?
        .ok_or("it has lost its secret")?;
    setup.commit()?;
    Ok(Opened { db, secret, waits_for_disk: false })
}

fn bring_up_to_date(setup: &Connection) -> Result<(), Problem> {
    let version: u32 = setup.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version > VERSION {
        return Err(format!("it is of version {version}, newer than this program knows").into());
    }
    for step in SCHEMA.iter().skip(version as usize) {
        setup.execute_batch(step)?;
    }
    if version == 0 {
        let secret = random_bytes::<32>()?;
        setup.execute("INSERT INTO meta VALUES ('secret', ?1)", params![secret])?;
    }
    if version < VERSION {
        setup.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(())
}

/// SQLite gives its side files the permissions of the main one.
fn create_private(path: &Path) -> std::io::Result<()> {
    if let Some(home) = path.parent() {
        create_folder(home)?;
    }
    match create_file(path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

fn unusable(path: &Path, cause: &dyn std::fmt::Display) -> Error {
    let message = format!(
        "the payment journal {} cannot be used: {cause}; give another folder with BLOCKRUN_HOME, or \
         repair this one",
        path.display()
    );
    Error::new(ErrorKind::Journal, message)
}

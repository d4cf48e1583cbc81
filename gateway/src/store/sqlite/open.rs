//! Opening the database: private files, full durability, one gateway at a time.

use std::{
    fs::{DirBuilder, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, config::DbConfig};

use super::worker;
use crate::store::{
    Db, OpenError, Store,
    schema::{SQLITE, VERSION},
};

const FILE: &str = "gateway.sqlite";
/// How long a gateway that is being replaced may take to let go of its files.
const BUSY: Duration = Duration::from_secs(2);

/// Whether there is a database in a folder.
pub(in crate::store) fn exists(folder: &Path) -> bool {
    folder.join(FILE).is_file()
}

/// Opens the store of a data folder, made if it is missing, or one in memory. `guard` is dropped
/// when the store is closed again.
pub(in crate::store) fn open(
    folder: Option<&Path>,
    process: i64,
    guard: impl Send + 'static,
) -> Result<Store, OpenError> {
    let (db, _) = connect(folder)?;
    let db = Db::sqlite(db, process);
    worker::start(db, guard).map_err(OpenError::Thread)
}

/// Brings the database of a data folder to this program's schema and returns the version that it had.
pub(in crate::store) fn migrate(folder: Option<&Path>) -> Result<i64, OpenError> {
    connect(folder).map(|(_, found)| found)
}

/// A database of this program's schema, and the version that was found.
fn connect(folder: Option<&Path>) -> Result<(Connection, i64), OpenError> {
    let (path, db) = match folder {
        None => (PathBuf::from(":memory:"), Connection::open_in_memory()),
        Some(folder) => {
            let path = prepare(folder)
                .map_err(|source| OpenError::Folder { path: folder.into(), source })?;
            let db = Connection::open(&path);
            (path, db)
        }
    };
    let explain = |source: rusqlite::Error| match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy) => OpenError::InUse { path: path.clone() },
        _ => OpenError::File { path: path.clone(), source },
    };
    let db = db.map_err(explain)?;
    let found = configure(&db).map_err(explain)?;
    match found {
        0 => Ok((db, found)),
        found if found > VERSION => {
            Err(OpenError::Newer { place: path.display().to_string(), found })
        }
        found if found < SQLITE[0].version => Err(OpenError::Older { path, found }),
        found => Ok((db, found)),
    }
}

/// Makes folder and file readable by their owner alone, from the first byte. SQLite gives its
/// side files the mode of the main one. A file that is there is not touched: to open and close it
/// would drop the locks that another store of this process holds on it (POSIX).
fn prepare(folder: &Path) -> io::Result<PathBuf> {
    let mut builder = DirBuilder::new();
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        builder.mode(0o700);
        options.mode(0o600);
    }
    builder.recursive(true).create(folder)?;
    let path = folder.join(FILE);
    match options.create_new(true).write(true).open(&path) {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => Err(cause),
        _ => Ok(path),
    }
}

/// Sets durability and locking, brings the tables to this program's version, and returns the one that
/// was found. Tables of a version that is not known are left as they are.
fn configure(db: &Connection) -> rusqlite::Result<i64> {
    db.busy_timeout(BUSY)?;
    // As many as there are texts, and plans that do not depend on values: none is parsed twice.
    db.set_prepared_statement_cache_capacity(128);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Exclusive: what a second gateway would find "running" is not abandoned. The cache holds the inner
    // pages of the indexes of a million claims. A larger log is folded into the file less often, and pages
    // that were written several times meanwhile only once.
    db.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 4096;
         PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE",
    )?;
    // 0 is an empty file.
    let found = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found == 0 || (SQLITE[0].version..VERSION).contains(&found) {
        for step in SQLITE.iter().filter(|step| step.version > found) {
            db.execute_batch(step.sql)?;
        }
        db.pragma_update(None, "user_version", VERSION)?;
    }
    // Within a transaction they could not be turned on again.
    db.execute_batch("COMMIT; PRAGMA foreign_keys = ON")?;
    Ok(found)
}

/// A database in memory, for tests of what is on it.
#[cfg(test)]
pub(in crate::store) fn in_memory() -> Db {
    Db::sqlite(connect(None).unwrap().0, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn folder_and_files_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("data");
        let _store = open(Some(&folder), 1, ()).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        for entry in folder.read_dir().unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
    }

    fn set_version(folder: &Path, version: i64) {
        let db = Connection::open(folder.join(FILE)).unwrap();
        db.pragma_update(None, "user_version", version).unwrap();
    }

    #[test]
    fn a_schema_that_is_not_known_is_refused() {
        for version in [1, VERSION + 1] {
            let root = tempfile::tempdir().unwrap();
            drop(connect(Some(root.path())).unwrap());
            set_version(root.path(), version);
            match connect(Some(root.path())).unwrap_err() {
                OpenError::Newer { found, .. } | OpenError::Older { found, .. } => {
                    assert_eq!(found, version);
                }
                error => panic!("{error}"),
            }
        }
    }

    #[test]
    fn a_database_of_an_older_version_keeps_what_it_has() {
        let root = tempfile::tempdir().unwrap();
        let path = prepare(root.path()).unwrap();
        let db = Connection::open(path).unwrap();
        db.execute_batch(SQLITE[0].sql).unwrap();
        db.execute_batch("INSERT INTO accounts VALUES (x'01', 7)").unwrap();
        drop(db);
        set_version(root.path(), SQLITE[0].version);
        for version in [SQLITE[0].version, VERSION] {
            let (db, found) = connect(Some(root.path())).unwrap();
            assert_eq!(found, version);
            let sql = "SELECT (SELECT balance FROM accounts), (SELECT count(*) FROM processes)";
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let found: (i64, i64) = db.query_row(sql, [], read).unwrap();
            assert_eq!(found, (7, 0));
        }
    }

    /// Claims of version 6 are copied to another table, and everything that speaks of them stays.
    #[test]
    fn claims_of_an_older_version_keep_what_belongs_to_them() {
        let root = tempfile::tempdir().unwrap();
        let db = Connection::open(prepare(root.path()).unwrap()).unwrap();
        for step in SQLITE.iter().filter(|step| step.version <= 6) {
            db.execute_batch(step.sql).unwrap();
        }
        db.execute_batch(
            "INSERT INTO processes VALUES (7, 0);
             INSERT INTO claims (id, network, asset, payer, nonce, request, authorization, value,
                 valid_before, expires, state, taken, owner, model, taken_at)
             VALUES (3, 'n', x'01', x'02', x'03', x'04', x'05', 400, 6, 7, 'settling', 8, 7, 'm', 9);
             INSERT INTO ids VALUES ('order-1', x'02', 3);
             INSERT INTO orders VALUES (3, 'name', 'body');
             INSERT INTO answers VALUES (3, 0, x'0a0b')",
        )
        .unwrap();
        drop(db);
        set_version(root.path(), 6);
        let (db, found) = connect(Some(root.path())).unwrap();
        assert_eq!(found, 6);
        let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let kept = "SELECT count(*) FROM claims JOIN ids ON ids.claim = claims.id
                        JOIN orders ON orders.claim = claims.id
                        JOIN answers ON answers.claim = claims.id
                    WHERE nonce = x'03' AND value = 400 AND state = 'settling' AND taken = 8
                          AND owner = 7 AND model = 'm' AND taken_at = 9 AND recovery IS NULL";
        assert_eq!((one(kept), one("SELECT bytes FROM stored")), (1, 2));
        assert!(db.execute_batch("UPDATE claims SET state = 'other'").is_err());
        assert!(db.execute_batch("INSERT INTO orders VALUES (4, 'of', 'nothing')").is_err());
        db.execute_batch("DELETE FROM claims").unwrap();
        for table in ["ids", "orders", "answers"] {
            assert_eq!(one(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
        }
    }

    #[test]
    fn a_file_that_is_no_database_is_named() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join(FILE), "not a database, but long enough to be read")
            .unwrap();
        let error = open(Some(root.path()), 1, ()).unwrap_err();
        assert!(error.to_string().contains(FILE), "{error}");
    }
}

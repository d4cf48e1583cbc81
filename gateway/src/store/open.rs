//! Opening the database: private files, full durability, one gateway at a time.

use std::{
    fs::{DirBuilder, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension};

use super::{Store, StoreError};

const FILE: &str = "gateway.sqlite";
const SCHEMA: &str = include_str!("schema.sql");
/// Version of [`SCHEMA`], kept in SQLite's `user_version`.
const VERSION: i64 = 3;
/// What a database of version 2 lacks.
const FROM_2: &str = include_str!("from_2.sql");
/// How long a gateway that is being replaced may take to let go of its files.
const BUSY: Duration = Duration::from_secs(2);

/// The store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("data folder {path}: {source}")]
    Folder { path: PathBuf, source: io::Error },
    #[error("{path} is in use by another gateway; stop it or name another data folder")]
    InUse { path: PathBuf },
    #[error(
        "{path} was written by a newer version (schema {found}, this program knows {VERSION}); \
         update blockrun or name another data folder"
    )]
    Newer { path: PathBuf, found: i64 },
    #[error(
        "{path} was written by a trial version (schema {found}, this program knows {VERSION}); \
         move it away or name another data folder"
    )]
    Older { path: PathBuf, found: i64 },
    #[error("{path}: {source}; if it is damaged, move it away or name another data folder")]
    Database { path: PathBuf, source: rusqlite::Error },
    #[error("the store's thread could not be started: {0}")]
    Thread(io::Error),
}

/// Whether there is a store in a folder.
pub(crate) fn exists(folder: &Path) -> bool {
    folder.join(FILE).is_file()
}

/// Opens the store of a data folder, made if it is missing, or one in memory. `guard` is dropped
/// when the store is closed again.
pub(crate) fn open(folder: Option<&Path>, guard: impl Send + 'static) -> Result<Store, OpenError> {
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
        _ => OpenError::Database { path: path.clone(), source },
    };
    let db = db.map_err(explain)?;
    let found = configure(&db).map_err(explain)?;
    if found > VERSION {
        return Err(OpenError::Newer { path, found });
    }
    if found < VERSION {
        return Err(OpenError::Older { path, found });
    }
    Store::start(db, guard).map_err(OpenError::Thread)
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

/// Sets durability and locking, makes the tables or brings them up to date, and returns the version.
fn configure(db: &Connection) -> rusqlite::Result<i64> {
    db.busy_timeout(BUSY)?;
    // Exclusive: what a second gateway would find "running" is not abandoned.
    db.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON; BEGIN IMMEDIATE",
    )?;
    let mut version = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if let Some(missing) = [(0, SCHEMA), (2, FROM_2)].iter().find(|(from, _)| *from == version) {
        db.execute_batch(missing.1)?;
        db.pragma_update(None, "user_version", VERSION)?;
        version = VERSION;
    }
    db.execute_batch("COMMIT")?;
    Ok(version)
}

/// Binds a database to one kind of settlement, at its first start.
pub(crate) fn dedicate(db: &Connection, kind: &str) -> Result<(), StoreError> {
    let sql = "SELECT kind FROM settlement";
    match db.query_row(sql, [], |row| row.get::<_, String>(0)).optional()? {
        Some(own) if own != kind => Err(StoreError::OtherSettlement(own)),
        Some(_) => Ok(()),
        None => {
            db.execute("INSERT INTO settlement VALUES (?1)", [kind])?;
            Ok(())
        }
    }
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
        let _store = open(Some(&folder), ()).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        for entry in folder.read_dir().unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
    }

    #[test]
    fn another_schema_is_refused() {
        for version in [1, VERSION + 1] {
            let root = tempfile::tempdir().unwrap();
            drop(open(Some(root.path()), ()).unwrap());
            let db = Connection::open(root.path().join(FILE)).unwrap();
            db.busy_timeout(BUSY).unwrap();
            db.pragma_update(None, "user_version", version).unwrap();
            drop(db);
            match open(Some(root.path()), ()).unwrap_err() {
                OpenError::Newer { found, .. } | OpenError::Older { found, .. } => {
                    assert_eq!(found, version);
                }
                error => panic!("{error}"),
            }
        }
    }

    #[test]
    fn a_database_of_version_2_is_brought_up_to_date() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(FILE);
        let db = Connection::open(&path).unwrap();
        db.execute_batch(SCHEMA).unwrap();
        let shape = |db: &Connection| -> Vec<String> {
            let sql = "SELECT name FROM pragma_table_info('claims')
                       UNION ALL SELECT name FROM pragma_table_info('transactions')
                       UNION ALL SELECT sql FROM sqlite_schema WHERE name = 'claims_sold'";
            let mut statement = db.prepare(sql).unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let new = shape(&db);
        db.execute_batch(
            "DROP INDEX claims_sold; ALTER TABLE claims DROP COLUMN model;
             ALTER TABLE claims DROP COLUMN taken_at; DROP TABLE transactions;
             CREATE TABLE transactions (claim INTEGER PRIMARY KEY, gas_nonce INTEGER, raw BLOB);
             PRAGMA user_version = 2",
        )
        .unwrap();
        drop(db);
        drop(open(Some(root.path()), ()).unwrap());
        let db = Connection::open(&path).unwrap();
        db.busy_timeout(BUSY).unwrap();
        assert_eq!(shape(&db), new);
    }

    #[test]
    fn play_money_and_real_money_do_not_meet() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        dedicate(&db, "practice").unwrap();
        dedicate(&db, "practice").unwrap();
        let error = dedicate(&db, "onchain").unwrap_err();
        assert!(error.to_string().contains("is practice"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_database_is_named() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join(FILE), "not a database, but long enough to be read")
            .unwrap();
        let error = open(Some(root.path()), ()).unwrap_err();
        assert!(error.to_string().contains(FILE), "{error}");
    }
}

//! Where the database of a gateway is.

use std::path::PathBuf;

use blockrun_gateway::Database;

use crate::output::Failure;

/// Holds the URL of a database that gateways share.
const DATABASE_URL: &str = "DATABASE_URL";

/// A folder, a shared database, or the memory of the process.
pub(super) struct Place {
    pub(super) data: Option<PathBuf>,
    pub(super) database: Option<Database>,
}

impl Place {
    /// What the command line says, else the environment, else the folder of everybody.
    pub(super) fn of(data: Option<PathBuf>, ephemeral: bool) -> Result<Self, Failure> {
        let chosen = ephemeral || data.is_some();
        let database = if chosen { None } else { from_environment()? };
        let folder = || PathBuf::from("blockrun-gateway");
        let kept = !ephemeral && database.is_none();
        Ok(Self { data: kept.then(|| data.unwrap_or_else(folder)), database })
    }
}

/// The database of a URL, else that of the environment, which has to be there.
pub(super) fn shared(url: Option<&str>) -> Result<Database, Failure> {
    let database = match url {
        Some(url) => of_url("--database", url).map(Some),
        None => from_environment(),
    };
    let missing = || format!("{DATABASE_URL} is not set: it holds the URL, postgres://...");
    database?.ok_or_else(|| Failure::other(missing()))
}

fn from_environment() -> Result<Option<Database>, Failure> {
    let Ok(url) = std::env::var(DATABASE_URL) else { return Ok(None) };
    if url.trim().is_empty() { Ok(None) } else { of_url(DATABASE_URL, &url).map(Some) }
}

fn of_url(name: &str, url: &str) -> Result<Database, Failure> {
    let url = url.trim();
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Database::new(url));
    }
    // Not shown: it may hold a password.
    let problem = "only postgres:// is known; name a folder with --data to leave it alone";
    Err(Failure::other(format!("{name}: {problem}")))
}

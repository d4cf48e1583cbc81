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

fn from_environment() -> Result<Option<Database>, Failure> {
    let Ok(url) = std::env::var(DATABASE_URL) else { return Ok(None) };
    match url.trim() {
        "" => Ok(None),
        url if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Ok(Some(Database::new(url)))
        }
        // Not shown: it may hold a password.
        _ => Err(Failure::other(format!(
            "{DATABASE_URL}: only postgres:// is known; name a folder with --data to leave it alone"
        ))),
    }
}

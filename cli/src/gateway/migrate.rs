//! `blockrun gateway migrate`.

use std::path::PathBuf;

use blockrun_gateway::{Config, Gateway};
use clap::Args;

use super::database::Place;
use crate::output::{Failure, print};

/// Which database.
#[derive(Debug, Args)]
pub(crate) struct MigrateArguments {
    /// Folder of the database [default: the database of DATABASE_URL, else ./blockrun-gateway]. No
    /// gateway may be running on a folder.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Settings file; the database that it names is migrated.
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    config: Option<PathBuf>,
}

/// Migrates, and says from which version.
pub(super) async fn run(arguments: MigrateArguments) -> Result<(), Failure> {
    let Place { data, database } = Place::of(arguments.data, false)?;
    let config = Config { data, database, settings: arguments.config, ..Config::default() };
    let before = Gateway::migrate(config).await.map_err(Failure::other)?;
    print(&match before {
        0 => "the tables were made".to_owned(),
        version => format!("the tables were of version {version} and are up to date"),
    })
}

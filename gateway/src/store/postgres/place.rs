//! Where the database is, and how a connection to it begins.

use std::time::Duration;

use postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Connection;
use crate::{
    outgoing,
    store::{Database, Db, OpenError, StoreError},
};

/// How long a connection may take to be made, and how long the other side may be silent.
const PATIENCE: Duration = Duration::from_secs(5);

/// Every connection begins with this. What the server was told to do for durability may be more than
/// this, never less. Nothing waits or works for ever, and a process that was stopped in the middle of
/// a transaction holds nobody up for long.
const BEGINNING: &str = "
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') IN ('off', 'local');
    SET default_transaction_isolation = 'read committed';
    SET lock_timeout = '10s';
    SET statement_timeout = '30s';
    SET idle_in_transaction_session_timeout = '10s';
    SET client_min_messages = warning;";

/// A database, and who connects to it.
pub(super) struct Place {
    config: Config,
    tls: MakeRustlsConnect,
    process: i64,
}

impl Place {
    pub(super) fn of(database: &Database, process: i64) -> Result<Self, OpenError> {
        let refuse = |problem: String| OpenError::Database(problem);
        let mut config: Config =
            database.url.parse().map_err(|error: postgres::Error| refuse(error.to_string()))?;
        config
            .connect_timeout(PATIENCE)
            .tcp_user_timeout(PATIENCE)
            .keepalives_idle(PATIENCE)
            .keepalives_interval(PATIENCE / 5);
        if config.get_application_name().is_none() {
            config.application_name("blockrun-gateway");
        }
        let tls = outgoing::tls().map_err(|error| refuse(error.to_string()))?;
        Ok(Self { config, tls: MakeRustlsConnect::new(tls), process })
    }

    /// A new connection.
    pub(super) fn connect(&self) -> Result<Connection, StoreError> {
        let connection = Connection::new(self.config.connect(self.tls.clone())?);
        connection.batch(BEGINNING)?;
        Ok(connection)
    }

    /// A connection for work.
    pub(super) fn db(&self, connection: Connection) -> Db {
        Db::postgres(connection, self.process)
    }
}

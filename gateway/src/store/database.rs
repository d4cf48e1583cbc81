//! Which database several processes share.

use std::fmt;

/// A PostgreSQL database (13 or newer) that gateway processes share: claims, answers, pictures, the
/// practice ledger and the gas key's nonces. Needs a build with the feature `postgres`.
#[derive(Clone)]
pub struct Database {
    /// `postgres://user:password@host:port/name`, with libpq's usual parameters behind `?`. With
    /// `sslmode=require`, and with `prefer` (the default) where the server offers TLS, the server's
    /// certificate must be one that this system (or `SSL_CERT_FILE`) trusts; `disable` is for a
    /// server on this machine. It holds a password: never printed.
    pub url: String,
    /// Connections of this process, each with one transaction at a time; one more says that the process
    /// lives. [`Database::new`]: 4.
    pub connections: u32,
}

impl Database {
    /// The database of a URL.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), connections: 4 }
    }
}

impl fmt::Debug for Database {
    /// Without the URL, which holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("connections", &self.connections).finish_non_exhaustive()
    }
}

//! What can go wrong while the store is in use.

/// The store failed. Nothing of the failed piece of work was kept, except after
/// [`StoreError::Unknown`].
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StoreError {
    /// The database refused; its own words.
    #[error("store: {0}")]
    Database(String),
    /// The database cannot be reached now.
    #[error("store: the database cannot be reached: {0}")]
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "a file is always there"))]
    Unavailable(String),
    /// The connection broke while a commit was under way, and what became of it cannot be asked.
    #[error("store: whether a write was kept is not known: {0}")]
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "nothing is between"))]
    Unknown(String),
    /// What was worked on belongs to another process by now.
    #[error("store: another process has taken this claim over")]
    Lost,
    /// Two transactions were in each other's way; the same work may succeed now.
    #[error("store: a transaction gave way to another too often")]
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "one writer has no rival"))]
    Again,
    /// A stored value is not what this program writes.
    #[error("store: {0} is damaged")]
    Damaged(&'static str),
    /// The database belongs to a gateway that settles in another way.
    #[error(
        "store: this database is of a gateway whose settlement is {0}; play money and real money \
         must not meet: name another data folder or database"
    )]
    OtherSettlement(String),
    /// An amount beyond the 63 bits that are counted in.
    #[error("store: {0} micro-USDC cannot be stored")]
    Amount(u128),
    /// The threads of the store have ended.
    #[error("store: closed")]
    Closed,
}

impl StoreError {
    /// Whether it is a matter of time: the same request may succeed later.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Unknown(_) | Self::Lost | Self::Again)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}

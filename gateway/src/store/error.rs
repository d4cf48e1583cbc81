//! What can go wrong while the store is in use.

/// The store failed; nothing of the failed piece of work was kept.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StoreError {
    /// SQLite refused; its own words.
    #[error("store: {0}")]
    Database(String),
    /// A stored value is not what this program writes.
    #[error("store: {0} is damaged")]
    Damaged(&'static str),
    /// The database belongs to a gateway that settles in another way.
    #[error(
        "store: this data folder is of a gateway whose settlement is {0}; play money and real money \
         must not meet: name another folder"
    )]
    OtherSettlement(String),
    /// An amount beyond the 63 bits that SQLite counts in.
    #[error("store: {0} micro-USDC cannot be stored")]
    Amount(u128),
    /// The writer thread has ended.
    #[error("store: closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}

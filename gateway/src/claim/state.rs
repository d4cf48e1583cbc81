//! Where a claim is.

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};

/// The state of a claim, as text on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// A check failed before the provider was asked.
    Refused,
    /// The provider is being asked.
    Running,
    /// The answer is there and kept; nothing was sent yet to settle it.
    Answered,
    /// A transaction may have been sent; what became of it is not known.
    Settling,
    /// Nothing was settled; the same payment may come again.
    Released,
    /// Settled; the streamed answer is being recorded, or was cut short and is owed.
    Streaming,
    /// Settled, and the answer is kept.
    Settled,
    /// Settled, and the answer is not kept any more. The claim stays for ever.
    Spent,
}

impl State {
    #[cfg(test)]
    const ALL: [Self; 8] = [
        Self::Refused,
        Self::Running,
        Self::Answered,
        Self::Released,
        Self::Settling,
        Self::Streaming,
        Self::Settled,
        Self::Spent,
    ];

    const fn text(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Running => "running",
            Self::Answered => "answered",
            Self::Settling => "settling",
            Self::Released => "released",
            Self::Streaming => "streaming",
            Self::Settled => "settled",
            Self::Spent => "spent",
        }
    }
}

impl ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.text().into())
    }
}

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "refused" => Ok(Self::Refused),
            "running" => Ok(Self::Running),
            "answered" => Ok(Self::Answered),
            "settling" => Ok(Self::Settling),
            "released" => Ok(Self::Released),
            "streaming" => Ok(Self::Streaming),
            "settled" => Ok(Self::Settled),
            "spent" => Ok(Self::Spent),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_as_it_was_written() {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        for state in State::ALL {
            let read: State = db.query_row("SELECT ?1", [state], |row| row.get(0)).unwrap();
            assert_eq!(read, state);
        }
        assert!(db.query_row("SELECT 'other'", [], |row| row.get::<_, State>(0)).is_err());
    }
}

//! What is found.

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be.
    Good,
    /// It works, and there is something to think about.
    Doubtful,
    /// The gateway would not work, or not for long.
    Bad,
}

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: `upstream openai`, `clock`.
    pub subject: String,
    /// How it is.
    pub health: Health,
    /// What was found and, unless it is good, what to do. It holds no key and no token.
    pub says: String,
}

impl Finding {
    pub(super) fn good(subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self { subject: subject.into(), health: Health::Good, says: says.into() }
    }

    pub(super) fn doubtful(subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self { subject: subject.into(), health: Health::Doubtful, says: says.into() }
    }

    pub(super) fn bad(subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self { subject: subject.into(), health: Health::Bad, says: says.into() }
    }
}

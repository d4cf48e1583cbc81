//! What is found.

use std::io::stdout;

use serde::Serialize;

use crate::terminal::{Style, plain};

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Health {
    /// As it should be.
    Ok,
    /// It works, and there is something to think about.
    Warn,
    /// A paid call would fail.
    Fail,
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) subject: String,
    pub(super) health: Health,
    /// What was found and, unless it is good, what to do. It holds no key.
    pub(super) says: String,
}

impl Finding {
    pub(super) fn ok(subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self { subject: subject.into(), health: Health::Ok, says: says.into() }
    }

    pub(super) fn warn(subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self { subject: subject.into(), health: Health::Warn, says: says.into() }
    }

    pub(super) fn fail(subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self { subject: subject.into(), health: Health::Fail, says: says.into() }
    }

    /// A line for people, the subject in a column of `width`.
    pub(super) fn line(&self, width: usize) -> String {
        let (mark, style) = match self.health {
            Health::Ok => ("ok  ", Style::Green),
            Health::Warn => ("warn", Style::Yellow),
            Health::Fail => ("fail", Style::Red),
        };
        let mark = style.paint(mark, &stdout());
        format!("{mark}  {:width$}  {}", self.subject, plain(&self.says))
    }
}

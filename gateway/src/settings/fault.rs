//! What can be wrong with a settings file.

use toml::Spanned;

/// A settings file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("settings {file}: {source}; name a readable file")]
    Read {
        /// The file as it was named.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML, or a key is missing, unknown or of another type.
    #[error("settings {file}: {source}")]
    Syntax {
        /// The file as it was named.
        file: String,
        /// What and where.
        source: Box<toml::de::Error>,
    },
    /// A value makes no sense.
    #[error("settings {file}, line {line}: {key}: {problem}")]
    Value {
        /// The file as it was named.
        file: String,
        /// The line of the value, counted from 1.
        line: usize,
        /// The key.
        key: &'static str,
        /// What is wrong and what is expected.
        problem: String,
    },
}

/// A value that makes no sense: where in the text, which key, and what is wrong.
pub(super) struct Fault {
    at: usize,
    pub(super) key: &'static str,
    problem: String,
}

impl Fault {
    pub(super) fn new<T>(at: &Spanned<T>, key: &'static str, problem: impl Into<String>) -> Self {
        Self { at: at.span().start, key, problem: problem.into() }
    }

    /// The same for whoever reads it with the file.
    pub(super) fn within(self, file: &str, text: &str) -> SettingsError {
        let Self { at, key, problem } = self;
        let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        SettingsError::Value { file: file.into(), line, key, problem }
    }
}

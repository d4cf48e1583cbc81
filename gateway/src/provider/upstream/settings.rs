//! What a settings file says, checked.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use url::Url;

use super::mapping::Mapping;

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
    /// The HTTP client of an upstream cannot be made.
    #[error("settings {file}: the HTTP client could not be made: {problem}")]
    Client {
        /// The file as it was named.
        file: String,
        /// Why.
        problem: String,
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

/// One upstream.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// What the log calls it.
    pub(super) name: String,
    pub(super) base_url: Url,
    /// Sent with every request, the key included.
    pub(super) headers: HeaderMap,
    /// The key as it is sent, to be kept out of messages.
    pub(super) key: Option<HeaderValue>,
    pub(super) models: Mapping,
    pub(super) output_limit: OutputLimit,
    pub(super) pictures_as: PicturesAs,
    /// Fields of requests that are not passed on.
    pub(super) drop: Vec<String>,
    /// Attempts beyond the first.
    pub(super) retries: u32,
    pub(super) connect_timeout: Duration,
    /// For a whole answer, or the first event of a stream.
    pub(super) timeout: Duration,
    /// Longest silence within a stream.
    pub(super) idle_timeout: Duration,
    pub(super) breaker_failures: u32,
    pub(super) breaker_pause: Duration,
}

/// The field by which an upstream limits its answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OutputLimit {
    #[default]
    MaxTokens,
    MaxCompletionTokens,
}

impl OutputLimit {
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
        }
    }
}

/// How pictures are asked for. Whatever was asked for, both forms are understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PicturesAs {
    #[default]
    B64Json,
    Url,
    /// The field `response_format` is left out, for upstreams that do not know it.
    Unsaid,
}

impl PicturesAs {
    pub(super) const fn response_format(self) -> Option<&'static str> {
        match self {
            Self::B64Json => Some("b64_json"),
            Self::Url => Some("url"),
            Self::Unsaid => None,
        }
    }
}

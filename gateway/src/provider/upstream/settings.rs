//! What is chosen about an upstream.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use url::Url;

use super::mapping::Mapping;

/// One upstream.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    /// What the log calls it.
    pub(crate) name: String,
    pub(crate) base_url: Url,
    /// Sent with every request, the key included.
    pub(crate) headers: HeaderMap,
    /// The key as it is sent, to be kept out of messages.
    pub(crate) key: Option<HeaderValue>,
    pub(crate) models: Mapping,
    pub(crate) output_limit: OutputLimit,
    pub(crate) pictures_as: PicturesAs,
    /// Fields of requests that are not passed on.
    pub(crate) drop: Vec<String>,
    /// Attempts beyond the first.
    pub(crate) retries: u32,
    pub(crate) connect_timeout: Duration,
    /// For a whole answer, or the first event of a stream.
    pub(crate) timeout: Duration,
    /// Longest silence within a stream.
    pub(crate) idle_timeout: Duration,
    pub(crate) breaker_failures: u32,
    pub(crate) breaker_pause: Duration,
}

/// The field by which an upstream limits its answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutputLimit {
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
pub(crate) enum PicturesAs {
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

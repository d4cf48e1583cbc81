//! What can go wrong with an upstream, and what to do about it.

use std::time::Duration;

use blockrun_llm::flow::retry_after;
use http::{HeaderMap, StatusCode};

use crate::provider::ProviderError;

/// An attempt that brought no answer. Its text is fit for callers: it names no upstream, no address
/// and no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) remedy: Remedy,
    /// Whether it says that the upstream as a whole is in trouble.
    pub(super) counts: bool,
}

/// What may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Nothing: the request is at fault.
    Stop,
    /// The same upstream again, not before the time that it asked for.
    Again(Option<Duration>),
    /// Another upstream.
    Elsewhere,
}

impl Failure {
    /// The upstream refuses the request itself.
    pub(super) fn refused(message: String) -> Self {
        Self { message, remedy: Remedy::Stop, counts: false }
    }

    /// The connection failed or broke.
    pub(super) fn lost(message: &str) -> Self {
        Self { message: message.into(), remedy: Remedy::Again(None), counts: true }
    }

    /// The upstream answers, but with something that is no answer, or too late.
    pub(super) fn useless(message: &str) -> Self {
        Self { message: message.into(), remedy: Remedy::Elsewhere, counts: true }
    }

    /// The breaker is open.
    pub(super) fn resting() -> Self {
        let message = "the upstream failed repeatedly and is not asked for a while".into();
        Self { message, remedy: Remedy::Elsewhere, counts: false }
    }

    /// An error status other than 400.
    pub(super) fn status(status: StatusCode, headers: &HeaderMap) -> Self {
        let message = format!("the upstream answered {}", status.as_u16());
        let overloaded = status == StatusCode::REQUEST_TIMEOUT
            || status == StatusCode::TOO_MANY_REQUESTS
            || status.is_server_error();
        let remedy =
            if overloaded { Remedy::Again(retry_after(headers)) } else { Remedy::Elsewhere };
        // A model that is not there says nothing about the others of this upstream.
        Self { message, remedy, counts: status != StatusCode::NOT_FOUND }
    }
}

impl From<Failure> for ProviderError {
    fn from(failure: Failure) -> Self {
        match failure.remedy {
            Remedy::Stop => Self::refused(failure.message),
            Remedy::Again(_) | Remedy::Elsewhere => Self::failed(failure.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn a_status_says_what_may_help() {
        let mut headers = HeaderMap::new();
        let failure = |status: u16, headers: &HeaderMap| {
            Failure::status(StatusCode::from_u16(status).unwrap(), headers)
        };
        for status in [408, 429, 500, 502, 503, 504, 529] {
            let failure = failure(status, &headers);
            assert_eq!((failure.remedy, failure.counts), (Remedy::Again(None), true), "{status}");
        }
        for (status, counts) in [(301, true), (401, true), (403, true), (404, false), (422, true)] {
            let failure = failure(status, &headers);
            assert_eq!((failure.remedy, failure.counts), (Remedy::Elsewhere, counts), "{status}");
        }
        headers.insert(header::RETRY_AFTER, "7".parse().unwrap());
        let wait = Some(Duration::from_secs(7));
        assert_eq!(failure(429, &headers).remedy, Remedy::Again(wait));
        headers.insert(header::RETRY_AFTER, "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap());
        assert_eq!(failure(429, &headers).remedy, Remedy::Again(None));
    }
}

//! The secret that opens the pages of whoever runs the gateway.

use std::fmt;

use http::HeaderValue;
use ring::digest::{SHA256, digest};

/// Shortest token: 16 characters of hexadecimal digits are 64 bits.
const SHORTEST: usize = 16;

/// What is shown to whoever runs the gateway, and how: `/metrics`, `/admin/revenue`, `/dashboard`.
#[derive(Debug, Clone, Default)]
pub struct Admin {
    /// Opens the pages from anywhere, as `Authorization: Bearer TOKEN` or as the password of Basic
    /// authentication with any name. `None`: they are open to this machine alone, and only while the
    /// gateway listens on a loopback address. Default `None`.
    pub token: Option<AdminToken>,
    /// Whether there is a page at `/dashboard`. Default: no.
    pub dashboard: bool,
}

/// A secret of at least 16 visible characters. It is never printed.
#[derive(Clone)]
pub struct AdminToken {
    text: String,
}

/// A text that is no [`AdminToken`]. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the token must have at least {SHORTEST} visible ASCII characters, as `openssl rand -hex 32` \
     prints them"
)]
pub struct AdminTokenError;

impl AdminToken {
    /// A token from its text.
    ///
    /// # Errors
    /// When it is too short to be a secret, or cannot be in a header.
    pub fn new(text: impl Into<String>) -> Result<Self, AdminTokenError> {
        let text = text.into();
        let fits = text.len() >= SHORTEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self { text }) } else { Err(AdminTokenError) }
    }

    /// Whether a text is this token. Hashes are compared, so how long it takes tells nothing.
    pub(crate) fn is(&self, text: &str) -> bool {
        let hash = |text: &str| digest(&SHA256, text.as_bytes());
        hash(text).as_ref() == hash(&self.text).as_ref()
    }

    /// How the token is sent.
    pub(crate) fn bearer(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.text)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_visible_and_never_printed() {
        let token = AdminToken::new("0123456789abcdef").unwrap();
        assert!(token.is("0123456789abcdef") && !token.is("0123456789abcdee") && !token.is(""));
        assert_eq!(format!("{token:?} {:?}", token.bearer().unwrap()), "AdminToken Sensitive");
        for bad in ["", "0123456789abcde", "0123456789 abcdef", "0123456789abcdéf"] {
            assert!(AdminToken::new(bad).is_err(), "{bad:?}");
        }
    }
}

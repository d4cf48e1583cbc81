//! Which facilitator, and how it is asked.

use std::{fmt, time::Duration};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::{error::Error, outgoing::is_loopback};

/// Settlement through an x402 facilitator. [`SettleThrough::new`] has the defaults.
#[derive(Clone)]
pub struct SettleThrough {
    /// What comes before `/verify`, `/settle` and `/supported`: https, or http to this machine.
    pub url: String,
    /// Sent with every request, such as `("Authorization", "Bearer …")`. They are never printed.
    /// Default none. Headers that have to be made for each request, as some hosted facilitators want
    /// them, cannot be.
    pub headers: Vec<(String, String)>,
    /// How long it may take for one answer. A settlement that takes longer is unknown, and the buyer
    /// is told that it is pending. Default 45 s.
    pub timeout: Duration,
    /// JSON-RPC endpoints that tell what became of a settlement when the facilitator does not, and what
    /// a payer of several calls at once has: addresses separated by commas, or `off`. Default `None`:
    /// the public ones of the network.
    pub rpc_url: Option<String>,
}

impl SettleThrough {
    /// Settlement through the facilitator at a URL.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        let timeout = Duration::from_secs(45);
        Self { url: url.into(), headers: Vec::new(), timeout, rpc_url: None }
    }

    /// The address, checked.
    pub(crate) fn checked_url(&self) -> Result<Url, Error> {
        let refuse = |problem: &str| {
            Err(Error::Config { field: "settle_through.url", problem: problem.to_owned() })
        };
        let Ok(url) = self.url.parse::<Url>() else { return refuse("this is no URL") };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("must hold no user name or password; name a header");
        }
        match url.scheme() {
            "https" if url.has_host() => Ok(url),
            "http" if is_loopback(&url) => Ok(url),
            _ => refuse("must begin with https://, or lead to this machine"),
        }
    }

    /// The headers, checked.
    pub(super) fn checked_headers(&self) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name).ok();
            let (Some(name), Ok(mut value)) = (name, HeaderValue::try_from(value)) else {
                let problem = "this is no header: check its name, and its value for line breaks";
                let field = "settle_through.headers";
                return Err(Error::Config { field, problem: problem.to_owned() });
            };
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }

    /// Where it is, without the path, which may hold a key.
    #[must_use]
    pub fn origin(&self) -> String {
        let url = self.url.parse::<Url>();
        url.map_or_else(|_| "?".to_owned(), |url| url.origin().ascii_serialization())
    }
}

impl fmt::Debug for SettleThrough {
    /// Without anything that may be a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettleThrough").field("origin", &self.origin()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_safe_or_refused() {
        let check = |url: &str| SettleThrough::new(url).checked_url().is_ok();
        assert!(check("https://f.example/v2/x402") && check("http://127.0.0.1:8402"));
        for bad in ["", "f.example", "http://f.example", "ftp://f.example", "https://a:b@f.example"]
        {
            assert!(!check(bad), "{bad}");
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let mut options = SettleThrough::new("https://f.example/secret");
        options.headers.push(("Authorization".into(), "Bearer secret".into()));
        assert!(options.checked_headers().unwrap()["authorization"].is_sensitive());
        assert!(!format!("{options:?}").contains("secret"), "{options:?}");
        options.headers.push(("a b".into(), "c".into()));
        assert!(options.checked_headers().is_err());
    }
}

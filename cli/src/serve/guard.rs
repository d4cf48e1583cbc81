//! Who may ask: no page of another origin, no name that leads here by a trick, nobody without the
//! token. Pure: a request's head in, a refusal out.

use std::net::IpAddr;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Uri,
    header::{AUTHORIZATION, HOST, ORIGIN},
};

use super::token::Tokens;

/// Where clients of Anthropic's form show their key.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// What browsers say about where a request comes from; no script can set it.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The door of a server on this machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    pub(super) tokens: Tokens,
    /// Names in `Host` besides localhost and addresses.
    pub(super) hosts: Vec<String>,
    /// Origins whose pages may ask.
    pub(super) origins: Vec<HeaderValue>,
}

/// Why somebody is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// 401 without a token, 403 for a page or a name.
    pub(crate) status: u16,
    /// What is wrong, and the way out.
    pub(crate) message: String,
}

impl Guard {
    /// Checks where a request comes from and what it shows.
    ///
    /// # Errors
    /// 403 for an unknown name in `Host` (a page that has its own name lead here) and for pages of
    /// other origins; 401 without a token.
    pub(crate) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        self.check_source(uri, headers)?;
        if self.tokens.admit(shown(headers)) {
            return Ok(());
        }
        let problem = match shown(headers) {
            None => {
                "this endpoint spends money and asks for a token: set your client's API key to it"
            }
            Some(_) => {
                "the API key is not the token of this endpoint: it was printed at the start, \
                        unless BLOCKRUN_PROXY_TOKEN or --token named another"
            }
        };
        Err(Refusal { status: 401, message: problem.to_owned() })
    }

    /// The part of [`Guard::check`] that holds for what anybody may see.
    ///
    /// # Errors
    /// 403, as there.
    pub(crate) fn check_source(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = host(uri, headers);
        if !host.is_some_and(|host| self.knows(host)) {
            let message = format!(
                "Host is {:?}, which is no name of this machine; allow it with --allow-host",
                host.unwrap_or_default()
            );
            return Err(Refusal { status: 403, message });
        }
        match headers.get(ORIGIN) {
            Some(origin) if !self.allows(origin) => Err(page(&format!("{origin:?}"))),
            None if is_foreign(headers) => Err(page("another site")),
            _ => Ok(()),
        }
    }

    /// Whether no token is asked for.
    pub(crate) fn is_open(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Whether pages of this origin may ask, and read the answers.
    pub(crate) fn allows(&self, origin: &HeaderValue) -> bool {
        self.origins.contains(origin)
    }

    /// Whether a request only asks what a page of an allowed origin may ask.
    pub(crate) fn is_preflight(&self, method: &Method, headers: &HeaderMap) -> bool {
        *method == Method::OPTIONS && headers.get(ORIGIN).is_some_and(|one| self.allows(one))
    }

    /// An address in numbers cannot be made to lead elsewhere, as a name can.
    fn knows(&self, host: &str) -> bool {
        let name = without_port(host).to_ascii_lowercase();
        let address = name.trim_start_matches('[').trim_end_matches(']');
        name == "localhost"
            || name.ends_with(".localhost")
            || address.parse::<IpAddr>().is_ok()
            || self.hosts.contains(&name)
    }
}

fn page(origin: &str) -> Refusal {
    let message =
        format!("pages of {origin} may not ask here; allow their origin with --allow-origin");
    Refusal { status: 403, message }
}

/// What a browser says of a request that a page of another site caused.
fn is_foreign(headers: &HeaderMap) -> bool {
    headers.get(FETCH_SITE).is_some_and(|site| site != "none" && site != "same-origin")
}

fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    match headers.get(HOST) {
        Some(host) => host.to_str().ok(),
        None => uri.authority().map(http::uri::Authority::as_str),
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn shown(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.split_once(' '));
    let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let key = || headers.get(API_KEY).and_then(|value| value.to_str().ok());
    bearer.map(|(_, token)| token.trim()).or_else(key)
}

pub(super) fn check_host(name: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    match !name.is_empty() && name.bytes().all(plain) {
        true => Ok(name.to_ascii_lowercase()),
        false => {
            Err(format!("--allow-host: {name:?} is no name: write it without scheme and port"))
        }
    }
}

pub(super) fn check_origin(origin: &str) -> Result<HeaderValue, String> {
    let has_path = origin.split_once("://").is_none_or(|(_, rest)| rest.contains('/'));
    match HeaderValue::from_str(origin) {
        Ok(value) if !has_path => Ok(value),
        _ => Err(format!(
            "--allow-origin: {origin:?} is no origin: write scheme://host:port, without a path"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "a-token-of-a-test";

    fn guard() -> Guard {
        Guard {
            tokens: Tokens::new(&[TOKEN.to_owned()]).unwrap(),
            hosts: vec![check_host("Host.Docker.Internal").unwrap()],
            origins: vec![check_origin("app://notes").unwrap()],
        }
    }

    fn status(headers: &[(&'static str, &str)]) -> u16 {
        let mut map = HeaderMap::new();
        map.insert(AUTHORIZATION, format!("Bearer {TOKEN}").parse().unwrap());
        for (name, value) in headers {
            match value.is_empty() {
                true => drop(map.remove(*name)),
                false => drop(map.insert(*name, value.parse().unwrap())),
            }
        }
        guard().check(&Uri::from_static("/v1/models"), &map).err().map_or(200, |no| no.status)
    }

    #[test]
    fn a_name_that_was_made_to_lead_here_is_refused() {
        for host in ["127.0.0.1:8402", "localhost", "LOCALHOST:1", "[::1]:8402", "192.168.1.7:8402"]
        {
            assert_eq!(status(&[("host", host)]), 200, "{host}");
        }
        for host in ["host.docker.internal:8402", "api.localhost:8402"] {
            assert_eq!(status(&[("host", host)]), 200, "{host}");
        }
        for host in ["evil.example:8402", "127.0.0.1.evil.example", "localhost.evil.example", " "] {
            assert_eq!(status(&[("host", host)]), 403, "{host}");
        }
        assert_eq!(status(&[]), 403, "no host at all");
    }

    #[test]
    fn pages_may_not_ask_unless_their_origin_is_allowed() {
        let from = |origin: &str| status(&[("host", "localhost:8402"), ("origin", origin)]);
        for origin in ["https://evil.example", "null", "http://localhost:8402", "http://127.0.0.1"]
        {
            assert_eq!(from(origin), 403, "{origin}");
        }
        assert_eq!(from("app://notes"), 200);
        // An image or a link of a page has no origin, but a browser tells.
        for (site, expected) in [("cross-site", 403), ("same-site", 403), ("none", 200)] {
            assert_eq!(status(&[("host", "localhost"), ("sec-fetch-site", site)]), expected);
        }
    }

    #[test]
    fn the_token_is_shown_in_either_form() {
        let host = ("host", "127.0.0.1:8402");
        assert_eq!(status(&[host, ("authorization", ""), ("x-api-key", TOKEN)]), 200);
        assert_eq!(status(&[host, ("authorization", &format!("bearer  {TOKEN}"))]), 200);
        for bad in ["", TOKEN, "Bearer", "Bearer sk-something", "Basic YTpi"] {
            assert_eq!(status(&[host, ("authorization", bad)]), 401, "{bad}");
        }
        let nobody = Guard { tokens: Tokens::default(), ..guard() };
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "localhost".parse().unwrap());
        assert_eq!(nobody.check(&Uri::from_static("/"), &headers), Ok(()));
    }

    #[test]
    fn what_is_allowed_besides_is_checked() {
        for bad in ["", "https://a", "a:80", "a/b"] {
            assert!(check_host(bad).is_err(), "{bad}");
        }
        for bad in ["", "a", "https://a/", "https://a\n"] {
            assert!(check_origin(bad).is_err(), "{bad}");
        }
    }
}

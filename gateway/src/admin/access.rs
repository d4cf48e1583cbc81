//! Who may see the pages.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, uri::Authority};

use crate::{app::App, problem::Problem};

/// What a proxy adds: with one of these the request came from elsewhere, whatever it was sent to.
const OF_PROXIES: [HeaderName; 4] = [
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-real-ip"),
];

/// Lets whoever runs the gateway in: by the token, or without one by being on this machine. A proxy
/// on this machine makes nobody local, nor does a page of the web whose name leads here.
pub(crate) fn admit(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    match &app.config.admin.token {
        Some(token) if presented(headers).is_some_and(|text| token.is(&text)) => Ok(()),
        Some(_) => Err(wanted()),
        None if app.address.ip().is_loopback() && is_local(headers) => Ok(()),
        None => {
            let message = "This page is for whoever runs the gateway, on its own machine; from \
                           elsewhere it needs a token, which this gateway has none of \
                           (BLOCKRUN_GATEWAY_ADMIN_TOKEN).";
            Err(Problem::new(StatusCode::FORBIDDEN, "admin_closed", message))
        }
    }
}

/// The token of a request: a bearer, or the password of Basic authentication.
fn presented(headers: &HeaderMap) -> Option<String> {
    let (scheme, value) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.trim().to_owned());
    }
    let pair =
        scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(value.trim()).ok())??;
    let (_, password) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    Some(password.to_owned())
}

fn wanted() -> Problem {
    let message = "This page needs the token of whoever runs the gateway, as Authorization: Bearer \
                   or as a password with any name.";
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "admin_token_wanted", message);
    problem.with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"gateway\""))
}

fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    // HTTP/2 names the host in the URI, and no browser speaks that without TLS.
    let named_so = host.is_none_or(|host| host.parse().is_ok_and(|host| is_loopback(&host)));
    named_so && OF_PROXIES.iter().all(|name| !headers.contains_key(name))
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::AdminToken;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_token_comes_as_a_bearer_or_as_a_password() {
        let basic = format!("Basic {}", STANDARD.encode("me:a:token"));
        for (sent, token) in
            [("Bearer a:token", Some("a:token")), (&basic, Some("a:token")), ("Bearer", None)]
        {
            assert_eq!(presented(&headers(&[("authorization", sent)])).as_deref(), token);
        }
        assert_eq!(presented(&HeaderMap::new()), None);
    }

    #[test]
    fn a_proxy_and_a_foreign_name_are_not_local() {
        for host in ["localhost:8402", "127.0.0.1", "[::1]:8402"] {
            assert!(is_local(&headers(&[("host", host)])), "{host}");
            for name in OF_PROXIES {
                let mut proxied = headers(&[("host", host)]);
                proxied.insert(name, HeaderValue::from_static("x"));
                assert!(!is_local(&proxied));
            }
        }
        for host in ["rebound.example:8402", "127.0.0.1.example", "10.0.0.1"] {
            assert!(!is_local(&headers(&[("host", host)])), "{host}");
        }
    }

    #[test]
    fn no_token_is_never_the_token() {
        let token = AdminToken::new("0123456789abcdef").unwrap();
        assert!(
            !presented(&headers(&[("authorization", "Basic !")])).is_some_and(|t| token.is(&t))
        );
    }
}

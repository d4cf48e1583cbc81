//! Where a payment may be sent at all.

use url::{Host, Url};

use crate::error::{Error, Result};

/// Parses a server's address and checks that a payment may travel there: https, or http to this
/// machine; no user name or password in it.
///
/// # Errors
/// `InvalidArgument` that names `field` and the way out. A user name or password is not repeated.
pub fn check_url(field: &str, text: &str) -> Result<Url> {
    let url = Url::parse(text).map_err(|cause| {
        Error::argument(field, &format!("{text:?} is not a URL ({cause}); write https://host/path"))
    })?;
    // First, so that no later message repeats it: `http://localhost:80@evil.example` is evil's.
    if !url.username().is_empty() || url.password().is_some() {
        let host = url.host_str().unwrap_or_default();
        return Err(Error::argument(
            field,
            &format!("has a user name before the host {host:?}; remove everything up to the @"),
        ));
    }
    let host =
        url.host().ok_or_else(|| Error::argument(field, &format!("{text:?} has no host")))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&host) => Ok(url),
        "http" => Err(Error::argument(
            field,
            &format!("{text:?} is not encrypted; use https (http is for this machine only)"),
        )),
        scheme => Err(Error::argument(field, &format!("{scheme}:// is not https://"))),
    }
}

/// Whether a host is this machine, by its name alone: `localhost`, 127.0.0.0/8, `[::1]`.
#[must_use]
pub fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Checks a path below the base address: it names a resource and leads nowhere else. One slash
/// may end it, since to many servers that is part of the name; `/` alone is what is sold at a root.
///
/// # Errors
/// `InvalidArgument` that names `field`.
pub fn check_path(field: &str, path: &str) -> Result<()> {
    let problem = |what: &str| Err(Error::argument(field, &format!("{path:?} {what}")));
    let Some(rest) = path.strip_prefix('/') else { return problem("does not begin with a slash") };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/%".contains(c);
    if let Some(odd) = path.chars().find(|c| !plain(*c)) {
        return problem(&format!("holds {odd:?}: give the query apart, and encode what is odd"));
    }
    let lower = path.to_ascii_lowercase();
    if ["%2e", "%2f", "%5c", "%00"].iter().any(|code| lower.contains(code)) {
        return problem("holds an encoded dot, slash or nothing");
    }
    let segments = rest.strip_suffix('/').unwrap_or(rest).split('/');
    if !rest.is_empty() && segments.into_iter().any(|segment| matches!(segment, "" | "." | "..")) {
        return problem("holds an empty segment, or one that leads elsewhere");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_nowhere_else() {
        for good in ["/v1/models", "/v1/rpc/base", "/v1/x/a%20b", "/v1/@user:1/~x", "/", "/v1/x/"] {
            assert!(check_path("path", good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "v1/models",
            "//",
            "///",
            "/.",
            "/../",
            "//evil.example/x",
            "/v1//x",
            "/v1/../admin",
            "/v1/./x",
            "/v1/x?y=1",
            "/v1/x#y",
            "/v1/%2e%2e/x",
            "/v1/a%2Fb",
            "/v1\\x",
            "/v1/ x",
            "/v1/x\n",
            "/v1/x//",
        ] {
            let error = check_path("path", bad).unwrap_err();
            assert_eq!(error.field(), Some("path"), "{bad:?}");
        }
    }

    #[test]
    fn safe_addresses_pass() {
        for good in [
            "https://blockrun.ai/api",
            "http://localhost:8402/api",
            "http://127.0.0.1:1",
            "http://127.9.9.9/",
            "http://[::1]:8402",
        ] {
            assert!(check_url("api_url", good).is_ok(), "{good}");
        }
    }

    #[test]
    fn others_are_refused_by_name() {
        for bad in [
            "",
            "blockrun.ai",
            "http://blockrun.ai/api",
            "http://localhost:80@evil.example",
            "https://user:secret@blockrun.ai",
            "ftp://localhost",
            "http://localhost.evil.example",
            "http://0.0.0.0:1",
            "http://10.0.0.1",
            "file:///etc/passwd",
        ] {
            let error = check_url("api_url", bad).unwrap_err();
            assert!(error.message().starts_with("api_url"), "{error}");
            assert!(!error.message().contains("secret"), "{error}");
        }
    }
}

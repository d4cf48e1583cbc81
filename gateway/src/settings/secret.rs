//! What a settings file says of secrets: the names of the variables that hold them, never they.

use std::{collections::BTreeMap, ops::Range};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use toml::Spanned;

use super::Fault;

/// How somebody else is shown who asks: the variable of a key, the header that it goes in
/// [default: `Authorization`, as a bearer], and other headers.
pub(super) struct Credentials<'a> {
    pub(super) key_env: Option<&'a Spanned<String>>,
    pub(super) key_header: Option<&'a Spanned<String>>,
    pub(super) headers: &'a BTreeMap<String, Spanned<String>>,
}

impl Credentials<'_> {
    /// The key as it is sent, from the environment.
    pub(super) fn key(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<HeaderValue>, Fault> {
        let Some(name) = self.key_env else { return Ok(None) };
        let key = held(name, "key_env", variable)?;
        let refuse = |_| {
            let problem = format!(
                "the environment variable {} holds what cannot be in a header",
                name.get_ref()
            );
            Fault::new(name, "key_env", problem)
        };
        let mut key = HeaderValue::from_str(&key).map_err(refuse)?;
        key.set_sensitive(true);
        Ok(Some(key))
    }

    /// All that is sent. Every value is marked as one that nobody may print.
    pub(super) fn headers(&self, key: Option<&HeaderValue>) -> Result<HeaderMap, Fault> {
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            let name = HeaderName::try_from(name);
            let name = name.map_err(|_| Fault::new(value, "headers", "this is no header name"))?;
            let text = HeaderValue::try_from(value.get_ref());
            let mut text =
                text.map_err(|_| Fault::new(value, "headers", "this is no header value"))?;
            // It may be a key of another kind.
            text.set_sensitive(true);
            headers.insert(name, text);
        }
        match (key, self.key_header) {
            (None, None) => (),
            (None, Some(header)) => {
                return Err(Fault::new(header, "key_header", "needs key_env, which names the key"));
            }
            (Some(key), None) => {
                headers.insert(header::AUTHORIZATION, bearer(key));
            }
            (Some(key), Some(header)) => {
                let name = HeaderName::try_from(header.get_ref());
                let refuse = |_| Fault::new(header, "key_header", "this is no header name");
                headers.insert(name.map_err(refuse)?, key.clone());
            }
        }
        Ok(headers)
    }
}

/// What the environment holds under a name that the file says; an error names the variable alone.
pub(super) fn held(
    name: &Spanned<String>,
    key: &'static str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<String, Fault> {
    let refuse = |problem: &str| {
        let problem = format!("the environment variable {} {problem}", name.get_ref());
        Fault::new(name, key, problem)
    };
    let text = variable(name.get_ref()).ok_or_else(|| refuse("is not set"))?;
    let text = text.trim();
    if text.is_empty() { Err(refuse("is empty")) } else { Ok(text.to_owned()) }
}

/// The variable that the file names, or the usual one where that is set; `at` is the place to complain
/// of that one.
pub(super) fn chosen(
    named: Option<&Spanned<String>>,
    usual: &str,
    at: Range<usize>,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<Spanned<String>> {
    let is_set = || variable(usual).is_some_and(|text| !text.trim().is_empty());
    named.cloned().or_else(|| is_set().then(|| Spanned::new(at, usual.to_owned())))
}

fn bearer(key: &HeaderValue) -> HeaderValue {
    let bytes = [b"Bearer ", key.as_bytes()].concat();
    // Both halves are valid header values.
    let mut value = HeaderValue::from_bytes(&bytes).unwrap_or_else(|_| key.clone());
    value.set_sensitive(true);
    value
}

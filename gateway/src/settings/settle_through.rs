//! The facilitator that settles, in a settings file.

use std::collections::BTreeMap;

use http::HeaderValue;
use toml::Spanned;

use super::{
    Fault,
    secret::{Credentials, chosen},
    upstream::seconds,
};
use crate::{error::Error, settlement::SettleThrough};

/// What is sent to the facilitator, where it is set and the file names no other variable.
const KEY: &str = "BLOCKRUN_SETTLE_THROUGH_TOKEN";

/// The table as it is written.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    url: Spanned<String>,
    key_env: Option<Spanned<String>>,
    key_header: Option<Spanned<String>>,
    #[serde(default)]
    headers: BTreeMap<String, Spanned<String>>,
    timeout: Option<Spanned<f64>>,
}

impl Row {
    /// Who settles, and what is shown there; nobody is asked yet.
    pub(super) fn check(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<SettleThrough, Fault> {
        let mut through = SettleThrough::new(self.url.get_ref());
        if let Err(Error::Config { problem, .. }) = through.checked_url() {
            return Err(Fault::new(&self.url, "url", problem));
        }
        let timeout = self.timeout.as_ref();
        through.timeout = seconds(timeout, "timeout", through.timeout.as_secs())?;
        through.headers = self.sent(variable)?;
        Ok(through)
    }

    fn sent(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<(String, String)>, Fault> {
        let key_env = chosen(self.key_env.as_ref(), KEY, self.url.span(), &variable);
        let credentials = Credentials {
            key_env: key_env.as_ref(),
            key_header: self.key_header.as_ref(),
            headers: &self.headers,
        };
        let key = credentials.key(variable)?;
        let headers = credentials.headers(key.as_ref())?;
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Option<String> {
        match name {
            "OWN_KEY" => Some("own-secret\n".into()),
            "BAD_KEY" => Some("sec\nret".into()),
            _ => None,
        }
    }

    fn read(lines: &str) -> Result<SettleThrough, String> {
        let text = format!("url = \"https://f.example/x402\"\n{lines}");
        let row: Row = toml::from_str(&text).map_err(|error| error.to_string())?;
        row.check(variable).map_err(|fault| fault.within("f", &text).to_string())
    }

    fn sent(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn what_is_sent_comes_from_the_environment() {
        let plain = read("").unwrap();
        assert_eq!((plain.timeout.as_secs(), plain.headers), (45, Vec::new()));
        let own = read("key_env = \"OWN_KEY\"\ntimeout = 2.5").unwrap();
        assert_eq!(own.timeout.as_millis(), 2_500);
        assert_eq!(own.headers, [sent("authorization", "Bearer own-secret")]);
        assert!(!format!("{own:?}").contains("secret"), "{own:?}");
        let named =
            "key_env = \"OWN_KEY\"\nkey_header = \"X-Key\"\nheaders = { \"X-Shop\" = \"7\" }";
        let mut headers = read(named).unwrap().headers;
        headers.sort();
        assert_eq!(headers, [sent("x-key", "own-secret"), sent("x-shop", "7")]);
        // The usual variable need not be named, and need not be set.
        let row: Row = toml::from_str("url = \"https://f.example\"").unwrap();
        let usual = row.check(|name| (name == KEY).then(|| "usual".to_owned()));
        assert_eq!(usual.ok().unwrap().headers, [sent("authorization", "Bearer usual")]);
    }

    #[test]
    fn a_mistake_names_line_and_key_and_no_secret() {
        for (line, said) in [
            ("key_env = \"UNSET\"", "line 2: key_env: the environment variable UNSET is not set"),
            ("key_env = \"BAD_KEY\"", "line 2: key_env: the environment variable BAD_KEY holds"),
            ("key_header = \"X-Key\"", "line 2: key_header: needs key_env"),
            ("headers = { \"a b\" = \"c\" }", "line 2: headers: this is no header name"),
            ("timeout = 0", "line 2: timeout: must be seconds"),
            ("token = \"secret\"", "unknown field `token`"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(said), "{line}: {error}");
            assert!(!error.contains("sec\n"), "{error}");
        }
        let row: Row = toml::from_str("url = \"http://f.example\"").unwrap();
        assert_eq!(row.check(variable).err().unwrap().key, "url");
    }
}

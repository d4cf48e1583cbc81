//! What a listing is asked for.

use std::ops::RangeInclusive;

use axum::http::Uri;
use serde_json::Value;
use url::form_urlencoded;

use super::search::parts;
use crate::problem::Problem;

/// How many items an answer may be asked for.
pub(crate) const LIMITS: RangeInclusive<usize> = 1..=100;
/// How many it has when nobody says.
pub(crate) const DEFAULT_LIMIT: usize = 20;

/// The parameters of `GET /discovery/resources` and `/discovery/search`: what is left out does not
/// narrow. Each leaves alone what only the other one has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    words: Option<String>,
    kind: Option<String>,
    pay_to: Option<String>,
    scheme: Option<String>,
    network: Option<String>,
    extensions: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

impl Query {
    /// Reads them from a URL. Names that are not known mean nothing here; a name that is there twice
    /// counts as it was said last.
    pub(crate) fn of(uri: &Uri) -> Result<Self, Problem> {
        let mut query = Self::default();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            match &*name {
                "query" => query.words = Some(value.into()),
                "type" => query.kind = Some(value.into()),
                "payTo" => query.pay_to = Some(value.into()),
                "scheme" => query.scheme = Some(value.into()),
                "network" => query.network = Some(value.into()),
                "extensions" => query.extensions = Some(value.into()),
                "limit" => query.limit = Some(number("limit", &value, LIMITS)?),
                "offset" => query.offset = Some(number("offset", &value, 0..=u32::MAX as usize)?),
                _ => (),
            }
        }
        Ok(query)
    }

    /// The words that are looked for, in lower case; a search is nothing without them.
    pub(super) fn words(&self) -> Result<Vec<String>, Problem> {
        let Some(words) = self.words.as_deref().filter(|words| !words.is_empty()) else {
            let message = "query must say what to look for, as in query=pictures";
            return Err(Problem::invalid("invalid_value", message).at("query"));
        };
        Ok(parts(&words.to_lowercase()).map(str::to_owned).collect())
    }

    pub(super) fn limit(&self) -> usize {
        self.limit.unwrap_or(DEFAULT_LIMIT)
    }

    pub(super) fn offset(&self) -> usize {
        self.offset.unwrap_or(0)
    }

    /// Whether an item is among what was asked for.
    pub(super) fn wants(&self, item: &Value) -> bool {
        let is = |asked: &Option<String>, value: &Value| {
            asked
                .as_ref()
                .is_none_or(|asked| value.as_str().is_some_and(|v| v.eq_ignore_ascii_case(asked)))
        };
        let accepted = item["accepts"].as_array().is_some_and(|list| {
            list.iter().any(|one| {
                is(&self.pay_to, &one["payTo"])
                    && is(&self.scheme, &one["scheme"])
                    && is(&self.network, &one["network"])
            })
        });
        let extended = self.extensions.as_ref().is_none_or(|names| {
            names.split(',').all(|name| item["extensions"].get(name.trim()).is_some())
        });
        is(&self.kind, &item["type"]) && accepted && extended
    }
}

fn number(name: &str, value: &str, allowed: RangeInclusive<usize>) -> Result<usize, Problem> {
    let digits = Some(value).filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|value| value.parse().ok()).filter(|n| allowed.contains(n)).ok_or_else(|| {
        let value: String = value.chars().take(60).collect();
        let (least, most) = (allowed.start(), allowed.end());
        let message = format!("{name} must be an integer from {least} to {most}; got {value:?}");
        Problem::invalid("invalid_value", message).at(name)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn query(text: &str) -> Result<Query, Problem> {
        Query::of(&format!("/discovery/resources?{text}").parse().unwrap())
    }

    #[test]
    fn a_number_is_bounded_and_named() {
        let read = query("limit=7&offset=3&unknown=x").unwrap();
        assert_eq!((read.limit(), read.offset()), (7, 3));
        let read = query("").unwrap();
        assert_eq!((read.limit(), read.offset()), (20, 0));
        for bad in [
            "limit=0",
            "limit=101",
            "limit=%2B5",
            "limit=",
            "limit=x",
            "offset=-1",
            "offset=4294967296",
        ] {
            let problem = query(bad).unwrap_err().error_object();
            assert_eq!(problem["param"], bad.split('=').next().unwrap(), "{bad}");
        }
    }

    #[test]
    fn each_parameter_narrows() {
        let item = json!({
            "type": "http",
            "accepts": [{"payTo": "0xAb", "scheme": "exact", "network": "eip155:8453"}],
            "extensions": {"bazaar": {}, "quote": {}},
        });
        let wants = |text: &str| query(text).unwrap().wants(&item);
        for text in ["", "type=http", "payTo=0xaB", "extensions=bazaar", "extensions=quote,bazaar"]
        {
            assert!(wants(text), "{text}");
        }
        assert!(wants("scheme=exact&network=eip155:8453"));
        for text in ["type=mcp", "payTo=0xac", "scheme=upto", "network=base", "extensions=bazaar,x"]
        {
            assert!(!wants(text), "{text}");
        }
    }
}

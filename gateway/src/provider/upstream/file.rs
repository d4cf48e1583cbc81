//! Reading a settings file: every mistake names the file, the line and the key.

use std::{collections::BTreeMap, env, path::Path, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use toml::Spanned;
use url::Url;

use super::{
    mapping::Mapping,
    settings::{OutputLimit, PicturesAs, Settings, SettingsError},
};
use crate::{
    catalog::{Catalog, Model},
    outgoing::is_loopback,
};

/// Fields that a request is not without.
const NEEDED: [&str; 8] =
    ["model", "messages", "prompt", "n", "stream", "max_tokens", "max_completion_tokens", "size"];
/// Longest time that can be set: a day.
const LONGEST: f64 = 86_400.0;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    upstream: Spanned<Vec<Row>>,
}

/// An upstream as it is written; [`Row::check`] turns it into [`Settings`].
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: Spanned<String>,
    base_url: Spanned<String>,
    key_env: Option<Spanned<String>>,
    key_header: Option<Spanned<String>>,
    #[serde(default)]
    headers: BTreeMap<String, Spanned<String>>,
    models: Spanned<BTreeMap<String, Spanned<String>>>,
    #[serde(default)]
    output_limit: OutputLimit,
    #[serde(default)]
    pictures_as: PicturesAs,
    #[serde(default)]
    drop: Vec<Spanned<String>>,
    #[serde(default = "one")]
    retries: u32,
    connect_timeout: Option<Spanned<f64>>,
    timeout: Option<Spanned<f64>>,
    idle_timeout: Option<Spanned<f64>>,
    breaker_failures: Option<Spanned<u32>>,
    breaker_pause: Option<Spanned<f64>>,
}

const fn one() -> u32 {
    1
}

/// Where in the text, which key, and what is wrong with it.
struct Fault {
    at: usize,
    key: &'static str,
    problem: String,
}

impl Fault {
    fn new<T>(at: &Spanned<T>, key: &'static str, problem: impl Into<String>) -> Self {
        Self { at: at.span().start, key, problem: problem.into() }
    }
}

/// The upstreams of a file, in its order.
pub(super) fn read(path: &Path, catalog: &Catalog) -> Result<Vec<Settings>, SettingsError> {
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&file, &text, catalog, |name| env::var(name).ok()),
        Err(source) => Err(SettingsError::Read { file, source }),
    }
}

/// The same of a text; `file` is only for messages, `variable` looks into the environment.
fn parse(
    file: &str,
    text: &str,
    catalog: &Catalog,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Settings>, SettingsError> {
    let parsed: File = toml::from_str(text)
        .map_err(|e| SettingsError::Syntax { file: file.into(), source: Box::new(e) })?;
    check(parsed.upstream, catalog, variable).map_err(|Fault { at, key, problem }| {
        let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        SettingsError::Value { file: file.into(), line, key, problem }
    })
}

fn check(
    rows: Spanned<Vec<Row>>,
    catalog: &Catalog,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Settings>, Fault> {
    if rows.get_ref().is_empty() {
        return Err(Fault::new(&rows, "upstream", "there must be at least one"));
    }
    let mut all: Vec<Settings> = Vec::new();
    for row in rows.into_inner() {
        if all.iter().any(|other| other.name == *row.name.get_ref()) {
            return Err(Fault::new(&row.name, "name", "another upstream has this name"));
        }
        all.push(row.check(catalog, &variable)?);
    }
    Ok(all)
}

impl Row {
    fn check(
        self,
        catalog: &Catalog,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Settings, Fault> {
        let key = self.key(variable)?;
        let base_url = base_url(&self.base_url, key.is_some())?;
        for field in &self.drop {
            if NEEDED.contains(&field.get_ref().as_str()) {
                return Err(Fault::new(field, "drop", "a request is nothing without this field"));
            }
        }
        let failures = self.breaker_failures.as_ref();
        if let Some(none) = failures.filter(|failures| *failures.get_ref() == 0) {
            return Err(Fault::new(none, "breaker_failures", "must be at least 1"));
        }
        Ok(Settings {
            base_url,
            headers: self.headers(key.as_ref())?,
            key,
            models: models(&self.models, catalog)?,
            output_limit: self.output_limit,
            pictures_as: self.pictures_as,
            drop: self.drop.into_iter().map(Spanned::into_inner).collect(),
            retries: self.retries,
            connect_timeout: seconds(self.connect_timeout.as_ref(), "connect_timeout", 10)?,
            timeout: seconds(self.timeout.as_ref(), "timeout", 120)?,
            idle_timeout: seconds(self.idle_timeout.as_ref(), "idle_timeout", 60)?,
            breaker_failures: failures.map_or(5, |failures| *failures.get_ref()),
            breaker_pause: seconds(self.breaker_pause.as_ref(), "breaker_pause", 30)?,
            name: self.name.into_inner(),
        })
    }

    /// The key as it is sent, from the environment.
    fn key(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Option<HeaderValue>, Fault> {
        let Some(name) = &self.key_env else { return Ok(None) };
        let refuse = |problem: &str| {
            let problem = format!("the environment variable {} {problem}", name.get_ref());
            Fault::new(name, "key_env", problem)
        };
        let key = variable(name.get_ref()).ok_or_else(|| refuse("is not set"))?;
        let key = key.trim();
        if key.is_empty() {
            return Err(refuse("is empty"));
        }
        let mut key =
            HeaderValue::from_str(key).map_err(|_| refuse("holds what cannot be in a header"))?;
        key.set_sensitive(true);
        Ok(Some(key))
    }

    fn headers(&self, key: Option<&HeaderValue>) -> Result<HeaderMap, Fault> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name);
            let name = name.map_err(|_| Fault::new(value, "headers", "this is no header name"))?;
            let text = HeaderValue::try_from(value.get_ref());
            let mut text =
                text.map_err(|_| Fault::new(value, "headers", "this is no header value"))?;
            // It may be a key of another kind.
            text.set_sensitive(true);
            headers.insert(name, text);
        }
        match (key, &self.key_header) {
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

fn bearer(key: &HeaderValue) -> HeaderValue {
    let bytes = [b"Bearer ", key.as_bytes()].concat();
    // Both halves are valid header values.
    let mut value = HeaderValue::from_bytes(&bytes).unwrap_or_else(|_| key.clone());
    value.set_sensitive(true);
    value
}

/// https, or http; a key travels by https or within this machine.
fn base_url(text: &Spanned<String>, with_key: bool) -> Result<Url, Fault> {
    let refuse = |problem: &str| Err(Fault::new(text, "base_url", problem));
    let Ok(url) = text.get_ref().parse::<Url>() else { return refuse("this is no URL") };
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return refuse("must begin with https:// or http://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must hold no user name or password; name the key by key_env");
    }
    if url.fragment().is_some() {
        return refuse("must have no fragment");
    }
    if with_key && url.scheme() == "http" && !is_loopback(&url) {
        return refuse("must be https: the key would be readable on the way");
    }
    Ok(url)
}

fn models(
    rows: &Spanned<BTreeMap<String, Spanned<String>>>,
    catalog: &Catalog,
) -> Result<Mapping, Fault> {
    if rows.get_ref().is_empty() {
        return Err(Fault::new(rows, "models", "must name at least one model"));
    }
    for (id, name) in rows.get_ref() {
        let refuse = |problem: String| Err(Fault::new(name, "models", problem));
        if name.get_ref().is_empty() {
            return refuse(format!("the upstream's name of {id:?} is empty"));
        }
        match id.strip_suffix('*') {
            None if name.get_ref().ends_with('*') => {
                return refuse(format!("a name may end in * only where {id:?} does"));
            }
            None if catalog.get(id).is_none_or(|model| model.id != *id) => {
                let near = catalog.nearest(id).join(", ");
                return refuse(format!("{id:?} is no full id of the catalog; near are {near}"));
            }
            Some(prefix) if !catalog.listed().any(|model: &Model| model.id.starts_with(prefix)) => {
                return refuse(format!("{id:?} matches no model of the catalog"));
            }
            _ => (),
        }
    }
    let rows = rows.get_ref().iter().map(|(id, name)| (id.clone(), name.get_ref().clone()));
    Ok(Mapping::new(rows))
}

fn seconds(
    value: Option<&Spanned<f64>>,
    key: &'static str,
    default: u64,
) -> Result<Duration, Fault> {
    let Some(value) = value else { return Ok(Duration::from_secs(default)) };
    let seconds = *value.get_ref();
    if seconds > 0.0 && seconds <= LONGEST {
        return Ok(Duration::from_secs_f64(seconds));
    }
    Err(Fault::new(value, key, "must be seconds, above 0 and at most a day (86400)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk-secret";

    fn read(text: &str) -> Result<Vec<Settings>, SettingsError> {
        let variable = |name: &str| match name {
            "EMPTY_KEY" => Some(" ".into()),
            "BAD_KEY" => Some("a\nb".into()),
            name => name.ends_with("_API_KEY").then(|| format!("{KEY}\n")),
        };
        parse("gateway.toml", text, &Catalog::built_in().unwrap(), variable)
    }

    #[test]
    fn the_example_is_true() {
        let all = read(include_str!("../../../gateway.example.toml")).unwrap();
        let catalog = Catalog::built_in().unwrap();
        let served = |id: &str| {
            let model = catalog.get(id).unwrap();
            let named = |one: &Settings| Some((one.name.clone(), one.models.name(model)?));
            all.iter().filter_map(named).collect::<Vec<_>>()
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let both = [pair("openai", "gpt-4o-mini"), pair("openrouter", "openai/gpt-4o-mini")];
        assert_eq!(served("gpt-4o-mini"), both);
        assert_eq!(all[0].output_limit, OutputLimit::MaxCompletionTokens);
        assert!(all.iter().all(|one| !format!("{one:?}").contains(KEY)));
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let text = "[[upstream]]\nname = \"a\"\nbase_url = \"http://10.0.0.1/v1\"\n\
                    models = { \"*\" = \"*\" }\n";
        let [one] = read(text).unwrap().try_into().unwrap();
        assert_eq!((one.retries, one.breaker_failures), (1, 5));
        let times = [one.connect_timeout, one.timeout, one.idle_timeout, one.breaker_pause];
        assert_eq!(times.map(|time| time.as_secs()), [10, 120, 60, 30]);
        assert_eq!((one.key, one.headers.len(), one.drop.len()), (None, 0, 0));
        assert_eq!((one.output_limit, one.pictures_as), Default::default());
    }

    #[test]
    fn a_key_is_a_bearer_unless_a_header_is_named() {
        let text = |more: &str| {
            format!(
                "[[upstream]]\nname = \"a\"\nbase_url = \"https://a.example\"\n{more}\n\
                 key_env = \"A_API_KEY\"\nmodels = {{ \"*\" = \"*\" }}\n"
            )
        };
        let sent = |more: &str, header: &str| {
            let value = read(&text(more)).unwrap()[0].headers[header].clone();
            assert!(value.is_sensitive());
            value.to_str().unwrap().to_owned()
        };
        assert_eq!(sent("", "authorization"), format!("Bearer {KEY}"));
        assert_eq!(sent("key_header = \"api-key\"", "api-key"), KEY);
    }

    #[test]
    fn a_mistake_names_file_line_and_key() {
        let cases = [
            ("base_url = \"no url\"", "base_url"),
            ("base_url = \"ftp://a.example\"", "base_url"),
            ("base_url = \"https://me:pass@a.example\"", "base_url"),
            ("base_url = \"https://a.example#x\"", "base_url"),
            ("base_url = \"http://a.example\"\nkey_env = \"A_API_KEY\"", "base_url"),
            ("key_env = \"NOT_SET\"", "key_env"),
            ("key_env = \"EMPTY_KEY\"", "key_env"),
            ("key_env = \"BAD_KEY\"", "key_env"),
            ("key_header = \"api-key\"", "key_header"),
            ("key_header = \"a b\"\nkey_env = \"A_API_KEY\"", "key_header"),
            ("headers = { \"a b\" = \"c\" }", "headers"),
            ("headers = { a = \"\\n\" }", "headers"),
            ("models = {}", "models"),
            ("models = { \"openai/gpt-4o-mni\" = \"x\" }", "models"),
            ("models = { \"gpt-4o\" = \"x\" }", "models"),
            ("models = { \"openai/gpt-4o\" = \"\" }", "models"),
            ("models = { \"openai/gpt-4o\" = \"*\" }", "models"),
            ("models = { \"opnai/*\" = \"*\" }", "models"),
            ("drop = [\"model\"]", "drop"),
            ("timeout = 0", "timeout"),
            ("connect_timeout = -1", "connect_timeout"),
            ("idle_timeout = nan", "idle_timeout"),
            ("breaker_pause = 1e9", "breaker_pause"),
            ("breaker_failures = 0", "breaker_failures"),
        ];
        for (line, key) in cases {
            let mut text = format!("[[upstream]]\nname = \"a\"\n{line}\n");
            for (key, value) in
                [("base_url", "\"https://a.example\""), ("models", "{ \"*\" = \"*\" }")]
            {
                if !line.starts_with(key) {
                    text += &format!("{key} = {value}\n");
                }
            }
            let error = read(&text).unwrap_err().to_string();
            let start = format!("settings gateway.toml, line 3: {key}: ");
            assert!(error.starts_with(&start), "{line}: {error}");
            assert!(!error.contains(KEY) && !error.contains("pass@"), "{error}");
        }
    }

    #[test]
    fn an_unknown_key_a_wrong_type_and_a_second_name_are_mistakes() {
        let row = "[[upstream]]\nname = \"a\"\nbase_url = \"https://a.example\"\n\
                   models = { \"*\" = \"*\" }\n";
        for (text, said) in [
            (format!("{row}timout = 3\n"), "line 5"),
            (format!("{row}retries = \"x\"\n"), "line 5"),
            (format!("{row}output_limit = \"x\"\n"), "line 5"),
            (format!("{row}{row}"), "line 6: name: "),
            ("upstream = []".to_owned(), "line 1: upstream: "),
            (String::new(), "upstream"),
        ] {
            let error = read(&text).unwrap_err().to_string();
            assert!(error.starts_with("settings gateway.toml") && error.contains(said), "{error}");
        }
    }
}

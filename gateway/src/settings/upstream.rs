//! An upstream of a settings file.

use std::{collections::BTreeMap, time::Duration};

use toml::Spanned;
use url::Url;

use super::{Fault, secret::Credentials};
use crate::{
    catalog::{Catalog, Model},
    outgoing::is_loopback,
    provider::{Mapping, OutputLimit, PicturesAs, Upstream},
};

/// Fields that a request is not without.
const NEEDED: [&str; 8] =
    ["model", "messages", "prompt", "n", "stream", "max_tokens", "max_completion_tokens", "size"];
/// Longest time that can be set: a day.
const LONGEST: f64 = 86_400.0;

/// An upstream as it is written; [`Row::check`] turns it into [`Upstream`].
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) name: Spanned<String>,
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

impl Row {
    pub(super) fn check(
        self,
        catalog: &Catalog,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Upstream, Fault> {
        let key = self.credentials().key(variable)?;
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
        Ok(Upstream {
            base_url,
            headers: self.credentials().headers(key.as_ref())?,
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

    const fn credentials(&self) -> Credentials<'_> {
        Credentials {
            key_env: self.key_env.as_ref(),
            key_header: self.key_header.as_ref(),
            headers: &self.headers,
        }
    }
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

pub(super) fn seconds(
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

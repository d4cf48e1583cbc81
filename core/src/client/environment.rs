//! Environment variables. A blank one is unset; a bad one is an error, never ignored: a limit with
//! a typing error must not become no limit.

use std::time::Duration;

use crate::{
    error::{Error, Result},
    money::Usdc,
};

pub(super) fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

pub(super) fn dollars(name: &str) -> Result<Option<Usdc>> {
    let Some(value) = text(name) else { return Ok(None) };
    let parsed = value.trim().trim_start_matches('$').parse();
    parsed.map(Some).map_err(|_| {
        Error::argument(name, &format!("{value:?} is not an amount of dollars such as 0.25"))
    })
}

pub(super) fn seconds(name: &str) -> Result<Option<Duration>> {
    let Some(value) = text(name) else { return Ok(None) };
    let parsed: Option<f64> = value.trim().parse().ok();
    match parsed.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        Some(duration) => Ok(Some(duration)),
        None => Err(Error::argument(name, &format!("{value:?} is not a number of seconds"))),
    }
}

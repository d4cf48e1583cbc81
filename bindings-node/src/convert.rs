//! Values of JavaScript into values of the core.

use std::time::Duration;

use blockrun_llm::{
    Error, Usdc,
    error::Result,
    journal::{PaymentFilter, RecordState},
    x402::Origin,
};
use napi::{Either, bindgen_prelude::BigInt};
use napi_derive::napi;
use serde_json::Value;
use url::Url;

/// Which payments to list.
#[napi(object, object_to_js = false)]
pub struct PaymentsInput {
    pub scope: Option<String>,
    pub state: Option<String>,
    /// Unix time.
    pub since: Option<f64>,
    pub model: Option<String>,
    pub origin: Option<String>,
    pub limit: Option<f64>,
}

impl PaymentsInput {
    pub(crate) fn into_filter(self) -> Result<PaymentFilter> {
        let scopes = &[("client", true), ("home", false)];
        let states = RecordState::ALL.map(|state| (state.name(), Some(state)));
        Ok(PaymentFilter {
            own: self.scope.is_none() || one_of("scope", self.scope, scopes)?,
            state: one_of("state", self.state, &states)?,
            since: self.since.map(whole),
            model: self.model,
            origin: self.origin.map(|url| origin(&url)).transpose()?,
            limit: self.limit.map(|limit| whole(limit) as usize),
        })
    }
}

/// Dollars, exactly: a number through its shortest decimal form, or decimal text.
pub(crate) fn dollars(field: &str, given: Option<Either<f64, String>>) -> Result<Option<Usdc>> {
    let parsed = match given {
        None => return Ok(None),
        Some(Either::A(number)) => Usdc::from_dollars(number),
        Some(Either::B(text)) => text.parse(),
    };
    // The core does not know what the amount was for.
    parsed
        .map(Some)
        .map_err(|cause| Error::argument(field, cause.message().trim_start_matches("amount: ")))
}

/// The value of a name; the default when none is given.
pub(crate) fn one_of<T: Copy + Default>(
    field: &str,
    given: Option<String>,
    known: &[(&str, T)],
) -> Result<T> {
    let Some(given) = given else { return Ok(T::default()) };
    let found = known.iter().find(|(name, _)| *name == given);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        Error::argument(field, &format!("{given:?} is not one of {}", names.join(", ")))
    })
}

/// The origin of a URL in the form of the journal, with its port.
fn origin(url: &str) -> Result<String> {
    let origin = url.parse().ok().and_then(|url: Url| Origin::of(&url));
    let origin = origin.ok_or_else(|| {
        Error::argument("origin", &format!("{url:?} is not an address such as https://blockrun.ai"))
    })?;
    Ok(origin.to_string())
}

/// JSON text, where there is some.
pub(crate) fn json(field: &str, text: Option<String>) -> Result<Option<Value>> {
    let read = |text: String| serde_json::from_str(&text);
    text.map(read)
        .transpose()
        .map_err(|cause| Error::argument(field, &format!("is not valid JSON: {cause}")))
}

/// A 64-bit number out of a `BigInt`.
pub(crate) fn u64_of(field: &str, number: &BigInt) -> Result<u64> {
    match number.get_u64() {
        (_, number, true) => Ok(number),
        _ => Err(Error::argument(field, "is negative or does not fit into 64 bits")),
    }
}

/// A 32-bit number out of a `BigInt`.
pub(crate) fn u32_of(field: &str, number: &BigInt) -> Result<u32> {
    u32::try_from(u64_of(field, number)?)
        .map_err(|_| Error::argument(field, "does not fit into 32 bits"))
}

/// A time in milliseconds, where there is one.
pub(crate) fn duration(field: &str, milliseconds: Option<f64>) -> Result<Option<Duration>> {
    let read = |given: f64| {
        Duration::try_from_secs_f64(given / 1_000.0).map_err(|_| {
            Error::argument(field, &format!("{given} is not a number of milliseconds"))
        })
    };
    milliseconds.map(read).transpose()
}

/// A number that was checked to be whole and not negative; the core says what is too large.
pub(crate) fn whole(number: f64) -> u64 {
    number as u64
}

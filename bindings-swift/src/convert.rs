//! Plain values, in and out.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use blockrun_llm::{
    Error,
    error::{ErrorKind, Result},
};
use serde_json::Value;

/// A count: `Int` in Swift, `Long` in Kotlin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(i64);

uniffi::custom_newtype!(Count, i64);

impl From<u64> for Count {
    /// What does not fit is shown as the largest number.
    fn from(number: u64) -> Self {
        Self(number.try_into().unwrap_or(i64::MAX))
    }
}

impl From<usize> for Count {
    fn from(number: usize) -> Self {
        Self(number.try_into().unwrap_or(i64::MAX))
    }
}

impl Count {
    pub(crate) fn whole(self, field: &str) -> Result<u64> {
        let negative = |_| Error::argument(field, &format!("{} is negative", self.0));
        self.0.try_into().map_err(negative)
    }
}

/// An HTTP status: `Int` in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(i32);

uniffi::custom_newtype!(Status, i32);

impl From<u16> for Status {
    fn from(status: u16) -> Self {
        Self(status.into())
    }
}

/// The last second of the year 9999, past which some calendars end.
const END_OF_TIME: u64 = 253_402_300_799;

/// Unix time as the languages' own type.
pub(crate) fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds.min(END_OF_TIME))
}

/// Unix time out of the languages' own type; a time before 1970 is 1970.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// JSON text.
pub(crate) fn json(field: &str, text: &str) -> Result<Value> {
    serde_json::from_str(text)
        .map_err(|cause| Error::argument(field, &format!("is not valid JSON: {cause}")))
}

/// The members of a JSON object.
pub(crate) fn members(field: &str, text: &str) -> Result<serde_json::Map<String, Value>> {
    match json(field, text)? {
        Value::Object(members) => Ok(members),
        _ => Err(Error::argument(field, "must be a JSON object")),
    }
}

/// Text that somebody can parse.
pub(crate) fn parse<T: std::str::FromStr>(field: &str, text: &str, wanted: &str) -> Result<T> {
    text.parse().map_err(|_| Error::argument(field, &format!("{text:?} is not {wanted}")))
}

/// An error that the application's own code caused; nothing was sent.
pub(crate) fn declined(why: &str) -> Error {
    let message = format!("{why}; nothing was sent and nothing was charged");
    Error::new(ErrorKind::Payment, message)
}

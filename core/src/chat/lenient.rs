//! Reading what was paid for: a field of another shape than expected is empty, and spoils no other.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// A field, or its default.
pub(crate) fn field<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    Ok(T::deserialize(Value::deserialize(deserializer)?).unwrap_or_default())
}

/// A list whose elements keep their places, or an empty one.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let elements: Vec<Value> = field(deserializer)?;
    Ok(elements.into_iter().map(|one| T::deserialize(one).unwrap_or_default()).collect())
}

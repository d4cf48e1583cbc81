//! Reads bodies of other forms; what does not fit is named by its path.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use super::problem::Problem;

/// The fields of a form, by what becomes of them.
pub(super) struct Fields {
    /// Translated.
    pub(super) known: &'static [&'static str],
    /// Without a counterpart, and harmless to leave out.
    pub(super) ignored: &'static [&'static str],
    /// Without a counterpart, and the way out.
    pub(super) refused: &'static [(&'static str, &'static str)],
}

impl Fields {
    fn check(&self, name: &str) -> Result<(), Problem> {
        if self.known.contains(&name) || self.ignored.contains(&name) {
            return Ok(());
        }
        let way_out = self.refused.iter().find(|(refused, _)| *refused == name);
        Err(Problem::unsupported(name, way_out.map_or("leave it out", |(_, way_out)| way_out)))
    }
}

/// Reads a body.
///
/// # Errors
/// For a field that is not of this form or of another type, and for one that would be left out
/// although its caller counts on it. Null and false are
/// no field.
pub(super) fn read<T: DeserializeOwned>(
    json: Map<String, Value>,
    fields: &Fields,
) -> Result<T, Problem> {
    for (name, value) in &json {
        // What is switched off is not asked for.
        if !(value.is_null() || *value == false) {
            fields.check(name)?;
        }
    }
    serde_path_to_error::deserialize(Value::Object(json)).map_err(|error| {
        let path = error.path().to_string();
        Problem::invalid(&path, &format!("{path}: {}", error.inner()))
    })
}

/// A text, or a list of parts.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TextOr<T> {
    Text(String),
    Parts(Vec<T>),
}

impl<T> Default for TextOr<T> {
    fn default() -> Self {
        Self::Parts(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for TextOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = TextOr<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(TextOr::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = seq.next_element()? {
                    parts.push(part);
                }
                Ok(TextOr::Parts(parts))
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

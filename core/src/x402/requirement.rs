//! One way to pay, as a 402 offers it: read leniently, kept verbatim.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

/// Protocol version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// `X-PAYMENT`, requirements in the body.
    V1,
    /// `PAYMENT-SIGNATURE`, requirements in a header.
    V2,
}

impl Version {
    /// The number in `x402Version`.
    pub const fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }

    /// The version with this number.
    pub const fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::V1),
            2 => Some(Self::V2),
            _ => None,
        }
    }

    /// What this version calls the amount.
    pub const fn amount_field(self) -> &'static str {
        match self {
            Self::V1 => "maxAmountRequired",
            Self::V2 => "amount",
        }
    }
}

/// An entry of `accepts`. Nothing in it is trusted or even well-formed yet:
/// [`match_terms`](super::match_terms) turns it into [`Terms`](super::Terms). Clones share it.
#[derive(Clone, Debug)]
pub struct Requirement {
    version: Version,
    entry: Arc<Entry>,
}

#[derive(Debug)]
struct Entry {
    raw: Box<RawValue>,
    fields: Map<String, Value>,
}

impl Requirement {
    /// Wraps an entry, which is kept byte for byte.
    pub fn from_raw(version: Version, raw: Box<RawValue>) -> Self {
        let fields = serde_json::from_str(raw.get()).unwrap_or_default();
        Self { version, entry: Arc::new(Entry { raw, fields }) }
    }

    /// Makes an entry of these fields, in their order.
    ///
    /// # Errors
    /// When they cannot be written as JSON.
    pub fn from_fields(version: Version, fields: Map<String, Value>) -> serde_json::Result<Self> {
        let raw = serde_json::value::to_raw_value(&fields)?;
        Ok(Self { version, entry: Arc::new(Entry { raw, fields }) })
    }

    /// Makes an entry from anything that serializes to JSON; what a server offers.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn from_value(version: Version, value: &impl Serialize) -> serde_json::Result<Self> {
        Ok(Self::from_raw(version, serde_json::value::to_raw_value(value)?))
    }

    /// Protocol version whose field names it uses.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The entry as received.
    pub fn raw(&self) -> &RawValue {
        &self.entry.raw
    }

    /// A field, `None` when absent or null.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.entry.fields.get(name).filter(|value| !value.is_null())
    }

    /// A field that is a string.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.field(name)?.as_str()
    }

    /// A field of `extra`, `None` when absent or null.
    pub fn extra(&self, name: &str) -> Option<&Value> {
        self.field("extra")?.get(name).filter(|value| !value.is_null())
    }

    /// The amount, under the name of this version.
    pub fn amount(&self) -> Option<&Value> {
        self.field(self.version.amount_field())
    }
}

impl PartialEq for Requirement {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version && self.raw().get() == other.raw().get()
    }
}

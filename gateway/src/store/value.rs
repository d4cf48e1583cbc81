//! What goes into a database and comes out of it, the same for every kind of database.

use alloy::primitives::{Address, B256};

use super::StoreError;

/// A value of a parameter or a column. Amounts are micro-USDC, times Unix seconds, hashes and
/// addresses bytes; a boolean is 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// The parameters of a statement, in the order of their numbers.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::store::Value::from($value)),*] };
}
pub(crate) use values;

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

/// Times and counts: what is beyond 63 bits is the largest there is.
impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Int(truth.into())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a Address> for Value<'a> {
    fn from(address: &'a Address) -> Self {
        Self::Bytes(address.as_slice())
    }
}

impl<'a> From<&'a B256> for Value<'a> {
    fn from(hash: &'a B256) -> Self {
        Self::Bytes(hash.as_slice())
    }
}

impl<'a, T: Into<Self>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// Something that a column can hold.
pub(crate) trait Column: Sized {
    /// The value, if it is one of these.
    fn read(value: Value<'_>) -> Option<Self>;
}

impl Column for i64 {
    fn read(value: Value<'_>) -> Option<Self> {
        if let Value::Int(number) = value { Some(number) } else { None }
    }
}

impl Column for u64 {
    fn read(value: Value<'_>) -> Option<Self> {
        i64::read(value)?.try_into().ok()
    }
}

impl Column for bool {
    fn read(value: Value<'_>) -> Option<Self> {
        Some(i64::read(value)? != 0)
    }
}

impl Column for String {
    fn read(value: Value<'_>) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.to_owned()) } else { None }
    }
}

impl Column for Vec<u8> {
    fn read(value: Value<'_>) -> Option<Self> {
        if let Value::Bytes(bytes) = value { Some(bytes.to_vec()) } else { None }
    }
}

impl Column for Address {
    fn read(value: Value<'_>) -> Option<Self> {
        if let Value::Bytes(bytes) = value { bytes.try_into().ok() } else { None }
    }
}

impl Column for B256 {
    fn read(value: Value<'_>) -> Option<Self> {
        if let Value::Bytes(bytes) = value { bytes.try_into().ok() } else { None }
    }
}

impl<T: Column> Column for Option<T> {
    fn read(value: Value<'_>) -> Option<Self> {
        if value == Value::Null { Some(None) } else { T::read(value).map(Some) }
    }
}

/// A row of a result.
#[derive(Debug)]
pub(crate) enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    #[cfg(feature = "postgres")]
    Postgres(&'a postgres::Row),
}

impl Row<'_> {
    /// A column, counted from 0.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it holds something else.
    pub(crate) fn get<T: Column>(&self, column: usize) -> Result<T, StoreError> {
        T::read(self.value(column)?).ok_or(StoreError::Damaged("a column"))
    }

    fn value(&self, column: usize) -> Result<Value<'_>, StoreError> {
        match self {
            Self::Sqlite(row) => super::sqlite::read(row, column),
            #[cfg(feature = "postgres")]
            Self::Postgres(row) => super::postgres::read(row, column),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_another_kind_is_no_value() {
        assert_eq!(u64::read(Value::Int(-1)), None);
        assert_eq!(B256::read(Value::Bytes(&[0; 31])), None);
        assert_eq!(String::read(Value::Null), None);
        assert_eq!(Option::<String>::read(Value::Null), Some(None));
        assert_eq!(Option::<String>::read(Value::Int(1)), None);
        assert_eq!(Value::from(u64::MAX), Value::Int(i64::MAX));
    }
}

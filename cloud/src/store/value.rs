//! What goes into a query and comes out of it: five kinds of values both engines have.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{
    BatchNo, Cursor, DealerId, DeviceId, DocumentId, Epoch, OperatorId, OrderId, OwnerId,
    ProductId, Revision, Seq, SiteId, TaskId, Version,
};
use sealtrace_protocol::signing::Hash;
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;

use super::StoreError;

/// One value in a query or a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A bigint; also 0 and 1 for no and yes.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A double precision number.
    Real(f64),
}

impl Value {
    /// The word for what this is, for errors.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "an integer",
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
            Self::Real(_) => "a real number",
        }
    }
}

/// One row of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(Vec<Value>);

impl Row {
    pub(super) const fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// The value of a column (from 0) as a `T`. `Option<T>` takes null.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T, StoreError> {
        let value = self.0.get(column).unwrap_or(&Value::Null);
        T::from_value(value).ok_or(StoreError::Column {
            column,
            found: value.kind(),
            expected: T::EXPECTED,
        })
    }
}

/// What a column can be read as.
pub trait FromValue: Sized {
    /// The word for it, for errors.
    const EXPECTED: &'static str;

    /// Reads it; `None` when the value is something else.
    fn from_value(value: &Value) -> Option<Self>;
}

impl<T: FromValue> FromValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_value(value: &Value) -> Option<Self> {
        if matches!(value, Value::Null) { Some(None) } else { T::from_value(value).map(Some) }
    }
}

impl FromValue for i64 {
    const EXPECTED: &'static str = "an integer";

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Int(number) = value { Some(*number) } else { None }
    }
}

/// Kept bit by bit, so that any value comes back as it went in; order holds below 2^63, where ours are.
impl FromValue for u64 {
    const EXPECTED: &'static str = "an integer";

    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).map(i64::cast_unsigned)
    }
}

impl FromValue for bool {
    const EXPECTED: &'static str = "0 or 1";

    fn from_value(value: &Value) -> Option<Self> {
        match i64::from_value(value)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl FromValue for f64 {
    const EXPECTED: &'static str = "a real number";

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Real(number) = value { Some(*number) } else { None }
    }
}

impl FromValue for String {
    const EXPECTED: &'static str = "a text";

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl FromValue for Vec<u8> {
    const EXPECTED: &'static str = "bytes";

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Bytes(bytes) = value { Some(bytes.clone()) } else { None }
    }
}

impl FromValue for Hash {
    const EXPECTED: &'static str = "32 bytes";

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Bytes(bytes) = value { Self::from_slice(bytes) } else { None }
    }
}

impl FromValue for Code {
    const EXPECTED: &'static str = "a code";

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { text.parse().ok() } else { None }
    }
}

impl FromValue for Lot {
    const EXPECTED: &'static str = "a lot";

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Self::new(text).ok() } else { None }
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Int(i64::from(yes))
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(number.cast_signed())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Hash> for Value {
    fn from(hash: Hash) -> Self {
        Self::Bytes(hash.0.to_vec())
    }
}

impl From<Lot> for Value {
    fn from(lot: Lot) -> Self {
        Self::Text(lot.into())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! small_integers {
    ($($number:ty)*) => {$(
        impl FromValue for $number {
            const EXPECTED: &'static str = concat!("an integer that fits ", stringify!($number));

            fn from_value(value: &Value) -> Option<Self> {
                i64::from_value(value).and_then(|number| Self::try_from(number).ok())
            }
        }

        impl From<$number> for Value {
            fn from(number: $number) -> Self {
                Self::Int(number.into())
            }
        }
    )*};
}

small_integers! { u8 u16 i32 u32 }

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

macro_rules! names {
    ($($name:ident)*) => {$(
        impl FromValue for $name {
            const EXPECTED: &'static str = "an integer";

            fn from_value(value: &Value) -> Option<Self> {
                FromValue::from_value(value).map(Self)
            }
        }

        impl From<$name> for Value {
            fn from(name: $name) -> Self {
                name.0.into()
            }
        }
    )*};
}

names! {
    OwnerId DeviceId OperatorId SiteId ProductId OrderId TaskId DocumentId DealerId Seq Epoch BatchNo Version Revision
    Cursor Timestamp
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_half_of_u64_come_back_as_they_went_in() {
        for number in [0, 1, u64::MAX / 2, u64::MAX / 2 + 1, u64::MAX] {
            assert_eq!(u64::from_value(&Value::from(number)), Some(number));
        }
    }

    #[test]
    fn null_is_only_read_as_an_option() {
        let row = Row::new(vec![Value::Null]);
        assert_eq!(row.get::<Option<i64>>(0).unwrap(), None);
        assert!(row.get::<i64>(0).is_err());
    }
}

//! Short texts of GS1's character set 82, held in place: lots and serials.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// GS1 General Specifications, figure 7.11-1: the 82 characters of alphanumeric data.
const PUNCTUATION_82: &[u8] = b"!\"%&'()*+,-./:;<=>?_";

/// True for a character of GS1's set 82.
#[must_use]
pub const fn is_cset82(byte: u8) -> bool {
    if byte.is_ascii_alphanumeric() {
        return true;
    }
    let mut rest = PUNCTUATION_82;
    while let [first, tail @ ..] = rest {
        if *first == byte {
            return true;
        }
        rest = tail;
    }
    false
}

/// One to twenty characters of GS1's set 82, as in AI 10 (lot) and AI 21 (serial).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text20 {
    bytes: [u8; 20],
    len: u8,
}

/// A production lot (批次), AI 10.
pub type Lot = Text20;

/// Why a text is not one to twenty characters of set 82.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// More than twenty characters.
    #[error("has {0} characters, at most 20 are allowed")]
    TooLong(usize),
    /// A character outside GS1's set 82.
    #[error("character {0} is not in GS1's set 82")]
    Character(usize),
}

impl Text20 {
    /// Reads `text`; the position in [`TextError::Character`] counts bytes from 0.
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if let Some(at) = text.bytes().position(|byte| !is_cset82(byte)) {
            return Err(TextError::Character(at));
        }
        let mut bytes = [0; 20];
        let (Some(room), Ok(len)) = (bytes.get_mut(..text.len()), u8::try_from(text.len())) else {
            return Err(TextError::TooLong(text.len()));
        };
        room.copy_from_slice(text.as_bytes());
        Ok(Self { bytes, len })
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let used = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(used).unwrap_or_default()
    }
}

impl fmt::Display for Text20 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Text20 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for Text20 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Text20 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(|error| de::Error::custom(alloc::format!("text {error}")))
    }
}

impl From<Text20> for String {
    fn from(text: Text20) -> Self {
        text.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_characters_fit_and_twenty_one_do_not() {
        assert_eq!(Text20::new("A1234567890123456789").unwrap().as_str().len(), 20);
        assert_eq!(Text20::new("A12345678901234567890"), Err(TextError::TooLong(21)));
    }

    #[test]
    fn a_character_outside_the_set_is_named_by_position() {
        assert_eq!(Text20::new("AB#C"), Err(TextError::Character(2)));
        assert_eq!(Text20::new("批次"), Err(TextError::Character(0)));
    }
}

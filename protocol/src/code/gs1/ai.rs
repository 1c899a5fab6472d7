//! An application identifier: two to four digits that say what the value behind them is.

use core::fmt;
use core::str::FromStr;

use super::error::{Gs1Error, Rule};
use super::identifiers;

/// An application identifier of GS1's table, such as `01` or `3103`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ai {
    /// The digits in ASCII, filled up with zero bytes, so that identifiers sort as texts do.
    text: [u8; 4],
}

impl Ai {
    /// GTIN.
    pub const GTIN: Self = Self { text: *b"01\0\0" };
    /// SSCC.
    pub const SSCC: Self = Self { text: *b"00\0\0" };
    /// Batch or lot.
    pub const LOT: Self = Self { text: *b"10\0\0" };
    /// Use by, or expiry.
    pub const EXPIRY: Self = Self { text: *b"17\0\0" };
    /// Serial number.
    pub const SERIAL: Self = Self { text: *b"21\0\0" };
    /// Digital signature.
    pub(super) const SIGNATURE: Self = Self { text: *b"8030" };

    /// Reads two to four digits; whether the table knows them is another question.
    pub(super) fn from_digits(digits: &[u8]) -> Option<Self> {
        let mut text = [0; 4];
        let fits = (2..=4).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
        text.get_mut(..digits.len()).filter(|_| fits)?.copy_from_slice(digits);
        Some(Self { text })
    }

    /// How many digits it has.
    pub(super) fn len(self) -> usize {
        match self.text {
            [_, _, 0, 0] => 2,
            [_, _, _, 0] => 3,
            _ => 4,
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let digits = self.text.get(..self.len()).unwrap_or_default();
        core::str::from_utf8(digits).unwrap_or_default()
    }

    /// The digits as a number: `01` is 1.
    pub(super) fn number(self) -> u16 {
        let digits = self.text.iter().take_while(|digit| **digit != 0);
        digits.fold(0, |number, digit| number * 10 + u16::from(digit - b'0'))
    }

    /// True for the pattern's identifiers; `n` stands for any digit.
    pub(super) fn matches(self, pattern: &[u8]) -> bool {
        let own = self.text.iter().zip(pattern);
        pattern.len() == self.len()
            && own.into_iter().all(|(own, meant)| own == meant || *meant == b'n')
    }

    /// True for two identifiers that differ in the last of four digits only, as the decimals of a measure do.
    pub(super) fn is_series_of(self, other: Self) -> bool {
        let ([a, b, c, d], [e, f, g, h]) = (self.text, other.text);
        (a, b, c) == (e, f, g) && d != 0 && h != 0
    }
}

impl FromStr for Ai {
    type Err = Gs1Error;

    /// Reads an identifier of the table.
    fn from_str(digits: &str) -> Result<Self, Gs1Error> {
        let known = identifiers::exactly(digits.as_bytes()).map(|(ai, _)| ai);
        known.ok_or(Gs1Error::new(0, None, Rule::Identifier))
    }
}

impl fmt::Display for Ai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Ai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ai(digits: &str) -> Ai {
        Ai::from_digits(digits.as_bytes()).unwrap()
    }

    #[test]
    fn patterns_match_digit_by_digit() {
        assert!(ai("3103").matches(b"310n") && ai("3103").matches(b"31nn"));
        assert!(!ai("310").matches(b"310n") && !ai("3203").matches(b"31nn"));
        assert!(ai("01").matches(b"01") && !ai("01").matches(b"0"));
    }

    #[test]
    fn an_identifier_is_one_of_the_table() {
        assert_eq!("8030".parse(), Ok(Ai::SIGNATURE));
        for unknown in ["", "1", "04", "3106", "310", "01 "] {
            assert!(unknown.parse::<Ai>().is_err(), "{unknown}");
        }
    }

    #[test]
    fn two_to_four_digits_are_identifiers() {
        assert_eq!(ai("8030"), Ai::SIGNATURE);
        assert_eq!((ai("01").number(), ai("3103").number()), (1, 3103));
        for bad in ["", "1", "12345", "1a"] {
            assert_eq!(Ai::from_digits(bad.as_bytes()), None, "{bad}");
        }
    }
}

//! GTINs, alone and with a serial.

use core::fmt;

use super::gs1::{Ai, Rule, Set};
use super::sscc::{check_digit, parse_digits};
use super::{Minted, Why};
use crate::text::Text20;

/// A GTIN as 14 digits with a right check digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtin(u64);

impl Gtin {
    /// Reads a GTIN-8, -12, -13 or -14.
    ///
    /// # Errors
    /// [`Why::Gs1`] with what is wrong.
    pub fn new(digits: &str) -> Result<Self, Why> {
        let broken = |rule| Why::Gs1 { ai: Some(Ai::GTIN), rule };
        let number = parse_digits(digits).ok_or(broken(Rule::Character(Set::Digits)))?;
        match digits.len() {
            8 | 12 | 13 | 14 => Self::from_number(number).ok_or(broken(Rule::CheckDigit)),
            15.. => Err(broken(Rule::TooLong(14))),
            _ => Err(broken(Rule::TooShort(8))),
        }
    }

    /// The GTIN with this numeric value, if its check digit is right.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        (number < 100_000_000_000_000 && check_digit(number / 10) == number % 10)
            .then_some(Self(number))
    }

    /// All 14 digits as a number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:014}", self.0)
    }
}

/// A GTIN with a serial which is not one of our minted codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sgtin {
    gtin: Gtin,
    serial: Text20,
}

impl Sgtin {
    /// `None` when the serial is a minted code: that is [`super::Code::Minted`], whatever stands in front of it.
    #[must_use]
    pub fn new(gtin: Gtin, serial: Text20) -> Option<Self> {
        Minted::from_typed(serial.as_str()).is_none().then_some(Self { gtin, serial })
    }

    /// AI 01.
    #[must_use]
    pub const fn gtin(&self) -> Gtin {
        self.gtin
    }

    /// AI 21.
    #[must_use]
    pub const fn serial(&self) -> Text20 {
        self.serial
    }
}

/// As an element string in brackets; a bracket in the serial is written `\(`.
impl fmt::Display for Sgtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(01){}(21)", self.gtin)?;
        let mut parts = self.serial.as_str().split('(');
        f.write_str(parts.next().unwrap_or_default())?;
        parts.try_for_each(|part| write!(f, "\\({part}"))
    }
}

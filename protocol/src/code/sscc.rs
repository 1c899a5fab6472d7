//! SSCC-18 and the check digit all GS1 keys share.

use core::fmt;

use super::Why;
use super::gs1::{Ai, Rule, Set};

/// A serial shipping container code: 18 digits, the last a check digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sscc(u64);

/// The digits in front of the check digit: 10^17 of them are possible.
const BODY_MAX: u64 = 99_999_999_999_999_999;

impl Sscc {
    /// Reads 18 digits.
    ///
    /// # Errors
    /// [`Why::Gs1`] with what is wrong.
    pub fn new(digits: &str) -> Result<Self, Why> {
        let broken = |rule| Why::Gs1 { ai: Some(Ai::SSCC), rule };
        match digits.len() {
            ..18 => return Err(broken(Rule::TooShort(18))),
            18 => {}
            _ => return Err(broken(Rule::TooLong(18))),
        }
        let number = parse_digits(digits).ok_or(broken(Rule::Character(Set::Digits)))?;
        Self::from_number(number).ok_or(broken(Rule::CheckDigit))
    }

    /// The SSCC with this numeric value, if its check digit is right.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        (number / 10 <= BODY_MAX && check_digit(number / 10) == number % 10).then_some(Self(number))
    }

    /// Completes the 17 digits in front of the check digit (extension, company prefix, serial).
    #[must_use]
    pub fn from_body(body: u64) -> Option<Self> {
        (body <= BODY_MAX).then(|| Self(body * 10 + check_digit(body)))
    }

    /// All 18 digits as a number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The 17 digits in front of the check digit as a number.
    #[must_use]
    pub const fn body(self) -> u64 {
        self.0 / 10
    }
}

impl fmt::Display for Sscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:018}", self.0)
    }
}

/// GS1's check digit of the digits in front of it: weights 3, 1, 3 … from the right.
#[must_use]
pub const fn check_digit(body: u64) -> u64 {
    let mut rest = body;
    let mut weight = 3;
    let mut sum = 0;
    while rest > 0 {
        sum += (rest % 10) * weight;
        weight = 4 - weight;
        rest /= 10;
    }
    (10 - sum % 10) % 10
}

/// Up to 18 ASCII digits as a number; `None` for anything else.
pub(super) fn parse_digits(digits: &str) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_the_one_of_the_general_specifications() {
        // GS1 General Specifications 7.9.1: 37610425002123456 has check digit 9.
        assert_eq!(check_digit(37_610_425_002_123_456), 9);
        assert_eq!(check_digit(629_104_150_021), 3);
    }

    #[test]
    fn leading_zeros_stay() {
        let sscc = Sscc::from_body(1).unwrap();
        assert_eq!(alloc::format!("{sscc}"), "000000000000000017");
    }
}

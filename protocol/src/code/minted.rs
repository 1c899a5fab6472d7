//! The form of our own codes: 17 characters of Crockford's base 32. What they mean, only the cloud's key can tell.

use core::fmt;

/// The highest value of the first character: two bits of scheme, three of key version.
pub const SCHEME_KEY_MAX: u8 = 31;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARACTERS: usize = 17;

/// A minted code: a head of five bits and a body of 80.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minted {
    head: u8,
    body: [u8; 10],
}

impl Minted {
    /// The code with this head (0 to 31) and the lower 80 bits of `body`, or `None` when either is too large.
    #[must_use]
    pub fn new(head: u8, body: u128) -> Option<Self> {
        if head > SCHEME_KEY_MAX || body >> 80 != 0 {
            return None;
        }
        let [_, _, _, _, _, _, rest @ ..] = body.to_be_bytes();
        Some(Self { head, body: rest })
    }

    /// Scheme and key version: the first character's value.
    #[must_use]
    pub const fn head(self) -> u8 {
        self.head
    }

    /// The 80 encrypted bits as a number.
    #[must_use]
    pub fn body(self) -> u128 {
        self.body.iter().fold(0, |number, byte| (number << 8) | u128::from(*byte))
    }

    pub(super) fn to_bytes(self) -> [u8; 11] {
        let mut bytes = [0; 11];
        let [head, body @ ..] = &mut bytes;
        *head = self.head;
        *body = self.body;
        bytes
    }

    pub(super) fn from_bytes([head, body @ ..]: [u8; 11]) -> Option<Self> {
        let minted = Self { head, body };
        (head <= SCHEME_KEY_MAX && !minted.is_all_digits()).then_some(minted)
    }

    /// Reads 17 characters without regard to case, O as 0, I and L as 1; `None` for anything else.
    ///
    /// Seventeen digits are none of ours, and neither is what reads as them: a customer's numeric code must not pass for
    /// a minted one, and of 32^17 minted codes one in 4·10⁸ would look like that. Minting skips those.
    #[must_use]
    pub fn from_typed(text: &str) -> Option<Self> {
        if text.len() != CHARACTERS || text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mut values = text.bytes().map(value);
        let head = values.next()??;
        let body = values.try_fold(0_u128, |body, value| Some((body << 5) | u128::from(value?)))?;
        Self::new(head, body).filter(|minted| !minted.is_all_digits())
    }

    /// True for a code that would read as 17 digits, which [`Minted::from_typed`] refuses.
    #[must_use]
    pub fn is_all_digits(self) -> bool {
        self.characters().iter().all(u8::is_ascii_digit)
    }

    fn characters(self) -> [u8; CHARACTERS] {
        let mut characters = [b'0'; CHARACTERS];
        let mut rest = (u128::from(self.head) << 80) | self.body();
        for character in characters.iter_mut().rev() {
            let digit = usize::try_from(rest & 31).unwrap_or_default();
            *character = ALPHABET.get(digit).copied().unwrap_or(b'0');
            rest >>= 5;
        }
        characters
    }
}

impl fmt::Display for Minted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(core::str::from_utf8(&self.characters()).unwrap_or_default())
    }
}

fn value(character: u8) -> Option<u8> {
    let upper = match character.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    let at = ALPHABET.iter().position(|known| *known == upper)?;
    u8::try_from(at).ok()
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn what_is_printed_is_read_back_in_any_case() {
        let minted = Minted::new(9, 0x1234_5678_9abc_def0_1234).unwrap();
        let printed = minted.to_string();
        assert_eq!(printed.len(), 17);
        assert_eq!(Minted::from_typed(&printed), Some(minted));
        assert_eq!(Minted::from_typed(&printed.to_lowercase()), Some(minted));
    }

    #[test]
    fn look_alikes_are_read_as_meant() {
        let meant = Minted::from_typed("9A0000000000001Z1").unwrap();
        assert_eq!(Minted::from_typed("9aOoOOOOOOOOOOIzL"), Some(meant));
    }

    #[test]
    fn u_and_seventeen_digits_are_no_minted_codes() {
        assert_eq!(Minted::from_typed("9U000000000000000"), None);
        assert_eq!(Minted::from_typed("12345678901234567"), None);
        assert_eq!(Minted::from_typed("I234567890I23456L"), None);
    }
}

//! One element: an application identifier and its value, and the ways a value is spelled.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::Ai;
use super::content::{self, Fault};
use super::error::{Gs1Error, Rule, Set};
use super::identifiers::Row;

/// An application identifier with its value, which keeps the rules of that identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    pub(super) ai: Ai,
    pub(super) value: Cow<'a, str>,
    pub(super) at: usize,
    pub(super) row: &'static Row,
}

impl Element<'_> {
    /// Which application identifier.
    #[must_use]
    pub const fn ai(&self) -> Ai {
        self.ai
    }

    /// The value, without any escapes of the text it was read from.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Where the value started in that text, in bytes from 0.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// How many of the digits are decimals, for identifiers that say so with their last digit: 3103 has three.
    #[must_use]
    pub fn decimals(&self) -> Option<u8> {
        let has_decimals =
            matches!(self.ai.number(), 3100..=3695 | 3900..=3955) && self.ai.len() == 4;
        let last = self.ai.number() % 10;
        u8::try_from(last).ok().filter(|_| has_decimals)
    }
}

/// How a value is written in the text around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As it is.
    Plain,
    /// Brackets are written `\(` and `\)`.
    Bracketed,
    /// Percent-encoded.
    Path,
    /// Percent-encoded, and `+` is a blank.
    Query,
}

impl Spelling {
    /// The value of `raw`, which stands at `at`, if it keeps the rules of the identifier.
    pub(super) fn read<'a>(
        self,
        (ai, row): (Ai, &'static Row),
        raw: &'a str,
        at: usize,
    ) -> Result<Element<'a>, Gs1Error> {
        let error =
            |fault: Fault| Gs1Error::new(at + self.raw_offset(raw, fault.at), Some(ai), fault.rule);
        let value =
            self.decode(raw).map_err(|fault| Gs1Error::new(at + fault.at, Some(ai), fault.rule))?;
        content::check(row, value.as_bytes()).map_err(error)?;
        Ok(Element { ai, value, at, row })
    }

    fn decode(self, raw: &str) -> Result<Cow<'_, str>, Fault> {
        let marks: &[char] = match self {
            Self::Plain => &[],
            Self::Bracketed => &['\\'],
            Self::Path => &['%'],
            Self::Query => &['%', '+'],
        };
        if marks.is_empty() || !raw.contains(marks) {
            return Ok(Cow::Borrowed(raw));
        }
        let mut decoded = Vec::with_capacity(raw.len());
        let mut rest = raw.as_bytes();
        while !rest.is_empty() {
            let at = raw.len() - rest.len();
            let (byte, length) = self.unit(rest).map_err(|rule| Fault::new(at, rule))?;
            decoded.push(byte);
            rest = rest.get(length..).unwrap_or_default();
        }
        let stray = |_| Fault::new(0, Rule::Character(Set::Set82));
        String::from_utf8(decoded).map(Cow::Owned).map_err(stray)
    }

    /// The first byte meant by `rest`, and how many bytes spell it.
    fn unit(self, rest: &[u8]) -> Result<(u8, usize), Rule> {
        match (self, rest) {
            (Self::Bracketed, [b'\\', bracket @ (b'(' | b')'), ..]) => Ok((*bracket, 2)),
            (Self::Path | Self::Query, [b'%', escaped @ ..]) => {
                let digit = |at| escaped.get(at).and_then(|hex| char::from(*hex).to_digit(16));
                let (Some(high), Some(low)) = (digit(0), digit(1)) else {
                    return Err(Rule::Escape);
                };
                u8::try_from(high * 16 + low).map(|byte| (byte, 3)).map_err(|_| Rule::Escape)
            }
            (Self::Query, [b'+', ..]) => Ok((b' ', 1)),
            (_, [byte, ..]) => Ok((*byte, 1)),
            (_, []) => Err(Rule::Empty),
        }
    }

    /// Where the value's byte at `offset` is spelled in `raw`.
    fn raw_offset(self, raw: &str, offset: usize) -> usize {
        let mut rest = raw.as_bytes();
        for _ in 0..offset {
            let length = self.unit(rest).map_or(1, |(_, length)| length);
            rest = rest.get(length..).unwrap_or_default();
        }
        raw.len() - rest.len()
    }
}

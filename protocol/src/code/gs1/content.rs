//! What a value may hold: the parts it is made of, their characters, lengths and meaning.

use super::error::{Rule, Set};
use super::identifiers::Row;
use super::meaning::Check;

/// A broken rule, and how many bytes into the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) rule: Rule,
}

impl Fault {
    pub(super) const fn new(at: usize, rule: Rule) -> Self {
        Self { at, rule }
    }
}

/// One part of a value. Only the last may vary in length, only the last ones may be missing.
#[derive(Clone, Copy)]
pub(super) struct Part {
    set: Set,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) is_optional: bool,
    checks: &'static [Check],
}

impl Part {
    const fn new(set: Set, least: usize, most: usize) -> Self {
        Self { set, least, most, is_optional: false, checks: &[] }
    }

    /// Exactly `length` digits.
    pub(super) const fn n(length: usize) -> Self {
        Self::new(Set::Digits, length, length)
    }

    /// One to `most` digits.
    pub(super) const fn n_to(most: usize) -> Self {
        Self::new(Set::Digits, 1, most)
    }

    /// Exactly `length` characters of set 82.
    pub(super) const fn x(length: usize) -> Self {
        Self::new(Set::Set82, length, length)
    }

    /// One to `most` characters of set 82.
    pub(super) const fn x_to(most: usize) -> Self {
        Self::new(Set::Set82, 1, most)
    }

    /// One to `most` characters of set 39.
    pub(super) const fn y_to(most: usize) -> Self {
        Self::new(Set::Set39, 1, most)
    }

    /// One to `most` characters of set 64.
    pub(super) const fn z_to(most: usize) -> Self {
        Self::new(Set::Set64, 1, most)
    }

    pub(super) const fn optional(self) -> Self {
        Self { is_optional: true, ..self }
    }

    pub(super) const fn that(self, checks: &'static [Check]) -> Self {
        Self { checks, ..self }
    }

    fn check(&self, piece: &[u8]) -> Result<(), Fault> {
        if piece.len() < self.least {
            return Err(Fault::new(piece.len(), Rule::Truncated));
        }
        self.set.check(piece)?;
        self.checks.iter().try_for_each(|check| check.apply(piece))
    }
}

/// Holds a value against the parts that its identifier's row says.
pub(super) fn check(row: &Row, value: &[u8]) -> Result<(), Fault> {
    if !value.is_ascii() {
        let at = value.iter().position(|byte| !byte.is_ascii()).unwrap_or_default();
        let set = row.parts.last().map_or(Set::Set82, |part| part.set);
        return Err(Fault::new(at, Rule::Character(set)));
    }
    if value.len() < row.least {
        return Err(Fault::new(0, Rule::TooShort(row.least)));
    }
    if value.len() > row.most {
        return Err(Fault::new(row.most, Rule::TooLong(row.most)));
    }
    let mut rest = value;
    for part in row.parts {
        if rest.is_empty() {
            break;
        }
        let at = value.len() - rest.len();
        let (piece, tail) = rest.split_at_checked(part.most).unwrap_or((rest, &[]));
        part.check(piece).map_err(|fault| Fault::new(at + fault.at, fault.rule))?;
        rest = tail;
    }
    Ok(())
}

impl Set {
    fn check(self, piece: &[u8]) -> Result<(), Fault> {
        let body = match self {
            Self::Set64 => without_padding(piece)?,
            Self::Digits | Self::Set82 | Self::Set39 => piece,
        };
        let mask = self.bit();
        let wrong = body.iter().position(|byte| class(*byte) & mask == 0);
        wrong.map_or(Ok(()), |at| Err(Fault::new(at, Rule::Character(self))))
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Digits => 1,
            Self::Set82 => 2,
            Self::Set39 => 4,
            Self::Set64 => 8,
        }
    }
}

/// Which sets hold this character, as [`Set::bit`]s.
#[expect(clippy::indexing_slicing, reason = "there is a class for every byte")]
fn class(byte: u8) -> u8 {
    CLASSES[usize::from(byte)]
}

static CLASSES: [u8; 256] = classes();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which refuses what is out of range"
)]
const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut at = 0;
    let mut byte = 0_u8;
    while at < classes.len() {
        let is_name = byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let sets = [
            (byte.is_ascii_digit(), Set::Digits),
            (crate::text::is_cset82(byte), Set::Set82),
            (is_name || matches!(byte, b'#' | b'-' | b'/'), Set::Set39),
            (is_name || byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_'), Set::Set64),
        ];
        let mut set = 0;
        while set < sets.len() {
            if sets[set].0 {
                classes[at] |= sets[set].1.bit();
            }
            set += 1;
        }
        at += 1;
        byte = byte.wrapping_add(1);
    }
    classes
}

/// A base64url value without its `=`: up to two, completing groups of four as in RFC 4648, or of three as GS1's own
/// reference counts.
fn without_padding(piece: &[u8]) -> Result<&[u8], Fault> {
    let body_end = piece.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let (body, padding) = piece.split_at_checked(body_end).unwrap_or((piece, &[]));
    let completes = piece.len().is_multiple_of(4) || piece.len().is_multiple_of(3);
    if padding.len() > 2 || (!padding.is_empty() && !completes) {
        return Err(Fault::new(body_end, Rule::Padding));
    }
    Ok(body)
}

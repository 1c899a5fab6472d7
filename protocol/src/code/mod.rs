//! Codes, read once at the door. Everything behind it holds a [`Code`], which cannot be malformed.
//!
//! [`parse`] reads what names an item of ours: minted codes, SSCCs, serialised GTINs. What GS1 labels hold beyond that is
//! read by [`gs1`], on which it is built.

pub mod gs1;
mod gtin;
mod minted;
mod scan;
mod sscc;

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use gtin::{Gtin, Sgtin};
pub use minted::{Minted, SCHEME_KEY_MAX};
pub use scan::{Claims, Expiry, Scan};
pub use sscc::{Sscc, check_digit};

use gs1::digital_link::{self, LinkOptions};
use gs1::{Ai, Associations, ElementString, Gs1Error, Meaning, Rule};

use crate::text::Lot;

/// The longest text that can be a code; anything longer is refused unread.
pub const SCAN_BYTES_MAX: usize = 512;

/// What identifies one item, whatever label it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A code of ours: 17 characters, 80 unguessable bits.
    Minted(Minted),
    /// A logistic unit: case or pallet.
    Sscc(Sscc),
    /// A GTIN with a serial that is not a minted one: somebody else's, or imported.
    Sgtin(Sgtin),
}

/// Where and why a text is not a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {why}")]
pub struct ParseError {
    /// Byte position in the text as scanned, from 0.
    pub at: usize,
    /// What is wrong there.
    pub why: Why,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Nothing was read.
    #[error("nothing was read")]
    Empty,
    /// More than [`SCAN_BYTES_MAX`] bytes.
    #[error("longer than a code can be ({0} bytes)")]
    TooLong(usize),
    /// None of the forms we know.
    #[error("this is none of our code forms")]
    UnknownForm,
    /// Neither an SSCC nor a GTIN with a serial.
    #[error("there is no SSCC, and no GTIN with a serial")]
    NoIdentity,
    /// A rule of GS1 data is broken.
    #[error("{}{rule}", Named(*.ai))]
    Gs1 {
        /// The application identifier concerned, when it is known.
        ai: Option<Ai>,
        /// The rule.
        rule: Rule,
    },
}

/// An identifier in front of a sentence about it.
struct Named(Option<Ai>);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |ai| write!(f, "({ai}): "))
    }
}

impl ParseError {
    pub(crate) const fn new(at: usize, why: Why) -> Self {
        Self { at, why }
    }
}

impl From<Gs1Error> for ParseError {
    fn from(Gs1Error { at, ai, rule }: Gs1Error) -> Self {
        Self { at, why: Why::Gs1 { ai, rule } }
    }
}

/// Reads what a scanner, a camera or a person typed.
///
/// Forms: a minted short URL, a minted code alone, a GS1 Digital Link on any host, an element string (with AIM prefix,
/// FNC1 as GS, or bracketed), an SSCC as 18 or 20 digits. Letters of minted codes are read without regard to case.
/// Surrounding blanks and the AIM prefix of any other symbology (`]Q1`, `]C0`) are ignored. Pairs of identifiers are
/// not checked: what GS1 requires beside one may be on another label of the item.
///
/// # Errors
/// Where and why the text is not a code.
pub fn parse(text: &str) -> Result<Scan, ParseError> {
    if text.len() > SCAN_BYTES_MAX {
        return Err(ParseError::new(SCAN_BYTES_MAX, Why::TooLong(text.len())));
    }
    let started = text.trim_start_matches(BLANKS);
    let trimmed = started.trim_end_matches(BLANKS);
    if trimmed.is_empty() {
        return Err(ParseError::new(0, Why::Empty));
    }
    let (meaning, plain) = gs1::split_aim(trimmed).unwrap_or((Meaning::Plain, trimmed));
    let skipped = text.len() - started.len() + trimmed.len() - plain.len();
    if plain.is_empty() {
        return Err(ParseError::new(skipped, Why::Empty));
    }
    parse_trimmed(plain, meaning).map_err(|error| ParseError { at: error.at + skipped, ..error })
}

/// What readers and keyboards put around a code.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

fn parse_trimmed(text: &str, meaning: Meaning) -> Result<Scan, ParseError> {
    if meaning == Meaning::Elements {
        return parse_elements(text);
    }
    if let Some(host_at) = digital_link::scheme_end(text) {
        // Two labels in view of a reader, or a frame whose end was lost: which of the two codes passed, nobody knows.
        let second = text.get(host_at..).and_then(|rest| rest.find("://").or(rest.find(BLANKS)));
        if let Some(at) = second {
            return Err(ParseError::new(host_at + at, Why::UnknownForm));
        }
        return parse_link(text, host_at);
    }
    if let Some(minted) = Minted::from_typed(text) {
        return Ok(Scan::minted(minted));
    }
    if text.len() == 18 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let sscc = Sscc::new(text).map_err(|why| ParseError::new(0, why))?;
        return Ok(Scan { code: Code::Sscc(sscc), claims: Claims::default() });
    }
    parse_elements(text)
}

fn parse_elements(text: &str) -> Result<Scan, ParseError> {
    match ElementString::parse_at(text, 0, Associations::Unchecked) {
        Err(Gs1Error { rule: Rule::Form, at, .. }) => Err(ParseError::new(at, Why::UnknownForm)),
        elements => Scan::of_elements(&elements?),
    }
}

/// A Digital Link, or a short URL, whose last segment is a minted code. The host is not looked at: in a test set-up it
/// may be anything.
fn parse_link(text: &str, host_at: usize) -> Result<Scan, ParseError> {
    let (_, host) = text.split_at_checked(host_at).unwrap_or_default();
    let host_end = host.find(['/', '?', '#']).unwrap_or(host.len());
    let (_, tail) = host.split_at_checked(host_end).unwrap_or_default();
    let path = tail.strip_prefix('/').unwrap_or_default();
    let path_at = text.len() - path.len();
    let options = LinkOptions { associations: Associations::Unchecked, ..LinkOptions::default() };
    let error = match digital_link::parse_path(path, path_at, options) {
        Ok(elements) => return Scan::of_elements(&elements),
        Err(error) => error,
    };
    if !matches!(error.rule, Rule::NoKey | Rule::ShortName(_)) {
        return Err(error.into());
    }
    let segments = path.split(['?', '#']).next().unwrap_or_default();
    let last = segments.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let unknown = || match error.rule == Rule::NoKey {
        true => ParseError::new(path_at, Why::UnknownForm),
        false => error.into(),
    };
    Minted::from_typed(last).map(Scan::minted).ok_or_else(unknown)
}

impl Code {
    /// The text of this code's canonical form; [`Code::from_str`] reads it back.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.to_string()
    }

    /// What a label of it holds: a short URL in capitals (a smaller QR code), or its elements. `host` serves the pages that
    /// short URLs lead to.
    #[must_use]
    pub fn printed(&self, host: &str) -> String {
        match self {
            Self::Minted(minted) => format!("HTTPS://{}/{minted}", host.to_ascii_uppercase()),
            Self::Sscc(_) | Self::Sgtin(_) => self.canonical(),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minted(minted) => minted.fmt(f),
            Self::Sscc(sscc) => write!(f, "(00){sscc}"),
            Self::Sgtin(sgtin) => sgtin.fmt(f),
        }
    }
}

impl FromStr for Code {
    type Err = ParseError;

    /// Reads any form [`parse`] reads and drops what the label claims besides.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).map(|scan| scan.code)
    }
}

/// Compact in binary formats; [`Code::canonical`] in readable ones.
impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        Shape::from(*self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            return text.parse().map_err(|error| de::Error::custom(format!("code {error}")));
        }
        Self::try_from(Shape::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A code's bytes on the wire.
#[derive(Serialize, Deserialize)]
enum Shape {
    Minted([u8; 11]),
    Sscc(u64),
    Sgtin(u64, Lot),
}

impl From<Code> for Shape {
    fn from(code: Code) -> Self {
        match code {
            Code::Minted(minted) => Self::Minted(minted.to_bytes()),
            Code::Sscc(sscc) => Self::Sscc(sscc.number()),
            Code::Sgtin(sgtin) => Self::Sgtin(sgtin.gtin().number(), sgtin.serial()),
        }
    }
}

impl TryFrom<Shape> for Code {
    type Error = &'static str;

    fn try_from(shape: Shape) -> Result<Self, Self::Error> {
        match shape {
            Shape::Minted(bytes) => Minted::from_bytes(bytes)
                .map(Self::Minted)
                .ok_or("a minted code's head is below 32, and it is not all digits"),
            Shape::Sscc(number) => {
                Sscc::from_number(number).map(Self::Sscc).ok_or("an SSCC with a wrong check digit")
            }
            Shape::Sgtin(number, serial) => {
                let gtin = Gtin::from_number(number).ok_or("a GTIN with a wrong check digit")?;
                Sgtin::new(gtin, serial).map(Self::Sgtin).ok_or("a serial that is a minted code")
            }
        }
    }
}

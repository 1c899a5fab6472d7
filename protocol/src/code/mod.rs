//! Codes, read once at the door. Everything behind it holds a [`Code`], which cannot be malformed.

mod digital_link;
mod gs1;
mod minted;
mod sscc;

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use gs1::{Expiry, Gtin, Sgtin};
pub use minted::{Minted, SCHEME_KEY_MAX};
pub use sscc::{Sscc, check_digit};

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

/// What one reading said: which item, and what its label claims about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Which item.
    pub code: Code,
    /// What the label says besides.
    pub claims: Claims,
}

/// What a label claims besides the identity: to be compared with the ledger, never believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// AI 01.
    pub gtin: Option<Gtin>,
    /// AI 10.
    pub lot: Option<Lot>,
    /// AI 17.
    pub expiry: Option<Expiry>,
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
    /// A control character or one outside GS1's set 82.
    #[error("a character that cannot be here")]
    Character,
    /// An application identifier we do not read.
    #[error("application identifier {0} is not used on our labels")]
    Identifier(String),
    /// The same application identifier twice.
    #[error("application identifier {0} appears twice")]
    Repeated(&'static str),
    /// The value of an application identifier is too short or too long.
    #[error("the value of ({ai}) has the wrong length, {expected} expected")]
    Length {
        /// The application identifier.
        ai: &'static str,
        /// What its length must be.
        expected: &'static str,
    },
    /// A digit was expected.
    #[error("the value of ({0}) must be digits")]
    NotDigits(&'static str),
    /// The check digit does not fit.
    #[error("the check digit of ({0}) is wrong")]
    CheckDigit(&'static str),
    /// Not a date.
    #[error("({0}) is not a date")]
    Date(&'static str),
    /// Neither an SSCC nor a GTIN with a serial.
    #[error("there is no SSCC, and no GTIN with a serial")]
    NoIdentity,
    /// A percent escape that is none.
    #[error("a broken percent escape")]
    Escape,
}

impl ParseError {
    pub(crate) fn new(at: usize, why: Why) -> Self {
        Self { at, why }
    }
}

/// Reads what a scanner, a camera or a person typed.
///
/// Forms: a minted short URL, a minted code alone, a GS1 Digital Link of ours, an element string (with AIM prefix,
/// FNC1 as GS, or bracketed), an SSCC as 18 or 20 digits. Letters of minted codes are read without regard to case.
/// Surrounding blanks and the AIM prefix of any other symbology (`]Q1`, `]C0`) are ignored. Source: GS1 General Specifications, GS1 Digital Link URI syntax 1.x.
pub fn parse(text: &str) -> Result<Scan, ParseError> {
    if text.len() > SCAN_BYTES_MAX {
        return Err(ParseError::new(SCAN_BYTES_MAX, Why::TooLong(text.len())));
    }
    let trimmed = text.trim_matches([' ', '\t', '\r', '\n']);
    if trimmed.is_empty() {
        return Err(ParseError::new(0, Why::Empty));
    }
    let plain = gs1::without_plain_aim(trimmed);
    let blanks = text.len() - text.trim_start_matches([' ', '\t', '\r', '\n']).len();
    let skipped = blanks + trimmed.len() - plain.len();
    parse_trimmed(plain).map_err(|error| ParseError { at: error.at + skipped, ..error })
}

fn parse_trimmed(text: &str) -> Result<Scan, ParseError> {
    if let Some(path_at) = digital_link::path_start(text) {
        return digital_link::parse(text, path_at);
    }
    if let Some(minted) = Minted::from_typed(text) {
        return Ok(Scan { code: Code::Minted(minted), claims: Claims::default() });
    }
    if text.len() == 18 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let sscc = Sscc::new(text).map_err(|why| ParseError::new(0, why))?;
        return Ok(Scan { code: Code::Sscc(sscc), claims: Claims::default() });
    }
    gs1::parse(text)
}

impl Code {
    /// The text of this code's canonical form; [`Code::from_str`] reads it back.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minted(minted) => minted.fmt(f),
            Self::Sscc(sscc) => write!(f, "(00){sscc}"),
            Self::Sgtin(Sgtin { gtin, serial }) => write!(f, "(01){gtin}(21){serial}"),
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
            Code::Sgtin(sgtin) => Self::Sgtin(sgtin.gtin.number(), sgtin.serial),
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
                Sgtin::new(gtin, serial)
                    .map(Self::Sgtin)
                    .ok_or("a serial that is a minted code, or holds an application identifier")
            }
        }
    }
}

//! GS1 element strings: the application identifiers our labels carry (00, 01, 10, 17, 21).

use alloc::string::ToString;
use core::fmt;

use super::sscc::{check_digit, parse_digits};
use super::{Claims, Code, Minted, ParseError, Scan, Sscc, Why};
use crate::text::{Lot, Text20, TextError, is_cset82};

/// FNC1 as a scanner transmits it.
pub(super) const GS: char = '\u{1d}';

/// AIM identifiers of symbologies in GS1 mode: GS1-128, DataMatrix, QR, DataBar, DotCode.
const AIM_GS1: [&str; 5] = ["]C1", "]d2", "]Q3", "]e0", "]J1"];

/// A GTIN as 14 digits with a right check digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtin(u64);

impl Gtin {
    /// Reads a GTIN-8, -12, -13 or -14.
    pub fn new(digits: &str) -> Result<Self, Why> {
        if !matches!(digits.len(), 8 | 12 | 13 | 14) {
            return Err(Why::Length { ai: "01", expected: "8, 12, 13 or 14 digits" });
        }
        let number = parse_digits(digits).ok_or(Why::NotDigits("01"))?;
        Self::from_number(number).ok_or(Why::CheckDigit("01"))
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
    pub(super) gtin: Gtin,
    pub(super) serial: Text20,
}

impl Sgtin {
    /// `None` when the serial is a minted code: that is [`Code::Minted`], whatever stands in front of it. `None` too
    /// when it holds what reads as an application identifier in brackets: its canonical text would be another code's.
    #[must_use]
    pub fn new(gtin: Gtin, serial: Text20) -> Option<Self> {
        let text = serial.as_str();
        let is_plain = Minted::from_typed(text).is_none() && next_bracket(text).is_none();
        is_plain.then_some(Self { gtin, serial })
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

/// AI 17: YYMMDD, where day 00 means the last day of the month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expiry {
    /// Last two digits of the year.
    pub year: u8,
    /// 1 to 12.
    pub month: u8,
    /// 0 to 31.
    pub day: u8,
}

impl Expiry {
    fn new(digits: &str) -> Result<Self, Why> {
        if digits.len() != 6 {
            return Err(Why::Length { ai: "17", expected: "6 digits" });
        }
        let number = parse_digits(digits).ok_or(Why::NotDigits("17"))?;
        let part = |divisor: u64| u8::try_from(number / divisor % 100).map_err(|_| Why::Date("17"));
        let date = Self { year: part(10_000)?, month: part(100)?, day: part(1)? };
        let days = match date.month {
            2 if date.year.is_multiple_of(4) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            _ => return Err(Why::Date("17")),
        };
        if date.day > days { Err(Why::Date("17")) } else { Ok(date) }
    }
}

/// What the application identifiers read so far say.
#[derive(Default)]
pub(super) struct Elements {
    sscc: Option<Sscc>,
    gtin: Option<Gtin>,
    serial: Option<Text20>,
    serial_at: usize,
    lot: Option<Lot>,
    expiry: Option<Expiry>,
}

impl Elements {
    /// Takes one application identifier's value, which starts at `at`.
    pub(super) fn take(&mut self, ai: &str, value: &str, at: usize) -> Result<(), ParseError> {
        let err = |why| ParseError::new(at, why);
        let repeated = match ai {
            "00" => self.sscc.replace(Sscc::new(value).map_err(err)?).map(|_| "00"),
            "01" => {
                if value.len() != 14 {
                    return Err(err(Why::Length { ai: "01", expected: "14 digits" }));
                }
                self.gtin.replace(Gtin::new(value).map_err(err)?).map(|_| "01")
            }
            "10" => self.lot.replace(text(value, "10", at)?).map(|_| "10"),
            "17" => self.expiry.replace(Expiry::new(value).map_err(err)?).map(|_| "17"),
            "21" => {
                self.serial_at = at;
                self.serial.replace(text(value, "21", at)?).map(|_| "21")
            }
            other => return Err(err(Why::Identifier(other.to_string()))),
        };
        repeated.map_or(Ok(()), |ai| Err(err(Why::Repeated(ai))))
    }

    /// The item these elements name.
    pub(super) fn identify(self) -> Result<Scan, ParseError> {
        let claims = Claims { gtin: self.gtin, lot: self.lot, expiry: self.expiry };
        let code = match (self.sscc, self.gtin, self.serial) {
            (Some(sscc), _, _) => Code::Sscc(sscc),
            (None, Some(gtin), Some(serial)) => match Minted::from_typed(serial.as_str()) {
                Some(minted) => Code::Minted(minted),
                None => {
                    let bracket = next_bracket(serial.as_str()).unwrap_or_default();
                    let misleading = ParseError::new(self.serial_at + bracket, Why::Character);
                    Code::Sgtin(Sgtin::new(gtin, serial).ok_or(misleading)?)
                }
            },
            _ => return Err(ParseError::new(0, Why::NoIdentity)),
        };
        Ok(Scan { code, claims })
    }
}

/// `text` without the AIM prefix of a symbology that is not in GS1 mode: it says nothing about what follows.
pub(super) fn without_plain_aim(text: &str) -> &str {
    match (text.as_bytes(), text.get(3..)) {
        ([b']', letter, modifier, ..], Some(rest))
            if letter.is_ascii_alphabetic()
                && modifier.is_ascii_alphanumeric()
                && !AIM_GS1.iter().any(|prefix| text.starts_with(prefix)) =>
        {
            rest
        }
        _ => text,
    }
}

/// Reads an element string: bracketed, or as transmitted with an AIM prefix or FNC1 in front, or bare.
pub(super) fn parse(text: &str) -> Result<Scan, ParseError> {
    if text.starts_with('(') {
        return parse_bracketed(text);
    }
    let prefix =
        AIM_GS1.iter().find(|prefix| text.starts_with(**prefix)).map_or(0, |aim| aim.len());
    let mut rest = text.get(prefix..).unwrap_or_default();
    if prefix == 0 && !rest.starts_with(|first: char| first.is_ascii_digit() || first == GS) {
        return Err(ParseError::new(0, Why::UnknownForm));
    }
    rest = rest.strip_prefix(GS).unwrap_or(rest);
    let mut elements = Elements::default();
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        let ai = rest.get(..2).ok_or_else(|| ParseError::new(at, Why::UnknownForm))?;
        let body = rest.get(2..).unwrap_or_default();
        let value_end = match ai {
            "00" => fixed(body, 18, "00", "18 digits", at + 2)?,
            "01" => fixed(body, 14, "01", "14 digits", at + 2)?,
            "17" => fixed(body, 6, "17", "6 digits", at + 2)?,
            _ => body.find(GS).unwrap_or(body.len()),
        };
        let (value, tail) = body.split_at_checked(value_end).unwrap_or((body, ""));
        elements.take(
            ai,
            value,
            at + if matches!(ai, "00" | "01" | "10" | "17" | "21") { 2 } else { 0 },
        )?;
        rest = tail.strip_prefix(GS).unwrap_or(tail);
    }
    elements.identify()
}

fn parse_bracketed(text: &str) -> Result<Scan, ParseError> {
    let mut elements = Elements::default();
    let mut rest = text;
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        let opened = rest.strip_prefix('(').ok_or_else(|| ParseError::new(at, Why::Character))?;
        let (ai, body) =
            opened.split_once(')').ok_or_else(|| ParseError::new(at, Why::UnknownForm))?;
        let end = next_bracket(body).unwrap_or(body.len());
        let (value, tail) = body.split_at_checked(end).unwrap_or((body, ""));
        elements.take(ai, value, at + ai.len() + 2)?;
        rest = tail;
    }
    elements.identify()
}

/// A bracket opens the next element only when two to four digits and `)` follow: values may hold brackets too.
fn next_bracket(body: &str) -> Option<usize> {
    body.match_indices('(').map(|(at, _)| at).find(|at| {
        let inside = body.get(at + 1..).and_then(|tail| tail.split_once(')')).map(|(ai, _)| ai);
        inside
            .is_some_and(|ai| (2..=4).contains(&ai.len()) && ai.bytes().all(|b| b.is_ascii_digit()))
    })
}

fn fixed(
    body: &str,
    length: usize,
    ai: &'static str,
    expected: &'static str,
    at: usize,
) -> Result<usize, ParseError> {
    match body.get(..length) {
        Some(value) if !value.contains(GS) => Ok(length),
        _ => Err(ParseError::new(at, Why::Length { ai, expected })),
    }
}

fn text(value: &str, ai: &'static str, at: usize) -> Result<Text20, ParseError> {
    Text20::new(value).map_err(|error| match error {
        TextError::Empty | TextError::TooLong(_) => {
            ParseError::new(at, Why::Length { ai, expected: "1 to 20 characters" })
        }
        TextError::Character(_) => {
            let offset = value.bytes().position(|byte| !is_cset82(byte)).unwrap_or_default();
            ParseError::new(at + offset, Why::Character)
        }
    })
}

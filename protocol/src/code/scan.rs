//! What one reading said: which item, and what its label claims about it.

use super::gs1::{Ai, ElementString};
use super::sscc::parse_digits;
use super::{Code, Gtin, Minted, ParseError, Sgtin, Sscc, Why};
use crate::text::{Lot, Text20};

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
    /// Reads six digits that the table's rules have found to be a date.
    fn new(digits: &str) -> Option<Self> {
        let number = parse_digits(digits)?;
        let part = |divisor: u64| u8::try_from(number / divisor % 100).ok();
        Some(Self { year: part(10_000)?, month: part(100)?, day: part(1)? })
    }
}

impl Scan {
    /// A minted code that stands alone.
    pub(super) fn minted(minted: Minted) -> Self {
        Self { code: Code::Minted(minted), claims: Claims::default() }
    }

    /// The item that these elements name: an SSCC, or a GTIN with a serial.
    pub(super) fn of_elements(elements: &ElementString<'_>) -> Result<Self, ParseError> {
        let text = |ai| elements.get(ai).and_then(|value| Text20::new(value).ok());
        let gtin = elements.get(Ai::GTIN).and_then(|value| Gtin::new(value).ok());
        let sscc = elements.get(Ai::SSCC).and_then(|value| Sscc::new(value).ok());
        let expiry = elements.get(Ai::EXPIRY).and_then(Expiry::new);
        let claims = Claims { gtin, lot: text(Ai::LOT), expiry };
        let code = match (sscc, gtin, text(Ai::SERIAL)) {
            (Some(sscc), _, _) => Code::Sscc(sscc),
            (None, Some(gtin), Some(serial)) => match Minted::from_typed(serial.as_str()) {
                Some(minted) => Code::Minted(minted),
                None => Sgtin::new(gtin, serial).map(Code::Sgtin).ok_or_else(no_identity)?,
            },
            _ => return Err(no_identity()),
        };
        Ok(Self { code, claims })
    }
}

const fn no_identity() -> ParseError {
    ParseError::new(0, Why::NoIdentity)
}

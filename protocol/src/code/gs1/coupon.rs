//! North American coupons: the fields inside AI 8110 (coupon) and AI 8112 (coupon of a positive offer file).
//!
//! Many fields say their own length in the digit before them. Source: North American Coupon Application Guideline.

use core::fmt;

use super::content::Fault;
use super::error::{Rule, Set};
use super::meaning::{Day, date};

/// A field of a coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The format of an offer: 0 or 1.
    Format,
    /// Who pays.
    Funder,
    /// The company prefix of the first purchase.
    Prefix,
    /// The offer's six digits.
    Offer,
    /// What is saved.
    SaveValue,
    /// How much must be bought.
    Requirement,
    /// How that is counted.
    RequirementCode,
    /// The family of products.
    Family,
    /// How the purchases go together.
    AdditionalRules,
    /// The company prefix of a further purchase.
    FurtherPrefix,
    /// When it expires.
    Expiration,
    /// When it starts: not after it expires.
    Start,
    /// The serial number.
    Serial,
    /// The retailer.
    Retailer,
    /// How the saved value is meant.
    SaveValueCode,
    /// Which item the saved value applies to.
    AppliesTo,
    /// Whether it is a store's coupon.
    StoreFlag,
    /// Whether it may be multiplied.
    MultiplyFlag,
    /// What follows the last field.
    Excess,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "format code",
            Self::Funder => "funder",
            Self::Prefix => "company prefix",
            Self::Offer => "offer code",
            Self::SaveValue => "save value",
            Self::Requirement => "purchase requirement",
            Self::RequirementCode => "purchase requirement code",
            Self::Family => "family code",
            Self::AdditionalRules => "code of additional purchase rules",
            Self::FurtherPrefix => "company prefix of a further purchase",
            Self::Expiration => "expiration date",
            Self::Start => "start date",
            Self::Serial => "serial number",
            Self::Retailer => "retailer",
            Self::SaveValueCode => "save value code",
            Self::AppliesTo => "item the save value applies to",
            Self::StoreFlag => "store coupon flag",
            Self::MultiplyFlag => "do-not-multiply flag",
            Self::Excess => "end (digits follow the last field)",
        })
    }
}

/// AI 8110.
pub(super) fn check_coupon(digits: &[u8]) -> Result<(), Fault> {
    let mut fields = Fields::new(digits)?;
    fields.sized(Field::Prefix, b"0123456", 6)?;
    fields.take(Field::Offer, 6)?;
    fields.sized(Field::SaveValue, b"12345", 0)?;
    fields.purchase()?;
    if fields.option(b'1') {
        fields.one_of(Field::AdditionalRules, b"0123")?;
        fields.further_purchase()?;
    }
    if fields.option(b'2') {
        fields.further_purchase()?;
    }
    let mut expires = None;
    if fields.option(b'3') {
        expires = Some(fields.date(Field::Expiration)?);
    }
    if fields.option(b'4') {
        let at = fields.at;
        let starts = fields.date(Field::Start)?;
        if expires.is_some_and(|expires| expires < starts) {
            return Err(Fault::new(at, Rule::Coupon(Field::Start)));
        }
    }
    if fields.option(b'5') {
        fields.sized(Field::Serial, b"0123456789", 6)?;
    }
    if fields.option(b'6') {
        fields.sized(Field::Retailer, b"1234567", 6)?;
    }
    if fields.option(b'9') {
        fields.one_of(Field::SaveValueCode, b"01256")?;
        fields.one_of(Field::AppliesTo, b"012")?;
        fields.take(Field::StoreFlag, 1)?;
        fields.one_of(Field::MultiplyFlag, b"01")?;
    }
    fields.end()
}

/// AI 8112.
pub(super) fn check_offer(digits: &[u8]) -> Result<(), Fault> {
    let mut fields = Fields::new(digits)?;
    fields.one_of(Field::Format, b"01")?;
    fields.sized(Field::Funder, b"0123456", 6)?;
    fields.take(Field::Offer, 6)?;
    fields.sized(Field::Serial, b"0123456789", 6)?;
    fields.end()
}

/// Reads fields one after the other.
struct Fields<'a> {
    digits: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    fn new(digits: &'a [u8]) -> Result<Self, Fault> {
        match digits.iter().position(|digit| !digit.is_ascii_digit()) {
            Some(at) => Err(Fault::new(at, Rule::Character(Set::Digits))),
            None => Ok(Self { digits, at: 0 }),
        }
    }

    fn take(&mut self, field: Field, count: usize) -> Result<&'a [u8], Fault> {
        let end = self.at + count;
        let fault = Fault::new(self.at, Rule::Coupon(field));
        let taken = self.digits.get(self.at..end).ok_or(fault)?;
        self.at = end;
        Ok(taken)
    }

    fn one_of(&mut self, field: Field, allowed: &[u8]) -> Result<u8, Fault> {
        let at = self.at;
        match self.take(field, 1)? {
            [digit] if allowed.contains(digit) => Ok(*digit),
            _ => Err(Fault::new(at, Rule::Coupon(field))),
        }
    }

    /// A digit that says how many follow beyond `least`, and those.
    fn sized(&mut self, field: Field, lengths: &[u8], least: usize) -> Result<(), Fault> {
        let length = self.one_of(field, lengths)?;
        self.take(field, least + usize::from(length - b'0')).map(drop)
    }

    fn purchase(&mut self) -> Result<(), Fault> {
        self.sized(Field::Requirement, b"12345", 0)?;
        self.one_of(Field::RequirementCode, b"012349")?;
        self.take(Field::Family, 3).map(drop)
    }

    /// A second or third purchase; its company prefix is the first one's when the length says 9.
    fn further_purchase(&mut self) -> Result<(), Fault> {
        self.purchase()?;
        if self.option(b'9') {
            return Ok(());
        }
        self.sized(Field::FurtherPrefix, b"0123456", 6)
    }

    fn date(&mut self, field: Field) -> Result<&'a [u8], Fault> {
        let at = self.at;
        let digits = self.take(field, 6)?;
        date(digits, Day::Required).map_err(|_| Fault::new(at, Rule::Coupon(field)))?;
        Ok(digits)
    }

    /// Takes the digit that starts an optional field, if it is there.
    fn option(&mut self, digit: u8) -> bool {
        let is_there = self.digits.get(self.at) == Some(&digit);
        self.at += usize::from(is_there);
        is_there
    }

    fn end(&self) -> Result<(), Fault> {
        if self.at == self.digits.len() {
            return Ok(());
        }
        Err(Fault::new(self.at, Rule::Coupon(Field::Excess)))
    }
}

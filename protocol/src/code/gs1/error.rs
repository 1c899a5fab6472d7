//! What can be wrong with GS1 data: where, in which identifier, against which rule.

use core::fmt;

use super::Ai;
use super::coupon::Field;

/// What is wrong with a text of GS1 data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gs1Error {
    /// Byte position in the text as it was given, from 0.
    pub at: usize,
    /// The application identifier concerned, when it is known.
    pub ai: Option<Ai>,
    /// The rule that is broken there.
    pub rule: Rule,
}

impl Gs1Error {
    pub(super) const fn new(at: usize, ai: Option<Ai>, rule: Rule) -> Self {
        Self { at, ai, rule }
    }
}

impl core::error::Error for Gs1Error {}

impl fmt::Display for Gs1Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ai {
            Some(ai) => write!(f, "({ai}) at byte {}: {}", self.at, self.rule),
            None => write!(f, "at byte {}: {}", self.at, self.rule),
        }
    }
}

/// The characters a value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// `0` to `9`.
    Digits,
    /// GS1's set 82: letters, digits and twenty signs.
    Set82,
    /// GS1's set 39: capitals, digits, `#`, `-` and `/`.
    Set39,
    /// GS1's set 64: letters, digits, `-` and `_`, with `=` behind them.
    Set64,
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digits => "the digits",
            Self::Set82 => "GS1's set 82",
            Self::Set39 => "GS1's set 39",
            Self::Set64 => "GS1's set 64",
        })
    }
}

/// The rules of GS1 data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    // The frame: element strings and brackets.
    /// There is nothing to read.
    #[error("there is no data")]
    Empty,
    /// No element string starts like that.
    #[error("an element string starts with a digit, a bracket or FNC1")]
    Form,
    /// More elements than a label holds.
    #[error("more than {0} elements are no label")]
    TooMany(usize),
    /// No identifier of GS1's table stands here.
    #[error("no known application identifier starts here")]
    Identifier,
    /// A separator with nothing in front of it.
    #[error("a separator (FNC1) stands where an application identifier is expected")]
    Separator,
    /// An identifier is not in brackets, or a bracket is not closed.
    #[error(
        "an application identifier in brackets is expected; a bracket in a value is written \\("
    )]
    Bracket,
    /// More than a linear and a composite component.
    #[error(
        "at most one composite component may follow the linear one, and it starts a new element"
    )]
    Composite,

    // A value as a whole.
    /// The value is too short.
    #[error("the value is too short, {0} characters are the least")]
    TooShort(usize),
    /// The value is too long.
    #[error("the value is too long, {0} characters are the most; is a separator (FNC1) missing?")]
    TooLong(usize),
    /// The value ends inside one of its parts.
    #[error("the value ends in the middle of one of its parts")]
    Truncated,
    /// A character outside the value's set.
    #[error("a character outside {0}")]
    Character(Set),

    // What a part of a value says.
    /// The check digit is wrong.
    #[error("the check digit is wrong")]
    CheckDigit,
    /// The pair of check characters is wrong.
    #[error("the pair of check characters is wrong")]
    CheckPair,
    /// A key starts with a company prefix: at least four digits.
    #[error("a GS1 company prefix starts with four digits")]
    CompanyPrefix,
    /// A month outside 01 to 12.
    #[error("there is no such month")]
    Month,
    /// A day that month does not have, or 00 where the day is required.
    #[error("there is no such day")]
    Day,
    /// An hour outside 00 to 23.
    #[error("there is no such hour")]
    Hour,
    /// A minute outside 00 to 59.
    #[error("there is no such minute")]
    Minute,
    /// A second outside 00 to 59.
    #[error("there is no such second")]
    Second,
    /// No country of ISO 3166-1.
    #[error("no country code of ISO 3166-1")]
    Country,
    /// No currency of ISO 4217.
    #[error("no currency code of ISO 4217")]
    Currency,
    /// No sex of ISO/IEC 5218.
    #[error("no sex code of ISO/IEC 5218 (0, 1, 2 or 9)")]
    Sex,
    /// An IBAN is longer, and made of capitals and digits.
    #[error("this is no IBAN: too short, or a character that is neither capital nor digit")]
    Iban,
    /// The IBAN's check digits are wrong.
    #[error("the IBAN's check digits are wrong")]
    IbanCheck,
    /// Latitude + 90°, in 10⁻⁷ degrees.
    #[error("a latitude is at most 1800000000")]
    Latitude,
    /// Longitude + 180°, in 10⁻⁷ degrees.
    #[error("a longitude is at most 3600000000")]
    Longitude,
    /// No AIDC media type.
    #[error("no AIDC media type (01 to 10, 80 to 99)")]
    MediaType,
    /// No package type of UN/ECE Recommendation 21 or GS1.
    #[error("no package type of UN/ECE Recommendation 21 or GS1")]
    PackageType,
    /// A piece 00, a total of 00, or a piece beyond the total.
    #[error("the piece is 01 up to the total of pieces")]
    PieceOfTotal,
    /// Not `position/end` with a position up to the end.
    #[error("a position in a sequence is written 1/3, and is not beyond the end")]
    Sequence,
    /// Not 0, 1 or 9.
    #[error("a winding direction is 0, 1 or 9")]
    Winding,
    /// Not 0 or 1.
    #[error("yes is 1 and no is 0")]
    YesNo,
    /// Not a hyphen.
    #[error("only a hyphen may stand here")]
    Hyphen,
    /// Not 0.
    #[error("only 0 may stand here")]
    Zero,
    /// Nothing but zeros.
    #[error("zero is not allowed")]
    NonZero,
    /// A leading zero.
    #[error("a leading zero is not allowed")]
    LeadingZero,
    /// Nothing but digits.
    #[error("one character at least must not be a digit")]
    NonDigit,
    /// No importer index.
    #[error("no importer index (a letter, a digit, - or _)")]
    ImporterIndex,
    /// `%` without two hexadecimal digits behind it.
    #[error("% is followed by two hexadecimal digits")]
    Escape,
    /// Too many `=` at the end, or a length they do not fit.
    #[error("the = at the end do not complete the value")]
    Padding,
    /// A coupon's field is missing, cut off or out of its range.
    #[error("the coupon's {0} is missing, cut off or out of range")]
    Coupon(Field),

    // Identifiers together.
    /// The identifier came before with another value.
    #[error("it appears twice with different values")]
    Repeated,
    /// One of these must be there too: `,` separates alternatives, `+` joins what belongs together, `n` is any digit.
    #[error("it needs one of {0} beside it")]
    Needs(&'static str),
    /// Both may not be there.
    #[error("it may not be together with ({0})")]
    Excludes(Ai),
    /// A signed key must carry its serial component.
    #[error("together with (8030), the key needs its serial component")]
    SerialComponent,

    // Links.
    /// Not http or https.
    #[error("a GS1 Digital Link starts with https:// or http://")]
    Scheme,
    /// No host name, or one that cannot be.
    #[error("a host name and a path are expected")]
    Host,
    /// A character that cannot be in a URI.
    #[error("a character that cannot be in a URI")]
    UriCharacter,
    /// No primary key in the path.
    #[error("no GS1 key with a value in the path (compressed links are not read)")]
    NoKey,
    /// A short name of early versions of the standard.
    #[error("short names are no longer part of GS1 Digital Link; write {0}")]
    ShortName(Ai),
    /// Not a qualifier of the key, or not in this place.
    #[error("this is no qualifier of the key, or stands in the wrong order")]
    Qualifier,
    /// A qualifier of the key in the query.
    #[error("this qualifier of the key belongs into the path")]
    QualifierInQuery,
    /// Not allowed in the query.
    #[error("this identifier may not be in a link's query")]
    Attribute,
    /// Twice in one link.
    #[error("it is twice in one link")]
    Twice,
}

//! What parts of values mean beyond their characters: dates, codes, check digits.

use super::content::Fault;
use super::error::{Rule, Set};
use super::{coupon, lists};

/// A rule about a part's content. Lengths and characters are right already when it is applied.
#[derive(Clone, Copy)]
pub(super) enum Check {
    /// The last digit is a check digit.
    LastDigit,
    /// The last two characters are a check pair.
    LastPair,
    /// It starts with a GS1 company prefix.
    CompanyPrefix,
    /// YYMMDD.
    Date,
    /// YYMMDD, where day 00 stands for the whole month.
    DateOrMonth,
    /// YYYYMMDD.
    LongDate,
    /// HH.
    Hour,
    /// HHMM.
    HourMinute,
    /// MM.
    Minute,
    /// SS.
    Second,
    Country,
    CountryOrWorld,
    CountryAlpha,
    Currency,
    Sex,
    Iban,
    Latitude,
    Longitude,
    MediaType,
    PackageType,
    PieceOfTotal,
    Sequence,
    Winding,
    YesNo,
    Hyphen,
    Zero,
    NonZero,
    NoLeadingZero,
    NonDigit,
    ImporterIndex,
    PercentEncoded,
    Coupon,
    CouponOffer,
}

impl Check {
    pub(super) fn apply(self, piece: &[u8]) -> Result<(), Fault> {
        let one_of = |allowed: &[u8]| piece.iter().all(|byte| allowed.contains(byte));
        let at_start = |rule| Fault::new(0, rule);
        let (holds, rule) = match self {
            Self::LastDigit => return check_digit(piece),
            Self::LastPair => return check_pair(piece),
            Self::CompanyPrefix => return company_prefix(piece),
            Self::Date => return date(piece, Day::Required),
            Self::DateOrMonth => return date(piece, Day::MayBeZero),
            Self::LongDate => return long_date(piece),
            Self::Hour => (number(piece) < 24, Rule::Hour),
            Self::HourMinute => return hour_minute(piece),
            Self::Minute => (number(piece) < 60, Rule::Minute),
            Self::Second => (number(piece) < 60, Rule::Second),
            Self::Country => (lists::is_country(piece), Rule::Country),
            Self::CountryOrWorld => (piece == b"999" || lists::is_country(piece), Rule::Country),
            Self::CountryAlpha => (lists::is_country_alpha(piece), Rule::Country),
            Self::Currency => (lists::is_currency(piece), Rule::Currency),
            Self::Sex => (one_of(b"0129"), Rule::Sex),
            Self::Iban => return iban(piece),
            Self::Latitude => (number(piece) <= 180 * DEGREE, Rule::Latitude),
            Self::Longitude => (number(piece) <= 360 * DEGREE, Rule::Longitude),
            Self::MediaType => (matches!(number(piece), 1..=10 | 80..=99), Rule::MediaType),
            Self::PackageType => (lists::is_package_type(piece), Rule::PackageType),
            Self::PieceOfTotal => (is_piece_of_total(piece), Rule::PieceOfTotal),
            Self::Sequence => (is_sequence(piece), Rule::Sequence),
            Self::Winding => (one_of(b"019"), Rule::Winding),
            Self::YesNo => (one_of(b"01"), Rule::YesNo),
            Self::Hyphen => (one_of(b"-"), Rule::Hyphen),
            Self::Zero => (one_of(b"0"), Rule::Zero),
            Self::NonZero => (!one_of(b"0"), Rule::NonZero),
            Self::NoLeadingZero => {
                (piece.len() == 1 || !piece.starts_with(b"0"), Rule::LeadingZero)
            }
            Self::NonDigit => (!piece.iter().all(u8::is_ascii_digit), Rule::NonDigit),
            Self::ImporterIndex => {
                let is_index = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
                (piece.iter().all(is_index), Rule::ImporterIndex)
            }
            Self::PercentEncoded => return percent_encoded(piece),
            Self::Coupon => return coupon::check_coupon(piece),
            Self::CouponOffer => return coupon::check_offer(piece),
        };
        if holds { Ok(()) } else { Err(at_start(rule)) }
    }
}

/// A degree in the unit of AI 4309.
const DEGREE: u64 = 10_000_000;

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number, digit| {
        number.saturating_mul(10).saturating_add(u64::from(digit.wrapping_sub(b'0')))
    })
}

/// Weights 3, 1, 3 … from the right in front of the check digit, and once that itself, make a multiple of ten.
fn check_digit(digits: &[u8]) -> Result<(), Fault> {
    let (once, thrice) = digits.iter().fold((0_u32, 0_u32), |(once, thrice), digit| {
        (thrice + u32::from(digit.wrapping_sub(b'0')), once)
    });
    let sum = once + 3 * thrice;
    let last = digits.len().saturating_sub(1);
    if sum.is_multiple_of(10) { Ok(()) } else { Err(Fault::new(last, Rule::CheckDigit)) }
}

/// GS1 General Specifications, check character pair: the set 82 in order of its codes counts 0 to 81, weighted by the
/// primes from the right, modulo 1021, written with two of the 32 characters that nobody confuses.
fn check_pair(text: &[u8]) -> Result<(), Fault> {
    const PRIMES: [u32; 24] = [
        2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89,
    ];
    const PAIR: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let too_short = Fault::new(0, Rule::CheckPair);
    let (body, pair) = text.split_last_chunk::<2>().ok_or(too_short)?;
    let weighted = body.iter().rev().zip(PRIMES).map(|(byte, prime)| value_82(*byte) * prime);
    let sum = usize::try_from(weighted.sum::<u32>() % 1021).unwrap_or_default();
    let right = [PAIR.get(sum >> 5), PAIR.get(sum & 31)];
    if right == [pair.first(), pair.last()] {
        return Ok(());
    }
    Err(Fault::new(body.len(), Rule::CheckPair))
}

/// Where a character stands in the set 82.
fn value_82(byte: u8) -> u32 {
    let skipped = match byte {
        b'!' | b'"' => 33,
        b'%'..=b'?' => 35,
        b'A'..=b'Z' => 36,
        b'_' => 40,
        _ => 41,
    };
    u32::from(byte).saturating_sub(skipped)
}

fn company_prefix(key: &[u8]) -> Result<(), Fault> {
    const DIGITS_MIN: usize = 4;
    let digits = key.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits >= DIGITS_MIN { Ok(()) } else { Err(Fault::new(digits, Rule::CompanyPrefix)) }
}

/// Whether a date's day may be 00, for the whole month.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    Required,
    MayBeZero,
}

/// YYMMDD. The century is the one that brings the year nearest to today: 00 is 2000 until 2050, and leap years come
/// every four in all of that window, so that no clock is needed.
pub(super) fn date(digits: &[u8], day: Day) -> Result<(), Fault> {
    let (year, month_day) = digits.split_at_checked(2).unwrap_or((digits, &[]));
    month_day_of(month_day, number(year).is_multiple_of(4), day)
        .map_err(|fault| Fault::new(2 + fault.at, fault.rule))
}

/// YYYYMMDD.
fn long_date(digits: &[u8]) -> Result<(), Fault> {
    let (year, month_day) = digits.split_at_checked(4).unwrap_or((digits, &[]));
    let year = number(year);
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    month_day_of(month_day, is_leap, Day::Required)
        .map_err(|fault| Fault::new(4 + fault.at, fault.rule))
}

fn month_day_of(digits: &[u8], is_leap: bool, least: Day) -> Result<(), Fault> {
    let (month, day) = digits.split_at_checked(2).unwrap_or((digits, &[]));
    let days = match number(month) {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return Err(Fault::new(0, Rule::Month)),
    };
    let day = number(day);
    let is_day = day <= days && (day > 0 || least == Day::MayBeZero);
    if is_day { Ok(()) } else { Err(Fault::new(2, Rule::Day)) }
}

fn hour_minute(digits: &[u8]) -> Result<(), Fault> {
    let (hour, minute) = digits.split_at_checked(2).unwrap_or((digits, &[]));
    Check::Hour.apply(hour)?;
    Check::Minute.apply(minute).map_err(|fault| Fault::new(2, fault.rule))
}

/// ISO 13616: country, two check digits, account; moved to the end and read as a number, 1 modulo 97.
fn iban(text: &[u8]) -> Result<(), Fault> {
    const LENGTH_MIN: usize = 11;
    if text.len() < LENGTH_MIN {
        return Err(Fault::new(0, Rule::Iban));
    }
    if let Some(at) = text.iter().position(|b| !b.is_ascii_uppercase() && !b.is_ascii_digit()) {
        return Err(Fault::new(at, Rule::Iban));
    }
    let (head, account) = text.split_at_checked(4).unwrap_or((text, &[]));
    let (country, _) = head.split_at_checked(2).unwrap_or((head, &[]));
    if !lists::is_country_alpha(country) {
        return Err(Fault::new(0, Rule::Country));
    }
    let rest = account.iter().chain(head).fold(0, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    if rest == 1 { Ok(()) } else { Err(Fault::new(2, Rule::IbanCheck)) }
}

/// Two numbers of equal length: which piece, of how many.
fn is_piece_of_total(digits: &[u8]) -> bool {
    let (piece, total) = digits.split_at_checked(digits.len() / 2).unwrap_or((digits, &[]));
    (1..=number(total)).contains(&number(piece))
}

/// `1/3`: position and end, neither with a leading zero.
fn is_sequence(text: &[u8]) -> bool {
    let mut numbers = text.split(|byte| *byte == b'/');
    let (Some(position), Some(end), None) = (numbers.next(), numbers.next(), numbers.next()) else {
        return false;
    };
    let is_number = |digits: &[u8]| {
        !digits.is_empty() && !digits.starts_with(b"0") && digits.iter().all(u8::is_ascii_digit)
    };
    is_number(position) && is_number(end) && number(position) <= number(end)
}

fn percent_encoded(text: &[u8]) -> Result<(), Fault> {
    for (at, byte) in text.iter().enumerate() {
        let escaped = text.get(at + 1..at + 3).unwrap_or_default();
        let is_whole = escaped.len() == 2 && escaped.iter().all(u8::is_ascii_hexdigit);
        if *byte == b'%' && !is_whole {
            return Err(Fault::new(at, Rule::Escape));
        }
    }
    Ok(())
}

/// The digits of a GTIN that stands alone (EAN-13, UPC-A, EAN-8, ITF-14), of the lengths a symbol may hold.
pub(super) fn check_gtin(digits: &[u8], lengths: &[usize]) -> Result<(), Fault> {
    if let Some(at) = digits.iter().position(|byte| !byte.is_ascii_digit()) {
        return Err(Fault::new(at, Rule::Character(Set::Digits)));
    }
    match lengths.iter().find(|length| **length >= digits.len()) {
        Some(length) if *length == digits.len() => check_digit(digits),
        Some(length) => Err(Fault::new(digits.len(), Rule::TooShort(*length))),
        None => {
            let most = lengths.last().copied().unwrap_or_default();
            Err(Fault::new(most, Rule::TooLong(most)))
        }
    }
}

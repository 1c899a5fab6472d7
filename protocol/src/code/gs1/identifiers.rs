//! GS1's application identifiers as one table: a line for each, or for each range that follows the same rule.
//!
//! Facts as of GS1's table of 2026-01-27. `needs` and `bars` are written as GS1 writes them: `,` separates alternatives,
//! `+` joins what belongs together, `n` stands for any digit.

use core::fmt;

use super::Ai;
use super::content::Part;
use super::meaning::Check::{
    CompanyPrefix, Country, CountryAlpha, CountryOrWorld, Coupon, CouponOffer, Currency, Date,
    DateOrMonth, Hour, HourMinute, Hyphen, Iban, ImporterIndex, LastDigit, LastPair, Latitude,
    LongDate, Longitude, MediaType, Minute, NoLeadingZero, NonDigit, NonZero, PackageType,
    PercentEncoded, PieceOfTotal, Second, Sequence, Sex, Winding, YesNo, Zero,
};

/// One identifier, or several that follow the same rule.
pub(super) struct Row {
    digits: usize,
    first: u16,
    last: u16,
    /// The highest last digit: identifiers of measures end with the number of decimals.
    decimals_max: u16,
    flags: u8,
    /// What the value is made of.
    pub(super) parts: &'static [Part],
    /// The shortest value.
    pub(super) least: usize,
    /// The longest value.
    pub(super) most: usize,
    /// All of these must be satisfied by the identifiers beside it.
    pub(super) needs: &'static [&'static str],
    /// None of these may be beside it.
    pub(super) bars: &'static str,
    /// Only one of those that differ in the last digit may be there.
    pub(super) is_series: bool,
    /// For a key of Digital Links: its qualifiers in order; `|` separates alternatives.
    pub(super) key: Option<&'static str>,
}

/// The length is predefined by the first two digits: no separator is needed behind the value.
const FIXED: u8 = 1;
/// May be in the query of a Digital Link.
const LINK: u8 = 2;
const FIXED_LINK: u8 = FIXED | LINK;

/// Each row is one of the table's: two are equal when they are the same.
impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self, other)
    }
}

impl Eq for Row {}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl Row {
    pub(super) const fn is_fixed(&self) -> bool {
        self.flags & FIXED != 0
    }

    pub(super) const fn is_attribute(&self) -> bool {
        self.flags & LINK != 0
    }

    const fn needs(self, needs: &'static [&'static str]) -> Self {
        Self { needs, ..self }
    }

    const fn bars(self, bars: &'static str) -> Self {
        Self { bars, ..self }
    }

    const fn series(self) -> Self {
        Self { is_series: true, ..self }
    }

    const fn key(self, qualifiers: &'static str) -> Self {
        Self { key: Some(qualifiers), ..self }
    }

    fn holds(&self, digits: usize, number: u16) -> bool {
        self.digits == digits
            && (self.first..=self.last).contains(&number)
            && (self.digits < 4 || number % 10 <= self.decimals_max)
    }
}

/// A row of the table for all from `first` to `last`, which have equally many digits.
const fn ais(first: &str, last: &str, flags: u8, parts: &'static [Part]) -> Row {
    let digits = first.len();
    let (first, last) = (number(first), number(last));
    let (least, most) = lengths(parts);
    Row {
        digits,
        first,
        last,
        decimals_max: 9,
        flags,
        parts,
        least,
        most,
        needs: &[],
        bars: "",
        is_series: false,
        key: None,
    }
}

const fn ai(ai: &str, flags: u8, parts: &'static [Part]) -> Row {
    ais(ai, ai, flags, parts)
}

/// Measures: six digits, the last digit of the identifier (0 to 5) saying how many of them are decimals.
const fn measures(first: &str, last: &str, needs: &'static [&'static str]) -> Row {
    let row = ais(first, last, FIXED_LINK, MEASURE).needs(needs).series();
    Row { decimals_max: 5, ..row }
}

/// The shortest and the longest value these parts allow.
const fn lengths(mut parts: &[Part]) -> (usize, usize) {
    let (mut least, mut most) = (0, 0);
    while let [part, rest @ ..] = parts {
        least += if part.is_optional { 0 } else { part.least };
        most += part.most;
        parts = rest;
    }
    (least, most)
}

const fn number(digits: &str) -> u16 {
    let mut rest = digits.as_bytes();
    let mut number = 0;
    while let [digit, tail @ ..] = rest {
        number = number * 10 + (*digit - b'0') as u16;
        rest = tail;
    }
    number
}

const fn n(length: usize) -> Part {
    Part::n(length)
}
const fn n_to(most: usize) -> Part {
    Part::n_to(most)
}
const fn x(length: usize) -> Part {
    Part::x(length)
}
const fn x_to(most: usize) -> Part {
    Part::x_to(most)
}
const fn encoded(most: usize) -> Part {
    x_to(most).that(&[PercentEncoded])
}

const MEASURE: &[Part] = &[n(6)];
const GTIN: Part = n(14).that(&[LastDigit]);
const KEY13: Part = n(13).that(&[LastDigit]);
const KEY18: Part = n(18).that(&[LastDigit]);
const ASSET: Part = x_to(30).that(&[CompanyPrefix]);
const PIECE: Part = n(4).that(&[PieceOfTotal]);
const COUNTRY: Part = n(3).that(&[Country]);
const COUNTRIES: &[Part] = &[COUNTRY, MORE, MORE, MORE, MORE];
const MORE: Part = COUNTRY.optional();
const CURRENCY: Part = n(3).that(&[Currency]);
const DATE: Part = n(6).that(&[Date]);
const MONTH: Part = n(6).that(&[DateOrMonth]);
const TIME: Part = n(4).that(&[HourMinute]);
const BIRTH: Part = n(8).that(&[LongDate]);
const TEMPERATURE: &[Part] = &[n(6), x(1).that(&[Hyphen]).optional()];

const ITEM: &[&str] = &["01,02"];
const ANY_ITEM: &[&str] = &["01,02,03,8006,8026"];
const ITEM_OR_PIECE: &[&str] = &["01,02,8006,8026"];
const GTIN_ONLY: &[&str] = &["01"];
const GTIN_OR_PIECE: &[&str] = &["01,8006"];
const UNIT: &[&str] = &["00"];
const UNIT_OR_GTIN: &[&str] = &["00,01"];
const MEASURED: &str = "30,31nn,32nn,35nn,36nn";
const PERSON: &[&str] = &["8017,8018"];
const RECIPIENT: &[&str] = &["8018"];
const DEVICE: &[&str] = &["01+21+8040"];
const PAYABLE: &[&str] = &["8020"];
const COUPON: &[&str] = &["255"];

/// In order of the identifiers' digits.
#[rustfmt::skip]
static ROWS: &[Row] = &[
    ai("00", FIXED_LINK, &[KEY18]).key(""),
    ai("01", FIXED_LINK, &[GTIN]).bars("255,37").key("22,10,21|235"),
    ai("02", FIXED_LINK, &[GTIN]).bars("01,03").needs(&["37"]),
    ai("03", FIXED, &[GTIN]).bars("01,02,37"),
    ai("10", LINK, &[x_to(20)]).needs(ANY_ITEM),
    ai("11", FIXED_LINK, &[MONTH]).needs(ANY_ITEM),
    ai("12", FIXED_LINK, &[MONTH]).needs(PAYABLE),
    ai("13", FIXED_LINK, &[MONTH]).needs(ANY_ITEM),
    ais("15", "16", FIXED_LINK, &[MONTH]).needs(ANY_ITEM),
    ai("17", FIXED_LINK, &[MONTH]).needs(&["01,02,03,255,8006,8026"]),
    ai("20", FIXED_LINK, &[n(2)]).needs(ITEM_OR_PIECE),
    ai("21", 0, &[x_to(20)]).needs(&["01,03,8006"]).bars("235"),
    ai("22", 0, &[x_to(20)]).needs(GTIN_ONLY),
    ai("235", 0, &[x_to(28)]).needs(GTIN_ONLY),
    ais("240", "241", LINK, &[x_to(30)]).needs(ITEM_OR_PIECE),
    ai("242", LINK, &[n_to(6)]).needs(ITEM_OR_PIECE),
    ai("243", LINK, &[x_to(20)]).needs(GTIN_ONLY),
    ai("250", LINK, &[x_to(30)]).needs(&["01,8006", "21"]),
    ai("251", LINK, &[x_to(30)]).needs(GTIN_OR_PIECE),
    ai("253", LINK, &[KEY13, x_to(17).optional()]).key(""),
    ai("254", 0, &[x_to(20)]).needs(&["414"]),
    ai("255", LINK, &[KEY13, n_to(12).optional()]).bars("01,02,415,8006,8020,8026").key(""),
    ai("30", LINK, &[n_to(8)]).needs(ITEM),
    measures("3100", "3165", ITEM),
    measures("3200", "3295", ITEM),
    measures("3300", "3365", UNIT_OR_GTIN),
    measures("3370", "3375", GTIN_ONLY),
    measures("3400", "3495", UNIT_OR_GTIN),
    measures("3500", "3525", ITEM),
    measures("3530", "3555", UNIT_OR_GTIN),
    measures("3560", "3575", ITEM),
    measures("3600", "3615", ITEM),
    measures("3620", "3635", UNIT_OR_GTIN),
    measures("3640", "3665", ITEM),
    measures("3670", "3695", UNIT_OR_GTIN),
    ai("37", LINK, &[n_to(8)]).needs(&["00", "02,8026"]),
    ais("3900", "3909", LINK, &[n_to(15)]).needs(&["255,8020"]).bars("391n,394n,8111").series(),
    ais("3910", "3919", LINK, &[CURRENCY, n_to(15)]).needs(PAYABLE).series(),
    ais("3920", "3929", LINK, &[n_to(15)]).needs(&["01", MEASURED]).bars("393n").series(),
    ais("3930", "3939", LINK, &[CURRENCY, n_to(15)]).needs(&[MEASURED]).series(),
    ais("3940", "3943", LINK, &[n(4)]).needs(COUPON).bars("8111").series(),
    ais("3950", "3955", LINK, &[n(6)]).needs(&[MEASURED]).bars("392n,393n,8005").series(),
    ai("400", LINK, &[x_to(30)]),
    ai("401", LINK, &[ASSET]).key(""),
    ai("402", LINK, &[n(17).that(&[LastDigit])]).key(""),
    ai("403", LINK, &[x_to(30)]).needs(UNIT),
    ais("410", "413", FIXED_LINK, &[KEY13]),
    ai("414", FIXED_LINK, &[KEY13]).key("254|7040"),
    ai("415", FIXED_LINK, &[KEY13]).needs(PAYABLE).key("8020"),
    ai("416", FIXED_LINK, &[KEY13]),
    ai("417", FIXED_LINK, &[KEY13]).key("7040"),
    ai("420", LINK, &[x_to(20)]).bars("421"),
    ai("421", LINK, &[COUNTRY, x_to(9)]).bars("4307"),
    ai("422", LINK, &[COUNTRY]).needs(ITEM_OR_PIECE).bars("426"),
    ai("423", LINK, COUNTRIES).needs(ITEM).bars("426"),
    ai("424", LINK, &[COUNTRY]).needs(ITEM).bars("426"),
    ai("425", LINK, COUNTRIES).needs(ITEM).bars("426"),
    ai("426", LINK, &[COUNTRY]).needs(ITEM),
    ai("427", LINK, &[x_to(3)]).needs(&["01,02", "422"]),
    ais("4300", "4301", LINK, &[encoded(35)]).needs(UNIT),
    ai("4302", LINK, &[encoded(70)]).needs(UNIT),
    ai("4303", LINK, &[encoded(70)]).needs(&["4302"]),
    ais("4304", "4306", LINK, &[encoded(70)]).needs(UNIT),
    ai("4307", LINK, &[x(2).that(&[CountryAlpha])]).needs(UNIT),
    ai("4308", LINK, &[x_to(30)]).needs(UNIT),
    ai("4309", LINK, &[n(10).that(&[Latitude]), n(10).that(&[Longitude])]).needs(UNIT),
    ais("4310", "4311", LINK, &[encoded(35)]).needs(UNIT),
    ai("4312", LINK, &[encoded(70)]).needs(UNIT),
    ai("4313", LINK, &[encoded(70)]).needs(&["4312"]),
    ais("4314", "4316", LINK, &[encoded(70)]).needs(UNIT),
    ai("4317", LINK, &[x(2).that(&[CountryAlpha])]).needs(UNIT),
    ai("4318", LINK, &[x_to(20)]).needs(UNIT),
    ai("4319", LINK, &[x_to(30)]).needs(UNIT),
    ai("4320", LINK, &[encoded(35)]).needs(UNIT),
    ais("4321", "4323", LINK, &[n(1).that(&[YesNo])]).needs(UNIT),
    ais("4324", "4325", LINK, &[MONTH, TIME]).needs(UNIT),
    ai("4326", LINK, &[DATE]).needs(UNIT),
    ai("4330", LINK, TEMPERATURE).needs(UNIT).bars("4331"),
    ai("4331", LINK, TEMPERATURE).needs(UNIT).bars("4330"),
    ai("4332", LINK, TEMPERATURE).needs(UNIT).bars("4333"),
    ai("4333", LINK, TEMPERATURE).needs(UNIT).bars("4332"),
    ai("7001", LINK, &[n(13)]).needs(ITEM_OR_PIECE),
    ai("7002", LINK, &[x_to(30)]).needs(ITEM),
    ai("7003", LINK, &[DATE, TIME]).needs(ITEM),
    ai("7004", LINK, &[n_to(4)]).needs(&["01+10"]),
    ai("7005", LINK, &[x_to(12)]).needs(ITEM),
    ai("7006", LINK, &[DATE]).needs(ITEM),
    ai("7007", LINK, &[DATE, DATE.optional()]).needs(ITEM),
    ai("7008", LINK, &[x_to(3)]).needs(ITEM),
    ai("7009", LINK, &[x_to(10)]).needs(ITEM),
    ai("7010", LINK, &[x_to(2)]).needs(ITEM),
    ai("7011", LINK, &[DATE, TIME.optional()]).needs(ITEM),
    ai("7020", LINK, &[x_to(20)]).needs(&["01,8006", "416"]),
    ai("7021", LINK, &[x_to(20)]).needs(GTIN_OR_PIECE),
    ai("7022", LINK, &[x_to(20)]).needs(&["7021"]),
    ai("7023", LINK, &[ASSET]),
    ais("7030", "7039", LINK, &[n(3).that(&[CountryOrWorld]), x_to(27)]).needs(ITEM),
    ai("7040", 0, &[n(1), x(1), x(1), x(1).that(&[ImporterIndex])]),
    ai("7041", 0, &[x_to(4).that(&[PackageType])]).needs(UNIT),
    ais("710", "717", LINK, &[x_to(20)]).needs(GTIN_ONLY),
    ais("7230", "7239", LINK, &[x(2), x_to(28)]).needs(&["01,8004"]),
    ai("7240", LINK, &[x_to(20)]).needs(GTIN_OR_PIECE),
    ai("7241", LINK, &[n(2).that(&[MediaType])]).needs(PERSON),
    ai("7242", LINK, &[x_to(25)]).needs(PERSON),
    ai("7250", LINK, &[BIRTH]).needs(RECIPIENT).bars("7251"),
    ai("7251", LINK, &[BIRTH, TIME]).needs(RECIPIENT).bars("7250"),
    ai("7252", LINK, &[n(1).that(&[Sex])]).needs(RECIPIENT),
    ais("7253", "7254", LINK, &[encoded(40)]).needs(PERSON).bars("7256,7259"),
    ai("7255", LINK, &[x_to(10)]).needs(PERSON).bars("7256,7259"),
    ai("7256", LINK, &[encoded(90)]).needs(PERSON),
    ai("7257", LINK, &[encoded(70)]).needs(RECIPIENT),
    ai("7258", LINK, &[x(3).that(&[Sequence])]).needs(&["8018+7259"]),
    ai("7259", LINK, &[encoded(40)]).needs(RECIPIENT).bars("7256"),
    ai("8001", LINK, &[n(4).that(&[NonZero]), n(5).that(&[NonZero]), n(3).that(&[NonZero]), n(1).that(&[Winding]), n(1)]).needs(GTIN_ONLY),
    ai("8002", LINK, &[x_to(20)]),
    ai("8003", LINK, &[n(1).that(&[Zero]), KEY13, x_to(16).optional()]).key(""),
    ai("8004", LINK, &[ASSET]).key("7040"),
    ai("8005", LINK, &[n(6)]).needs(ITEM),
    ai("8006", LINK, &[GTIN, PIECE]).bars("01,37").key("22,10,21"),
    ai("8007", LINK, &[x_to(34).that(&[Iban])]).needs(&["415"]),
    ai("8008", LINK, &[DATE, n(2).that(&[Hour]), n(2).that(&[Minute]).optional(), n(2).that(&[Second]).optional()]).needs(ITEM),
    ai("8009", LINK, &[x_to(50)]).needs(UNIT_OR_GTIN),
    ai("8010", LINK, &[Part::y_to(30).that(&[CompanyPrefix])]).key("8011"),
    ai("8011", 0, &[n_to(12).that(&[NoLeadingZero])]).needs(&["8010"]),
    ai("8012", LINK, &[x_to(20)]).needs(GTIN_OR_PIECE),
    ai("8013", LINK, &[x_to(25).that(&[LastPair, CompanyPrefix])]).key(""),
    ai("8014", 0, &[x_to(25).that(&[LastPair, CompanyPrefix, NonDigit])]).needs(GTIN_ONLY),
    ai("8017", LINK, &[KEY18]).bars("8018").key("8019"),
    ai("8018", LINK, &[KEY18]).bars("8017").key("8019"),
    ai("8019", 0, &[n_to(10)]).needs(PERSON),
    ai("8020", 0, &[x_to(25)]).needs(&["415"]),
    ai("8026", LINK, &[GTIN, PIECE]).needs(&["37"]).bars("02,8006"),
    ai("8030", LINK, &[Part::z_to(90)]).needs(&["00,01+21,253,255,8003,8004,8006+21,8010+8011,8017,8018"]),
    ai("8040", 0, &[n(15)]).needs(&["01+21"]),
    ai("8041", 0, &[n(15)]).needs(DEVICE),
    ai("8042", 0, &[n(32)]).needs(DEVICE),
    ai("8043", 0, &[n(18), n_to(2).optional()]).needs(DEVICE),
    ai("8110", LINK, &[x_to(70).that(&[Coupon])]),
    ai("8111", LINK, &[n(4)]).needs(COUPON),
    ai("8112", LINK, &[x_to(70).that(&[CouponOffer])]),
    ai("8200", 0, &[x_to(70)]).needs(GTIN_ONLY),
    ai("90", LINK, &[x_to(30)]),
    ais("91", "99", LINK, &[x_to(90)]),
];

/// What the first two digits say: how many digits the identifier has, and where its rows are.
#[derive(Clone, Copy)]
struct Prefix {
    digits: usize,
    start: usize,
    end: usize,
}

static PREFIXES: [Prefix; 100] = prefixes();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which refuses what is out of range"
)]
const fn prefixes() -> [Prefix; 100] {
    let mut prefixes = [Prefix { digits: 0, start: 0, end: 0 }; 100];
    let mut at = 0;
    while at < ROWS.len() {
        let row = &ROWS[at];
        let scale = [1, 1, 1, 10, 100][row.digits];
        let mut head = row.first / scale;
        while head <= row.last / scale {
            let prefix = &mut prefixes[head as usize];
            if prefix.digits == 0 {
                prefix.start = at;
            }
            prefix.digits = row.digits;
            prefix.end = at + 1;
            head += 1;
        }
        at += 1;
    }
    prefixes
}

/// The identifier a text begins with.
pub(super) fn leading(text: &[u8]) -> Option<(Ai, &'static Row)> {
    let [tens @ b'0'..=b'9', units @ b'0'..=b'9', ..] = text else {
        return None;
    };
    let head = usize::from(tens - b'0') * 10 + usize::from(units - b'0');
    let prefix = PREFIXES.get(head)?;
    let ai = Ai::from_digits(text.get(..prefix.digits)?)?;
    let number = ai.number();
    let rows = ROWS.get(prefix.start..prefix.end)?;
    rows.iter().find(|row| row.holds(prefix.digits, number)).map(|row| (ai, row))
}

/// The identifier a text consists of.
pub(super) fn exactly(text: &[u8]) -> Option<(Ai, &'static Row)> {
    leading(text).filter(|(ai, _)| ai.len() == text.len())
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn known(ai: &str) -> bool {
        exactly(ai.as_bytes()).is_some()
    }

    /// Those of the 224 entries of GS1's table, ranges counted out.
    const IDENTIFIERS: usize = 541;

    #[test]
    fn the_table_has_every_identifier_and_no_other() {
        let all = (0..10_000_u32)
            .flat_map(|number| {
                [format!("{number:02}"), format!("{number:03}"), format!("{number:04}")]
            })
            .filter(|ai| ai.len() <= 4)
            .collect::<alloc::collections::BTreeSet<_>>();
        assert_eq!(all.iter().filter(|ai| known(ai)).count(), IDENTIFIERS);
    }

    #[test]
    fn decimals_end_where_the_table_says() {
        for (last, beyond) in [
            ("3105", "3106"),
            ("3695", "3696"),
            ("3909", "390"),
            ("3943", "3944"),
            ("3955", "3956"),
        ] {
            assert!(known(last) && !known(beyond), "{last} {beyond}");
        }
        assert!(!known("3170") && known("3360") && !known("3376"));
    }

    #[test]
    fn an_identifier_is_found_whatever_follows() {
        let found = |text: &str| leading(text.as_bytes()).map(|(ai, _)| format!("{ai}"));
        assert_eq!(found("10L1").as_deref(), Some("10"));
        assert_eq!(found("3103001500").as_deref(), Some("3103"));
        assert_eq!(found("235X").as_deref(), Some("235"));
        assert_eq!(
            (found("0"), found("04123"), found("23"), found("310")),
            (None, None, None, None)
        );
    }
}

//! Values of application identifiers: for every rule of GS1's table, what it takes and what it refuses, and where.

use sealtrace_protocol::code::gs1::{Associations, ElementString, Field, Gs1Error, Rule, Set};

fn read(ai: &str, value: &str) -> Result<(), Gs1Error> {
    let text = format!("^{ai}{value}");
    ElementString::parse_with(&text, Associations::Unchecked).map(|elements| {
        assert_eq!(elements.elements().len(), 1, "{text}");
        assert_eq!(elements.elements()[0].value(), value);
    })
}

fn taken(ai: &str, values: &[&str]) {
    for value in values {
        read(ai, value).unwrap_or_else(|error| panic!("({ai}){value}: {error}"));
    }
}

/// Each value is refused by the rule, at this place in the value.
fn refused(ai: &str, values: &[(&str, usize, Rule)]) {
    for (value, at, rule) in values {
        let error = read(ai, value).expect_err(value);
        let found = (error.at - 1 - ai.len(), error.rule);
        assert_eq!(found, (*at, *rule), "({ai}){value}: {error}");
        assert_eq!(error.ai.map(|ai| ai.to_string()).as_deref(), Some(ai), "{error}");
    }
}

const DIGITS: Rule = Rule::Character(Set::Digits);
const SET_82: Rule = Rule::Character(Set::Set82);

#[test]
fn keys_have_check_digits() {
    taken("00", &["376104250021234569", "000000000000000000"]);
    taken("01", &["09521234543213", "12345678901231", "00000000000000"]);
    taken("402", &["95212345432100003"]);
    taken("414", &["9521234543213"]);
    taken("8003", &["09521234543213", "09521234543213ABC/1"]);
    taken("8017", &["952123454321000003"]);
    refused("00", &[("376104250021234560", 17, Rule::CheckDigit)]);
    refused(
        "01",
        &[
            ("09521234543214", 13, Rule::CheckDigit),
            ("0952123454321", 0, Rule::TooShort(14)),
            ("0952123454321X", 13, DIGITS),
        ],
    );
    refused(
        "8003",
        &[("19521234543213", 0, Rule::Zero), ("09521234543214A", 13, Rule::CheckDigit)],
    );
    refused("253", &[("9521234543214DOC", 12, Rule::CheckDigit)]);
    refused("255", &[("952123454321312345678901234", 25, Rule::TooLong(25))]);
    refused("255", &[("95212345432131234567890AB", 23, DIGITS)]);
}

#[test]
fn pairs_of_check_characters() {
    // General Specifications: the check pair of 1987654Ad4X4bL5ttr2310c is 2K.
    taken("8013", &["1987654Ad4X4bL5ttr2310c2K"]);
    taken("8014", &["1987654Ad4X4bL5ttr2310c2K"]);
    refused(
        "8013",
        &[
            ("1987654Ad4X4bL5ttr2310c2L", 23, Rule::CheckPair),
            ("1987654Ad4X4bL5ttr2310d2K", 23, Rule::CheckPair),
            ("1987654Ad4X4bL5ttr2310c22K", 25, Rule::TooLong(25)),
            ("1", 0, Rule::CheckPair),
        ],
    );
}

#[test]
fn keys_start_with_a_company_prefix() {
    taken("8004", &["9521ABC", "9521", "952112345678901234567890123456"]);
    taken("8010", &["9521#-/AZ09"]);
    refused("8004", &[("952A1234", 3, Rule::CompanyPrefix), ("952", 3, Rule::CompanyPrefix)]);
    refused("401", &[("X9521", 0, Rule::CompanyPrefix)]);
    refused("7023", &[("95 1", 2, SET_82)]);
    refused("8010", &[("9521abc", 4, Rule::Character(Set::Set39))]);
}

#[test]
fn dates_exist_and_day_00_stands_for_a_month_where_it_may() {
    for ai in ["11", "12", "13", "15", "16", "17"] {
        taken(ai, &["271231", "271200", "240229", "000229", "990131"]);
        refused(
            ai,
            &[
                ("271301", 2, Rule::Month),
                ("270001", 2, Rule::Month),
                ("270229", 4, Rule::Day),
                ("270431", 4, Rule::Day),
                ("27123", 0, Rule::TooShort(6)),
                ("27123A", 5, DIGITS),
            ],
        );
    }
    taken("4326", &["271231"]);
    refused("4326", &[("271200", 4, Rule::Day)]);
    taken("7007", &["271231", "271231280101"]);
    refused("7007", &[("271231280100", 10, Rule::Day), ("2712312801", 10, Rule::Truncated)]);
    taken("7250", &["20000229", "19991231"]);
    refused(
        "7250",
        &[
            ("19000229", 6, Rule::Day),
            ("20230229", 6, Rule::Day),
            ("20231301", 4, Rule::Month),
            ("20231200", 6, Rule::Day),
        ],
    );
}

#[test]
fn times_exist() {
    taken("7003", &["2712310000", "2712312359"]);
    refused("7003", &[("2712312400", 6, Rule::Hour), ("2712312360", 8, Rule::Minute)]);
    refused("7003", &[("2712002300", 4, Rule::Day)]);
    taken("4324", &["2712002359"]);
    taken("7011", &["271231", "2712312359"]);
    refused("7011", &[("27123123", 8, Rule::Truncated)]);
    taken("8008", &["27123123", "2712312359", "271231235959"]);
    refused(
        "8008",
        &[
            ("271231", 0, Rule::TooShort(8)),
            ("27123124", 6, Rule::Hour),
            ("2712312360", 8, Rule::Minute),
            ("271231235960", 10, Rule::Second),
            ("271231235", 9, Rule::Truncated),
            ("2712312359590", 12, Rule::TooLong(12)),
        ],
    );
    taken("7251", &["200002292359"]);
    refused("7251", &[("200002292460", 8, Rule::Hour)]);
}

#[test]
fn codes_of_countries_and_currencies() {
    taken("422", &["156", "276", "840", "004", "894"]);
    refused(
        "422",
        &[("999", 0, Rule::Country), ("000", 0, Rule::Country), ("15", 0, Rule::TooShort(3))],
    );
    taken("7030", &["156ABC", "999ABC"]);
    refused("7030", &[("000ABC", 0, Rule::Country), ("156", 0, Rule::TooShort(4))]);
    taken("423", &["156", "156276", "156276840250724"]);
    refused(
        "423",
        &[
            ("156999", 3, Rule::Country),
            ("1562", 4, Rule::Truncated),
            ("156276840250724036", 15, Rule::TooLong(15)),
        ],
    );
    taken("421", &["276ABC123"]);
    refused("421", &[("123ABC", 0, Rule::Country)]);
    taken("4307", &["CN", "DE"]);
    refused("4307", &[("cn", 0, Rule::Country), ("XX", 0, Rule::Country)]);
    taken("3912", &["978123", "156123456789012345"]);
    refused(
        "3912",
        &[("000123", 0, Rule::Currency), ("978", 0, Rule::TooShort(4)), ("97812X", 5, DIGITS)],
    );
}

#[test]
fn bank_accounts() {
    taken("8007", &["GB82WEST12345698765432", "DE89370400440532013000", "NO9386011117947"]);
    refused(
        "8007",
        &[
            ("GB82WEST12345698765433", 2, Rule::IbanCheck),
            ("GB28WEST12345698765432", 2, Rule::IbanCheck),
            ("XX82WEST12345698765432", 0, Rule::Country),
            ("GB82west12345698765432", 4, Rule::Iban),
            ("GB82WEST12", 0, Rule::Iban),
        ],
    );
}

#[test]
fn places_on_the_globe() {
    taken("4309", &["00000000000000000000", "18000000003600000000", "12147370003013948000"]);
    refused(
        "4309",
        &[
            ("18000000010000000000", 0, Rule::Latitude),
            ("00000000003600000001", 10, Rule::Longitude),
            ("0000000000360000000", 0, Rule::TooShort(20)),
        ],
    );
}

#[test]
fn small_codes() {
    taken("4321", &["0", "1"]);
    refused("4321", &[("2", 0, Rule::YesNo), ("A", 0, DIGITS)]);
    taken("7252", &["0", "1", "2", "9"]);
    refused("7252", &[("3", 0, Rule::Sex)]);
    taken("8001", &["12341234512319", "00010000100190", "12341234512300"]);
    refused(
        "8001",
        &[
            ("00001234500119", 0, Rule::NonZero),
            ("12340000000119", 4, Rule::NonZero),
            ("12341234500019", 9, Rule::NonZero),
            ("12341234500129", 12, Rule::Winding),
        ],
    );
    taken("7241", &["01", "10", "80", "99"]);
    refused(
        "7241",
        &[("00", 0, Rule::MediaType), ("11", 0, Rule::MediaType), ("79", 0, Rule::MediaType)],
    );
    taken("7041", &["BX", "201", "8", "APE"]);
    refused(
        "7041",
        &[
            ("B", 0, Rule::PackageType),
            ("bx", 0, Rule::PackageType),
            ("BOXX", 0, Rule::PackageType),
        ],
    );
    taken("7040", &["1ABC", "1ABZ", "1AB_", "1AB-", "9aba"]);
    refused("7040", &[("1AB.", 3, Rule::ImporterIndex), ("AABC", 0, DIGITS)]);
    taken("8011", &["0", "1", "123456789012"]);
    refused("8011", &[("01", 0, Rule::LeadingZero), ("1234567890123", 12, Rule::TooLong(12))]);
    taken("4330", &["123456", "123456-"]);
    refused("4330", &[("123456+", 6, Rule::Hyphen), ("123456--", 7, Rule::TooLong(7))]);
    taken("7258", &["1/1", "1/3", "9/9"]);
    refused(
        "7258",
        &[
            ("3/2", 0, Rule::Sequence),
            ("0/2", 0, Rule::Sequence),
            ("1-2", 0, Rule::Sequence),
            ("1/A", 0, Rule::Sequence),
            ("//1", 0, Rule::Sequence),
            ("1/12", 3, Rule::TooLong(3)),
        ],
    );
    refused("8014", &[("98765432101234567890123XX", 23, Rule::CheckPair)]);
}

#[test]
fn pieces_of_a_total() {
    for ai in ["8006", "8026"] {
        taken(ai, &["095212345432130101", "095212345432130299", "095212345432139999"]);
        for wrong in ["0001", "0100", "0000", "0302"] {
            let value = format!("09521234543213{wrong}");
            refused(ai, &[(&value, 14, Rule::PieceOfTotal)]);
        }
    }
}

#[test]
fn texts_with_escapes_inside() {
    taken("4300", &["ABC", "Gr%C3%BC%C3%9Fe", "%25", "A+B"]);
    refused(
        "4300",
        &[
            ("%", 0, Rule::Escape),
            ("AB%2", 2, Rule::Escape),
            ("A%2GB", 1, Rule::Escape),
            ("A%%20", 1, Rule::Escape),
        ],
    );
}

#[test]
fn signatures_are_base_64() {
    taken("8030", &["-_AZaz09", "AB==", "ABC="]);
    refused(
        "8030",
        &[
            ("AB===", 2, Rule::Padding),
            ("A=", 1, Rule::Padding),
            ("A=BC", 1, Rule::Character(Set::Set64)),
            ("AB+C", 2, Rule::Character(Set::Set64)),
        ],
    );
}

#[test]
fn every_character_is_in_its_set_or_refused() {
    for byte in 0x20..=0x7e_u8 {
        let character = char::from(byte);
        if character == '^' || character == '|' {
            continue;
        }
        let is_82 =
            character.is_ascii_alphanumeric() || "!\"%&'()*+,-./:;<=>?_".contains(character);
        assert_eq!(read("10", &format!("A{character}B")).is_ok(), is_82, "{character}");
        let is_39 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#-/".contains(character);
        assert_eq!(read("8010", &format!("9521{character}")).is_ok(), is_39, "{character}");
        assert_eq!(read("30", &character.to_string()).is_ok(), character.is_ascii_digit());
    }
    refused("10", &[("批次", 0, SET_82), ("A\u{7f}", 1, SET_82), ("A\n", 1, SET_82)]);
    refused("01", &[("0952123454321", 0, Rule::TooShort(14)), ("批次批次批次", 0, DIGITS)]);
}

/// A coupon with the required fields only.
const COUPON: &str = "106141416543213500110000";

#[test]
fn coupons() {
    taken("8110", &[COUPON, "06141415432133150110120", "106141416543213500110000310123196000"]);
    let field = Rule::Coupon;
    refused(
        "8110",
        &[
            ("706141416543213150110120", 0, field(Field::Prefix)),
            ("1061414", 1, field(Field::Prefix)),
            ("1061414165432", 8, field(Field::Offer)),
            ("106141416543216", 14, field(Field::SaveValue)),
            ("10614141654321350", 15, field(Field::SaveValue)),
            ("106141416543213A00110000", 15, DIGITS),
            ("106141416543213500", 18, field(Field::Requirement)),
            ("106141416543213500010000", 18, field(Field::Requirement)),
            ("106141416543213500115000", 20, field(Field::RequirementCode)),
            ("10614141654321350011000", 21, field(Field::Family)),
        ],
    );
}

#[test]
fn coupons_with_optional_fields() {
    const SECOND: &str = "10110123";
    const THIRD: &str = "2110123";
    let field = Rule::Coupon;
    let all = [SECOND, "9", THIRD, "0614141", "3271231", "4270101", "50123456"];
    let taken_with = |fields: &str| taken("8110", &[&format!("{COUPON}{fields}")]);
    let refused_with = |fields: &str, at: usize, rule: Rule| {
        refused("8110", &[(&format!("{COUPON}{fields}"), COUPON.len() + at, rule)]);
    };
    taken_with(&all.concat());
    for fields in ["611234567", "671234567890123", "96291", "90000", "32712314271231"] {
        taken_with(fields);
    }
    taken_with(&format!("{SECOND}0614141"));
    refused_with("14", 1, field(Field::AdditionalRules));
    refused_with("106110123", 2, field(Field::Requirement));
    refused_with("101161239", 4, field(Field::RequirementCode));
    refused_with("1011012", 5, field(Field::Family));
    refused_with(&format!("{SECOND}7061414"), SECOND.len(), field(Field::FurtherPrefix));
    refused_with(SECOND, SECOND.len(), field(Field::FurtherPrefix));
    refused_with("32713", 1, field(Field::Expiration));
    refused_with("3271301", 1, field(Field::Expiration));
    refused_with("4270100", 1, field(Field::Start));
    refused_with("32701014270102", 8, field(Field::Start));
    refused_with("5012345", 2, field(Field::Serial));
    refused_with("60123456", 1, field(Field::Retailer));
    refused_with("93", 1, field(Field::SaveValueCode));
    refused_with("903", 2, field(Field::AppliesTo));
    refused_with("902", 3, field(Field::StoreFlag));
    refused_with("90202", 4, field(Field::MultiplyFlag));
    refused_with("902013271231", 5, field(Field::Excess));
    refused_with("7", 0, field(Field::Excess));
}

#[test]
fn coupons_of_a_positive_offer_file() {
    let field = Rule::Coupon;
    taken("8112", &["001234561234560123456", "11123456712345611234567"]);
    refused(
        "8112",
        &[
            ("201234561234560123456", 0, field(Field::Format)),
            ("071234561234560123456", 1, field(Field::Funder)),
            ("0012345612345", 8, field(Field::Offer)),
            ("00123456123456", 14, field(Field::Serial)),
            ("0012345612345601234567", 21, field(Field::Excess)),
        ],
    );
}

//! Element strings: how they are written, separated and bracketed, and which identifiers may stand together.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sealtrace_protocol::code::gs1::{
    Ai, Associations, CARET, Data, ElementString, GS, Gs1Error, Rule, Set, digital_link, read,
};

fn parse(text: &str) -> ElementString<'_> {
    ElementString::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn error(text: &str) -> Gs1Error {
    ElementString::parse(text).expect_err(text)
}

fn broken(text: &str) -> (usize, Rule) {
    let error = error(text);
    (error.at, error.rule)
}

#[test]
fn one_label_reads_the_same_in_every_spelling() {
    let bracketed = "(01)09521234543213(17)271200(10)A\\(1)(3103)001500(21)S";
    let label = parse(bracketed);
    assert_eq!(label.bracketed(), bracketed);
    let values: Vec<_> = label.elements().iter().map(|e| (e.ai().to_string(), e.value())).collect();
    let wanted = [
        ("01", "09521234543213"),
        ("17", "271200"),
        ("10", "A(1)"),
        ("3103", "001500"),
        ("21", "S"),
    ];
    assert_eq!(values, wanted.map(|(ai, value)| (ai.to_owned(), value)));
    assert_eq!(label.elements()[3].decimals(), Some(3));
    assert_eq!(label.elements()[0].decimals(), None);
    for text in [
        "^01095212345432131727120010A(1)^310300150021S",
        "\u{1d}01095212345432131727120010A(1)\u{1d}310300150021S",
        "01095212345432131727120010A(1)\u{1d}310300150021S",
        "01095212345432131727120010A(1)\u{1d}310300150021S\u{1d}",
        "^0109521234543213^17271200^10A(1)^3103001500^21S",
    ] {
        assert_eq!(parse(text).bracketed(), bracketed, "{text}");
    }
    assert_eq!(label.unbracketed(CARET), "^01095212345432131727120010A(1)^310300150021S");
    assert_eq!(label.scan_data("]d2"), "]d201095212345432131727120010A(1)\u{1d}310300150021S");
}

#[test]
fn separators_stand_behind_values_of_open_length() {
    // Predefined lengths end by themselves, with a separator or without.
    assert_eq!(parse("^0109521234543213^10A").bracketed(), "(01)09521234543213(10)A");
    // A fixed length that is not predefined needs its separator.
    assert_eq!(broken("^010952123454321342215610A"), (23, Rule::TooLong(3)));
    assert_eq!(
        parse("^0109521234543213422156^10A").unbracketed('^'),
        "^0109521234543213422156^10A"
    );
    assert_eq!(broken("^0109521234543213^^10A"), (18, Rule::Separator));
    assert_eq!(broken("^^0109521234543213"), (1, Rule::Separator));
    assert_eq!(broken("^0109521234543213^04A"), (18, Rule::Identifier));
    assert_eq!(broken("^0109521^10A"), (3, Rule::TooShort(14)));
    assert_eq!(broken("^01095212345432131727120"), (19, Rule::TooShort(6)));
    assert_eq!(broken("^010952123454321310"), (19, Rule::TooShort(1)));
    assert_eq!(broken("^0109521234543213101234567890123456789017271200"), (39, Rule::TooLong(20)));
    for empty in ["", "^", "\u{1d}"] {
        assert_eq!(broken(empty), (0, Rule::Empty), "{empty:?}");
    }
    for other in ["hello", "https://a/01/09521234543213", "]Q1hello", " 01"] {
        assert_eq!(broken(other), (0, Rule::Form), "{other}");
    }
    assert_eq!(parse("]C1010952123454321310A").get(Ai::LOT), Some("A"));
    let many = "(00)376104250021234569".repeat(65);
    assert_eq!(broken(&many), (64 * 22 + 4, Rule::TooMany(64)));
    // A caret is a separator only where the text starts with one.
    assert_eq!(broken("0109521234543213\u{1d}10A^B"), (20, Rule::Character(Set::Set82)));
}

#[test]
fn brackets_hold_identifiers() {
    assert_eq!(broken("(01)09521234543213(10)A(B"), (23, Rule::Bracket));
    assert_eq!(broken("(01)09521234543213(10)A(B)C"), (24, Rule::Identifier));
    assert_eq!(broken("(01)09521234543213(10)"), (22, Rule::TooShort(1)));
    assert_eq!(broken("(01"), (0, Rule::Bracket));
    assert_eq!(broken("()1"), (1, Rule::Identifier));
    assert_eq!(broken("(310)001500"), (1, Rule::Identifier));
    assert_eq!(broken("(3106)001500"), (1, Rule::Identifier));
    assert_eq!(broken("(0 1)09521234543213"), (1, Rule::Identifier));
    assert_eq!(broken("(01)09521234543213(10)A\\B"), (23, Rule::Character(Set::Set82)));
    assert_eq!(broken("(01)09521234543213(10)\\(\\(#"), (26, Rule::Character(Set::Set82)));
    assert_eq!(broken("(01)09521234543213(10)A^B"), (23, Rule::Character(Set::Set82)));
    assert_eq!(parse("(01)09521234543213(10)A)").get(Ai::LOT), Some("A)"));
}

#[test]
fn composite_components_follow_the_linear_one() {
    for text in [
        "(01)09521234543213|(10)ABC(21)1",
        "^0109521234543213|^10ABC^211",
        "9521234543213|^10ABC^211",
    ] {
        assert_eq!(parse(text).bracketed(), "(01)09521234543213(10)ABC(21)1", "{text}");
    }
    assert_eq!(broken("(10)ABC|(11)271231").1, Rule::Needs("01,02,03,8006,8026"));
    assert_eq!(broken("(01)09521234543213|(10)A|(21)1"), (24, Rule::Composite));
    assert_eq!(broken("(01)09521234543213|"), (19, Rule::Empty));
    assert_eq!(broken("9521234543214|^10ABC"), (12, Rule::CheckDigit));
}

#[test]
fn identifiers_that_must_be_there() {
    let needs = |text: &str| match error(text) {
        Gs1Error { rule: Rule::Needs(needs), ai: Some(ai), .. } => (ai.to_string(), needs),
        other => panic!("{text}: {other}"),
    };
    assert_eq!(needs("(10)A"), ("10".into(), "01,02,03,8006,8026"));
    assert_eq!(needs("(02)09521234543213"), ("02".into(), "37"));
    assert_eq!(needs("(02)09521234543213(37)10"), ("37".into(), "00"));
    assert_eq!(needs("(250)A(01)09521234543213"), ("250".into(), "21"));
    assert_eq!(needs("(7004)12(01)09521234543213"), ("7004".into(), "01+10"));
    assert_eq!(needs("(3920)12(01)09521234543213"), ("3920".into(), "30,31nn,32nn,35nn,36nn"));
    assert_eq!(needs("(8030)AB(01)09521234543213").0, "8030");
    assert_eq!(needs("(7258)1/2(8018)376104250021234569").1, "8018+7259");
    for fine in [
        "(00)376104250021234569(02)09521234543213(37)10",
        "(250)A(01)09521234543213(21)1",
        "(7004)12(01)09521234543213(10)A",
        "(3920)12(01)09521234543213(3103)001000",
        "(8030)AB(01)09521234543213(21)1",
        "(8030)AB(253)9521234543213A",
        "(8030)AB(00)376104250021234569",
        "(415)9521234543213(8020)A",
    ] {
        parse(fine);
    }
    for unsigned in
        ["(8030)AB(253)9521234543213", "(8030)AB(255)9521234543213", "(8030)AB(8003)09521234543213"]
    {
        assert_eq!(error(unsigned).rule, Rule::SerialComponent, "{unsigned}");
    }
    assert!(ElementString::parse_with("(10)A", Associations::Excluded).is_ok());
}

#[test]
fn identifiers_that_exclude_each_other() {
    let excludes = |text: &str| match error(text).rule {
        Rule::Excludes(other) => other.to_string(),
        other => panic!("{text}: {other}"),
    };
    assert_eq!(excludes("(01)09521234543213(37)5(00)376104250021234569"), "37");
    assert_eq!(excludes("(02)09521234543213(37)5(00)376104250021234569(01)09521234543213"), "01");
    assert_eq!(excludes("(01)09521234543213(3102)000001(3103)000001"), "3103");
    assert_eq!(excludes("(01)09521234543213(21)1(235)A"), "235");
    assert_eq!(excludes("(00)376104250021234569(4330)000001(4331)000001"), "4331");
    assert_eq!(excludes("(415)9521234543213(8020)A(3902)1(3912)9781"), "3912");
    assert_eq!(excludes("(01)09521234543213(30)1(3922)1(3933)9781"), "3933");
    parse("(01)09521234543213(3102)000001(3112)000001");
    let both = "(00)376104250021234569(01)09521234543213(37)5";
    assert!(ElementString::parse_with(both, Associations::Excluded).is_err());
    assert!(ElementString::parse_with(both, Associations::Unchecked).is_ok());
}

#[test]
fn an_identifier_comes_twice_with_one_value_only() {
    parse("(01)09521234543213(10)A(01)09521234543213");
    assert_eq!(broken("(01)09521234543213(10)A(10)B"), (27, Rule::Repeated));
    let text = "(01)09521234543213(01)12345678901231";
    assert!(ElementString::parse_with(text, Associations::Unchecked).is_err());
}

#[test]
fn symbols_say_how_their_data_is_meant() {
    let elements = |text: &str| match read(text).unwrap_or_else(|error| panic!("{text}: {error}")) {
        Data::Elements(elements) => elements.bracketed(),
        Data::Text(text) => panic!("{text} is text"),
    };
    for aim in ["]C1", "]e0", "]d2", "]Q3", "]J1"] {
        let text = format!("{aim}010952123454321310A\u{1d}211");
        assert_eq!(elements(&text), "(01)09521234543213(10)A(21)1");
        assert_eq!(
            read(aim).unwrap_err(),
            Gs1Error { at: 3, ai: None, rule: Rule::Empty },
            "{aim}"
        );
    }
    for (text, wanted) in [
        ("]E09521234543213", "(01)09521234543213"),
        ("]E495212340", "(01)00000095212340"),
        ("]E3952123454321312", "(01)09521234543213"),
        ("]E3952123454321312345", "(01)09521234543213"),
        ("]I112345678901231", "(01)12345678901231"),
        ("]E09521234543213|]e010A\u{1d}211", "(01)09521234543213(10)A(21)1"),
        ("]Q1https://id.gs1.org/01/09521234543213/10/A", "(01)09521234543213(10)A"),
        ("https://id.gs1.org/01/09521234543213/10/A", "(01)09521234543213(10)A"),
        ("^010952123454321310A", "(01)09521234543213(10)A"),
    ] {
        assert_eq!(elements(text), wanted, "{text}");
    }
    for (text, at, rule) in [
        ("]E09521234543214", 15, Rule::CheckDigit),
        ("]E0952123454321", 15, Rule::TooShort(13)),
        ("]E0952123454321301", 16, Rule::TooLong(13)),
        ("]E4952123XX", 9, Rule::Character(Set::Digits)),
        ("]E39521234543213", 16, Rule::Truncated),
        ("]I112345678901234", 16, Rule::CheckDigit),
        ("]C1010952123454321310A^B", 22, Rule::Character(Set::Set82)),
        ("]Q1https://id.gs1.org/01/09521234543214", 38, Rule::CheckDigit),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!((error.at, error.rule), (at, rule), "{text}");
    }
    for (text, data) in [
        ("]Q1hello", "hello"),
        ("]d1https://example.com/menu", "https://example.com/menu"),
        ("]I11234", "1234"),
        ("9521234543213", "9521234543213"),
        ("", ""),
    ] {
        assert_eq!(read(text), Ok(Data::Text(data)), "{text}");
    }
}

#[test]
fn errors_name_identifier_place_and_rule() {
    let said = |text| error(text).to_string();
    assert_eq!(said("(01)09521234543214"), "(01) at byte 17: the check digit is wrong");
    assert_eq!(
        said("(01)09521234543213(04)"),
        "at byte 19: no known application identifier starts here"
    );
    assert_eq!(said("(21)1"), "(21) at byte 4: it needs one of 01,03,8006 beside it");
}

/// Elements that may stand together, with values that hold everything that must be escaped somewhere.
fn label() -> impl Strategy<Value = String> {
    let value = "[!-\"%-/0-9:-?A-Z_a-z]{1,20}";
    (0_u64..10_000_000_000_000, value, value, "[0-9]{1,8}", 0_u8..6).prop_map(
        |(body, lot, serial, count, decimals)| {
            let gtin = body * 10 + sealtrace_protocol::code::check_digit(body);
            let (lot, serial) = (lot.replace('(', "\\("), serial.replace('(', "\\("));
            format!("(01){gtin:014}(17)271200(10){lot}(30){count}(310{decimals})001500(21){serial}")
        },
    )
}

proptest! {
    #[test]
    fn every_spelling_reads_back_the_same(label in label()) {
        let elements = parse(&label);
        prop_assert_eq!(elements.bracketed(), label.clone());
        for text in [elements.unbracketed(GS), elements.unbracketed(CARET)] {
            prop_assert_eq!(parse(&text).bracketed(), label.clone(), "{}", text);
        }
        let values = |read: &ElementString<'_>| {
            read.elements().iter().map(|e| (e.ai(), e.value().to_owned())).collect::<BTreeMap<_, _>>()
        };
        let link = elements.canonical_link().unwrap();
        let again = digital_link::parse(&link).unwrap();
        prop_assert_eq!(values(&again), values(&elements), "{}", link);
        prop_assert_eq!(again.canonical_link().unwrap(), link);
    }

    #[test]
    fn nothing_panics(text in any::<String>(), tail in "[0-9()\\^|\\\\%+/?&;=#\u{1d}A]{0,80}") {
        for text in [&text, &tail, &format!("]C1{tail}"), &format!("^{tail}"), &format!("(01{tail}"),
            &format!("https://a/01/{tail}"), &format!("https://a/{text}"), &format!("]E0{text}")] {
            let outcome = read(text);
            if let Err(error) = outcome {
                prop_assert!(error.at <= text.len(), "{} of {}", error.at, text.len());
            }
            let _ = ElementString::parse(text);
            let _ = digital_link::parse(text);
        }
    }
}

//! GS1 Digital Links: hosts, paths, keys, qualifiers, queries and escapes, both ways.

use sealtrace_protocol::code::gs1::digital_link::{self, CANONICAL_STEM, LinkOptions, compose};
use sealtrace_protocol::code::gs1::{Ai, Associations, ElementString, Gs1Error, Rule, Set};

fn read(link: &str) -> String {
    digital_link::parse(link).unwrap_or_else(|error| panic!("{link}: {error}")).bracketed()
}

fn error(link: &str) -> Gs1Error {
    digital_link::parse(link).expect_err(link)
}

fn broken(link: &str) -> (usize, Rule) {
    let error = error(link);
    (error.at, error.rule)
}

/// The link of an element string in brackets.
fn written(elements: &str, stem: &str) -> Result<String, Rule> {
    let elements = ElementString::parse_with(elements, Associations::Unchecked).unwrap();
    compose(&elements, stem).map_err(|error| error.rule)
}

#[test]
fn any_host_and_any_path_may_stand_in_front() {
    for stem in [
        "https://id.gs1.org",
        "http://example.com",
        "HTTPS://EXAMPLE.COM",
        "https://example.com:8443",
        "https://192.168.1.10",
        "https://a",
        "https://example.com/some/path",
        "https://example.com/01/not-a-gtin/x/y",
        "https://example.com//",
        "https://example.com/00/376104250021234569",
    ] {
        assert_eq!(
            read(&format!("{stem}/01/09521234543213/10/A")),
            "(01)09521234543213(10)A",
            "{stem}"
        );
    }
}

#[test]
fn hosts_are_names() {
    for (link, at, rule) in [
        ("", 0, Rule::Scheme),
        ("ftp://example.com/01/09521234543213", 0, Rule::Scheme),
        ("https:/example.com/01/09521234543213", 0, Rule::Scheme),
        ("https://", 8, Rule::Host),
        ("https:///01/09521234543213", 8, Rule::Host),
        ("https://example.com", 19, Rule::Host),
        ("https://example.com?01=09521234543213", 19, Rule::Host),
        ("https://exa_mple.com/01/09521234543213", 8, Rule::Host),
        ("https://-example.com/01/09521234543213", 8, Rule::Host),
        ("https://example..com/01/09521234543213", 8, Rule::Host),
        ("https://.example.com/01/09521234543213", 8, Rule::Host),
        ("https://user@example.com/01/09521234543213", 8, Rule::Host),
        ("https://example.com:port/01/09521234543213", 8, Rule::Host),
        ("https://example.com:99999/01/09521234543213", 8, Rule::Host),
        ("https://example.com/01/0952 1234543213", 27, Rule::UriCharacter),
        ("https://example.com/01/09521234543213/10/批", 41, Rule::UriCharacter),
        ("https://example.com/01/09521234543213/10/A\"", 42, Rule::UriCharacter),
    ] {
        assert_eq!(broken(link), (at, rule), "{link}");
    }
}

#[test]
fn a_path_needs_a_key_with_a_value() {
    for link in [
        "https://example.com/",
        "https://example.com/menu",
        "https://example.com/01",
        "https://example.com/10/A",
        "https://example.com/01/09521234543213/extra",
        "https://example.com/?01=09521234543213",
        "https://example.com/#/01/09521234543213",
        "https://example.com/ARHKVAdpQg",
    ] {
        assert_eq!(error(link).rule, Rule::NoKey, "{link}");
    }
    let short = "https://example.com/gtin/09521234543213/ser/1";
    assert_eq!(
        error(short).to_string(),
        "at byte 20: short names are no longer part of GS1 Digital Link; write 01"
    );
    assert_eq!(broken("https://a/01/09521234543213/"), (10, Rule::NoKey));
    assert_eq!(broken("https://a/01/09521234543213/10/"), (31, Rule::TooShort(1)));
    assert_eq!(broken("https://a/01/9521234543213"), (13, Rule::TooShort(14)));
    assert_eq!(broken("https://a/01/09521234543214"), (26, Rule::CheckDigit));
}

#[test]
fn a_short_gtin_is_read_on_request() {
    let options = LinkOptions { accept_short_gtin: true, ..LinkOptions::default() };
    for (gtin, full) in [
        ("9521234543213", "09521234543213"),
        ("614141999996", "00614141999996"),
        ("95212340", "00000095212340"),
        ("09521234543213", "09521234543213"),
    ] {
        let link = format!("https://a/01/{gtin}/21/1");
        let read =
            digital_link::parse_with(&link, options).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.bracketed(), format!("(01){full}(21)1"));
    }
    for (gtin, at, rule) in [
        ("9521234543214", 25, Rule::CheckDigit),
        ("952123454", 13, Rule::TooShort(14)),
        ("952123454321A", 25, Rule::Character(Set::Digits)),
    ] {
        let link = format!("https://a/01/{gtin}");
        let error = digital_link::parse_with(&link, options).unwrap_err();
        assert_eq!((error.at, error.rule), (at, rule), "{link}");
    }
}

#[test]
fn qualifiers_have_an_order() {
    for path in [
        "01/09521234543213/22/A/10/B/21/C",
        "01/09521234543213/22/A/21/C",
        "01/09521234543213/10/B",
        "01/09521234543213/235/T",
        "8006/095212345432130102/22/A/10/B/21/C",
        "414/9521234543213/254/A",
        "414/9521234543213/7040/1ABC",
        "415/9521234543213/8020/A",
        "417/9521234543213/7040/1ABC",
        "8004/9521A/7040/1ABC",
        "8010/9521A/8011/12",
        "8017/376104250021234569/8019/12",
        "253/9521234543213A",
        "01/09521234543213/10/01/21/21",
    ] {
        let link = format!("https://a/{path}");
        let options =
            LinkOptions { associations: Associations::Unchecked, ..LinkOptions::default() };
        let read = digital_link::parse_with(&link, options);
        assert!(read.is_ok(), "{path}: {read:?}");
    }
    for (path, at) in [
        ("01/09521234543213/10/A/22/B", 33),
        ("01/09521234543213/21/A/10/B", 33),
        ("01/09521234543213/10/A/10/B", 33),
        ("01/09521234543213/10/A/235/B", 33),
        ("01/09521234543213/235/A/21/B", 34),
        ("01/09521234543213/17/271200", 28),
        ("00/376104250021234569/10/A", 32),
        ("414/9521234543213/254/A/7040/1ABC", 34),
        ("253/9521234543213A/21/B", 29),
    ] {
        assert_eq!(broken(&format!("https://a/{path}")), (at, Rule::Qualifier), "{path}");
    }
    assert_eq!(broken("https://a/01/09521234543213/lot/A"), (28, Rule::Identifier));
}

#[test]
fn attributes_are_in_the_query() {
    let gtin = "https://a/01/09521234543213";
    for (query, elements) in [
        ("17=271200", "(17)271200"),
        ("17=271200&3103=000195", "(17)271200(3103)000195"),
        ("17=271200;3103=000195", "(17)271200(3103)000195"),
        ("&&17=271200&", "(17)271200"),
        ("linkType=gs1:pip&17=271200&utm=a=b&17a=x&99", "(17)271200"),
        ("99=A%2FB", "(99)A/B"),
        ("99=A/B?C", "(99)A/B?C"),
        ("context", ""),
    ] {
        let link = format!("{gtin}?{query}");
        assert_eq!(read(&link), format!("(01)09521234543213{elements}"), "{query}");
    }
    for (query, at, rule) in [
        ("21=A", 28, Rule::QualifierInQuery),
        ("10=A", 28, Rule::QualifierInQuery),
        ("10=", 28, Rule::QualifierInQuery),
        ("235=A", 28, Rule::QualifierInQuery),
        ("7040=1ABC", 28, Rule::Attribute),
        ("8040=123456789012345", 28, Rule::Attribute),
        ("01=09521234543213", 28, Rule::Twice),
        ("17=271200&17=271200", 38, Rule::Twice),
        ("x=y&04=1", 32, Rule::Identifier),
        ("123456=1", 28, Rule::Identifier),
        ("17=", 31, Rule::TooShort(6)),
        ("17=271301", 33, Rule::Month),
        ("99=A+B", 32, Rule::Character(Set::Set82)),
        ("99=A%2", 32, Rule::Escape),
    ] {
        assert_eq!(broken(&format!("{gtin}?{query}")), (at, rule), "{query}");
    }
    // A qualifier that no sequence has room for is an attribute, where the table allows it.
    let with_tpx = "https://a/01/09521234543213/235/T?10=A";
    assert_eq!(read(with_tpx), "(01)09521234543213(235)T(10)A");
    assert_eq!(
        error("https://a/01/09521234543213?02=09521234543213").rule,
        Rule::Excludes(Ai::GTIN)
    );
    assert!(matches!(error("https://a/01/09521234543213?250=A").rule, Rule::Needs("21")));
}

#[test]
fn percent_escapes_and_plus_signs() {
    let gtin = "https://a/01/09521234543213";
    assert_eq!(read(&format!("{gtin}/10/A%2FB%2b%25")), "(01)09521234543213(10)A/B+%");
    assert_eq!(read(&format!("{gtin}/10/A+B")), "(01)09521234543213(10)A+B");
    assert_eq!(read(&format!("{gtin}/10/%41%28")), "(01)09521234543213(10)A\\(");
    assert_eq!(read(&format!("{gtin}?99=A%2BB")), "(01)09521234543213(99)A+B");
    for (value, at, rule) in [
        ("A%", 32, Rule::Escape),
        ("A%2", 32, Rule::Escape),
        ("A%GGB", 32, Rule::Escape),
        ("A%00B", 32, Rule::Character(Set::Set82)),
        ("%2F%23", 34, Rule::Character(Set::Set82)),
        ("%2F%20%2F", 34, Rule::Character(Set::Set82)),
        ("%E6%89%B9", 31, Rule::Character(Set::Set82)),
        ("%FF", 31, Rule::Character(Set::Set82)),
    ] {
        assert_eq!(broken(&format!("{gtin}/10/{value}")), (at, rule), "{value}");
    }
}

#[test]
fn links_are_written() {
    assert_eq!(
        written("(01)09521234543213(21)S/1(3103)000195(10)A+B(17)271200", "https://example.com/x/")
            .as_deref(),
        Ok("https://example.com/x/01/09521234543213/10/A%2BB/21/S%2F1?3103=000195&17=271200")
    );
    assert_eq!(
        written("(10)A-._\\(!(01)09521234543213", CANONICAL_STEM).as_deref(),
        Ok("https://id.gs1.org/01/09521234543213/10/A-._%28%21")
    );
    assert_eq!(
        written("(01)09521234543213(10)A(235)T", CANONICAL_STEM).as_deref(),
        Ok("https://id.gs1.org/01/09521234543213/235/T?10=A")
    );
    assert_eq!(
        written("(00)376104250021234569(02)09521234543213(37)5", CANONICAL_STEM).as_deref(),
        Ok("https://id.gs1.org/00/376104250021234569?02=09521234543213&37=5")
    );
    assert_eq!(
        written("(01)09521234543213(10)A(01)09521234543213", "https://a").as_deref(),
        Ok("https://a/01/09521234543213/10/A")
    );
    assert_eq!(written("(10)A(17)271200", "https://a"), Err(Rule::NoKey));
    assert_eq!(written("(00)376104250021234569(21)A", "https://a"), Err(Rule::Attribute));
    let elements = ElementString::parse("(01)09521234543213(99)A(17)271200(3103)000195").unwrap();
    assert_eq!(
        elements.canonical_link().as_deref(),
        Ok("https://id.gs1.org/01/09521234543213?17=271200&3103=000195&99=A")
    );
}

//! Codes: every form reads as the same item, malformed ones say where and why, nothing panics.

use proptest::prelude::*;
use sealtrace_protocol::code::gs1::{Ai, Rule, Set};
use sealtrace_protocol::code::{Code, Gtin, Minted, ParseError, Sgtin, Sscc, Why, parse};
use sealtrace_protocol::text::Text20;
use sealtrace_protocol::wire::{decode, encode};

fn minted() -> impl Strategy<Value = Minted> {
    (0_u8..32, any::<u128>()).prop_filter_map("17 digits are no minted code", |(head, body)| {
        Minted::new(head, body >> 48).filter(|minted| !minted.is_all_digits())
    })
}

fn gs1(ai: Ai, rule: Rule) -> Why {
    Why::Gs1 { ai: Some(ai), rule }
}

fn nameless(rule: Rule) -> Why {
    Why::Gs1 { ai: None, rule }
}

fn error(text: &str) -> ParseError {
    parse(text).expect_err(text)
}

#[test]
fn one_item_reads_the_same_from_every_label() {
    let minted = "9A0BCDEFGH1234567";
    let code = Code::Minted(Minted::from_typed(minted).unwrap());
    for text in [
        "9A0BCDEFGH1234567",
        " 9a0bcdefgh1234567\r\n",
        "HTTPS://T.EXAMPLE/9A0BCDEFGH1234567",
        "https://t.example/q/9a0bcdefgh1234567?utm_source=wechat#top",
        "https://id.example/01/06901234567892/21/9A0BCDEFGH1234567",
        "https://id.example/x/01/06901234567892/10/L%2F1/21/9A0BCDEFGH1234567?17=271231&linkType=all",
        "(01)06901234567892(10)L\\(1(21)9A0BCDEFGH1234567",
        "]d2010690123456789210L1\u{1d}219A0BCDEFGH1234567",
        "\u{1d}0106901234567892219A0BCDEFGH1234567\u{1d}17271231",
        "]Q3010690123456789217271231219A0BCDEFGH1234567",
    ] {
        assert_eq!(parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).code, code, "{text}");
    }
}

#[test]
fn claims_are_read_beside_the_identity() {
    let scan = parse("]C10106901234567892172712003710".replace("3710", "").as_str());
    assert_eq!(scan.unwrap_err().why, Why::NoIdentity);
    let scan =
        parse("https://id.example/01/06901234567892/10/L%2F1/21/9A0BCDEFGH1234567?17=271200")
            .unwrap();
    assert_eq!(scan.claims.gtin.unwrap().to_string(), "06901234567892");
    assert_eq!(scan.claims.lot.unwrap().as_str(), "L/1");
    let expiry = scan.claims.expiry.unwrap();
    assert_eq!((expiry.year, expiry.month, expiry.day), (27, 12, 0));
}

#[test]
fn an_sscc_reads_from_every_form() {
    let sscc = Code::Sscc(Sscc::new("376104250021234569").unwrap());
    for text in [
        "376104250021234569",
        "00376104250021234569",
        "]C100376104250021234569",
        "(00)376104250021234569",
        "https://id.example/00/376104250021234569",
    ] {
        assert_eq!(parse(text).unwrap().code, sscc, "{text}");
    }
    assert_eq!(sscc.canonical(), "(00)376104250021234569");
}

#[test]
fn somebody_elses_serial_is_not_minted() {
    let scan = parse("(01)06901234567892(21)SN-77").unwrap();
    assert!(matches!(scan.code, Code::Sgtin(_)));
    assert_eq!(scan.code.canonical().parse::<Code>().unwrap(), scan.code);
}

#[test]
fn malformed_texts_say_where_and_why() {
    let at = |at, why| ParseError { at, why };
    assert_eq!(error(""), at(0, Why::Empty));
    assert_eq!(error("hello").why, Why::UnknownForm);
    assert_eq!(error(&"9".repeat(600)).why, Why::TooLong(600));
    assert_eq!(error("376104250021234560"), at(0, gs1(Ai::SSCC, Rule::CheckDigit)));
    assert_eq!(error("(01)06901234567890(21)A"), at(17, gs1(Ai::GTIN, Rule::CheckDigit)));
    assert_eq!(error("]d20106901234567892"), at(3, Why::NoIdentity));
    let outside = Rule::Character(Set::Set82);
    assert_eq!(error("(01)06901234567892(21)A#B"), at(23, gs1(Ai::SERIAL, outside)));
    assert_eq!(error(" (01)06901234567892(21)A(04)x"), at(25, nameless(Rule::Identifier)));
    assert_eq!(error("(21)A(21)B(01)06901234567892"), at(9, gs1(Ai::SERIAL, Rule::Repeated)));
    assert_eq!(error("(01)06901234567892(17)271301(21)A"), at(24, gs1(Ai::EXPIRY, Rule::Month)));
    assert_eq!(error("]d201069012345"), at(5, gs1(Ai::GTIN, Rule::TooShort(14))));
    assert_eq!(error("https://t.example/").why, Why::UnknownForm);
    assert_eq!(
        error("https://t.example/01/06901234567892/21/A%2"),
        at(40, gs1(Ai::SERIAL, Rule::Escape))
    );
    assert_eq!(
        error("(01)06901234567892(21)123456789012345678901"),
        at(42, gs1(Ai::SERIAL, Rule::TooLong(20)))
    );
    assert_eq!(
        error("(01)06901234567890(21)A").to_string(),
        "at character 17: (01): the check digit is wrong"
    );
    assert_eq!(
        error("https://id.example/gtin/06901234567892/ser/A").to_string(),
        "at character 19: short names are no longer part of GS1 Digital Link; write 01"
    );
}

#[test]
fn a_label_is_read_although_another_one_carries_what_gs1_requires_beside_it() {
    let scan = parse("]C100376104250021234569371000").unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(scan.code.canonical(), "(00)376104250021234569");
    assert!(parse("]d2010690123456789221A\u{1d}7040199A").is_ok());
}

#[test]
fn gtins_of_every_length_are_one_number() {
    assert_eq!(Gtin::new("6901234567892").unwrap(), Gtin::new("06901234567892").unwrap());
    for wrong in ["690123456789", "69012345"] {
        assert_eq!(Gtin::new(wrong).unwrap_err(), gs1(Ai::GTIN, Rule::CheckDigit));
    }
    assert_eq!(Gtin::new("690123").unwrap_err(), gs1(Ai::GTIN, Rule::TooShort(8)));
    assert_eq!(Gtin::new("069012345678920").unwrap_err(), gs1(Ai::GTIN, Rule::TooLong(14)));
    assert_eq!(Gtin::new("69O12345").unwrap_err(), gs1(Ai::GTIN, Rule::Character(Set::Digits)));
}

#[test]
fn a_plain_aim_prefix_says_nothing() {
    let minted = parse("9A0BCDEFGH1234567").unwrap();
    for text in ["]Q19A0BCDEFGH1234567", "]d1HTTPS://T.EXAMPLE/9A0BCDEFGH1234567"] {
        assert_eq!(parse(text).unwrap(), minted, "{text}");
    }
    assert_eq!(parse("]C0376104250021234569").unwrap(), parse("(00)376104250021234569").unwrap());
    assert_eq!(error(" ]Q1hello"), ParseError { at: 4, why: Why::UnknownForm });
    assert_eq!(error("]Q1"), ParseError { at: 3, why: Why::Empty });
    assert_eq!(error("]é1x").why, Why::UnknownForm);
}

#[test]
fn a_lot_that_looks_like_a_key_is_a_lot() {
    for lot in ["00", "01"] {
        let text = format!("https://id.example/01/06901234567892/10/{lot}/21/9A0BCDEFGH1234567");
        let scan = parse(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(scan.claims.lot.unwrap().as_str(), lot);
    }
    assert_eq!(
        error("https://id.example/01/6901234567892/21/A"),
        ParseError { at: 22, why: gs1(Ai::GTIN, Rule::TooShort(14)) }
    );
}

#[test]
fn ports_logins_and_hosts_without_a_path_do_not_confuse() {
    let code = parse("9A0BCDEFGH1234567").unwrap().code;
    for text in [
        "https://user:pass@t.example:8443/9A0BCDEFGH1234567",
        "http://[2001:db8::1]/9A0BCDEFGH1234567/",
        "https://t.example//9A0BCDEFGH1234567?a=/b#/c",
    ] {
        assert_eq!(parse(text).unwrap().code, code, "{text}");
    }
    for text in ["https://", "https://t.example", "https://t.example?x=/9A0BCDEFGH1234567"] {
        assert_eq!(error(text).why, Why::UnknownForm, "{text}");
    }
}

#[test]
fn no_canonical_text_is_another_codes() {
    // Seventeen digits that decode from bytes would not read back as minted.
    let digits = Minted::new(0, 0).unwrap();
    assert!(digits.is_all_digits());
    assert!(decode::<Code>(&encode(&Code::Minted(digits)), "code").is_err());
    // A serial with what looks like an application identifier in it keeps it, as its bracket is escaped.
    let gtin = Gtin::new("06901234567892").unwrap();
    for serial in ["A(10)B", "A(1)B(x", "(", "((21)"] {
        let code = Code::Sgtin(Sgtin::new(gtin, Text20::new(serial).unwrap()).unwrap());
        assert_eq!(parse(&format!("]d2010690123456789221{serial}")).unwrap().code, code);
        assert_eq!(code.canonical().parse::<Code>().unwrap(), code, "{}", code.canonical());
    }
}

proptest! {
    #[test]
    fn whatever_is_read_reads_back_the_same(
        ai in prop::sample::select(vec!["]d201", "(01)", "https://x/01/"]),
        serial in "[()0-9A-C%/]{1,20}",
        lot in "(10)?[()0-9/]{0,6}",
    ) {
        let text = match ai {
            "(01)" => format!("(01)06901234567892(10)1{lot}(21){serial}"),
            "]d201" => format!("]d20106901234567892101{lot}\u{1d}21{serial}"),
            _ => format!("https://x/01/06901234567892/10/1{lot}/21/{serial}"),
        };
        if let Ok(scan) = parse(&text) {
            let code = scan.code;
            prop_assert_eq!(code.canonical().parse::<Code>().unwrap(), code);
            prop_assert_eq!(decode::<Code>(&encode(&code), "code").unwrap(), code);
        }
    }

    #[test]
    fn minted_codes_round_trip(minted in minted()) {
        let code = Code::Minted(minted);
        let text = code.canonical();
        prop_assert_eq!(text.parse::<Code>().unwrap(), code);
        prop_assert_eq!(text.to_lowercase().parse::<Code>().unwrap(), code);
        prop_assert_eq!(decode::<Code>(&encode(&code), "code").unwrap(), code);
        let json = serde_json::to_string(&code).unwrap();
        prop_assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), code);
    }

    #[test]
    fn ssccs_round_trip(body in 0_u64..100_000_000_000_000_000) {
        let code = Code::Sscc(Sscc::from_body(body).unwrap());
        prop_assert_eq!(code.canonical().parse::<Code>().unwrap(), code);
        prop_assert_eq!(decode::<Code>(&encode(&code), "code").unwrap(), code);
    }

    #[test]
    fn foreign_serials_round_trip(serial in "[!\"%&'()*+,./:;<=>?_0-9A-Za-z-]{1,20}") {
        let text = format!("(01)06901234567892(21){serial}");
        if let Ok(scan) = parse(&text) {
            prop_assert_eq!(scan.code.canonical().parse::<Code>().unwrap(), scan.code);
            prop_assert_eq!(decode::<Code>(&encode(&scan.code), "code").unwrap(), scan.code);
        }
    }

    #[test]
    fn a_wrong_digit_in_an_sscc_is_noticed(body in 0_u64..100_000_000_000_000_000, at in 0_usize..18, by in 1_u8..10) {
        let mut digits = Sscc::from_body(body).unwrap().to_string().into_bytes();
        digits[at] = b'0' + (digits[at] - b'0' + by) % 10;
        prop_assert!(parse(&String::from_utf8(digits).unwrap()).is_err());
    }

    #[test]
    fn nothing_panics(text in "\\PC*", tail in "[0-9()\\[\\]CdQ/%:\u{1d}]{0,60}") {
        let _ = parse(&text);
        let _ = parse(&tail);
        let _ = parse(&format!("]d2{tail}"));
        let _ = parse(&format!("https://x/{tail}"));
    }

    #[test]
    fn bytes_that_are_no_code_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(code) = decode::<Code>(&bytes, "code") {
            prop_assert_eq!(encode(&code), bytes);
            prop_assert_eq!(code.canonical().parse::<Code>().unwrap(), code);
        }
    }
}

//! Labels, broken at random: each is read or refused at a place inside it, and what is read can be written and read again.
//!
//! `cargo nextest run --release -p sealtrace-protocol --run-ignored only fuzz` breaks ten million.

use sealtrace_protocol::code::gs1::{CARET, Data, ElementString, digital_link, read};
use sealtrace_protocol::code::{Code, SCAN_BYTES_MAX, parse};

/// One label of each kind, with values of many forms.
const LABELS: [&str; 13] = [
    "^01095212345432131727120010ABC123^21SERIAL77",
    "(01)09521234543213(10)A\\(1)(3103)001500(21)S",
    "https://id.gs1.org/x/01/09521234543213/22/2A/10/A%2FC/21/XYZ?11=220101&3103=000195&linkType=all#f",
    "https://id.gs1.org/414/9521234543213/254/A+B?4309=02456789010245678901;99=x",
    "]C100376104250021234569\u{1d}02095212345432133710",
    "]E09521234543213|]e010A\u{1d}211",
    "(8110)106141416543213500110000310123196000",
    "(8007)GB82WEST12345698765432(415)9521234543213(8020)1",
    "(8013)1987654Ad4X4bL5ttr2310c2K(99)A",
    "(7007)271231280101(01)09521234543213(7230)ABC(8008)2712312359",
    "(8030)AB==(253)9521234543213A",
    "9A0BCDEFGH1234567",
    "https://t.example/q/9A0BCDEFGH1234567?a=b",
];
/// What labels are made of, and what should not be there.
const PIECES: [&str; 40] = [
    "0", "1", "2", "7", "9", "(", ")", "^", "|", "\\", "%", "%2", "%41", "%00", "+", "/", "?", "&",
    "=", ";", "#", ":", ".", "]", "]C1", "]E0", "\u{1d}", "A", "z", "-", "_", "~", " ", "\"", "批",
    "\u{0}", "(01)", "^21", "/10/", "?17=",
];

#[test]
fn broken_labels_are_read_or_refused() {
    break_labels(1, 30_000);
}

#[test]
#[ignore = "takes minutes in a debug build"]
fn ten_million_broken_labels_are_read_or_refused() {
    break_labels(2, 10_000_000);
}

fn break_labels(seed: u64, count: u32) {
    let mut random = Random(seed);
    for _ in 0..count {
        let mut label: Vec<char> = random.pick(&LABELS).chars().collect();
        for _ in 0..random.below(5) {
            let at = random.below(label.len() + 1);
            let end = (at + random.below(4)).min(label.len());
            let piece = if random.below(3) == 0 { "" } else { random.pick(&PIECES) };
            label.splice(at..end, piece.chars());
        }
        if random.below(8) == 0 {
            label.truncate(random.below(label.len() + 1));
        }
        check(&label.into_iter().collect::<String>());
    }
}

fn check(text: &str) {
    match read(text) {
        Ok(Data::Elements(elements)) => check_written(text, &elements),
        Ok(Data::Text(data)) => assert!(text.ends_with(data), "{text:?}"),
        Err(error) => assert!(error.at <= text.len(), "{text:?}: {error}"),
    }
    for outcome in [ElementString::parse(text), digital_link::parse(text)] {
        let at = outcome.map_or_else(|error| error.at, |_| 0);
        assert!(at <= text.len(), "{text:?}: {at}");
    }
    match parse(text) {
        Ok(scan) => assert_eq!(scan.code.canonical().parse::<Code>(), Ok(scan.code), "{text:?}"),
        Err(error) => assert!(error.at <= text.len().max(SCAN_BYTES_MAX), "{text:?}: {error}"),
    }
}

/// Every form the elements can be written in is read as the same elements.
fn check_written(text: &str, elements: &ElementString<'_>) {
    let bracketed = elements.bracketed();
    for written in [bracketed.clone(), elements.unbracketed(CARET)] {
        let again =
            ElementString::parse(&written).unwrap_or_else(|e| panic!("{text:?}: {written}: {e}"));
        assert_eq!(again.bracketed(), bracketed, "{text:?}");
    }
    if let Ok(link) = elements.canonical_link() {
        let again = digital_link::parse(&link).unwrap_or_else(|e| panic!("{text:?}: {link}: {e}"));
        assert_eq!(again.canonical_link().as_ref(), Ok(&link), "{text:?}");
    }
}

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap() % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

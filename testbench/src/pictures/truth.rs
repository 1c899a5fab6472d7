//! What the labels say: short links, and GS1 element strings with right check digits.

use rand::RngExt as _;
use sealtrace_protocol::code::check_digit;
use serde::Serialize;

use super::Rng;

/// How a label says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Symbology {
    /// A QR code with a short link or a Digital Link.
    Qr,
    /// A QR code that begins with FNC1.
    Gs1Qr,
    /// A DataMatrix that begins with FNC1.
    Gs1DataMatrix,
    /// A Code 128 that begins with FNC1.
    Gs1128,
}

impl Symbology {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Qr, Self::Gs1Qr, Self::Gs1DataMatrix, Self::Gs1128];

    /// How a reader announces it.
    #[must_use]
    pub fn identifier(self) -> &'static str {
        match self {
            Self::Qr => "]Q1",
            Self::Gs1Qr => "]Q3",
            Self::Gs1DataMatrix => "]d2",
            Self::Gs1128 => "]C1",
        }
    }
}

/// What a picture holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// How it is said.
    pub symbology: Symbology,
    /// What a reader should answer; GS is U+001D.
    pub text: String,
    /// The same for an encoder: bracketed where it is GS1.
    pub(super) written: String,
}

impl Truth {
    pub(super) fn draw(symbology: Symbology, rng: &mut Rng) -> Self {
        if symbology == Symbology::Qr {
            let text = link(rng);
            return Self { symbology, written: text.clone(), text };
        }
        let elements = elements(symbology, rng);
        let written = elements.iter().map(|(ai, value)| format!("[{ai}]{value}")).collect();
        let mut text = String::new();
        for (at, (ai, value)) in elements.iter().enumerate() {
            text += ai;
            text += value;
            let fixed = matches!(*ai, "00" | "01" | "02" | "11" | "17" | "3103");
            if !fixed && at + 1 < elements.len() {
                text.push('\u{1d}');
            }
        }
        Self { symbology, text, written }
    }
}

type Elements = Vec<(&'static str, String)>;

fn elements(symbology: Symbology, rng: &mut Rng) -> Elements {
    let which = rng.random_range(0..4);
    if symbology == Symbology::Gs1128 {
        return match which {
            0 | 1 => vec![("00", checked(17, rng))],
            2 => vec![("01", checked(13, rng)), ("10", letters(7, rng))],
            _ => vec![("02", checked(13, rng)), ("37", digits(2, rng))],
        };
    }
    let mut elements = vec![("01", checked(13, rng))];
    match which {
        0 => elements.push(("21", letters(17, rng))),
        1 => elements.extend([("17", date(rng)), ("10", letters(8, rng)), ("21", letters(9, rng))]),
        2 => elements.extend([("10", letters(6, rng)), ("21", letters(12, rng))]),
        _ => elements = vec![("00", checked(17, rng))],
    }
    elements
}

fn link(rng: &mut Rng) -> String {
    match rng.random_range(0..3) {
        0 => format!("HTTPS://S.EXAMPLE/{}", letters(17, rng)),
        1 => format!("https://seal.example/{}", letters(17, rng)),
        _ => format!("https://id.seal.example/01/{}/21/{}", checked(13, rng), letters(17, rng)),
    }
}

fn letters(count: usize, rng: &mut Rng) -> String {
    const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    (0..count).map(|_| char::from(CROCKFORD[rng.random_range(0..32)])).collect()
}

fn digits(count: usize, rng: &mut Rng) -> String {
    (0..count).map(|_| char::from(b'0' + rng.random_range(0..10))).collect()
}

fn date(rng: &mut Rng) -> String {
    let (year, month, day): (u8, u8, u8) =
        (rng.random_range(26..31), rng.random_range(1..13), rng.random_range(1..29));
    format!("{year:02}{month:02}{day:02}")
}

/// Digits and their check digit.
fn checked(count: usize, rng: &mut Rng) -> String {
    let number = rng.random_range(0..10_u64.pow(u32::try_from(count).unwrap_or(17) - 1));
    format!("{number:0count$}{}", check_digit(number))
}

//! The one notation for bytes in profiles and on screens: `A<CR><LF>`, `<0xE4>`, `<LT>`.

/// Names of the bytes that cannot stand for themselves. `SP` and `LT` are printable, but a space at
/// the end of a line gets lost and `<` opens a name.
const NAMES: &[(&str, u8)] = &[
    ("NUL", 0x00),
    ("SOH", 0x01),
    ("STX", 0x02),
    ("ETX", 0x03),
    ("EOT", 0x04),
    ("ENQ", 0x05),
    ("ACK", 0x06),
    ("BEL", 0x07),
    ("BS", 0x08),
    ("HT", 0x09),
    ("LF", 0x0A),
    ("VT", 0x0B),
    ("FF", 0x0C),
    ("CR", 0x0D),
    ("SO", 0x0E),
    ("SI", 0x0F),
    ("DLE", 0x10),
    ("DC1", 0x11),
    ("DC2", 0x12),
    ("DC3", 0x13),
    ("DC4", 0x14),
    ("NAK", 0x15),
    ("SYN", 0x16),
    ("ETB", 0x17),
    ("CAN", 0x18),
    ("EM", 0x19),
    ("SUB", 0x1A),
    ("ESC", 0x1B),
    ("FS", 0x1C),
    ("GS", 0x1D),
    ("RS", 0x1E),
    ("US", 0x1F),
    ("LT", b'<'),
    ("DEL", 0x7F),
    ("SP", b' '),
];

/// Why a byte string could not be read. `at` counts characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("character {at}: {what}; {next}")]
pub struct BytesError {
    /// Which character of the byte string, counted from 1.
    pub at: usize,
    /// What is wrong there.
    pub what: String,
    /// What to write instead.
    pub next: String,
}

/// Reads a byte string such as `<STX>LON<CR>`.
pub fn parse(text: &str) -> Result<Vec<u8>, BytesError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.char_indices().enumerate();
    while let Some((index, (offset, character))) = rest.next() {
        let at = index + 1;
        match character {
            '<' => {
                let inside = text.get(offset + 1..).unwrap_or_default();
                let Some((name, _)) = inside.split_once('>') else {
                    return Err(BytesError {
                        at,
                        what: "\"<\" opens a byte name that no \">\" closes".to_owned(),
                        next: "close it, or write <LT> for the character itself".to_owned(),
                    });
                };
                bytes.push(named(name, at)?);
                // The name's characters and the closing bracket are consumed.
                rest.nth(name.chars().count());
            }
            ' '..='~' => bytes.extend(u8::try_from(character)),
            _ => return Err(unprintable(character, at)),
        }
    }
    Ok(bytes)
}

/// Writes bytes in the notation that [`parse`] reads; `parse(&render(bytes))` gives `bytes` back.
pub fn render(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'<' => text.push_str("<LT>"),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => match NAMES.iter().find(|(_, value)| *value == byte) {
                Some((name, _)) => text.push_str(&format!("<{name}>")),
                None => text.push_str(&format!("<0x{byte:02X}>")),
            },
        }
    }
    text
}

fn named(name: &str, at: usize) -> Result<u8, BytesError> {
    let two_digits = |digits: &&str| digits.len() == 2 && !digits.starts_with('+');
    let hex = name.strip_prefix("0x").filter(two_digits);
    if let Some(byte) = hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
        return Ok(byte);
    }
    match NAMES.iter().find(|(known, _)| *known == name) {
        Some((_, byte)) => Ok(*byte),
        None => Err(BytesError {
            at,
            what: format!("<{}> is no byte", name.escape_debug()),
            next:
                "write an ASCII name in capitals (<STX>, <CR>), two hex digits (<0xE4>), or <LT> \
                   for the character \"<\""
                    .to_owned(),
        }),
    }
}

fn unprintable(character: char, at: usize) -> BytesError {
    let next = match u8::try_from(u32::from(character)) {
        Ok(byte) => format!("write {} for that byte", render(&[byte])),
        Err(_) => "write each byte of it in hex, such as <0xE4>".to_owned(),
    };
    let what = format!("{character:?} is not printable ASCII");
    BytesError { at, what, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hex_and_text_mix() {
        assert_eq!(parse("<STX>a b<0xe4><LT>><CR><LF>"), Ok(b"\x02a b\xE4<>\r\n".to_vec()));
    }

    #[test]
    fn an_unknown_name_is_reported_where_it_stands() {
        assert_eq!(parse("ab<CRLF>").unwrap_err().at, 3);
        assert_eq!(parse("<CR>é").unwrap_err().at, 5);
        assert_eq!(parse("x<").unwrap_err().at, 2);
        assert_eq!(parse("<0x+1>").unwrap_err().at, 1);
    }

    #[test]
    fn a_toml_escape_is_refused_with_the_name_to_write() {
        assert_eq!(parse("A\r").unwrap_err().next, "write <CR> for that byte");
    }

    #[test]
    fn every_byte_survives_the_round_trip() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(parse(&render(&all)), Ok(all));
    }
}

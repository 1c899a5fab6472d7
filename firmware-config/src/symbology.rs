//! From a frame's bytes to the text of a code: AIM prefixes, GS, and what is no text at all.

use std::fmt::{self, Display, Formatter};

use crate::bytes::{self, BytesError};
use crate::document::Section;

/// GS (group separator, FNC1 inside GS1 data), RS and EOT are the control bytes that codes contain.
const CONTROL_IN_CODES: [u8; 3] = [0x1D, 0x1E, 0x04];

/// How the text of a frame is to be understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Symbology {
    /// What happens to an AIM prefix.
    pub aim: Aim,
    /// The AIM prefixes that are taken; empty takes every code, with or without one.
    pub accept: Vec<AimId>,
    /// What the reader sends in place of GS; empty where it sends GS itself.
    pub gs_sent_as: Vec<u8>,
}

/// What happens to an AIM prefix such as `]C1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aim {
    /// The reader sends none: a `]` at the beginning is part of the code.
    Off,
    /// It stays in the text, for the code parser to use.
    #[default]
    Keep,
    /// It is taken off the text.
    Strip,
}

/// An AIM prefix: `]`, the symbology's letter, the modifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AimId {
    letter: u8,
    modifier: u8,
}

/// What a frame said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The AIM prefix, where the reader sent one.
    pub aim: Option<AimId>,
    /// The code's text; begins with the prefix where the profile says `keep`.
    pub text: String,
}

/// Why a frame is no reading.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SymbologyError {
    /// A byte that no code contains.
    #[error(
        "byte {at} is {}, which no code contains: check baud rate, parity and cable",
        bytes::render(&[*byte])
    )]
    NotText {
        /// Which byte of the frame, counted from 1.
        at: usize,
        /// The byte.
        byte: u8,
    },
    /// The profile takes only certain prefixes, and the frame has none.
    #[error("there is no AIM prefix: switch it on in the reader, or empty symbology.accept")]
    NoPrefix,
    /// A code of another kind than the profile takes.
    #[error(
        "{found} is not among the prefixes of symbology.accept: a label of another kind was read"
    )]
    Refused {
        /// The prefix that was read.
        found: AimId,
    },
}

impl Symbology {
    /// The reading in the content of a [`Frame::Read`](crate::Frame::Read).
    pub fn reading(&self, content: &[u8]) -> Result<Reading, SymbologyError> {
        let content = self.with_gs(content);
        let bad = content
            .iter()
            .enumerate()
            .find(|(_, byte)| !matches!(byte, b' '..=b'~') && !CONTROL_IN_CODES.contains(byte));
        if let Some((index, &byte)) = bad {
            return Err(SymbologyError::NotText { at: index + 1, byte });
        }
        let text: String = content.iter().copied().map(char::from).collect();
        let aim = match self.aim {
            Aim::Off => None,
            Aim::Keep | Aim::Strip => AimId::at_start(&content),
        };
        if !self.accept.is_empty() {
            let found = aim.ok_or(SymbologyError::NoPrefix)?;
            if !self.accept.contains(&found) {
                return Err(SymbologyError::Refused { found });
            }
        }
        let stripped = match (self.aim, aim) {
            (Aim::Strip, Some(_)) => text.get(AimId::LEN..).map(str::to_owned),
            (Aim::Off | Aim::Keep, _) | (Aim::Strip, None) => None,
        };
        Ok(Reading { aim, text: stripped.unwrap_or(text) })
    }

    pub(crate) fn read(section: Section<'_>) -> Option<Self> {
        let policies = [("off", Aim::Off), ("keep", Aim::Keep), ("strip", Aim::Strip)];
        let aim = section.choice("aim", &policies, None);
        let accept = section.list("accept", AimId::parse);
        let gs_sent_as = section.bytes_or_none("gs_sent_as");
        if aim == Some(Aim::Off) && accept.as_ref().is_some_and(|accept| !accept.is_empty()) {
            let what = "needs the prefixes that symbology.aim = \"off\" says are not sent";
            section.problem("accept", what, "write aim = \"keep\" or \"strip\", or remove accept");
        }
        section.finish();
        Some(Self { aim: aim?, accept: accept?, gs_sent_as: gs_sent_as? })
    }

    fn with_gs(&self, content: &[u8]) -> Vec<u8> {
        let mark = self.gs_sent_as.as_slice();
        let mut out = Vec::with_capacity(content.len());
        let mut rest = content;
        while let [first, after @ ..] = rest {
            match rest.strip_prefix(mark).filter(|_| !mark.is_empty()) {
                Some(after_mark) => {
                    out.push(0x1D);
                    rest = after_mark;
                }
                None => {
                    out.push(*first);
                    rest = after;
                }
            }
        }
        out
    }
}

impl AimId {
    /// Characters of a prefix.
    pub const LEN: usize = 3;

    /// The prefix that the bytes begin with.
    pub fn at_start(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [b']', letter, modifier, ..]
                if letter.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() =>
            {
                Some(Self { letter: *letter, modifier: *modifier })
            }
            _ => None,
        }
    }

    fn parse(text: &str) -> Result<Self, BytesError> {
        let whole = Self::at_start(text.as_bytes()).filter(|_| text.len() == Self::LEN);
        whole.ok_or_else(|| BytesError {
            at: 1,
            what: "is no AIM prefix".to_owned(),
            next: "write a bracket, a letter and a digit, such as ]C1, ]d2 or ]Q3".to_owned(),
        })
    }
}

impl Display for AimId {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "]{}{}", char::from(self.letter), char::from(self.modifier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> AimId {
        AimId::parse(text).unwrap()
    }

    #[test]
    fn the_prefix_stays_or_goes_as_the_profile_says() {
        let text = |aim| Symbology { aim, ..Symbology::default() }.reading(b"]C1012345").unwrap();
        assert_eq!(text(Aim::Keep), Reading { aim: Some(prefix("]C1")), text: "]C1012345".into() });
        assert_eq!(text(Aim::Strip), Reading { aim: Some(prefix("]C1")), text: "012345".into() });
        assert_eq!(text(Aim::Off), Reading { aim: None, text: "]C1012345".into() });
    }

    #[test]
    fn a_label_of_another_kind_is_refused() {
        let policy = Symbology { accept: vec![prefix("]d2")], ..Symbology::default() };
        assert!(policy.reading(b"]d201").is_ok());
        let found = prefix("]E0");
        assert_eq!(policy.reading(b"]E069"), Err(SymbologyError::Refused { found }));
        assert_eq!(policy.reading(b"69"), Err(SymbologyError::NoPrefix));
    }

    #[test]
    fn gs_comes_back_from_what_the_reader_sends_for_it() {
        let policy = Symbology { gs_sent_as: b"{GS}".to_vec(), ..Symbology::default() };
        assert_eq!(policy.reading(b"10A{GS}21B").unwrap().text, "10A\u{1D}21B");
        assert_eq!(Symbology::default().reading(b"10A\x1D21B").unwrap().text, "10A\u{1D}21B");
    }

    #[test]
    fn line_noise_is_no_text() {
        let reading = Symbology::default().reading(b"AB\xFF");
        assert_eq!(reading, Err(SymbologyError::NotText { at: 3, byte: 0xFF }));
    }
}

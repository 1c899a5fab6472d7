//! What the bytes between two codes look like: the settings that drive the [`Framer`](crate::Framer).

use std::time::Duration;

use crate::bytes::{self, BytesError};
use crate::document::Section;

/// How a reader's bytes become frames.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Framing {
    /// Bytes before each frame; empty where there are none.
    pub start: Vec<u8>,
    /// Bytes after each frame; empty where only a pause (or the next start) ends it.
    pub end: Vec<u8>,
    /// Longest frame without start and end, in bytes. More is garbage.
    pub length_bytes_max: usize,
    /// Pause after which a begun frame is over: complete where there is no `end`, else broken off.
    pub inter_byte_timeout: Duration,
    /// Between the codes of one picture; empty where a frame is one code.
    pub separator: Vec<u8>,
    /// Frames that say "I read nothing".
    pub no_read: Vec<Pattern>,
    /// Frames that mean nothing, such as keep-alives.
    pub ignore: Vec<Pattern>,
    /// Lines that the reader prints when it is switched on.
    pub banner: Vec<Pattern>,
}

/// Bytes to compare a whole frame with; open at an end that had a `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    bytes: Vec<u8>,
    open_before: bool,
    open_after: bool,
}

impl Framing {
    pub(crate) fn read(section: Section<'_>) -> Option<Self> {
        let start = section.bytes_or_none("start");
        let end = section.bytes_or_none("end");
        let length_bytes_max = section.integer("length_bytes_max", 1..=65_536, Some(256));
        let inter_byte_timeout = section.millis("inter_byte_timeout_ms", 1..=60_000);
        let separator = section.bytes_or_none("separator");
        let no_read = section.list("no_read", Pattern::parse);
        let ignore = section.list("ignore", Pattern::parse);
        let banner = section.list("banner", Pattern::parse);
        if let (Some(start), Some(end)) = (&start, &end)
            && !start.is_empty()
            && !end.is_empty()
            && (contains(start, end) || contains(end, start))
        {
            let what = "and framing.start contain one another, so frames cannot be told apart";
            section.problem("end", what, "leave one of them out");
        }
        section.finish();
        Some(Self {
            start: start?,
            end: end?,
            length_bytes_max: usize::try_from(length_bytes_max?).ok()?,
            inter_byte_timeout: inter_byte_timeout?,
            separator: separator?,
            no_read: no_read?,
            ignore: ignore?,
            banner: banner?,
        })
    }
}

impl Framing {
    /// The codes of one picture, none for each place that passed unread; nothing where a frame is one code.
    pub fn codes<'f>(
        &'f self,
        frame: &'f [u8],
    ) -> Option<impl Iterator<Item = Option<&'f [u8]>> + 'f> {
        if self.separator.is_empty() {
            return None;
        }
        let mut rest = Some(frame);
        let parts = std::iter::from_fn(move || {
            let here = rest?;
            let found = here.windows(self.separator.len()).position(|part| part == self.separator);
            let at = found.unwrap_or(here.len());
            rest = found.and_then(|at| here.get(at + self.separator.len()..));
            here.get(..at)
        });
        let unread = |part: &[u8]| {
            part.is_empty() || self.no_read.iter().any(|pattern| pattern.matches(part))
        };
        // Some cameras write the separator behind the last code as well.
        let ends = frame.ends_with(&self.separator);
        let count = parts.clone().count() - usize::from(ends);
        Some(parts.take(count).map(move |part| (!unread(part)).then_some(part)))
    }
}

impl Pattern {
    /// Whether the frame looks like this.
    pub fn matches(&self, frame: &[u8]) -> bool {
        match (self.open_before, self.open_after) {
            (false, false) => frame == self.bytes,
            (false, true) => frame.starts_with(&self.bytes),
            (true, false) => frame.ends_with(&self.bytes),
            (true, true) => contains(frame, &self.bytes),
        }
    }

    fn parse(text: &str) -> Result<Self, BytesError> {
        let body = text.strip_prefix('*').unwrap_or(text);
        let open_before = body.len() < text.len();
        let fixed = body.strip_suffix('*').unwrap_or(body);
        let open_after = fixed.len() < body.len();
        let shift = usize::from(open_before);
        if let Some(before) = fixed.split_once('*').map(|(before, _)| before) {
            return Err(BytesError {
                at: shift + before.chars().count() + 1,
                what: "\"*\" stands for anything only at the beginning or the end".to_owned(),
                next: "write <0x2A> for the character itself".to_owned(),
            });
        }
        if fixed.is_empty() && shift + usize::from(open_after) > 0 {
            return Err(BytesError {
                at: 1,
                what: "\"*\" alone would match every code".to_owned(),
                next: "write the text that the reader sends".to_owned(),
            });
        }
        let bytes =
            bytes::parse(fixed).map_err(|error| BytesError { at: error.at + shift, ..error })?;
        Ok(Self { bytes, open_before, open_after })
    }
}

/// The notation that the profile is written in.
impl std::fmt::Display for Pattern {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let star = |open| if open { "*" } else { "" };
        let text = bytes::render(&self.bytes).replace('*', "<0x2A>");
        write!(out, "{}{text}{}", star(self.open_before), star(self.open_after))
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, frame: &[u8]) -> bool {
        Pattern::parse(pattern).unwrap().matches(frame)
    }

    #[test]
    fn a_star_opens_one_end() {
        assert!(matches("boot*", b"boot v1.2"));
        assert!(!matches("boot*", b"re-boot"));
        assert!(matches("*ready", b"scanner ready"));
        assert!(matches("*v1*", b"boot v1.2"));
        assert!(!matches("NoRead", b"NoRead1"));
        assert!(matches("", b""));
    }

    #[test]
    fn a_pattern_that_would_swallow_codes_is_refused() {
        assert!(Pattern::parse("*").is_err());
        assert!(Pattern::parse("**").is_err());
        assert_eq!(Pattern::parse("*a*b").unwrap_err().at, 3);
        assert_eq!(Pattern::parse("*<XX>").unwrap_err().at, 2);
    }
}

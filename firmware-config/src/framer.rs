//! Bytes in, frames out: a pure parser that takes the stream in pieces of any size.
//!
//! It never holds more than one frame of the longest permitted length plus the marks around it.
//! How the stream is cut into pieces does not change the frames. Time is the caller's: when nothing
//! has arrived for a while, call [`Framer::flush`] with how long that was.
//!
//! CR and LF at either end of a frame are never part of it, so a reader that sends CR LF where its
//! profile says CR is still understood.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::framing::{Framing, Pattern};

/// What one message of a reader was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A code, as the reader sent it between start and end.
    Read(Vec<u8>),
    /// The reader saw something pass and could not read it.
    NoRead,
    /// A keep-alive.
    Ignored,
    /// A line of the text that the reader prints when switched on: what it had in hand before is lost.
    Banner,
    /// Bytes that are no message. Something may have passed unread.
    Garbage {
        /// The bytes; never more than the longest frame and one mark.
        bytes: Vec<u8>,
        /// What was wrong with them.
        why: Why,
    },
}

/// Why bytes are garbage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// More bytes than a frame may have; everything up to the next end or start is dropped.
    TooLong,
    /// The reader fell silent before the frame's end.
    BrokenOff,
    /// A new frame began before this one had ended.
    Restarted,
    /// Bytes between the end of one frame and the start of the next.
    OutsideFrame,
    /// A frame without content.
    Empty,
}

impl Display for Why {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::TooLong => "longer than a frame of this reader may be",
            Self::BrokenOff => "the reader fell silent before the end of the frame",
            Self::Restarted => "a new frame began before the end of this one",
            Self::OutsideFrame => "between two frames",
            Self::Empty => "a frame without content",
        })
    }
}

/// The parser of one reader's stream.
#[derive(Debug, Clone)]
pub struct Framer {
    framing: Framing,
    state: State,
    /// Bytes of the frame (or of what stands between frames) so far.
    buffer: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waiting for `start`; only where the framing has one.
    Outside,
    /// Collecting a frame.
    Inside,
    /// Dropping the rest of a frame that was too long.
    Skipping,
}

impl Framer {
    /// A parser at the beginning of a stream.
    pub fn new(framing: &Framing) -> Self {
        let framing = framing.clone();
        Self { state: between_frames(&framing), framing, buffer: Vec::new() }
    }

    /// Takes the next bytes of the stream, answers the frames that they completed.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Frame> {
        let mut frames = Vec::new();
        for &byte in bytes {
            self.buffer.push(byte);
            frames.extend(match self.state {
                State::Outside => self.outside(byte),
                State::Inside => self.inside(),
                State::Skipping => self.skipping(),
            });
        }
        frames
    }

    /// Ends a begun frame if the stream has been silent for at least the profile's inter-byte timeout.
    /// Call it on a timer with the time since the last byte; it answers at most one frame.
    pub fn flush(&mut self, elapsed: Duration) -> Option<Frame> {
        if elapsed < self.framing.inter_byte_timeout || !self.is_mid_frame() {
            return None;
        }
        let begun = self.state == State::Inside && !self.framing.start.is_empty();
        let bytes = std::mem::take(&mut self.buffer);
        let state = std::mem::replace(&mut self.state, between_frames(&self.framing));
        match state {
            State::Outside => self.stray(bytes, Why::OutsideFrame),
            State::Inside if self.framing.end.is_empty() => Some(self.complete(bytes)),
            State::Inside if begun && trim(&bytes).is_empty() => {
                Some(Frame::Garbage { bytes, why: Why::BrokenOff })
            }
            State::Inside => self.stray(bytes, Why::BrokenOff),
            State::Skipping => None,
        }
    }

    /// Whether bytes are waiting for more, so that a call to [`Framer::flush`] will be needed.
    pub fn is_mid_frame(&self) -> bool {
        !self.buffer.is_empty() || self.state != between_frames(&self.framing)
    }

    fn outside(&mut self, byte: u8) -> Option<Frame> {
        let start = &self.framing.start;
        if self.buffer.ends_with(start) {
            self.state = State::Inside;
            let mut stray = std::mem::take(&mut self.buffer);
            stray.truncate(stray.len().saturating_sub(start.len()));
            return self.stray(stray, Why::OutsideFrame);
        }
        // Text that is printed outside frames is judged line by line.
        let line_break = is_line_break(byte) && !start.iter().copied().any(is_line_break);
        if line_break {
            let stray = std::mem::take(&mut self.buffer);
            return self.stray(stray, Why::OutsideFrame);
        }
        if self.buffer.len() >= self.framing.length_bytes_max + start.len() {
            let keep_from = self.buffer.len() + 1 - start.len();
            let tail = self.buffer.split_off(keep_from);
            let stray = std::mem::replace(&mut self.buffer, tail);
            return self.stray(stray, Why::OutsideFrame);
        }
        None
    }

    fn inside(&mut self) -> Option<Frame> {
        let Framing { start, end, length_bytes_max, .. } = &self.framing;
        if !end.is_empty() && self.buffer.ends_with(end) {
            let body_len = self.buffer.len() - end.len();
            self.state = between_frames(&self.framing);
            let mut body = std::mem::take(&mut self.buffer);
            body.truncate(body_len);
            return Some(self.complete(body));
        }
        if !start.is_empty() && self.buffer.ends_with(start) {
            let body_len = self.buffer.len() - start.len();
            let mut bytes = std::mem::take(&mut self.buffer);
            bytes.truncate(body_len);
            return Some(if self.framing.end.is_empty() {
                self.complete(bytes)
            } else {
                Frame::Garbage { bytes, why: Why::Restarted }
            });
        }
        // A mark may have begun in the last bytes: judge only when the frame is too long without it.
        if self.buffer.len() < length_bytes_max + self.mark_len() {
            return None;
        }
        self.state = State::Skipping;
        let bytes = self.buffer.clone();
        self.keep_mark_tail();
        Some(self.too_long(bytes))
    }

    fn skipping(&mut self) -> Option<Frame> {
        let Framing { start, end, .. } = &self.framing;
        if !end.is_empty() && self.buffer.ends_with(end) {
            self.state = between_frames(&self.framing);
            self.buffer.clear();
        } else if !start.is_empty() && self.buffer.ends_with(start) {
            self.state = State::Inside;
            self.buffer.clear();
        } else {
            self.keep_mark_tail();
        }
        None
    }

    /// A frame with its end (or the pause that stands for it) in place.
    fn complete(&self, body: Vec<u8>) -> Frame {
        if body.len() > self.framing.length_bytes_max {
            return self.too_long(body);
        }
        let content = trim(&body);
        if let Some(frame) = self.told_by_pattern(content) {
            return frame;
        }
        if content.is_empty() {
            return Frame::Garbage { bytes: body, why: Why::Empty };
        }
        Frame::Read(content.to_vec())
    }

    /// Bytes that are no complete frame. Line breaks alone are nothing at all, and some readers send
    /// their no-read word or start-up text without the marks of a frame.
    fn stray(&self, bytes: Vec<u8>, why: Why) -> Option<Frame> {
        let content = trim(&bytes);
        if content.is_empty() {
            return None;
        }
        let told = self.told_by_pattern(content);
        Some(told.unwrap_or(Frame::Garbage { bytes, why }))
    }

    fn told_by_pattern(&self, content: &[u8]) -> Option<Frame> {
        let matches = |patterns: &[Pattern]| patterns.iter().any(|one| one.matches(content));
        if matches(&self.framing.no_read) {
            return Some(Frame::NoRead);
        }
        if matches(&self.framing.banner) {
            return Some(Frame::Banner);
        }
        matches(&self.framing.ignore).then_some(Frame::Ignored)
    }

    fn too_long(&self, mut bytes: Vec<u8>) -> Frame {
        bytes.truncate(self.framing.length_bytes_max);
        Frame::Garbage { bytes, why: Why::TooLong }
    }

    /// Length of the longer mark, at least one byte.
    fn mark_len(&self) -> usize {
        self.framing.start.len().max(self.framing.end.len()).max(1)
    }

    /// Forgets all but the last bytes, in which a mark may have begun.
    fn keep_mark_tail(&mut self) {
        let excess = self.buffer.len().saturating_sub(self.mark_len() - 1);
        self.buffer.drain(..excess);
    }
}

fn between_frames(framing: &Framing) -> State {
    if framing.start.is_empty() { State::Inside } else { State::Outside }
}

fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

fn trim(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [first, after @ ..] = rest
        && is_line_break(*first)
    {
        rest = after;
    }
    while let [before @ .., last] = rest
        && is_line_break(*last)
    {
        rest = before;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_stays_bounded_under_endless_noise() {
        const LENGTH_MAX: usize = 64;
        let marks = [("", ""), ("", "\r\n"), ("\x02", "\x03"), ("\x02", ""), ("xx", "yyy")];
        for (start, end) in marks {
            let mut framer = Framer::new(&Framing {
                start: start.into(),
                end: end.into(),
                length_bytes_max: LENGTH_MAX,
                inter_byte_timeout: Duration::from_millis(1),
                separator: Vec::new(),
                no_read: Vec::new(),
                ignore: Vec::new(),
                banner: Vec::new(),
            });
            for noise in [&b"x"[..], b"\0", b"\x02", b"\r", b"y\xFF", b"xyx"] {
                for _ in 0..1_000 {
                    framer.push(&noise.repeat(1_000));
                    // A growing Vec doubles, so its capacity may be twice its longest content.
                    assert!(framer.buffer.capacity() <= 2 * (LENGTH_MAX + 3), "{start:?} {end:?}");
                }
            }
        }
    }
}

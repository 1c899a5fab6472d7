//! What the agent answers to a frame, for readers that wait for an answer.

use crate::document::Section;

/// The answer to a frame. Good means that the frame was taken; bad asks for it once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ack {
    /// The reader expects nothing.
    None,
    /// One byte each, as a rule ACK and NAK.
    AckNak { good: Vec<u8>, bad: Vec<u8> },
    /// Words, such as `PASS` and `RTRY`.
    PassRtry { good: Vec<u8>, bad: Vec<u8> },
}

impl Ack {
    /// Bytes to send when a frame was taken; empty where the reader expects nothing.
    pub fn good(&self) -> &[u8] {
        match self {
            Self::None => &[],
            Self::AckNak { good, .. } | Self::PassRtry { good, .. } => good,
        }
    }

    /// Bytes to send when a frame was garbage; empty where the reader expects nothing.
    pub fn bad(&self) -> &[u8] {
        match self {
            Self::None => &[],
            Self::AckNak { bad, .. } | Self::PassRtry { bad, .. } => bad,
        }
    }

    pub(crate) fn read(section: Section<'_>) -> Option<Self> {
        let modes =
            [("none", Mode::None), ("ack_nak", Mode::AckNak), ("pass_rtry", Mode::PassRtry)];
        let mode = section.choice("mode", &modes, None);
        let answers = match mode {
            Some(Mode::AckNak | Mode::PassRtry) => (section.bytes("good"), section.bytes("bad")),
            // The mode has its own problem, or has no answers: what is there must still be readable.
            Some(Mode::None) => (None, None),
            None => (section.bytes_or_none("good"), section.bytes_or_none("bad")),
        };
        if let (Some(good), Some(bad)) = &answers
            && mode.is_some()
            && good == bad
        {
            section.problem("bad", "is the same as ack.good", "write two different answers");
        }
        section.finish();
        match (mode?, answers) {
            (Mode::None, _) => Some(Self::None),
            (Mode::AckNak, (good, bad)) => Some(Self::AckNak { good: good?, bad: bad? }),
            (Mode::PassRtry, (good, bad)) => Some(Self::PassRtry { good: good?, bad: bad? }),
        }
    }
}

#[derive(Clone, Copy)]
enum Mode {
    None,
    AckNak,
    PassRtry,
}

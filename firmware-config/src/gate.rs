//! A reject gate that is told by byte strings what to do with each package.

use std::time::Duration;

use crate::document::Section;

/// What the agent must know of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gate {
    /// Bytes that let a package pass.
    pub accept: Vec<u8>,
    /// Bytes that take a package off the belt.
    pub reject: Vec<u8>,
    /// Belt distance ÷ speed, counted from the last byte of the package's last read. Whatever is
    /// decided later counts as rejected.
    pub deadline: Duration,
    /// What keeps the gate from rejecting everything.
    pub heartbeat: Option<Heartbeat>,
}

/// A sign of life that the agent sends. The gate rejects everything when it hears none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Heartbeat {
    /// Bytes to send.
    pub send: Vec<u8>,
    /// Time between two of them.
    pub interval: Duration,
    /// Silence after which the gate rejects everything; at least two intervals.
    pub silence_max: Duration,
}

impl Gate {
    pub(crate) fn read(root: &Section<'_>) -> Option<Self> {
        let output = root.required_table("output").and_then(Output::read);
        let heartbeat = match root.table("heartbeat") {
            Some(section) => Heartbeat::read(section).map(Some),
            None => Some(None),
        };
        let Output { accept, reject, deadline } = output?;
        Some(Self { accept, reject, deadline, heartbeat: heartbeat? })
    }
}

struct Output {
    accept: Vec<u8>,
    reject: Vec<u8>,
    deadline: Duration,
}

impl Output {
    fn read(section: Section<'_>) -> Option<Self> {
        let accept = section.bytes("accept");
        let reject = section.bytes("reject");
        let deadline = section.millis("deadline_ms", 1..=60_000);
        if accept.is_some() && accept == reject {
            section.problem(
                "reject",
                "is the same as output.accept",
                "write two different commands",
            );
        }
        section.finish();
        Some(Self { accept: accept?, reject: reject?, deadline: deadline? })
    }
}

impl Heartbeat {
    fn read(section: Section<'_>) -> Option<Self> {
        let send = section.bytes("send");
        let interval = section.millis("interval_ms", 10..=60_000);
        let silence_max = section.millis("silence_ms_max", 20..=120_000);
        if let (Some(interval), Some(silence_max)) = (interval, silence_max)
            && silence_max < interval * 2
        {
            let what = "is shorter than two intervals, so one late byte would stop the line";
            section.problem("silence_ms_max", what, "write at least twice heartbeat.interval_ms");
        }
        section.finish();
        Some(Self { send: send?, interval: interval?, silence_max: silence_max? })
    }
}

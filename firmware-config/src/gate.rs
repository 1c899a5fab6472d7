//! A reject gate: what it is told about each package, by when, and what keeps it from rejecting everything.

use std::time::Duration;

use crate::document::Section;
use crate::modbus::Modbus;

/// What the agent must know of a gate. Every gate rejects what it is not told to accept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gate {
    /// Belt distance ÷ speed, counted from the last byte of the package's last read. Whatever is
    /// decided later counts as rejected.
    pub deadline: Duration,
    /// How it is told.
    pub signals: Signals,
}

/// What a gate understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signals {
    /// Bytes on a serial port or a TCP connection.
    Bytes(ByteStrings),
    /// Coils and registers: Modbus TCP over `[tcp]`, Modbus RTU over `[serial]`.
    Modbus(Modbus),
}

/// A gate that is told by byte strings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ByteStrings {
    /// Lets one package pass.
    pub accept: Vec<u8>,
    /// Takes one package off the belt.
    pub reject: Vec<u8>,
    /// Stops the belt; empty where the gate cannot.
    pub stop: Vec<u8>,
    /// Lets the belt run again; empty where the gate cannot.
    pub go: Vec<u8>,
    /// Bytes that are the sign of life.
    pub heartbeat: Option<Heartbeat<Vec<u8>>>,
}

/// A sign of life that the agent sends. The gate rejects everything when it gets none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Heartbeat<Sign> {
    /// What is sent.
    pub sign: Sign,
    /// Time between two of them.
    pub interval: Duration,
    /// Silence after which the gate rejects everything; at least two intervals.
    pub silence_max: Duration,
}

impl Gate {
    pub(crate) fn read(root: &Section<'_>) -> Option<Self> {
        let output = root.required_table("output");
        let Some(output) = output else {
            // Which keys a heartbeat has depends on the mode, so nothing can be said of it.
            root.table("heartbeat");
            root.table("confirm");
            return None;
        };
        let deadline = output.millis("deadline_ms", 1..=60_000);
        let modes = [("bytes", false), ("modbus", true)];
        let signals = match output.choice("mode", &modes, Some(false)) {
            Some(false) => ByteStrings::read(output, root).map(Signals::Bytes),
            Some(true) => Modbus::read(output, root).map(Signals::Modbus),
            None => {
                root.table("heartbeat");
                root.table("confirm");
                None
            }
        };
        Some(Self { deadline: deadline?, signals: signals? })
    }
}

impl ByteStrings {
    fn read(output: Section<'_>, root: &Section<'_>) -> Option<Self> {
        let accept = output.bytes("accept");
        let reject = output.bytes("reject");
        let stop = output.bytes_or_none("stop");
        let go = output.bytes_or_none("go");
        if accept.is_some() && accept == reject {
            let what = "is the same as output.accept";
            output.problem("reject", what, "write two different commands");
        }
        if let (Some(stop), Some(go)) = (&stop, &go)
            && stop.is_empty() != go.is_empty()
        {
            let what = "needs its counterpart: what stops the belt must let it run again";
            output.problem("stop", what, "write both output.stop and output.go, or neither");
        }
        output.finish();
        let heartbeat = Heartbeat::read(root, |section| section.bytes("send"));
        Some(Self { accept: accept?, reject: reject?, stop: stop?, go: go?, heartbeat: heartbeat? })
    }
}

impl<Sign> Heartbeat<Sign> {
    /// The heartbeat of a file: none where it has no such table.
    pub(crate) fn read(
        root: &Section<'_>,
        sign: impl FnOnce(&Section<'_>) -> Option<Sign>,
    ) -> Option<Option<Self>> {
        let Some(section) = root.table("heartbeat") else {
            return (!root.has_path("heartbeat")).then_some(None);
        };
        let sign = sign(&section);
        let interval = section.millis("interval_ms", 10..=60_000);
        let silence_max = section.millis("silence_ms_max", 20..=120_000);
        if let (Some(interval), Some(silence_max)) = (interval, silence_max)
            && silence_max < interval * 2
        {
            let what = "is shorter than two intervals, so one late byte would stop the line";
            section.problem("silence_ms_max", what, "write at least twice heartbeat.interval_ms");
        }
        section.finish();
        Some(Some(Self { sign: sign?, interval: interval?, silence_max: silence_max? }))
    }
}

//! A bottling line as its readers and its gate see it: bottles pass, a case label passes, the gate answers.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::clock::Deadline;
use crate::port::VirtualPort;

const ACK: u8 = 0x06;
const NAK: u8 = 0x15;
/// How long a reader waits for its answer before it sends the same reading again.
const RESEND_AFTER: Duration = Duration::from_millis(800);
/// How long the line stands still before the shift calls for help.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the unit reader reports when one bottle passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pass {
    /// A code was read.
    Read(String),
    /// Nothing could be read.
    NoRead,
}

/// One physical case: the bottles that went in, and its label.
#[derive(Clone, Debug)]
pub struct PhysicalCase {
    /// What the reader reported, bottle by bottle.
    pub passes: Vec<Pass>,
    /// The label on the case.
    pub label: String,
    /// True when something is wrong with it and it must not get through.
    pub faulty: bool,
}

/// What the gate was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateAnswer {
    /// The case goes on.
    Accept,
    /// The case is pushed off the belt.
    Reject,
}

/// The readers and the gate of one line.
pub struct VirtualLine {
    units: VirtualPort,
    cases: VirtualPort,
    gate: VirtualPort,
}

impl VirtualLine {
    /// Puts three ports into `folder`: `units`, `cases`, `gate`.
    pub fn new(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self {
            units: VirtualPort::new(&folder.join("units"))?,
            cases: VirtualPort::new(&folder.join("cases"))?,
            gate: VirtualPort::new(&folder.join("gate"))?,
        })
    }

    /// The `[[lane]]` table of an agent's configuration for this line.
    #[must_use]
    pub fn lane_toml(&self, name: &str, site: u64) -> String {
        let port = |profile: &str, port: &VirtualPort| {
            format!("{{ profile = {profile:?}, port = {:?} }}", port.path().display().to_string())
        };
        format!(
            "[[lane]]\nname = {name:?}\nsite = {site}\ntask = \"open\"\nunits = {}\ncases = {}\ngate = {}\n",
            port("virtual-line", &self.units),
            port("virtual-line", &self.cases),
            port("serial-gate", &self.gate),
        )
    }

    /// One bottle passes; returns when the agent has acknowledged the reading.
    pub fn pass(&mut self, pass: &Pass) -> Result<()> {
        let text = match pass {
            Pass::Read(text) => text,
            Pass::NoRead => "NoRead",
        };
        report(&mut self.units, text)
    }

    /// A bottle is read but the answer is not waited for: the power goes in this moment.
    pub fn pass_unanswered(&mut self, text: &str) -> Result<()> {
        self.units.drain()?;
        self.units.send(format!("{text}\r\n").as_bytes())
    }

    /// Noise on the unit reader's cable, which looks like a reading nobody sent. The agent asks for it again.
    pub fn noise(&mut self, bytes: &[u8]) -> Result<()> {
        self.units.send(bytes)?;
        match self.units.receive_one_of(&[ACK, NAK], RESEND_AFTER)? {
            Some(NAK) => Ok(()),
            other => bail!("noise should be answered with NAK, got {other:?}"),
        }
    }

    /// The case label passes; returns what the gate is told.
    pub fn close(&mut self, label: &str) -> Result<GateAnswer> {
        self.gate.drain()?;
        report(&mut self.cases, label)?;
        // Heartbeats end in CR LF as well; only the two answers begin with these letters.
        match self.gate.receive_one_of(b"AR", PATIENCE)? {
            Some(b'A') => Ok(GateAnswer::Accept),
            Some(_) => Ok(GateAnswer::Reject),
            None => bail!("the gate was told nothing about case {label}"),
        }
    }

    /// All cables are pulled and plugged in again, as after a power cut.
    pub fn replug(&mut self) -> Result<()> {
        self.units.replug()?;
        self.cases.replug()?;
        self.gate.replug()
    }
}

/// Sends a reading until it is acknowledged; the line stands still meanwhile.
fn report(port: &mut VirtualPort, text: &str) -> Result<()> {
    let frame = format!("{text}\r\n");
    let deadline = Deadline::after(PATIENCE);
    while deadline.left().is_some() {
        port.drain()?;
        port.send(frame.as_bytes())?;
        if port.receive_one_of(&[ACK, NAK], RESEND_AFTER)? == Some(ACK) {
            return Ok(());
        }
    }
    Err(anyhow::anyhow!("{text:?} was never acknowledged")).context("the line stands still")
}

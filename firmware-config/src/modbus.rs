//! A gate behind a controller that speaks Modbus: which coils, inputs and registers mean what.
//!
//! Addresses are those on the wire, counted from 0: what a manual calls coil 00001 is address 0.

use std::time::Duration;

use crate::document::Section;
use crate::gate::Heartbeat;

/// What the agent must know of a Modbus gate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Modbus {
    /// The controller's address on its bus; over TCP most ignore it.
    pub unit: u8,
    /// Raised, it lets one package pass. It is lowered only when that is written down, so one found raised after a
    /// power cut tells that the package passed.
    pub accept_coil: u16,
    /// Raised, it takes one package off the belt; none where the gate does so by itself.
    pub reject_coil: Option<u16>,
    /// Raised while the line must stand still.
    pub stop_coil: Option<u16>,
    /// How long a coil stays raised at least.
    pub pulse: Duration,
    /// The input that tells that a package was taken off.
    pub confirm: Option<Confirm>,
    /// The sign of life.
    pub heartbeat: Option<Heartbeat<Beat>>,
}

/// A discrete input that rises when a package was taken off the belt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Confirm {
    /// Its address.
    pub input: u16,
    /// How long after the reject it must have risen.
    pub deadline: Duration,
}

/// Where the sign of life is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// A coil that is on, then off, by turns.
    Coil(u16),
    /// A holding register that counts up.
    Register(u16),
}

const ADDRESSES: std::ops::RangeInclusive<u32> = 0..=0xFFFF;

impl Modbus {
    pub(crate) fn read(output: Section<'_>, root: &Section<'_>) -> Option<Self> {
        let unit = output.integer("unit", 0..=247, Some(1));
        let accept_coil = output.integer("accept_coil", ADDRESSES, None);
        let reject_coil = output.optional_integer("reject_coil", ADDRESSES);
        let stop_coil = output.optional_integer("stop_coil", ADDRESSES);
        let pulse = output.millis("pulse_ms", 1..=10_000);
        let beat = |section: &Section<'_>| Beat::read(section);
        let heartbeat = Heartbeat::read(root, beat);
        let beaten = match &heartbeat {
            Some(Some(Heartbeat { sign: Beat::Coil(coil), .. })) => Some(u32::from(*coil)),
            Some(Some(Heartbeat { sign: Beat::Register(_), .. }) | None) | None => None,
        };
        let coils = [
            ("accept_coil", accept_coil),
            ("reject_coil", reject_coil.flatten()),
            ("stop_coil", stop_coil.flatten()),
            ("heartbeat.coil", beaten),
        ];
        for (at, (key, coil)) in coils.iter().enumerate() {
            let earlier = coils.iter().take(at).find(|(_, other)| coil.is_some() && other == coil);
            if let Some((other, _)) = earlier {
                let what = format!("is the same coil as {other}");
                match *key {
                    "heartbeat.coil" => root.problem("heartbeat", &what, "use another coil"),
                    key => output.problem(key, &what, "use another coil"),
                }
            }
        }
        output.finish();
        let confirm = Confirm::read(root);
        let address = |number: u32| u16::try_from(number).ok();
        Some(Self {
            unit: u8::try_from(unit?).ok()?,
            accept_coil: address(accept_coil?)?,
            reject_coil: reject_coil?.and_then(address),
            stop_coil: stop_coil?.and_then(address),
            pulse: pulse?,
            confirm: confirm?,
            heartbeat: heartbeat?,
        })
    }
}

impl Confirm {
    fn read(root: &Section<'_>) -> Option<Option<Self>> {
        let Some(section) = root.table("confirm") else {
            return (!root.has_path("confirm")).then_some(None);
        };
        let input = section.integer("input", ADDRESSES, None);
        let deadline = section.millis("deadline_ms", 1..=60_000);
        section.finish();
        Some(Some(Self { input: u16::try_from(input?).ok()?, deadline: deadline? }))
    }
}

impl Beat {
    fn read(section: &Section<'_>) -> Option<Self> {
        let coil = section.optional_integer("coil", ADDRESSES)?;
        let register = section.optional_integer("register", ADDRESSES)?;
        let address = |number: u32| u16::try_from(number).ok();
        match (coil, register) {
            (Some(coil), None) => address(coil).map(Self::Coil),
            (None, Some(register)) => address(register).map(Self::Register),
            (Some(_), Some(_)) => {
                section.problem("register", "stands beside a coil", "write one of the two");
                None
            }
            (None, None) => {
                section.problem("coil", "is missing, and so is register", "add one of the two");
                None
            }
        }
    }
}

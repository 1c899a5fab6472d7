//! The settings of a serial port.

use std::fmt::{self, Display, Formatter};

use crate::document::Section;

/// The rates that serial ports and USB adapters agree on, in bits per second.
pub const BAUD_RATES: &[u32] =
    &[1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600];

/// How a serial port is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Serial {
    /// Bits per second, one of [`BAUD_RATES`].
    pub baud: u32,
    /// Data bits of a character.
    pub data_bits: DataBits,
    /// Parity bit of a character.
    pub parity: Parity,
    /// Stop bits of a character.
    pub stop_bits: StopBits,
    /// How the device says "wait".
    pub flow: Flow,
}

/// Data bits of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataBits {
    Seven,
    Eight,
}

/// Parity bit of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    None,
    Even,
    Odd,
}

/// Stop bits of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopBits {
    One,
    Two,
}

/// Flow control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    None,
    /// XON and XOFF in the stream.
    Software,
    /// RTS and CTS lines.
    Hardware,
}

impl Serial {
    pub(crate) fn read(section: Section<'_>) -> Option<Self> {
        let baud = baud(&section);
        let data_bits = match section.integer("data_bits", 7..=8, None) {
            Some(7) => Some(DataBits::Seven),
            Some(_) => Some(DataBits::Eight),
            None => None,
        };
        let parities = [("none", Parity::None), ("even", Parity::Even), ("odd", Parity::Odd)];
        let parity = section.choice("parity", &parities, None);
        let stop_bits = match section.integer("stop_bits", 1..=2, None) {
            Some(1) => Some(StopBits::One),
            Some(_) => Some(StopBits::Two),
            None => None,
        };
        let flows =
            [("none", Flow::None), ("software", Flow::Software), ("hardware", Flow::Hardware)];
        let flow = section.choice("flow", &flows, Some(Flow::None));
        section.finish();
        Some(Self {
            baud: baud?,
            data_bits: data_bits?,
            parity: parity?,
            stop_bits: stop_bits?,
            flow: flow?,
        })
    }
}

/// The usual short form, such as `115200 8N1`.
impl Display for Serial {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let data_bits = match self.data_bits {
            DataBits::Seven => 7,
            DataBits::Eight => 8,
        };
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Even => 'E',
            Parity::Odd => 'O',
        };
        let stop_bits = match self.stop_bits {
            StopBits::One => 1,
            StopBits::Two => 2,
        };
        write!(out, "{} {data_bits}{parity}{stop_bits}", self.baud)?;
        match self.flow {
            Flow::None => Ok(()),
            Flow::Software => write!(out, " XON/XOFF"),
            Flow::Hardware => write!(out, " RTS/CTS"),
        }
    }
}

fn baud(section: &Section<'_>) -> Option<u32> {
    let baud = section.integer("baud", 0..=u32::MAX, None)?;
    if BAUD_RATES.contains(&baud) {
        return Some(baud);
    }
    let rates: Vec<_> = BAUD_RATES.iter().map(u32::to_string).collect();
    let what = format!("{baud} is not a rate of serial ports");
    section.problem("baud", &what, &format!("write one of {}", rates.join(", ")));
    None
}

//! A fixed or handheld reader: how its bytes become frames, and what it wants to hear.

use crate::ack::Ack;
use crate::document::Section;
use crate::framing::Framing;
use crate::presence::Presence;
use crate::symbology::Symbology;

/// What the agent must know of a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reader {
    /// How bytes become frames.
    pub framing: Framing,
    /// What to answer to a frame.
    pub ack: Ack,
    /// How to make it read.
    pub trigger: Trigger,
    /// How a frame becomes the text of a code.
    pub symbology: Symbology,
    /// When it counts as lost.
    pub presence: Presence,
}

/// How a reader is told to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// It reads by itself: continuously, or on its own photo-eye.
    None,
    /// The agent sends bytes to switch it on and off; `off` may be empty.
    Command { on: Vec<u8>, off: Vec<u8> },
}

impl Reader {
    pub(crate) fn read(root: &Section<'_>) -> Option<Self> {
        let framing = root.required_table("framing").and_then(Framing::read);
        let ack = root.table("ack").map_or(Some(Ack::None), Ack::read);
        let trigger = root.table("trigger").map_or(Some(Trigger::None), Trigger::read);
        let symbology =
            root.table("symbology").map_or_else(|| Some(Symbology::default()), Symbology::read);
        let presence = root.table("presence").map_or(Some(Presence::default()), Presence::read);
        Some(Self {
            framing: framing?,
            ack: ack?,
            trigger: trigger?,
            symbology: symbology?,
            presence: presence?,
        })
    }
}

impl Trigger {
    fn read(section: Section<'_>) -> Option<Self> {
        let command = section.choice("mode", &[("none", false), ("command", true)], None);
        let trigger = match command {
            Some(true) => match (section.bytes("on"), section.bytes_or_none("off")) {
                (Some(on), Some(off)) => Some(Self::Command { on, off }),
                _ => None,
            },
            Some(false) => Some(Self::None),
            None => {
                section.bytes_or_none("on");
                section.bytes_or_none("off");
                None
            }
        };
        section.finish();
        trigger
    }
}

//! What a machine shows of itself.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ledger::{Contents, Level};
use serde::Serialize;

use super::Difference;
use crate::feedback::Message;

/// The face of a machine: counter, open package, what to do next, what may be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    /// The package that is worked on.
    pub parent: Option<(Code, Option<Level>)>,
    /// The huge counter.
    pub count: usize,
    /// What it counts up to.
    pub of: Option<u32>,
    /// What to do next.
    pub prompt: Message,
    /// What may be done besides scanning.
    pub can: Can,
    /// The units of a load that its document will count.
    pub load: Contents,
    /// Units of other lots may go into the open package.
    pub mixed_lots: bool,
    /// How a package, or a counted site, and the ledger differ.
    pub difference: Option<Difference>,
    /// The code that was looked up.
    pub item: Option<Code>,
}

/// Which buttons and command barcodes act now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Can {
    /// Complete as it is.
    pub confirm: bool,
    /// Close below the plan; end a count.
    pub close: bool,
    /// Put units of other lots into the open package, or no more.
    pub mix: bool,
    /// Take the last scan or operation back.
    pub undo: bool,
    /// Leave the screen.
    pub back: bool,
}

impl Face {
    /// A face that only asks for the next thing.
    #[must_use]
    pub fn asking(prompt: Message) -> Self {
        Self {
            parent: None,
            count: 0,
            of: None,
            prompt,
            can: Can::default(),
            load: Contents::none(),
            mixed_lots: false,
            difference: None,
            item: None,
        }
    }
}

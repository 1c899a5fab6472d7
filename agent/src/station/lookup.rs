//! 查询: what this device knows of one code. Changes nothing.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ledger::Presence;

use super::{Face, Ledger, Step};
use crate::feedback::{Message, Say, Tone};

/// The machine of the look-up screen.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    code: Option<Code>,
}

impl Lookup {
    pub(super) fn scan<L: Ledger>(&mut self, scan: &Scan, ledger: &L) -> Result<Step, L::Error> {
        self.code = Some(scan.code);
        let message = Message::new("ready").with("code", scan.code);
        Ok(Step::told(match ledger.presence(scan.code)? {
            Presence::Present(_) | Presence::Absent(_) => Say::new(Tone::Ready, message),
            Presence::Untold(_) | Presence::Unknown => {
                Say { provisional: true, ..Say::new(Tone::Ready, message) }
            }
            Presence::Foreign => {
                Say::new(Tone::Warning, Message::new("foreign").with("code", scan.code))
            }
        }))
    }

    pub(super) fn face(&self) -> Face {
        Face { item: self.code, ..Face::asking(Message::new("scan_code")) }
    }
}

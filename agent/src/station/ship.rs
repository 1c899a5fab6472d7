//! 出库: top codes against a document; confirming sends them to its dealer as one operation.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ids::DocumentId;
use sealtrace_protocol::ledger::{Action, Ship as ShipAction};

use super::receive::{face, take_top};
use super::{Face, Ledger, Moment, Scanned, Step, Then};
use crate::feedback::{Message, Say};

/// The machine of the shipping screen.
#[derive(Clone, Debug)]
pub struct Ship {
    document: DocumentId,
    load: Vec<Scanned>,
}

impl Ship {
    /// An empty load for this document.
    #[must_use]
    pub const fn new(document: DocumentId) -> Self {
        Self { document, load: Vec::new() }
    }

    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let document = self.document;
        take_top(&mut self.load, scan, now, ledger, |codes| action(document, codes))
    }

    pub(super) fn confirm(&mut self) -> Step {
        if self.load.is_empty() {
            return Step::not_now();
        }
        let codes: Vec<_> = self.load.drain(..).map(|scan| scan.code).collect();
        let message =
            Message::new("operation_confirmed").with("kind", "ship").with("count", codes.len());
        let then = Then::Confirm { role: None, action: action(self.document, codes) };
        Step { say: Say::accepted(message), then }
    }

    pub(super) fn replay(&mut self, scanned: Scanned) {
        self.load.push(scanned);
    }

    pub(super) fn face(&self) -> Face {
        face(&self.load)
    }
}

fn action(document: DocumentId, codes: Vec<Code>) -> Action {
    Action::Ship(ShipAction { codes, document })
}

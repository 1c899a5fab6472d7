//! 出库: top codes against a document; confirming sends them to its dealer as one operation.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ledger::{Action, Ship as ShipAction};

use super::load::Load;
use super::{Face, Ledger, Moment, Scanned, Sheet, Step};

/// The machine of the shipping screen.
#[derive(Clone, Debug)]
pub struct Ship {
    sheet: Sheet,
    load: Load,
}

impl Ship {
    /// An empty load for this document.
    #[must_use]
    pub fn new(sheet: Sheet) -> Self {
        Self { sheet, load: Load::default() }
    }

    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let sheet = &self.sheet;
        self.load.take(scan, Some(sheet), now, ledger, |codes| action(sheet, codes))
    }

    pub(super) fn confirm(&mut self) -> Step {
        let sheet = &self.sheet;
        self.load.confirm(|codes| action(sheet, codes))
    }

    pub(super) fn replay(&mut self, scanned: Scanned) {
        self.load.replay(scanned);
    }

    pub(super) fn weigh<L: Ledger>(&mut self, now: &Moment, ledger: &L) -> Result<(), L::Error> {
        let sheet = &self.sheet;
        self.load.weigh(Some(sheet), now, ledger, |codes| action(sheet, codes))
    }

    pub(super) fn face(&self) -> Face {
        self.load.face()
    }
}

fn action(sheet: &Sheet, codes: Vec<Code>) -> Action {
    Action::Ship(ShipAction { codes, document: sheet.document })
}

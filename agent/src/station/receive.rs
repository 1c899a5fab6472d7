//! 入库: top codes arrive at this site, against an inbound document or without one; confirming makes them one operation.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ledger::{Action, Receive as ReceiveAction};

use super::load::Load;
use super::{Face, Ledger, Moment, Scanned, Sheet, Step};

/// The machine of the receiving screen.
#[derive(Clone, Debug, Default)]
pub struct Receive {
    sheet: Option<Sheet>,
    load: Load,
}

impl Receive {
    /// An empty load, for this document or without one.
    #[must_use]
    pub fn new(sheet: Option<Sheet>) -> Self {
        Self { sheet, load: Load::default() }
    }

    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let sheet = self.sheet.as_ref();
        self.load.take(scan, sheet, now, ledger, |codes| action(sheet, codes))
    }

    pub(super) fn confirm(&mut self) -> Step {
        let sheet = self.sheet.as_ref();
        self.load.confirm(|codes| action(sheet, codes))
    }

    pub(super) fn replay(&mut self, scanned: Scanned) {
        self.load.replay(scanned);
    }

    pub(super) fn weigh<L: Ledger>(&mut self, now: &Moment, ledger: &L) -> Result<(), L::Error> {
        let sheet = self.sheet.as_ref();
        self.load.weigh(sheet, now, ledger, |codes| action(sheet, codes))
    }

    pub(super) fn face(&self) -> Face {
        self.load.face()
    }
}

fn action(sheet: Option<&Sheet>, codes: Vec<Code>) -> Action {
    Action::Receive(ReceiveAction { codes, document: sheet.map(|sheet| sheet.document) })
}

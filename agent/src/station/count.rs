//! 盘点: everything that is here is scanned, in as many parts as it takes; then what was seen is compared with what this
//! device believes to be here, and a supervisor posts the difference.

use sealtrace_protocol::code::Scan;
use sealtrace_protocol::ids::DocumentId;
use sealtrace_protocol::ledger::{Action, OPERATION_CODES_MAX, PostCount};

use super::{Can, Difference, Errand, Face, Ledger, Load, Moment, Scanned, Sheet, Step, Then};
use crate::feedback::{Message, Say, Tone};

/// The machine of the counting screen.
#[derive(Clone, Debug)]
pub struct Count {
    document: DocumentId,
    load: Load,
    /// Shown to whoever posts it; any scan ends that.
    difference: Option<Difference>,
}

impl Count {
    /// A count that goes on.
    #[must_use]
    pub const fn new(sheet: Sheet) -> Self {
        let document = sheet.document;
        Self { document, load: Load::new(Errand::Count(sheet)), difference: None }
    }

    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        self.difference = None;
        self.load.scan(scan, now, ledger)
    }

    /// What was scanned counts; or the difference that is shown is posted.
    pub(super) fn confirm(&mut self) -> Step {
        match self.difference.take() {
            Some(difference) => self.post(difference),
            None => self.load.confirm(),
        }
    }

    /// Shows how what was seen so far differs, once all of it counts.
    pub(super) fn close<L: Ledger>(&mut self, now: &Moment, ledger: &L) -> Result<Step, L::Error> {
        if !self.load.is_empty() {
            return Ok(Step::told(Say::new(Tone::Warning, Message::new("count_open"))));
        }
        let difference = ledger.difference(self.document, now.site)?;
        let message =
            Message::new(if difference.is_empty() { "count_agrees" } else { "count_differs" })
                .with("missing", difference.missing.len())
                .with("foreign", difference.foreign.len());
        self.difference = Some(difference);
        Ok(Step::told(Say::new(Tone::Warning, message)))
    }

    /// True while the difference is shown.
    pub(super) const fn is_compared(&self) -> bool {
        self.difference.is_some()
    }

    /// Shows the difference again, as it is by now.
    pub(super) fn compare<L: Ledger>(&mut self, now: &Moment, ledger: &L) -> Result<(), L::Error> {
        self.difference = Some(ledger.difference(self.document, now.site)?);
        Ok(())
    }

    pub(super) fn replay(&mut self, scanned: Scanned) {
        self.load.replay(scanned);
    }

    pub(super) fn face(&self) -> Face {
        let face = self.load.face();
        let Some(difference) = &self.difference else {
            return Face { can: Can { close: self.load.is_empty(), ..face.can }, ..face };
        };
        Face {
            can: Can { confirm: true, ..Can::default() },
            difference: Some(difference.clone()),
            ..Face::asking(Message::new("post_count"))
        }
    }

    /// As much of it as fits one operation; the rest shows again.
    fn post(&self, difference: Difference) -> Step {
        let (mut found, mut lost) = (difference.foreign, difference.missing);
        let all = found.len() + lost.len();
        found.truncate(OPERATION_CODES_MAX);
        lost.truncate(OPERATION_CODES_MAX - found.len());
        let count = found.len() + lost.len();
        let message = Message::new("operation_confirmed")
            .with("kind", "post_count")
            .with("count", count)
            .with("left", (all > count).then(|| all - count));
        let action = Action::PostCount(PostCount { document: self.document, found, lost });
        Step { say: Say::accepted(message), then: Then::Confirm { role: None, action } }
    }
}

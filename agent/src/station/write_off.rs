//! 标签核销: a strip of labels that never came onto goods: scan its first and its last, or one label and confirm.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ledger::{Action, Fate, Rejection, WriteOff as WriteOffAction};

use super::{Can, Face, Ledger, Moment, Role, Scanned, Step, Then};
use crate::feedback::{Message, Say};

/// The machine of the screen.
#[derive(Clone, Debug)]
pub struct WriteOff {
    fate: Fate,
    begun: Option<Scanned>,
}

impl WriteOff {
    /// Nothing scanned yet.
    #[must_use]
    pub const fn new(fate: Fate) -> Self {
        Self { fate, begun: None }
    }

    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let code = scan.code;
        let Some(begun) = self.begun else {
            if let Err(no) = self.judge(code, code, now, ledger)? {
                return Ok(Step::rejected(&no));
            }
            self.begun = Some(Scanned { code, at: now.at.wall });
            let say = Say::accepted(Message::new("strip_begun").with("code", code));
            return Ok(Step { say, then: Then::Draft(Role::Top) });
        };
        // Whichever end is scanned first.
        let forwards = ledger.labels_between(begun.code, code)?.is_some();
        let (first, last) = if forwards { (begun.code, code) } else { (code, begun.code) };
        self.complete(first, last, Some(Role::Top), now, ledger)
    }

    pub(super) fn confirm<L: Ledger>(
        &mut self,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        match self.begun {
            Some(Scanned { code, .. }) => self.complete(code, code, None, now, ledger),
            None => Ok(Step::not_now()),
        }
    }

    pub(super) fn replay(&mut self, scanned: Scanned) {
        self.begun = Some(scanned);
    }

    pub(super) fn face(&self) -> Face {
        let prompt = if self.begun.is_some() { "scan_strip_end" } else { "scan_strip" };
        Face {
            count: usize::from(self.begun.is_some()),
            can: Can { confirm: self.begun.is_some(), ..Can::default() },
            ..Face::asking(Message::new(prompt).with("fate", self.fate))
        }
    }

    fn complete<L: Ledger>(
        &mut self,
        first: Code,
        last: Code,
        role: Option<Role>,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let written = match self.judge(first, last, now, ledger)? {
            Ok(written) => written,
            Err(no) => return Ok(Step::rejected(&no)),
        };
        self.begun = None;
        let mut message =
            Message::new("labels_written_off").with("fate", self.fate).with("count", written.count);
        if let Some(before) = ledger.balance(first)? {
            let more = |fate| if self.fate == fate { written.count } else { 0 };
            message = message
                .with("issued", before.issued)
                .with("scrapped", before.scrapped.saturating_add(more(Fate::Scrapped)))
                .with("returned", before.returned.saturating_add(more(Fate::Returned)));
        }
        let action = Action::WriteOff(written);
        Ok(Step { say: Say::accepted(message), then: Then::Confirm { role, action } })
    }

    /// What would be written off, if it counts.
    fn judge<L: Ledger>(
        &self,
        first: Code,
        last: Code,
        now: &Moment,
        ledger: &L,
    ) -> Result<Result<WriteOffAction, Rejection>, L::Error> {
        let Some(count) = ledger.labels_between(first, last)? else {
            return Ok(Err(Rejection::NotOneStrip { first, last }));
        };
        let written = WriteOffAction { first, last, count, fate: self.fate };
        let operation = now.operation(Action::WriteOff(written));
        Ok(ledger.judge(&operation, None)?.map(|_| written))
    }
}

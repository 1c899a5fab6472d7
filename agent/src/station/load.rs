//! What moves as one operation, in or out: the packages scanned, and the units in them as far as a document counts them.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ids::{DocumentId, ProductId};
use sealtrace_protocol::ledger::{Action, Contents, Effects, Rejection};

use super::{Can, Face, Ledger, Moment, Role, Scanned, Step, Then, scanned_before};
use crate::feedback::{Message, Say};

/// A document at a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Which one.
    pub document: DocumentId,
    /// Products that are shared out: this device moves its share of them.
    pub shared: Vec<ProductId>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Load {
    scans: Vec<Scanned>,
    /// What they make the document count.
    units: Contents,
}

impl Load {
    /// One more code on the load. The answer names the units the ledger believes are in it.
    pub(super) fn take<L: Ledger>(
        &mut self,
        scan: &Scan,
        sheet: Option<&Sheet>,
        now: &Moment,
        ledger: &L,
        action: impl FnOnce(Vec<Code>) -> Action,
    ) -> Result<Step, L::Error> {
        let code = scan.code;
        if let Some(step) = scanned_before(&self.scans, code) {
            return Ok(step);
        }
        let codes = self.codes().chain([code]).collect();
        let effects = match ledger.judge(&now.operation(action(codes)), None)? {
            Ok(effects) => effects,
            Err(rejection) => return Ok(refusal(sheet, &rejection)),
        };
        self.scans.push(Scanned { code, at: now.at.wall });
        self.units = counted(sheet, &effects);
        let presence = ledger.presence(code)?;
        let inside = presence.item().map(|item| item.contents.units());
        let message = Message::new("accepted")
            .with("code", code)
            .with("level", presence.level())
            .with("units", inside);
        let say = Say::noticed(message, &effects.notices, Some(code));
        Ok(Step { say, then: Then::Draft(Role::Top) })
    }

    /// The load leaves the machine as one operation.
    pub(super) fn confirm(&mut self, action: impl FnOnce(Vec<Code>) -> Action) -> Step {
        if self.scans.is_empty() {
            return Step::not_now();
        }
        let codes: Vec<_> = std::mem::take(self).codes().collect();
        let count = codes.len();
        let action = action(codes);
        let message =
            Message::new("operation_confirmed").with("kind", action.kind()).with("count", count);
        Step { say: Say::accepted(message), then: Then::Confirm { role: None, action } }
    }

    pub(super) fn replay(&mut self, scanned: Scanned) {
        self.scans.push(scanned);
    }

    /// Counts the units of a replayed load with what the ledger says now.
    pub(super) fn weigh<L: Ledger>(
        &mut self,
        sheet: Option<&Sheet>,
        now: &Moment,
        ledger: &L,
        action: impl FnOnce(Vec<Code>) -> Action,
    ) -> Result<(), L::Error> {
        if !self.scans.is_empty()
            && let Ok(effects) =
                ledger.judge(&now.operation(action(self.codes().collect())), None)?
        {
            self.units = counted(sheet, &effects);
        }
        Ok(())
    }

    pub(super) fn face(&self) -> Face {
        let is_empty = self.scans.is_empty();
        let prompt = Message::new(if is_empty { "scan_package" } else { "scan_or_confirm" });
        Face {
            count: self.scans.len(),
            can: Can { confirm: !is_empty, ..Can::default() },
            load: self.units.clone(),
            ..Face::asking(prompt)
        }
    }

    fn codes(&self) -> impl Iterator<Item = Code> {
        self.scans.iter().map(|scan| scan.code)
    }
}

fn counted(sheet: Option<&Sheet>, effects: &Effects) -> Contents {
    let Some(sheet) = sheet else { return Contents::none() };
    let moved = effects.moves.iter().find(|moved| moved.document == sheet.document);
    moved.map_or_else(Contents::none, |moved| moved.on.clone())
}

/// A rule's no. Where a document is shared out its lines ask this device for its share, and the person is told so.
fn refusal(sheet: Option<&Sheet>, rejection: &Rejection) -> Step {
    let mut step = Step::rejected(rejection);
    if let Rejection::Over { product, .. } = rejection
        && sheet.is_some_and(|sheet| sheet.shared.contains(product))
    {
        "over_share".clone_into(&mut step.say.message.code);
    }
    step
}

//! What is scanned as it stands and becomes one operation: received, shipped, returned, transferred, counted, sampled,
//! destroyed. It knows the units in it as far as a document counts them.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ids::DocumentId;
use sealtrace_protocol::ledger::{Contents, Effects, Presence, Rejection};

use super::{Can, Errand, Face, Ledger, Moment, Role, Scanned, Step, Then, scanned_before};
use crate::feedback::{Message, Say};

/// Other documents that are tried for what does not fit the open one.
const OTHERS_MAX: usize = 20;

/// The machine of every screen where goods are scanned as they stand.
#[derive(Clone, Debug)]
pub struct Load {
    errand: Errand,
    scans: Vec<Scanned>,
    /// What they make the document count.
    units: Contents,
}

impl Load {
    /// An empty load.
    #[must_use]
    pub const fn new(errand: Errand) -> Self {
        Self { errand, scans: Vec::new(), units: Contents::none() }
    }

    /// One more code on the load. The answer names the units the ledger believes are in it, and how many it holds.
    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let code = scan.code;
        if let Some(step) = scanned_before(&self.scans, code) {
            return Ok(step);
        }
        let codes = self.codes().chain([code]).collect();
        let effects = match ledger.judge(&now.operation(self.errand.action(codes)), None)? {
            Ok(effects) => effects,
            Err(rejection) => return self.refusal(code, &rejection, now, ledger),
        };
        self.scans.push(Scanned { code, at: now.at.wall });
        self.units = self.counted(&effects);
        let message = inside(code, &ledger.presence(code)?, ledger)?;
        let say = Say::noticed(message, &effects.notices, Some(code));
        Ok(Step { say, then: Then::Draft(Role::Top) })
    }

    /// The load leaves the machine as one operation.
    pub(super) fn confirm(&mut self) -> Step {
        if self.scans.is_empty() {
            return Step::not_now();
        }
        let (count, action) = (self.scans.len(), self.errand.action(self.codes().collect()));
        *self = Self::new(self.errand.clone());
        let message =
            Message::new("operation_confirmed").with("kind", action.kind()).with("count", count);
        Step { say: Say::accepted(message), then: Then::Confirm { role: None, action } }
    }

    pub(super) fn replay(&mut self, scanned: Scanned) {
        self.scans.push(scanned);
    }

    /// Counts the units of a replayed load with what the ledger says now.
    pub(super) fn weigh<L: Ledger>(&mut self, now: &Moment, ledger: &L) -> Result<(), L::Error> {
        let action = self.errand.action(self.codes().collect());
        if !self.is_empty()
            && let Ok(effects) = ledger.judge(&now.operation(action), None)?
        {
            self.units = self.counted(&effects);
        }
        Ok(())
    }

    pub(super) fn face(&self) -> Face {
        let prompt = Message::new(if self.is_empty() { "scan_package" } else { "scan_or_confirm" });
        Face {
            count: self.scans.len(),
            can: Can { confirm: !self.is_empty(), ..Can::default() },
            load: self.units.clone(),
            ..Face::asking(prompt)
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.scans.is_empty()
    }

    fn codes(&self) -> impl Iterator<Item = Code> {
        self.scans.iter().map(|scan| scan.code)
    }

    fn counted(&self, effects: &Effects) -> Contents {
        let Some(sheet) = self.errand.sheet() else { return Contents::none() };
        let moved = effects.moves.iter().find(|moved| moved.document == sheet.document);
        moved.map_or_else(Contents::none, |moved| moved.on.clone())
    }

    /// A rule's no. Where a document is shared out its lines ask this device for its share, and the person is told so.
    /// What fits another open document is offered to it.
    fn refusal<L: Ledger>(
        &self,
        code: Code,
        rejection: &Rejection,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let mut step = Step::rejected(rejection);
        if let Rejection::Over { product, .. } = rejection
            && self.errand.sheet().is_some_and(|sheet| sheet.shared.contains(product))
        {
            "over_share".clone_into(&mut step.say.message.code);
        }
        step.say.offer = self.other_for(code, rejection, now, ledger)?;
        Ok(step)
    }

    /// Another open document of the kind that this code fits, when it is the document that speaks against it.
    fn other_for<L: Ledger>(
        &self,
        code: Code,
        rejection: &Rejection,
        now: &Moment,
        ledger: &L,
    ) -> Result<Option<DocumentId>, L::Error> {
        let by_document = matches!(
            rejection,
            Rejection::NotOnDocument { .. }
                | Rejection::Over { .. }
                | Rejection::WrongDealer { .. }
                | Rejection::Unauthorised { .. }
                | Rejection::DocumentClosed { .. }
        );
        let Some(sheet) = self.errand.sheet().filter(|_| by_document) else { return Ok(None) };
        let others = ledger.others_like(sheet.document, now.site)?;
        for (other, mut codes) in others.into_iter().take(OTHERS_MAX) {
            codes.push(code);
            let action = self.errand.action_under(Some(other), codes);
            if ledger.judge(&now.operation(action), None)?.is_ok() {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }
}

/// The units the ledger believes are in what was scanned, and how many a full one of its product holds.
pub(super) fn inside<L: Ledger>(
    code: Code,
    presence: &Presence,
    ledger: &L,
) -> Result<Message, L::Error> {
    let message = Message::new("accepted").with("code", code).with("level", presence.level());
    let Some(item) = presence.item() else { return Ok(message) };
    let plan = item.product().map(|product| ledger.plan(product)).transpose()?.flatten();
    let full = item.product().zip(plan).and_then(|(product, plan)| {
        let parts = plan.units_in(item.level, product)?;
        Some(parts.iter().map(|part| part.units).sum::<u32>())
    });
    Ok(message.with("units", item.contents.units()).with("of", full))
}

//! 零级包装: units are registered as they are made, one scan each, without a package.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ledger::{
    Action, Commission as CommissionAction, Level, Presence, Rejection,
};

use super::{Can, Face, Job, Ledger, Moment, Role, Scanned, Step, Then, scanned_before};
use crate::feedback::{Message, Say};

/// So many become one operation by themselves: what is not confirmed stays small enough to scan again.
const UNITS_MAX: usize = 100;

/// The machine of the zero-level packaging screen.
#[derive(Clone, Debug)]
pub struct Commission {
    job: Box<Job>,
    units: Vec<Scanned>,
}

impl Commission {
    /// Nothing made yet.
    #[must_use]
    pub fn new(job: Job) -> Self {
        Self { job: Box::new(job), units: Vec::new() }
    }

    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let code = scan.code;
        if let Some(step) = scanned_before(&self.units, code) {
            return Ok(step);
        }
        if let Some(say) = self.job.mismatch(scan) {
            return Ok(Step::told(say));
        }
        if self.is_done() {
            return Ok(self.job.done());
        }
        if let (Presence::Unknown, Code::Sscc(_)) = (ledger.presence(code)?, code) {
            // Nobody knows this label, but a bottle never carries an SSCC.
            let (level, expected) = (Level::Case, Level::Unit);
            return Ok(Step::rejected(&Rejection::WrongLevel { code, level, expected }));
        }
        // Units stand alone: what is scanned already has no say in whether this one counts.
        let effects = match ledger.judge(&now.operation(self.action([code])), None)? {
            Ok(effects) => effects,
            Err(rejection) => return Ok(Step::rejected(&rejection)),
        };
        let role = Role::Child(Level::Unit);
        self.units.push(Scanned { code, at: now.at.wall });
        if self.units.len() >= UNITS_MAX || self.is_done() {
            return Ok(self.complete(Some(role)));
        }
        let message = Message::new("accepted").with("code", code);
        let say = Say::noticed(message, &effects.notices, Some(code));
        Ok(Step { say, then: Then::Draft(role) })
    }

    pub(super) fn confirm(&mut self) -> Step {
        if self.units.is_empty() { Step::not_now() } else { self.complete(None) }
    }

    pub(super) fn replay(&mut self, scanned: Scanned) {
        self.units.push(scanned);
    }

    pub(super) fn face(&self) -> Face {
        let quantity = self.job.task.quantity;
        Face {
            count: usize::try_from(self.made()).unwrap_or(usize::MAX),
            of: (quantity > 0).then_some(quantity),
            can: Can { confirm: !self.units.is_empty(), ..Can::default() },
            ..Face::asking(Message::new("scan_child").with("level", Level::Unit))
        }
    }

    fn complete(&mut self, role: Option<Role>) -> Step {
        let units = std::mem::take(&mut self.units);
        let action = self.action(units.iter().map(|unit| unit.code));
        let count = u32::try_from(units.len()).unwrap_or(u32::MAX);
        self.job.progress.made = self.job.progress.made.saturating_add(count);
        let message =
            Message::new("operation_confirmed").with("kind", "commission").with("count", count);
        Step { say: Say::accepted(message), then: Then::Confirm { role, action } }
    }

    fn action(&self, codes: impl IntoIterator<Item = Code>) -> Action {
        let codes = codes.into_iter().collect();
        Action::Commission(CommissionAction { codes, made: self.job.made() })
    }

    /// All units of the task, those that wait here among them.
    fn made(&self) -> u32 {
        let here = u32::try_from(self.units.len()).unwrap_or(u32::MAX);
        self.job.progress.made.saturating_add(here)
    }

    fn is_done(&self) -> bool {
        let quantity = self.job.task.quantity;
        self.job.is_done() || (quantity > 0 && self.made() >= quantity)
    }
}

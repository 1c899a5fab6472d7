//! 返工: a case that its lane set aside comes back. It is scanned, or one of its units when it has no label; then only
//! what the lane was not sure of is scanned again, and the case is packed.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ledger::{Action, Level, Pack, PartialReason, Presence};

use super::{
    Can, Face, Ledger, Moment, Resolution, Resolving, Role, Scanned, Step, Then, scanned_before,
    unscanned, usual_level,
};
use crate::feedback::{Message, Say};
use crate::store::rejected::RejectedRow;

/// The machine of the rework screen.
#[derive(Clone, Debug, Default)]
pub struct Rework {
    case: Option<Box<RejectedRow>>,
    /// Everything scanned; the first found the case.
    scans: Vec<(Role, Scanned)>,
}

impl Rework {
    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let code = scan.code;
        let scanned = Scanned { code, at: now.at.wall };
        let Some(case) = &self.case else {
            return self.find(scanned, ledger);
        };
        if self.label() == Some(code) && self.missing() == 0 && !self.has_too_many() {
            return Ok(self.complete(None, None));
        }
        if self.has_too_many() && self.inside().contains(&code) {
            let role = Role::Old(case.case.inner);
            self.scans.push((role, scanned));
            let message = Message::new("taken_out").with("code", code);
            return Ok(Step { say: Say::accepted(message), then: Then::Draft(role) });
        }
        let before: Vec<Scanned> = self.scans.iter().map(|(_, scanned)| *scanned).collect();
        if let Some(step) = scanned_before(&before, code) {
            return Ok(step);
        }
        if self.inside().contains(&code) {
            return Ok(Step::told(Say::refused(Message::new("in_it_already").with("code", code))));
        }
        let role = self.role(code, &ledger.presence(code)?);
        let mut with = self.clone();
        with.scans.push((role, scanned));
        // Only this scan's fault shows: there may be more to come.
        let action = Action::Pack(with.pack(Some(PartialReason::EndOfTask)));
        let blank = with.label().is_none().then_some(case.case.level);
        if let Err(rejection) = ledger.judge(&now.operation(action), blank)? {
            return Ok(Step::rejected(&rejection));
        }
        *self = with;
        if self.label().is_some() && self.missing() == 0 && !self.has_too_many() {
            return Ok(self.complete(Some(role), None));
        }
        let message = Message::new("accepted").with("code", code);
        Ok(Step { say: Say::accepted(message), then: Then::Draft(role) })
    }

    pub(super) fn confirm(&mut self) -> Step {
        if self.face().can.confirm { self.complete(None, None) } else { Step::not_now() }
    }

    pub(super) fn close(&mut self) -> Step {
        let short = Some(PartialReason::Shortage);
        if self.face().can.close { self.complete(None, short) } else { Step::not_now() }
    }

    pub(super) fn replay(&mut self, role: Role, scanned: Scanned) {
        self.scans.push((role, scanned));
    }

    /// Finds the case again that the first scan found.
    pub(super) fn search<L: Ledger>(&mut self, ledger: &L) -> Result<(), L::Error> {
        if let Some((_, first)) = self.scans.first() {
            self.case = ledger.rejected(first.code)?.map(Box::new);
        }
        Ok(())
    }

    pub(super) fn face(&self) -> Face {
        let Some(row) = &self.case else {
            return Face::asking(Message::new("scan_rejected"));
        };
        let (missing, label) = (self.missing(), self.label());
        let whole = missing == 0 && !self.has_too_many();
        let prompt = if self.has_too_many() {
            Message::new("scan_surplus").with("level", row.case.inner)
        } else if missing > 0 {
            Message::new("scan_doubtful").with("level", row.case.inner).with("missing", missing)
        } else if label.is_none() {
            Message::new("scan_parent").with("level", row.case.level)
        } else {
            Message::new("confirm")
        };
        let can = Can {
            confirm: whole && label.is_some(),
            close: missing > 0 && label.is_some() && !self.inside().is_empty(),
            ..Can::default()
        };
        Face {
            parent: label.map(|label| (label, Some(row.case.level))),
            count: self.inside().len(),
            of: Some(row.case.holds),
            can,
            ..Face::asking(prompt)
        }
    }

    fn find<L: Ledger>(&mut self, scanned: Scanned, ledger: &L) -> Result<Step, L::Error> {
        let code = scanned.code;
        if !self.scans.is_empty() {
            // It was resolved elsewhere meanwhile.
            return Ok(Step::told(Say::refused(Message::new("resolved_already"))));
        }
        let Some(row) = ledger.rejected(code)? else {
            let message = Message::new("not_set_aside").with("code", code);
            return Ok(Step::told(Say::refused(message)));
        };
        if row.case.made.is_none() {
            let message = Message::new("made_without_task").with("code", code);
            return Ok(Step::told(Say::refused(message)));
        }
        let (role, reason) = (Role::Package(row.case.level), row.case.word.clone());
        self.case = Some(Box::new(row));
        self.scans.push((role, scanned));
        let message = Message::new("rework_begun")
            .with("code", self.label().unwrap_or(code))
            .with("reason", reason)
            .with("count", self.inside().len())
            .with("missing", self.missing());
        Ok(Step { say: Say::accepted(message), then: Then::Draft(role) })
    }

    /// A code of what goes in is one more of it; anything else is the case's label.
    fn role(&self, code: Code, presence: &Presence) -> Role {
        let Some(row) = &self.case else { return Role::Seen };
        let level = presence.level().or_else(|| usual_level(code)).unwrap_or(row.case.level);
        if level == row.case.inner { Role::Child(level) } else { Role::Parent(row.case.level) }
    }

    /// What is in the case, as far as that is certain by now.
    fn inside(&self) -> Vec<Code> {
        let mut inside = self.case.as_ref().map(|row| row.case.sure()).unwrap_or_default();
        for (role, scanned) in &self.scans {
            match role {
                Role::Child(_) => inside.push(scanned.code),
                Role::Old(_) => inside.retain(|code| *code != scanned.code),
                Role::Parent(_) | Role::New | Role::Package(_) | Role::Seen | Role::Top => {}
            }
        }
        inside
    }

    /// The newest label: one that is stuck on in rework, else the one its lane read.
    fn label(&self) -> Option<Code> {
        let stuck_on = self.scans.iter().rev().find(|(role, _)| matches!(role, Role::Parent(_)));
        stuck_on.map(|(_, scanned)| scanned.code).or_else(|| self.case.as_ref()?.case.label)
    }

    fn missing(&self) -> u32 {
        let holds = self.case.as_ref().map_or(0, |row| row.case.holds);
        holds.saturating_sub(u32::try_from(self.inside().len()).unwrap_or(u32::MAX))
    }

    fn has_too_many(&self) -> bool {
        let holds = self.case.as_ref().map_or(0, |row| row.case.holds);
        u32::try_from(self.inside().len()).is_ok_and(|count| count > holds)
    }

    fn pack(&self, partial: Option<PartialReason>) -> Pack {
        let case = self.case.as_ref().map(|row| &row.case);
        Pack {
            parent: self.label().unwrap_or_else(unscanned),
            level: case.map_or(Level::Case, |case| case.level),
            children: self.inside(),
            made: case.and_then(|case| case.made),
            partial,
            mixed_lots: false,
        }
    }

    /// The case is packed, and what was said about it is resolved.
    fn complete(&mut self, role: Option<Role>, partial: Option<PartialReason>) -> Step {
        let Some(exception) = self.case.as_ref().map(|row| row.exception) else {
            return Step::not_now();
        };
        let pack = self.pack(partial);
        let message = Message::new("operation_confirmed")
            .with("kind", "pack")
            .with("code", pack.parent)
            .with("count", pack.children.len())
            .with("partial", partial);
        *self = Self::default();
        let resolving = Resolving {
            exception,
            resolution: Resolution::Repacked,
            reason: None,
            actions: vec![Action::Pack(pack)],
        };
        Step { say: Say::accepted(message), then: Then::Resolve { role, resolving } }
    }
}

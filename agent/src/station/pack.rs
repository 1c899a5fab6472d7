//! 全段包装: children go into a package, label first or last; a full package confirms itself and the next one begins.
//! 零散重组 is the same with children that may be in other packages.
//!
//! Any level can be packed alone: the level of what is scanned first decides. Without a task, finished packages are put
//! together, and a person says when it is enough.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ledger::{
    Action, Level, Pack as PackAction, PartialReason, Plan, Presence, Rejection, State,
};

use super::{
    Can, Face, Job, Ledger, Moment, Role, Scanned, Step, Then, scanned_before, unscanned,
    usual_level,
};
use crate::feedback::{Message, Say};

/// What may go into a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// What is in no package.
    Loose,
    /// Also what is in another one, and leaves it.
    Regroup,
}

/// The machine of the packing and regrouping screens.
#[derive(Clone, Debug)]
pub struct Pack {
    packing: Packing,
    job: Option<Box<Job>>,
    mixed_lots: bool,
    /// Level of the children; known from the first one on.
    child_level: Option<Level>,
    children: Vec<Scanned>,
    parent: Option<(Scanned, Level)>,
}

impl Pack {
    /// An empty package, for a task or without one; units of other lots may go in when that is agreed.
    #[must_use]
    pub fn new(packing: Packing, job: Option<Job>, mixed_lots: bool) -> Self {
        let (child_level, children, parent) = (None, Vec::new(), None);
        Self { packing, job: job.map(Box::new), mixed_lots, child_level, children, parent }
    }

    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let code = scan.code;
        if let Some(step) = scanned_before(&self.children, code) {
            return Ok(step);
        }
        if let Some((label, _)) = self.parent.filter(|(label, _)| label.code == code) {
            return Ok(Step::twice(code, &label, 0));
        }
        if let Some(say) = self.job.as_ref().and_then(|job| job.mismatch(scan)) {
            return Ok(Step::told(say));
        }
        let presence = ledger.presence(code)?;
        let role = self.role(code, &presence);
        if let (Role::Child(Level::Unit), Presence::Unknown, Code::Sscc(_)) =
            (role, &presence, code)
        {
            // Nobody knows this label, but a bottle never carries an SSCC.
            let level = self.lowest_package();
            return Ok(Step::rejected(&Rejection::WrongLevel {
                code,
                level,
                expected: Level::Unit,
            }));
        }
        if let Some(job) = self.job.as_ref().filter(|job| job.is_done() && self.begins_with(role)) {
            return Ok(job.done());
        }
        let scanned = Scanned { code, at: now.at.wall };
        match role {
            Role::Parent(level) => self.take_parent(scanned, level, now, ledger),
            Role::Child(_)
            | Role::Old(_)
            | Role::New
            | Role::Package(_)
            | Role::Seen
            | Role::Top => self.take_child(scanned, role, now, ledger),
        }
    }

    pub(super) fn confirm(&mut self) -> Step {
        let too_few = self.missing();
        match (self.parent, too_few) {
            (Some(_), Some((holds, count))) => {
                let parent = self.parent.map_or_else(unscanned, |(label, _)| label.code);
                Step::rejected(&Rejection::TooFew { parent, holds, count })
            }
            (Some(_), None) if !self.children.is_empty() => self.complete(None, None),
            (Some(_), None) | (None, _) => Step::not_now(),
        }
    }

    pub(super) fn close(&mut self) -> Step {
        if self.parent.is_none() || self.children.is_empty() || self.missing().is_none() {
            return Step::not_now();
        }
        let reason = self.partial_reason();
        self.complete(None, Some(reason))
    }

    pub(super) fn replay(&mut self, role: Role, scanned: Scanned) {
        match role {
            Role::Child(level) => {
                self.child_level.get_or_insert(level);
                self.children.push(scanned);
            }
            Role::Parent(level) => self.parent = Some((scanned, level)),
            Role::Old(_) | Role::New | Role::Package(_) | Role::Seen | Role::Top => {}
        }
    }

    pub(super) fn face(&self) -> Face {
        let missing = self.missing().is_some();
        let ready = self.parent.is_some() && !self.children.is_empty();
        Face {
            parent: self.parent.map(|(label, level)| (label.code, Some(level))),
            count: self.children.len(),
            of: self.holds(),
            can: Can { confirm: ready && !missing, close: ready && missing, ..Can::default() },
            mixed_lots: self.mixed_lots,
            ..Face::asking(self.prompt())
        }
    }

    /// The level of the label that a full package waits for.
    pub(super) fn full_without_label(&self) -> Option<Level> {
        let waits = self.parent.is_none() && self.holds().is_some() && self.missing().is_none();
        waits.then(|| self.parent_level())
    }

    fn prompt(&self) -> Message {
        let count = u32::try_from(self.children.len()).unwrap_or(u32::MAX);
        let full = self.holds().is_some_and(|holds| count >= holds);
        if self.parent.is_none() && full {
            return Message::new("scan_parent").with("level", self.parent_level());
        }
        if self.job.is_none() {
            return match (self.children.is_empty(), self.parent) {
                (false, Some(_)) => Message::new("confirm"),
                (false, None) => Message::new("scan_parent").with("level", self.parent_level()),
                (true, _) => Message::new("scan_children"),
            };
        }
        let below = self.child_level.or_else(|| self.planned_below()).unwrap_or(Level::Unit);
        Message::new("scan_child").with("level", below)
    }

    /// True when this begins a package of new units; what was made may still go into outer packages.
    fn begins_with(&self, role: Role) -> bool {
        let is_empty = self.children.is_empty() && self.parent.is_none();
        let of_units = match role {
            Role::Child(level) => level == Level::Unit,
            Role::Parent(level) => {
                self.plan().and_then(|plan| plan.child_level(level)) == Some(Level::Unit)
            }
            Role::Old(_) | Role::New | Role::Package(_) | Role::Seen | Role::Top => false,
        };
        is_empty && of_units
    }

    /// What this scan is to the package.
    fn role(&self, code: Code, presence: &Presence) -> Role {
        let seen = presence.level().or_else(|| usual_level(code));
        match (self.child_level, self.parent) {
            (Some(level), Some(_)) => {
                Role::Child(if self.job.is_some() { level } else { seen.unwrap_or(level) })
            }
            (Some(level), None) => match seen {
                Some(seen) if seen <= level => Role::Child(seen),
                Some(seen) if self.job.is_none() => Role::Parent(seen),
                Some(_) | None => Role::Parent(self.parent_level()),
            },
            (None, Some((_, parent))) => Role::Child(
                self.plan()
                    .and_then(|plan| plan.child_level(parent))
                    .or(seen)
                    .unwrap_or(Level::Unit),
            ),
            (None, None) => self.first_role(seen, presence),
        }
    }

    fn first_role(&self, seen: Option<Level>, presence: &Presence) -> Role {
        let level = seen.unwrap_or_else(|| self.lowest_package());
        if level == Level::Unit {
            return Role::Child(level);
        }
        let in_use = matches!(presence, Presence::Present(item) if item.state == State::Active);
        let outer = self.plan().is_none_or(|plan| plan.steps().any(|step| step.level > level));
        if in_use && outer { Role::Child(level) } else { Role::Parent(level) }
    }

    fn take_child<L: Ledger>(
        &mut self,
        scanned: Scanned,
        role: Role,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let mut with = self.clone();
        with.replay(role, scanned);
        // Only this child's fault shows: the package may still be filling.
        let action = with.action(Some(PartialReason::EndOfTask));
        match ledger.judge(&now.operation(action), with.blank())? {
            Err(rejection) => Ok(Step::rejected(&rejection)),
            Ok(effects) => {
                *self = with;
                if self.is_full() && self.parent.is_some() {
                    return Ok(self.complete(Some(role), None));
                }
                let message = Message::new("accepted").with("code", scanned.code);
                let say = Say::noticed(message, &effects.notices, Some(scanned.code));
                Ok(Step { say, then: Then::Draft(role) })
            }
        }
    }

    fn take_parent<L: Ledger>(
        &mut self,
        scanned: Scanned,
        level: Level,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let mut with = self.clone();
        with.parent = Some((scanned, level));
        let action = with.action(Some(PartialReason::EndOfTask));
        let notices = match ledger.judge(&now.operation(action), None)? {
            // The label is good; that nothing is in it yet is how it should be.
            Err(Rejection::Nothing { .. }) => Vec::new(),
            Err(rejection) => return Ok(Step::rejected(&rejection)),
            Ok(effects) => effects.notices,
        };
        *self = with;
        let role = Role::Parent(level);
        if self.is_full() {
            return Ok(self.complete(Some(role), None));
        }
        let message = Message::new("accepted").with("code", scanned.code);
        let mut say = Say::noticed(message, &notices, Some(scanned.code));
        say.provisional |= ledger.presence(scanned.code)? == Presence::Unknown;
        Ok(Step { say, then: Then::Draft(role) })
    }

    /// The operation of what was scanned; the next package begins.
    fn complete(&mut self, role: Option<Role>, partial: Option<PartialReason>) -> Step {
        let action = self.action(partial);
        let message = Message::new("operation_confirmed")
            .with("kind", action.kind())
            .with("code", self.parent.map(|(label, _)| label.code))
            .with("count", self.children.len())
            .with("partial", partial);
        (self.child_level, self.parent, self.mixed_lots) = (None, None, false);
        self.children.clear();
        Step { say: Say::accepted(message), then: Then::Confirm { role, action } }
    }

    fn action(&self, partial: Option<PartialReason>) -> Action {
        let pack = PackAction {
            parent: self.parent.map_or_else(unscanned, |(label, _)| label.code),
            level: self.parent_level(),
            children: self.children.iter().map(|child| child.code).collect(),
            made: self.job.as_deref().map(Job::made),
            partial: self.job.as_ref().and(partial),
            mixed_lots: self.mixed_lots,
        };
        match self.packing {
            Packing::Loose => Action::Pack(pack),
            Packing::Regroup => Action::Regroup(pack),
        }
    }

    fn blank(&self) -> Option<Level> {
        self.parent.is_none().then(|| self.parent_level())
    }

    /// The level of the package: what was scanned, or what goes around the children.
    fn parent_level(&self) -> Level {
        if let Some((_, level)) = self.parent {
            return level;
        }
        let child = self.child_level.unwrap_or(Level::Unit);
        let planned = self
            .plan()
            .and_then(|plan| plan.steps().find(|step| step.level > child))
            .map(|step| step.level);
        planned.or_else(|| Level::from_rank(child.rank() + 1)).unwrap_or(Level::Pallet)
    }

    fn planned_below(&self) -> Option<Level> {
        self.plan()?.child_level(self.parent_level())
    }

    fn lowest_package(&self) -> Level {
        self.plan().and_then(|plan| plan.steps().next()).map_or(Level::Case, |step| step.level)
    }

    fn plan(&self) -> Option<&Plan> {
        self.job.as_ref().map(|job| &job.task.plan)
    }

    fn holds(&self) -> Option<u32> {
        self.plan()?.holds(self.parent_level())
    }

    fn is_full(&self) -> bool {
        self.holds().is_some_and(|_| self.missing().is_none())
    }

    /// How many it holds and how many there are, when these differ.
    fn missing(&self) -> Option<(u32, u32)> {
        let count = u32::try_from(self.children.len()).unwrap_or(u32::MAX);
        self.holds().filter(|holds| count < *holds).map(|holds| (holds, count))
    }

    /// The last package of a task may be short; any other one is a shortage.
    fn partial_reason(&self) -> PartialReason {
        match &self.job {
            // Where nobody said how many are wanted, any may be the last: quantity 0 is never short.
            Some(job) if job.progress.made.saturating_add(self.units()) < job.task.quantity => {
                PartialReason::Shortage
            }
            Some(_) | None => PartialReason::EndOfTask,
        }
    }

    /// Units that count towards the task when this package is complete.
    fn units(&self) -> u32 {
        match self.child_level {
            Some(Level::Unit) => u32::try_from(self.children.len()).unwrap_or(u32::MAX),
            Some(Level::Box | Level::Case | Level::Pallet) | None => 0,
        }
    }
}

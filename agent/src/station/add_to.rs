//! 增加包装: a package that is there, then what goes into it; or the package around it, which takes it in at once.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ledger::{
    Action, AddTo as AddToAction, Item, Level, Pack as PackAction, Presence, Rejection,
};

use super::load::inside;
use super::{
    Can, Face, Job, Ledger, Moment, Role, Scanned, Step, Then, scanned_before, usual_level,
};
use crate::feedback::{Message, Say};

/// The machine of the adding screen.
#[derive(Clone, Debug)]
pub struct AddTo {
    job: Option<Box<Job>>,
    mixed_lots: bool,
    package: Option<Package>,
    children: Vec<Scanned>,
}

/// The package that more goes into.
#[derive(Clone, Copy, Debug)]
struct Package {
    label: Scanned,
    level: Level,
    /// How many are inside, as far as the ledger knows.
    inside: u32,
    /// How many it holds, by the plan of the task or of its product.
    holds: Option<u32>,
}

impl AddTo {
    /// No package yet; units that begin now need a task.
    #[must_use]
    pub fn new(job: Option<Job>, mixed_lots: bool) -> Self {
        Self { job: job.map(Box::new), mixed_lots, package: None, children: Vec::new() }
    }

    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let code = scan.code;
        let Some(package) = self.package else { return self.take_package(code, now, ledger) };
        if package.label.code == code {
            return Ok(Step::twice(code, &package.label, 0));
        }
        if let Some(step) = scanned_before(&self.children, code) {
            return Ok(step);
        }
        let presence = ledger.presence(code)?;
        let level = presence.level().or_else(|| usual_level(code));
        // An SSCC nobody knows stands for what can be around or in the package.
        let unknown = if package.level < Level::Pallet { Level::Pallet } else { Level::Case };
        let level = level.unwrap_or(unknown);
        if level > package.level && self.children.is_empty() {
            return self.go_into(code, level, package, &presence, now, ledger);
        }
        self.take_child(scan, level, now, ledger)
    }

    pub(super) fn confirm(&mut self) -> Step {
        if self.children.is_empty() { Step::not_now() } else { self.complete(None) }
    }

    pub(super) fn replay(&mut self, role: Role, scanned: Scanned) {
        match role {
            Role::Package(level) => {
                let (inside, holds) = (0, None);
                self.package = Some(Package { label: scanned, level, inside, holds });
            }
            Role::Child(_) => self.children.push(scanned),
            Role::Parent(_) | Role::Old(_) | Role::New | Role::Seen | Role::Top => {}
        }
    }

    /// Looks up again what is in the package.
    pub(super) fn weigh<L: Ledger>(&mut self, ledger: &L) -> Result<(), L::Error> {
        let Some(package) = self.package else { return Ok(()) };
        let presence = ledger.presence(package.label.code)?;
        self.package = Some(self.package_of(package.label, &presence, package.level, ledger)?);
        Ok(())
    }

    pub(super) fn face(&self) -> Face {
        let Some(package) = self.package else {
            return Face::asking(Message::new("scan_package"));
        };
        Face {
            parent: Some((package.label.code, Some(package.level))),
            count: usize::try_from(package.inside).unwrap_or(usize::MAX) + self.children.len(),
            of: package.holds,
            can: Can { confirm: !self.children.is_empty(), ..Can::default() },
            mixed_lots: self.mixed_lots,
            ..Face::asking(Message::new(if self.children.is_empty() {
                "scan_into_or_around"
            } else {
                "scan_or_confirm"
            }))
        }
    }

    fn take_package<L: Ledger>(
        &mut self,
        code: Code,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let label = Scanned { code, at: now.at.wall };
        let action = self.action(code, Vec::new());
        let notices = match ledger.judge(&now.operation(action), None)? {
            // The package is good; that nothing goes in yet is how it should be.
            Err(Rejection::Nothing { .. }) => Vec::new(),
            Err(rejection) => return Ok(Step::rejected(&rejection)),
            Ok(effects) => effects.notices,
        };
        let presence = ledger.presence(code)?;
        let package = self.package_of(label, &presence, Level::Case, ledger)?;
        self.package = Some(package);
        let mut say = Say::noticed(inside(code, &presence, ledger)?, &notices, Some(code));
        say.provisional |= presence.item().is_none();
        Ok(Step { say, then: Then::Draft(Role::Package(package.level)) })
    }

    fn take_child<L: Ledger>(
        &mut self,
        scan: &Scan,
        level: Level,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let code = scan.code;
        if let Some(say) = self.job.as_ref().and_then(|job| job.mismatch(scan)) {
            return Ok(Step::told(say));
        }
        let Some(package) = self.package else { return Ok(Step::not_now()) };
        let codes = self.children.iter().map(|child| child.code).chain([code]).collect();
        let action = self.action(package.label.code, codes);
        let effects = match ledger.judge(&now.operation(action), None)? {
            Ok(effects) => effects,
            Err(rejection) => return Ok(Step::rejected(&rejection)),
        };
        let role = Role::Child(level);
        self.children.push(Scanned { code, at: now.at.wall });
        let count = u32::try_from(self.children.len()).unwrap_or(u32::MAX);
        if package.holds.is_some_and(|holds| package.inside.saturating_add(count) >= holds) {
            return Ok(self.complete(Some(role)));
        }
        let message = Message::new("accepted").with("code", code);
        let say = Say::noticed(message, &effects.notices, Some(code));
        Ok(Step { say, then: Then::Draft(role) })
    }

    /// The package goes under an outer one: one that is there, or a new one that begins with it.
    fn go_into<L: Ledger>(
        &mut self,
        parent: Code,
        level: Level,
        package: Package,
        presence: &Presence,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let children = vec![package.label.code];
        let is_there = presence.item().is_some_and(Item::is_in_use);
        let action = if is_there {
            let (made, mixed_lots) = (None, false);
            Action::AddTo(AddToAction { parent, children, made, mixed_lots })
        } else {
            let (made, partial, mixed_lots) = (None, None, false);
            Action::Pack(PackAction { parent, level, children, made, partial, mixed_lots })
        };
        if let Err(rejection) = ledger.judge(&now.operation(action.clone()), None)? {
            return Ok(Step::rejected(&rejection));
        }
        self.package = None;
        let message = Message::new("operation_confirmed")
            .with("kind", "add_to")
            .with("code", parent)
            .with("count", 1);
        let then = Then::Confirm { role: Some(Role::Parent(level)), action };
        Ok(Step { say: Say::accepted(message), then })
    }

    fn complete(&mut self, role: Option<Role>) -> Step {
        let Some(package) = self.package.take() else { return Step::not_now() };
        let code = package.label.code;
        let codes: Vec<Code> =
            std::mem::take(&mut self.children).iter().map(|child| child.code).collect();
        let message = Message::new("operation_confirmed")
            .with("kind", "add_to")
            .with("code", code)
            .with("count", codes.len());
        let action = self.action(code, codes);
        Step { say: Say::accepted(message), then: Then::Confirm { role, action } }
    }

    fn action(&self, parent: Code, children: Vec<Code>) -> Action {
        let made = self.job.as_deref().map(Job::made);
        Action::AddTo(AddToAction { parent, children, made, mixed_lots: self.mixed_lots })
    }

    /// What is known of the package; `otherwise` is its level when nobody knows it.
    fn package_of<L: Ledger>(
        &self,
        label: Scanned,
        presence: &Presence,
        otherwise: Level,
        ledger: &L,
    ) -> Result<Package, L::Error> {
        let level = presence.level().unwrap_or(otherwise);
        let item = presence.item();
        let plan = match (&self.job, item.and_then(Item::product)) {
            (Some(job), _) => Some(job.task.plan.clone()),
            (None, Some(product)) => ledger.plan(product)?,
            (None, None) => None,
        };
        let holds = plan.and_then(|plan| plan.holds(level));
        let inside = item.map_or(0, |item| item.children);
        Ok(Package { label, level, inside, holds })
    }
}

//! 标签替换: the old label, then the new one; the new code takes the old one's place with everything inside.
//!
//! An old label that cannot be read is found by what is around it: by the package it is in and its neighbours, all but
//! itself, or by anything that is in it. The new label says by its level which of these was meant.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ledger::{
    Action, Item, Level, Presence, Rejection, Relabel as RelabelAction, RelabelReason,
};

use super::{
    Face, Ledger, Moment, Role, Scanned, Step, Then, scanned_before, unscanned, usual_level,
};
use crate::feedback::{Message, Say};

/// The machine of the relabelling screen.
#[derive(Clone, Debug)]
pub struct Relabel {
    reason: RelabelReason,
    old: Option<(Scanned, Level)>,
    /// What was scanned around a label that cannot be read.
    around: Vec<Scanned>,
    /// The packages that all of it is in or is.
    packages: Vec<Package>,
}

/// A package that may be the one, or that the one is in.
#[derive(Clone, Debug)]
struct Package {
    code: Code,
    level: Level,
    /// Its own label was scanned.
    is_read: bool,
    children: u32,
    /// What is in it and was not scanned; none when this device does not know all that is in it.
    unread: Option<Vec<(Code, Level)>>,
}

impl Relabel {
    /// No label yet.
    #[must_use]
    pub const fn new(reason: RelabelReason) -> Self {
        Self { reason, old: None, around: Vec::new(), packages: Vec::new() }
    }

    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let code = scan.code;
        match (self.old, self.reason) {
            (Some((old, level)), _) => self.take_new(code, old.code, level, now, ledger),
            (None, RelabelReason::Damaged | RelabelReason::Other) => {
                self.take_old(code, now, ledger)
            }
            (None, RelabelReason::Unreadable | RelabelReason::Missing) => {
                if let Some(step) = scanned_before(&self.around, code) {
                    return Ok(step);
                }
                let presence = ledger.presence(code)?;
                match presence.item().filter(|item| item.is_in_use()) {
                    Some(_) => self.look_around(Scanned { code, at: now.at.wall }, ledger),
                    None => self.take_new_for_unread(code, &presence, now, ledger),
                }
            }
        }
    }

    pub(super) fn replay(&mut self, role: Role, scanned: Scanned) {
        match role {
            Role::Old(level) => self.old = Some((scanned, level)),
            Role::Seen => self.around.push(scanned),
            Role::Child(_) | Role::Parent(_) | Role::New | Role::Package(_) | Role::Top => {}
        }
    }

    /// Works out again which packages everything around the old label is in.
    pub(super) fn search<L: Ledger>(&mut self, ledger: &L) -> Result<(), L::Error> {
        let mut candidates = Vec::new();
        for scan in &self.around {
            let presence = ledger.presence(scan.code)?;
            let Some(item) = presence.item() else { continue };
            candidates.extend((item.level != Level::Unit).then_some(item.code));
            candidates.extend(item.parent);
        }
        candidates.sort_unstable();
        candidates.dedup();
        self.packages.clear();
        for code in candidates {
            if let Some(package) = self.package(code, ledger)? {
                self.packages.push(package);
            }
        }
        Ok(())
    }

    pub(super) fn face(&self) -> Face {
        let searches = matches!(self.reason, RelabelReason::Unreadable | RelabelReason::Missing);
        match (self.old, self.packages.as_slice()) {
            (Some((old, level)), _) => Face {
                parent: Some((old.code, Some(level))),
                count: 1,
                of: Some(2),
                ..Face::asking(Message::new("scan_new").with("level", level))
            },
            (None, _) if !searches => Face::asking(Message::new("scan_old")),
            (None, _) if self.around.is_empty() => Face::asking(Message::new("scan_around")),
            (None, packages) => {
                let one = if let [one] = packages { Some(one) } else { None };
                Face {
                    parent: one.map(|package| (package.code, Some(package.level))),
                    count: self.around.len() - usize::from(one.is_some_and(|one| one.is_read)),
                    of: one.map(|package| package.children),
                    ..Face::asking(Message::new("scan_around_or_new"))
                }
            }
        }
    }

    fn take_old<L: Ledger>(
        &mut self,
        code: Code,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let presence = ledger.presence(code)?;
        // Where nobody knows the level, the new label will show it; a blank of any level must pass until then.
        let level = presence.level().or_else(|| usual_level(code)).unwrap_or(Level::Case);
        let operation = now.operation(Action::Relabel(self.action(code, unscanned())));
        match ledger.judge(&operation, Some(level))? {
            Err(rejection) => Ok(Step::rejected(&rejection)),
            Ok(effects) => {
                self.old = Some((Scanned { code, at: now.at.wall }, level));
                let message = Message::new("accepted").with("code", code);
                let say = Say::noticed(message, &effects.notices, Some(code));
                Ok(Step { say, then: Then::Draft(Role::Old(level)) })
            }
        }
    }

    fn take_new<L: Ledger>(
        &mut self,
        code: Code,
        old: Code,
        level: Level,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        if let Some((label, _)) = self.old.filter(|(label, _)| label.code == code) {
            return Ok(Step::twice(code, &label, 0));
        }
        let relabel = Action::Relabel(self.action(old, code));
        if let Err(rejection) = ledger.judge(&now.operation(relabel.clone()), None)? {
            return Ok(Step::rejected(&rejection));
        }
        *self = Self::new(self.reason);
        let message = Message::new("operation_confirmed")
            .with("kind", "relabel")
            .with("old", old)
            .with("code", code)
            .with("level", level);
        let then = Then::Confirm { role: Some(Role::New), action: relabel };
        Ok(Step { say: Say::accepted(message), then })
    }

    /// One more thing that can be read: a package, or something in one.
    fn look_around<L: Ledger>(&mut self, scanned: Scanned, ledger: &L) -> Result<Step, L::Error> {
        let mut with = self.clone();
        with.around.push(scanned);
        with.search(ledger)?;
        if with.packages.is_empty() {
            let expected = self.packages.first().map(|package| package.code);
            let code = scanned.code;
            let message = Message::new("not_of_it").with("code", code).with("expected", expected);
            return Ok(Step::told(Say::refused(message)));
        }
        *self = with;
        let only = |package: &Package| match package.unread.as_deref() {
            Some([(only, _)]) => Some(*only),
            Some(_) | None => None,
        };
        let message = match self.packages.iter().find_map(only) {
            Some(old) => Message::new("old_found").with("code", old),
            None => Message::new("accepted").with("code", scanned.code),
        };
        Ok(Step { say: Say::accepted(message), then: Then::Draft(Role::Seen) })
    }

    /// The new label, and by its level the old one.
    fn take_new_for_unread<L: Ledger>(
        &mut self,
        code: Code,
        presence: &Presence,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        if self.around.is_empty() {
            return Ok(match presence {
                Presence::Foreign => Step::rejected(&Rejection::Foreign { code }),
                Presence::Absent(_) | Presence::Present(_) => {
                    Step::rejected(&Rejection::NotInUse { code })
                }
                Presence::Untold(_) | Presence::Unknown => unknown(code),
            });
        }
        let fits = |level: Level| presence.level().is_none_or(|label| label == level);
        let mut unread = Vec::new();
        let mut left = None;
        for package in &self.packages {
            if !package.is_read && fits(package.level) {
                unread.push((package.code, package.level));
            }
            match package.unread.as_deref() {
                Some([(only, level)]) if fits(*level) => unread.push((*only, *level)),
                Some(many @ [(_, level), ..]) if fits(*level) => left = Some(many.len()),
                Some(_) | None => {}
            }
        }
        match unread.as_slice() {
            [(old, level)] => self.take_new(code, *old, *level, now, ledger),
            [] if left.is_none() && self.packages.iter().any(|one| one.unread.is_none()) => {
                Ok(unknown(code))
            }
            _ => {
                let message = Message::new("old_not_found").with("code", code).with("left", left);
                Ok(Step::told(Say::refused(message)))
            }
        }
    }

    /// The package with this code, if everything scanned so far is it or directly in it.
    fn package<L: Ledger>(&self, code: Code, ledger: &L) -> Result<Option<Package>, L::Error> {
        let presence = ledger.presence(code)?;
        let Some(item) = presence.item().filter(|item| item.is_in_use()) else { return Ok(None) };
        for scan in self.around.iter().filter(|scan| scan.code != code) {
            if ledger.presence(scan.code)?.item().and_then(|item| item.parent) != Some(code) {
                return Ok(None);
            }
        }
        let is_unread = |item: &Item| !self.around.iter().any(|scan| scan.code == item.code);
        let unread = ledger.children(code)?.map(|children| {
            children
                .iter()
                .filter(|child| is_unread(child))
                .map(|one| (one.code, one.level))
                .collect()
        });
        let is_read = self.around.iter().any(|scan| scan.code == code);
        let (level, children) = (item.level, item.children);
        Ok(Some(Package { code, level, is_read, children, unread }))
    }

    const fn action(&self, old: Code, new: Code) -> RelabelAction {
        RelabelAction { old, new, reason: self.reason }
    }
}

/// This device does not know what is in the package; it was packed where nobody told it.
fn unknown(code: Code) -> Step {
    Step::told(Say::refused(Message::new("contents_unknown").with("code", code)))
}

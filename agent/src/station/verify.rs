//! 包装核验: the package, then what is found in it; confirming says whether it is complete, and what differs.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ledger::{Action, Level, Notice, Rejection, VerifyPack as VerifyAction};
use serde::Serialize;

use super::load::inside;
use super::{Can, Face, Ledger, Moment, Role, Scanned, Step, Then, scanned_before};
use crate::feedback::{Message, Say, Tone};

/// What differs between a package and the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// In the ledger, not found.
    pub missing: Vec<Code>,
    /// Found, not in the ledger.
    pub foreign: Vec<Code>,
}

impl Difference {
    /// Everything is as the ledger says.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.foreign.is_empty()
    }
}

/// The machine of the verifying screen.
#[derive(Clone, Debug, Default)]
pub struct Verify {
    package: Option<(Scanned, Level)>,
    seen: Vec<Scanned>,
    /// As far as the ledger knows; after a restart from the next scan on, or from `compare`.
    difference: Option<Difference>,
}

impl Verify {
    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let scanned = Scanned { code: scan.code, at: now.at.wall };
        match self.package {
            None => self.take_package(scanned, now, ledger),
            Some((package, _)) if package.code == scan.code => {
                Ok(Step::twice(scan.code, &package, 0))
            }
            Some(_) => match scanned_before(&self.seen, scan.code) {
                Some(step) => Ok(step),
                None => self.take_child(scanned, now, ledger),
            },
        }
    }

    pub(super) fn confirm(&mut self) -> Step {
        let Some((package, _)) = self.package else { return Step::not_now() };
        let action = Action::VerifyPack(self.action(package.code));
        let count = self.seen.len();
        let complete = self.difference.as_ref().is_none_or(Difference::is_empty);
        let message = Message::new(if complete { "operation_confirmed" } else { "differs" })
            .with("kind", "verify_pack")
            .with("code", package.code)
            .with("count", count);
        *self = Self::default();
        let tone = if complete { Tone::Accepted } else { Tone::Warning };
        Step { say: Say::new(tone, message), then: Then::Confirm { role: None, action } }
    }

    pub(super) fn replay(&mut self, role: Role, scanned: Scanned) {
        match role {
            Role::Package(level) => self.package = Some((scanned, level)),
            Role::Seen => self.seen.push(scanned),
            Role::Child(_) | Role::Parent(_) | Role::Old(_) | Role::New | Role::Top => {}
        }
    }

    /// Compares again with what the ledger says now.
    pub(super) fn compare<L: Ledger>(&mut self, now: &Moment, ledger: &L) -> Result<(), L::Error> {
        let Some((package, _)) = self.package else { return Ok(()) };
        let operation = now.operation(Action::VerifyPack(self.action(package.code)));
        if let Ok(effects) = ledger.judge(&operation, None)? {
            self.difference = difference(&effects.notices);
        }
        Ok(())
    }

    pub(super) fn face(&self) -> Face {
        let Some((package, level)) = self.package else {
            return Face::asking(Message::new("scan_package"));
        };
        let known = self.difference.as_ref();
        let inside = known.map(|difference| {
            difference.missing.len() + self.seen.len().saturating_sub(difference.foreign.len())
        });
        let complete = known.is_some_and(|difference| difference.missing.is_empty());
        Face {
            parent: Some((package.code, Some(level))),
            count: self.seen.len(),
            of: inside.and_then(|inside| u32::try_from(inside).ok()),
            can: Can { confirm: true, ..Can::default() },
            difference: self.difference.clone(),
            ..Face::asking(Message::new(if complete { "confirm" } else { "scan_children" }))
        }
    }

    fn take_package<L: Ledger>(
        &mut self,
        scanned: Scanned,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let code = scanned.code;
        let action = Action::VerifyPack(self.action(code));
        let effects = match ledger.judge(&now.operation(action), None)? {
            Ok(effects) => effects,
            Err(rejection) => return Ok(Step::rejected(&rejection)),
        };
        let presence = ledger.presence(code)?;
        let level = presence.level().unwrap_or(Level::Case);
        if level == Level::Unit {
            return Ok(Step::rejected(&Rejection::NotAPackage { code }));
        }
        self.package = Some((scanned, level));
        self.difference = difference(&effects.notices);
        let message = inside(code, &presence, ledger)?;
        let provisional =
            effects.notices.iter().any(|notice| matches!(notice, Notice::Provisional { .. }));
        let say = Say { provisional, ..Say::accepted(message) };
        Ok(Step { say, then: Then::Draft(Role::Package(level)) })
    }

    fn take_child<L: Ledger>(
        &mut self,
        scanned: Scanned,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        self.seen.push(scanned);
        self.compare(now, ledger)?;
        let code = scanned.code;
        let foreign =
            self.difference.as_ref().is_some_and(|difference| difference.foreign.contains(&code));
        let say = if foreign {
            Say::new(Tone::Warning, Message::new("differs").with("code", code))
        } else {
            let message = Message::new("accepted").with("code", code);
            Say { provisional: self.difference.is_none(), ..Say::accepted(message) }
        };
        Ok(Step { say, then: Then::Draft(Role::Seen) })
    }

    fn action(&self, parent: Code) -> VerifyAction {
        VerifyAction { parent, seen: self.seen.iter().map(|scan| scan.code).collect() }
    }
}

fn difference(notices: &[Notice]) -> Option<Difference> {
    notices.iter().find_map(|notice| match notice {
        Notice::Complete { .. } => Some(Difference::default()),
        Notice::Differs { missing, foreign, .. } => {
            Some(Difference { missing: missing.clone(), foreign: foreign.clone() })
        }
        Notice::Provisional { .. }
        | Notice::ContentsToFollow { .. }
        | Notice::ImpliedReceipt { .. }
        | Notice::ImpliedReturn { .. }
        | Notice::ReturnedByOther { .. }
        | Notice::ImpliedUnpack { .. }
        | Notice::FoundAgain { .. }
        | Notice::Elsewhere { .. }
        | Notice::Short { .. }
        | Notice::LotBlocked { .. } => None,
    })
}

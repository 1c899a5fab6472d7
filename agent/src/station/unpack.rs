//! 解除包装: scanning a bottle takes it out of its package at once; a package asks first, for everything in it comes loose.
//!
//! A package that is to leave the package around it, whole: both are scanned, in either order.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ledger::{Action, Effects, Level, Presence, Unpack as UnpackAction};

use super::load::inside;
use super::{Can, Face, Judged, Ledger, Moment, Role, Scanned, Step, Then, usual_level};
use crate::feedback::{Message, Say};

/// The machine of the unpacking screen.
#[derive(Clone, Debug, Default)]
pub struct Unpack {
    /// The package to be opened once that is confirmed.
    package: Option<(Scanned, Level)>,
}

impl Unpack {
    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let code = scan.code;
        let presence = ledger.presence(code)?;
        let Some((package, _)) = self.package else {
            return self.first(code, &presence, now, ledger);
        };
        if package.code == code {
            return Ok(Step::twice(code, &package, 0));
        }
        if is_in(&presence, package.code) {
            return self.take_out(code, Role::Package(Level::Unit), now, ledger);
        }
        if is_in(&ledger.presence(package.code)?, code) {
            return self.take_out(package.code, Role::Package(Level::Unit), now, ledger);
        }
        let message = Message::new("not_packed").with("code", code).with("parent", package.code);
        Ok(Step::told(Say::refused(message)))
    }

    pub(super) fn confirm(&mut self) -> Step {
        let Some((package, level)) = self.package.take() else { return Step::not_now() };
        let message = Message::new("operation_confirmed")
            .with("kind", "unpack")
            .with("code", package.code)
            .with("level", level);
        let action = Action::Unpack(UnpackAction::Whole(package.code));
        Step { say: Say::accepted(message), then: Then::Confirm { role: None, action } }
    }

    pub(super) fn replay(&mut self, role: Role, scanned: Scanned) {
        if let Role::Package(level) = role {
            self.package = Some((scanned, level));
        }
    }

    pub(super) fn face(&self) -> Face {
        match self.package {
            None => Face::asking(Message::new("scan_package")),
            Some((package, level)) => Face {
                parent: Some((package.code, Some(level))),
                count: 1,
                can: Can { confirm: true, ..Can::default() },
                ..Face::asking(Message::new("confirm"))
            },
        }
    }

    fn first<L: Ledger>(
        &mut self,
        code: Code,
        presence: &Presence,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let level = presence.level().or_else(|| usual_level(code)).unwrap_or(Level::Case);
        if level == Level::Unit {
            return self.take_out(code, Role::Package(level), now, ledger);
        }
        let action = Action::Unpack(UnpackAction::Whole(code));
        let effects = match judged(ledger.judge(&now.operation(action), None)?) {
            Ok(effects) => effects,
            Err(step) => return Ok(*step),
        };
        self.package = Some((Scanned { code, at: now.at.wall }, level));
        let message = inside(code, presence, ledger)?;
        let say = Say::noticed(message, &effects.notices, Some(code));
        Ok(Step { say, then: Then::Draft(Role::Package(level)) })
    }

    fn take_out<L: Ledger>(
        &mut self,
        child: Code,
        role: Role,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let action = Action::Unpack(UnpackAction::Child(child));
        if let Err(step) = judged(ledger.judge(&now.operation(action.clone()), None)?) {
            return Ok(*step);
        }
        self.package = None;
        let message =
            Message::new("operation_confirmed").with("kind", "unpack").with("code", child);
        let then = Then::Confirm { role: Some(role), action };
        Ok(Step { say: Say::accepted(message), then })
    }
}

fn is_in(presence: &Presence, package: Code) -> bool {
    matches!(presence, Presence::Present(item) if item.parent == Some(package))
}

fn judged(judged: Judged) -> Result<Effects, Box<Step>> {
    judged.map_err(|rejection| Box::new(Step::rejected(&rejection)))
}

//! 标签替换: the old label, then the new one; the new code takes the old one's place with everything inside.

use sealtrace_protocol::code::Scan;
use sealtrace_protocol::ledger::{Action, Level, Relabel as RelabelAction, RelabelReason};

use super::{Face, Ledger, Moment, Role, Scanned, Step, Then, unscanned, usual_level};
use crate::feedback::{Message, Say};

/// The machine of the relabelling screen.
#[derive(Clone, Debug, Default)]
pub struct Relabel {
    old: Option<(Scanned, Level)>,
}

impl Relabel {
    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        match self.old {
            None => self.take_old(scan, now, ledger),
            Some((old, level)) => self.take_new(scan, old, level, now, ledger),
        }
    }

    pub(super) fn replay(&mut self, role: Role, scanned: Scanned) {
        if let Role::Old(level) = role {
            self.old = Some((scanned, level));
        }
    }

    pub(super) fn face(&self) -> Face {
        match self.old {
            None => Face::asking(Message::new("scan_old")),
            Some((old, level)) => Face {
                parent: Some((old.code, Some(level))),
                count: 1,
                of: Some(2),
                ..Face::asking(Message::new("scan_new").with("level", level))
            },
        }
    }

    fn take_old<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let code = scan.code;
        let presence = ledger.presence(code)?;
        // Where nobody knows the level, the new label will show it; a blank of any level must pass until then.
        let level = presence.level().or_else(|| usual_level(code)).unwrap_or(Level::Case);
        let operation =
            now.operation(Action::Relabel(action(Scanned { code, at: now.at.wall }, unscanned())));
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
        scan: &Scan,
        old: Scanned,
        level: Level,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let code = scan.code;
        if code == old.code {
            return Ok(Step::twice(code, &old, 0));
        }
        let relabel = action(old, code);
        if let Err(rejection) = ledger.judge(&now.operation(Action::Relabel(relabel)), None)? {
            return Ok(Step::rejected(&rejection));
        }
        self.old = None;
        let message = Message::new("operation_confirmed")
            .with("kind", "relabel")
            .with("old", old.code)
            .with("code", code)
            .with("level", level);
        let then = Then::Confirm { role: Some(Role::New), action: Action::Relabel(relabel) };
        Ok(Step { say: Say::accepted(message), then })
    }
}

fn action(old: Scanned, new: sealtrace_protocol::code::Code) -> RelabelAction {
    RelabelAction { old: old.code, new, reason: RelabelReason::Damaged }
}

//! 入库: top codes arrive at this site; confirming makes them one operation.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ledger::{Action, Receive as ReceiveAction};

use super::{Can, Face, Ledger, Moment, Role, Scanned, Step, Then, scanned_before};
use crate::feedback::{Message, Say};

/// The machine of the receiving screen.
#[derive(Clone, Debug, Default)]
pub struct Receive {
    load: Vec<Scanned>,
}

impl Receive {
    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        take_top(&mut self.load, scan, now, ledger, action)
    }

    pub(super) fn confirm(&mut self) -> Step {
        if self.load.is_empty() {
            return Step::not_now();
        }
        let codes: Vec<_> = self.load.drain(..).map(|scan| scan.code).collect();
        let message =
            Message::new("operation_confirmed").with("kind", "receive").with("count", codes.len());
        Step {
            say: Say::accepted(message),
            then: Then::Confirm { role: None, action: action(codes) },
        }
    }

    pub(super) fn replay(&mut self, scanned: Scanned) {
        self.load.push(scanned);
    }

    pub(super) fn face(&self) -> Face {
        face(&self.load)
    }
}

fn action(codes: Vec<Code>) -> Action {
    Action::Receive(ReceiveAction { codes })
}

/// One more code on a load that moves as one operation. The answer names the units the ledger believes are in it.
pub(super) fn take_top<L: Ledger>(
    load: &mut Vec<Scanned>,
    scan: &Scan,
    now: &Moment,
    ledger: &L,
    action: impl FnOnce(Vec<Code>) -> Action,
) -> Result<Step, L::Error> {
    let code = scan.code;
    if let Some(step) = scanned_before(load, code) {
        return Ok(step);
    }
    let codes = load.iter().map(|scan| scan.code).chain([code]).collect();
    let effects = match ledger.judge(&now.operation(action(codes)), None)? {
        Ok(effects) => effects,
        Err(rejection) => return Ok(Step::rejected(&rejection)),
    };
    load.push(Scanned { code, at: now.at.wall });
    let presence = ledger.presence(code)?;
    let units = presence.item().map(|item| item.contents.units());
    let message = Message::new("accepted")
        .with("code", code)
        .with("level", presence.level())
        .with("units", units);
    let say = Say::noticed(message, &effects.notices, Some(code));
    Ok(Step { say, then: Then::Draft(Role::Top) })
}

pub(super) fn face(load: &[Scanned]) -> Face {
    let prompt = Message::new(if load.is_empty() { "scan_package" } else { "confirm" });
    Face {
        count: load.len(),
        can: Can { confirm: !load.is_empty(), ..Can::default() },
        ..Face::asking(prompt)
    }
}

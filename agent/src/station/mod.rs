//! What a person does with scans, one pure machine per screen: scans in, answers, drafts and operations out.
//!
//! A machine is given what was scanned and may ask a [`Ledger`] what a code is and whether an operation would count.
//! It holds no rule about items itself. It says what to write; [`desk`] writes it, and only then shows the answer.

pub mod desk;
mod job;
pub mod known;
mod load;
mod lookup;
mod open;
mod opening;
mod pack;
mod pen;
mod receive;
mod relabel;
mod role;
mod ship;
mod undo;
mod unpack;
mod verify;
mod view;
mod work;

use std::convert::Infallible;

use sealtrace_protocol::code::{Code, Scan, Sscc};
use sealtrace_protocol::ids::{Cursor, OperatorId, SiteId};
use sealtrace_protocol::ledger::{
    self, Action, Effects, Facts, Issued, Level, Operation, Presence, Rejection,
};
use sealtrace_protocol::time::{Stamp, Timestamp};
use serde::{Deserialize, Serialize};

use crate::feedback::{Message, Say, Tone};

pub use job::Job;
pub(crate) use job::job;
pub use load::Sheet;
pub use lookup::Lookup;
pub use opening::OpenError;
pub use pack::Pack;
pub(crate) use pen::SOURCE;
pub use receive::Receive;
pub use relabel::Relabel;
pub use role::Role;
pub use ship::Ship;
pub use unpack::Unpack;
pub use verify::{Difference, Verify};
pub use view::{Can, Face};

/// What a machine may ask about the world.
pub trait Ledger {
    /// What can go wrong with asking.
    type Error;

    /// What is known of a code.
    fn presence(&self, code: Code) -> Result<Presence, Self::Error>;

    /// Would this operation count? `blank` is the level [`unscanned`] stands for, when the operation contains it.
    fn judge(&self, operation: &Operation, blank: Option<Level>) -> Result<Judged, Self::Error>;
}

/// An operation's effects, or why it does not count.
pub type Judged = Result<Effects, Rejection>;

/// Stands in an operation for a label that was not scanned yet: a fresh one of the level asked for.
#[must_use]
pub fn unscanned() -> Code {
    // The SSCC of eighteen zeros: its check digit is right and nobody may issue it.
    Code::Sscc(
        Sscc::from_body(0).unwrap_or_else(|| unreachable!("the check digit of zero is zero")),
    )
}

/// States that [`unscanned`] is a fresh label of `blank`'s level.
pub fn fill_in(facts: &mut Facts, blank: Option<Level>) {
    if let Some(level) = blank {
        facts.set(unscanned(), Presence::Absent(Issued { level, product: None, carrier: false }));
    }
}

/// Facts that are at hand answer for themselves.
impl Ledger for Facts {
    type Error = Infallible;

    fn presence(&self, code: Code) -> Result<Presence, Infallible> {
        Ok(Self::presence(self, code).clone())
    }

    fn judge(&self, operation: &Operation, blank: Option<Level>) -> Result<Judged, Infallible> {
        let mut facts = self.clone();
        fill_in(&mut facts, blank);
        Ok(ledger::judge(operation, &facts))
    }
}

/// When, by whom and where a scan is made, and how much the device had heard by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Stamp,
    /// Who.
    pub operator: Option<OperatorId>,
    /// Who approved what that person may not do alone.
    pub approver: Option<OperatorId>,
    /// Where.
    pub site: SiteId,
    /// The feed position known.
    pub basis: Cursor,
}

impl Moment {
    /// An operation of this moment.
    #[must_use]
    pub const fn operation(&self, action: Action) -> Operation {
        Operation {
            at: self.at,
            operator: self.operator,
            approver: self.approver,
            site: self.site,
            basis: self.basis,
            action,
        }
    }
}

/// One accepted scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// What.
    pub code: Code,
    /// When.
    pub at: Timestamp,
}

/// What a machine answers, and what must be written before the answer is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The answer.
    pub say: Say,
    /// What to write.
    pub then: Then,
}

/// What to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// Only that the scan was made and not counted.
    Nothing,
    /// A draft.
    Draft(Role),
    /// A draft, if a scan completed it, and the operation all open drafts become.
    Confirm {
        /// What the completing scan was; none for a command.
        role: Option<Role>,
        /// The operation.
        action: Action,
    },
}

impl Step {
    fn told(say: Say) -> Self {
        Self { say, then: Then::Nothing }
    }

    /// A rule said no. A label that was not scanned yet is not named.
    fn rejected(rejection: &Rejection) -> Self {
        let mut say = Say::rejection(rejection);
        let blank = unscanned().canonical();
        say.message.params.retain(|_, value| value.as_str() != Some(blank.as_str()));
        Self::told(say)
    }

    fn not_now() -> Self {
        Self::told(Say::new(Tone::Warning, Message::new("not_open")))
    }

    /// The same code again: what it was the first time.
    fn twice(code: Code, first: &Scanned, nth: usize) -> Self {
        let message = Message::new("scanned_twice")
            .with("code", code)
            .with("at", first.at.millis())
            .with("position", nth + 1);
        Self::told(Say::refused(message))
    }
}

/// The answer when `code` is among `scans` already.
fn scanned_before(scans: &[Scanned], code: Code) -> Option<Step> {
    let nth = scans.iter().position(|scan| scan.code == code)?;
    let first = scans.get(nth)?;
    Some(Step::twice(code, first, nth))
}

/// The level a code of this kind usually labels; none where several are usual.
const fn usual_level(code: Code) -> Option<Level> {
    match code {
        Code::Minted(_) | Code::Sgtin(_) => Some(Level::Unit),
        Code::Sscc(_) => None,
    }
}

/// The screens of the PDA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Screen {
    /// The task list.
    Home,
    /// 全段包装, 组托.
    Pack,
    /// 标签替换.
    Relabel,
    /// 解除包装.
    Unpack,
    /// 包装核验.
    Verify,
    /// 出库.
    Ship,
    /// 入库.
    Receive,
    /// 查询.
    Lookup,
}

impl Screen {
    /// Who may use it: auditors look and verify.
    #[must_use]
    pub const fn is_for(self, role: ledger::Role) -> bool {
        match self {
            Self::Home | Self::Lookup | Self::Verify => true,
            Self::Pack | Self::Relabel | Self::Unpack | Self::Ship | Self::Receive => {
                !matches!(role, ledger::Role::Auditor)
            }
        }
    }
}

/// The machine of the open screen.
#[derive(Clone, Debug)]
pub enum Machine {
    /// Nothing is open.
    Home,
    /// See [`Pack`].
    Pack(Pack),
    /// See [`Relabel`].
    Relabel(Relabel),
    /// See [`Unpack`].
    Unpack(Unpack),
    /// See [`Verify`].
    Verify(Verify),
    /// See [`Ship`].
    Ship(Ship),
    /// See [`Receive`].
    Receive(Receive),
    /// See [`Lookup`].
    Lookup(Lookup),
}

impl Machine {
    /// Takes one scan.
    pub fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        match self {
            Self::Home => Ok(Step::not_now()),
            Self::Pack(machine) => machine.scan(scan, now, ledger),
            Self::Relabel(machine) => machine.scan(scan, now, ledger),
            Self::Unpack(machine) => machine.scan(scan, now, ledger),
            Self::Verify(machine) => machine.scan(scan, now, ledger),
            Self::Ship(machine) => machine.scan(scan, now, ledger),
            Self::Receive(machine) => machine.scan(scan, now, ledger),
            Self::Lookup(machine) => machine.scan(scan, ledger),
        }
    }

    /// The person says that it is complete as it is.
    pub fn confirm(&mut self) -> Step {
        match self {
            Self::Home | Self::Relabel(_) | Self::Lookup(_) => Step::not_now(),
            Self::Pack(machine) => machine.confirm(),
            Self::Unpack(machine) => machine.confirm(),
            Self::Verify(machine) => machine.confirm(),
            Self::Ship(machine) => machine.confirm(),
            Self::Receive(machine) => machine.confirm(),
        }
    }

    /// The person closes a package below its plan on purpose.
    pub fn close(&mut self) -> Step {
        match self {
            Self::Pack(machine) => machine.close(),
            Self::Home
            | Self::Relabel(_)
            | Self::Unpack(_)
            | Self::Verify(_)
            | Self::Ship(_)
            | Self::Receive(_)
            | Self::Lookup(_) => Step::not_now(),
        }
    }

    /// Takes a draft as it was accepted before a restart or an undo.
    pub fn replay(&mut self, role: Role, scanned: Scanned) {
        match self {
            Self::Home | Self::Lookup(_) => {}
            Self::Pack(machine) => machine.replay(role, scanned),
            Self::Relabel(machine) => machine.replay(role, scanned),
            Self::Unpack(machine) => machine.replay(role, scanned),
            Self::Verify(machine) => machine.replay(role, scanned),
            Self::Ship(machine) => machine.replay(scanned),
            Self::Receive(machine) => machine.replay(scanned),
        }
    }

    /// Works out again what follows from drafts that were replayed, with what the ledger says now.
    pub fn catch_up<L: Ledger>(&mut self, now: &Moment, ledger: &L) -> Result<(), L::Error> {
        match self {
            Self::Home | Self::Pack(_) | Self::Relabel(_) | Self::Unpack(_) | Self::Lookup(_) => {
                Ok(())
            }
            Self::Verify(machine) => machine.compare(now, ledger),
            Self::Ship(machine) => machine.weigh(now, ledger),
            Self::Receive(machine) => machine.weigh(now, ledger),
        }
    }

    /// What the screen shows of it.
    #[must_use]
    pub fn face(&self) -> Face {
        match self {
            Self::Home => Face::asking(Message::new("choose")),
            Self::Pack(machine) => machine.face(),
            Self::Relabel(machine) => machine.face(),
            Self::Unpack(machine) => machine.face(),
            Self::Verify(machine) => machine.face(),
            Self::Ship(machine) => machine.face(),
            Self::Receive(machine) => machine.face(),
            Self::Lookup(machine) => machine.face(),
        }
    }
}

#[cfg(test)]
mod tests;

//! The machine of the open screen, whichever it is: what all of them can be told.

use sealtrace_protocol::code::Scan;

use super::{
    AddTo, Commission, Count, Face, Ledger, Load, Lookup, Moment, Pack, Relabel, Resolve, Rework,
    Role, Scanned, Step, Unpack, Verify, WriteOff,
};
use crate::feedback::Message;

/// The machine of the open screen.
#[derive(Clone, Debug)]
pub enum Machine {
    /// Nothing is open.
    Home,
    /// See [`Commission`].
    Commission(Commission),
    /// See [`Pack`].
    Pack(Pack),
    /// See [`AddTo`].
    AddTo(AddTo),
    /// See [`Relabel`].
    Relabel(Relabel),
    /// See [`Unpack`].
    Unpack(Unpack),
    /// See [`Rework`].
    Rework(Rework),
    /// See [`Verify`].
    Verify(Verify),
    /// See [`Load`].
    Load(Load),
    /// See [`Count`].
    Count(Count),
    /// See [`WriteOff`].
    WriteOff(WriteOff),
    /// See [`Resolve`].
    Resolve(Resolve),
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
            Self::Commission(machine) => machine.scan(scan, now, ledger),
            Self::Pack(machine) => machine.scan(scan, now, ledger),
            Self::AddTo(machine) => machine.scan(scan, now, ledger),
            Self::Relabel(machine) => machine.scan(scan, now, ledger),
            Self::Unpack(machine) => machine.scan(scan, now, ledger),
            Self::Rework(machine) => machine.scan(scan, now, ledger),
            Self::Verify(machine) => machine.scan(scan, now, ledger),
            Self::Load(machine) => machine.scan(scan, now, ledger),
            Self::Count(machine) => machine.scan(scan, now, ledger),
            Self::WriteOff(machine) => machine.scan(scan, now, ledger),
            Self::Resolve(machine) => machine.scan(scan, now, ledger),
            Self::Lookup(machine) => machine.scan(scan, ledger),
        }
    }

    /// The person says that it is complete as it is.
    pub fn confirm<L: Ledger>(&mut self, now: &Moment, ledger: &L) -> Result<Step, L::Error> {
        Ok(match self {
            Self::Home | Self::Relabel(_) | Self::Lookup(_) => Step::not_now(),
            Self::Commission(machine) => machine.confirm(),
            Self::Pack(machine) => machine.confirm(),
            Self::AddTo(machine) => machine.confirm(),
            Self::Unpack(machine) => machine.confirm(),
            Self::Rework(machine) => machine.confirm(),
            Self::Verify(machine) => machine.confirm(),
            Self::Load(machine) => machine.confirm(),
            Self::Count(machine) => machine.confirm(),
            Self::WriteOff(machine) => return machine.confirm(now, ledger),
            Self::Resolve(machine) => return machine.confirm(now, ledger),
        })
    }

    /// The person closes a package below its plan on purpose, or ends a count.
    pub fn close<L: Ledger>(&mut self, now: &Moment, ledger: &L) -> Result<Step, L::Error> {
        match self {
            Self::Pack(machine) => Ok(machine.close()),
            Self::Rework(machine) => Ok(machine.close()),
            Self::Count(machine) => machine.close(now, ledger),
            Self::Home
            | Self::Commission(_)
            | Self::AddTo(_)
            | Self::Relabel(_)
            | Self::Unpack(_)
            | Self::Verify(_)
            | Self::Load(_)
            | Self::WriteOff(_)
            | Self::Resolve(_)
            | Self::Lookup(_) => Ok(Step::not_now()),
        }
    }

    /// Takes a draft as it was accepted before a restart or an undo.
    pub fn replay(&mut self, role: Role, scanned: Scanned) {
        match self {
            Self::Home | Self::Lookup(_) => {}
            Self::Commission(machine) => machine.replay(scanned),
            Self::Pack(machine) => machine.replay(role, scanned),
            Self::AddTo(machine) => machine.replay(role, scanned),
            Self::Relabel(machine) => machine.replay(role, scanned),
            Self::Unpack(machine) => machine.replay(role, scanned),
            Self::Rework(machine) => machine.replay(role, scanned),
            Self::Verify(machine) => machine.replay(role, scanned),
            Self::Load(machine) => machine.replay(scanned),
            Self::Count(machine) => machine.replay(scanned),
            Self::WriteOff(machine) => machine.replay(scanned),
            Self::Resolve(machine) => machine.replay(scanned),
        }
    }

    /// Works out again what follows from drafts that were replayed, with what the ledger says now.
    pub fn catch_up<L: Ledger>(&mut self, now: &Moment, ledger: &L) -> Result<(), L::Error> {
        match self {
            Self::Home
            | Self::Commission(_)
            | Self::Pack(_)
            | Self::Unpack(_)
            | Self::Count(_)
            | Self::WriteOff(_)
            | Self::Resolve(_)
            | Self::Lookup(_) => Ok(()),
            Self::Relabel(machine) => machine.search(ledger),
            Self::Rework(machine) => machine.search(ledger),
            Self::AddTo(machine) => machine.weigh(ledger),
            Self::Verify(machine) => machine.compare(now, ledger),
            Self::Load(machine) => machine.weigh(now, ledger),
        }
    }

    /// What the screen shows of it.
    #[must_use]
    pub fn face(&self) -> Face {
        match self {
            Self::Home => Face::asking(Message::new("choose")),
            Self::Commission(machine) => machine.face(),
            Self::Pack(machine) => machine.face(),
            Self::AddTo(machine) => machine.face(),
            Self::Relabel(machine) => machine.face(),
            Self::Unpack(machine) => machine.face(),
            Self::Rework(machine) => machine.face(),
            Self::Verify(machine) => machine.face(),
            Self::Load(machine) => machine.face(),
            Self::Count(machine) => machine.face(),
            Self::WriteOff(machine) => machine.face(),
            Self::Resolve(machine) => machine.face(),
            Self::Lookup(machine) => machine.face(),
        }
    }
}

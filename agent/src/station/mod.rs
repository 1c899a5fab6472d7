//! What a person does with scans, one pure machine per screen: scans in, answers, drafts and operations out.
//!
//! A machine is given what was scanned and may ask a [`Ledger`] what a code is and whether an operation would count.
//! It holds no rule about items itself. It says what to write; [`desk`] writes it, and only then shows the answer.

mod add_to;
mod approving;
mod choosing;
pub mod commands;
mod commission;
mod count;
pub mod desk;
mod entering;
mod errand;
pub mod full;
mod job;
pub mod known;
mod load;
mod lookup;
mod machine;
mod open;
mod opening;
mod own_task;
mod pack;
mod pen;
mod relabel;
mod resolution;
mod resolve;
mod rework;
mod role;
mod screen;
mod switching;
mod undo;
mod unpack;
mod verify;
mod view;
mod work;
mod write_off;

use std::convert::Infallible;

use sealtrace_protocol::code::{Code, Sscc};
use sealtrace_protocol::ids::{Cursor, DocumentId, OperatorId, ProductId, SiteId};
use sealtrace_protocol::ledger::{
    self, Action, Effects, Facts, Issued, Item, Level, Operation, Plan, Presence, Rejection,
};
use sealtrace_protocol::time::{Stamp, Timestamp};

use crate::feedback::{Message, Say, Tone};
use crate::store::rejected::RejectedRow;
use crate::store::strips::Balance;

pub use add_to::AddTo;
pub use choosing::{Choice, Choosing, Entry, What};
pub use commission::Commission;
pub use count::Count;
pub use errand::{Errand, Reason, Sheet};
pub use job::Job;
pub(crate) use job::job;
pub use load::Load;
pub use lookup::Lookup;
pub use machine::Machine;
pub use opening::OpenError;
pub(crate) use own_task::open_task;
pub use own_task::{OwnTaskError, Wanted};
pub use pack::{Pack, Packing};
pub(crate) use pen::SOURCE;
pub use relabel::Relabel;
pub use resolution::{Matter, Resolution};
pub use resolve::{Resolve, Resolving};
pub use rework::Rework;
pub use role::Role;
pub use screen::Screen;
pub use unpack::Unpack;
pub use verify::{Difference, Verify};
pub use view::{Can, Face};
pub use write_off::WriteOff;

/// What a machine may ask about the world.
pub trait Ledger {
    /// What can go wrong with asking.
    type Error;

    /// What is known of a code.
    fn presence(&self, code: Code) -> Result<Presence, Self::Error>;

    /// What is directly inside a package; none when not all of it is known here.
    fn children(&self, package: Code) -> Result<Option<Vec<Item>>, Self::Error>;

    /// How a product is packed now.
    fn plan(&self, product: ProductId) -> Result<Option<Plan>, Self::Error>;

    /// The other open documents of the same kind that are worked on at this site, with what was scanned under each
    /// and is not confirmed.
    fn others_like(
        &self,
        document: DocumentId,
        site: SiteId,
    ) -> Result<Vec<(DocumentId, Vec<Code>)>, Self::Error>;

    /// The case that a lane set aside and that this code is the label of, or is in; the newest that waits for rework.
    fn rejected(&self, code: Code) -> Result<Option<RejectedRow>, Self::Error>;

    /// How what was seen under a count differs from what is believed to be at the site.
    fn difference(&self, count: DocumentId, site: SiteId) -> Result<Difference, Self::Error>;

    /// How many labels lie from one to another on a roll, both included; none when they do not lie so.
    fn labels_between(&self, first: Code, last: Code) -> Result<Option<u32>, Self::Error>;

    /// What is known of the roll a label is on.
    fn balance(&self, label: Code) -> Result<Option<Balance>, Self::Error>;

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

/// Facts that are at hand answer for themselves; they are about one operation, and nothing around it.
impl Ledger for Facts {
    type Error = Infallible;

    fn presence(&self, code: Code) -> Result<Presence, Infallible> {
        Ok(Self::presence(self, code).clone())
    }

    fn children(&self, package: Code) -> Result<Option<Vec<Item>>, Infallible> {
        let items = Self::children(self, package).iter();
        Ok(items.map(|child| Self::presence(self, *child).item().cloned()).collect())
    }

    fn plan(&self, product: ProductId) -> Result<Option<Plan>, Infallible> {
        let task = self.task.as_ref().filter(|task| task.product == product);
        Ok(task.map(|task| task.plan.clone()))
    }

    fn others_like(
        &self,
        _: DocumentId,
        _: SiteId,
    ) -> Result<Vec<(DocumentId, Vec<Code>)>, Infallible> {
        Ok(Vec::new())
    }

    fn rejected(&self, _: Code) -> Result<Option<RejectedRow>, Infallible> {
        Ok(None)
    }

    fn difference(&self, _: DocumentId, _: SiteId) -> Result<Difference, Infallible> {
        Ok(Difference::default())
    }

    fn labels_between(&self, _: Code, _: Code) -> Result<Option<u32>, Infallible> {
        Ok(self.strip.map(|strip| strip.count))
    }

    fn balance(&self, _: Code) -> Result<Option<Balance>, Infallible> {
        Ok(None)
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
    /// An exception is resolved.
    Resolve {
        /// What the completing scan was; none for a command.
        role: Option<Role>,
        /// How.
        resolving: Resolving,
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

#[cfg(test)]
mod tests;

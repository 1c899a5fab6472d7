//! What people and lines do to items. One variant per operation; `needs` says what must be known to judge it.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::item::Level;
use crate::code::Code;
use crate::ids::{
    Cursor, DocumentId, OperationId, OperatorId, ProductId, Revision, SiteId, TaskId,
};
use crate::text::Lot;
use crate::time::Stamp;

/// The most codes one operation may speak of: a full package of [`super::HOLDS_MAX`], or a truck's worth of pallets.
pub const OPERATION_CODES_MAX: usize = 2_000;

/// One thing that was done: by whom, where, when, and how much the device knew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// When, by the device's clock.
    pub at: Stamp,
    /// Who; none when a line did it by itself.
    pub operator: Option<OperatorId>,
    /// Where the device was.
    pub site: SiteId,
    /// The feed position the device had judged it against.
    pub basis: Cursor,
    /// What was done.
    pub action: Action,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// 零级包装: codes are registered as produced, without a parent.
    Commission(Commission),
    /// Units or packages go into a new package.
    Pack(Pack),
    /// 解除包装: a package is opened, or one child leaves it.
    Unpack(Unpack),
    /// 标签替换: a new label takes an old one's place.
    Relabel(Relabel),
    /// 包装核验: what is inside was compared with the ledger.
    VerifyPack(VerifyPack),
    /// 入库: goods arrive at the site.
    Receive(Receive),
    /// 出库: goods leave for a dealer.
    Ship(Ship),
    /// Goods shipped under one document go under another: a scan moved before dispatch, 改派 afterwards.
    Reassign(Reassign),
    /// 稽查: an inspector looked at an item.
    Inspect(Inspect),
    /// An earlier operation is corrected.
    Correct(Correct),
}

/// What was made: product and lot, under which task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The task worked on.
    pub task: TaskId,
    /// The product.
    pub product: ProductId,
    /// The lot.
    pub lot: Lot,
    /// The revision of the packaging plan it was made by.
    pub plan: Revision,
}

/// See [`Action::Commission`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commission {
    /// The units.
    pub codes: Vec<Code>,
    /// What they are.
    pub made: Made,
}

/// See [`Action::Pack`]. Units not registered before are registered by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// The new package.
    pub parent: Code,
    /// Its level.
    pub level: Level,
    /// What goes in, in the order it was scanned.
    pub children: Vec<Code>,
    /// What is made; none when finished packages are only put together.
    pub made: Option<Made>,
    /// Why it holds less than the plan says, when it does on purpose.
    pub partial: Option<PartialReason>,
}

/// Why a package is closed below its plan (尾箱).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartialReason {
    /// The last one of a task.
    EndOfTask,
    /// Short of units.
    Shortage,
}

/// See [`Action::Unpack`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unpack {
    /// The whole package is dissolved; its children stand alone.
    Whole(Code),
    /// One child leaves the package it is in.
    Child(Code),
}

/// See [`Action::Relabel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relabel {
    /// The damaged label's code.
    pub old: Code,
    /// The new label's code.
    pub new: Code,
    /// Why.
    pub reason: RelabelReason,
}

/// Why a label was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelabelReason {
    /// Torn, wet, scratched.
    Damaged,
    /// Cannot be read.
    Unreadable,
    /// Gone.
    Missing,
}

/// See [`Action::VerifyPack`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyPack {
    /// The package.
    pub parent: Code,
    /// What was found inside.
    pub seen: Vec<Code>,
}

/// See [`Action::Receive`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receive {
    /// The top codes that were scanned.
    pub codes: Vec<Code>,
    /// The inbound document they arrive under; none when goods are received without one.
    pub document: Option<DocumentId>,
}

/// See [`Action::Ship`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ship {
    /// The top codes that were scanned.
    pub codes: Vec<Code>,
    /// Under which document; it names the dealer.
    pub document: DocumentId,
}

/// See [`Action::Reassign`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reassign {
    /// Packages or units shipped under `from`.
    pub codes: Vec<Code>,
    /// The document they were shipped under.
    pub from: DocumentId,
    /// The document they go under; it names the dealer.
    pub to: DocumentId,
}

/// See [`Action::Inspect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspect {
    /// What was looked at.
    pub code: Code,
    /// The prefecture it was found in, by adcode.
    pub region: u32,
    /// How far off the place may be, in metres.
    pub accuracy_m: u32,
    /// What the inspector says.
    pub finding: Finding,
}

/// An inspector's finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// All is well.
    Conformant,
    /// Sold where it should not be.
    Diverted,
    /// To be looked into.
    Suspicious,
    /// Not ours.
    Counterfeit,
}

/// See [`Action::Correct`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correct {
    /// The operation corrected.
    pub names: OperationId,
    /// How.
    pub correction: Correction,
}

/// How an operation is corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// Everything it touched goes back to what it was, if nothing has moved on since.
    Undo,
}

/// What must be known about a code to judge an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The item itself.
    Item,
    /// The item and the packages it is in, to the root.
    Ancestors,
    /// The item, the packages it is in, and everything directly inside it.
    Children,
}

impl Operation {
    /// The codes this operation speaks of, and what must be known about each.
    ///
    /// An item found [`super::State::Replaced`] is fetched together with the item it was replaced by.
    #[must_use]
    pub fn needs(&self) -> Vec<(Code, Need)> {
        let each = |codes: &[Code], need| codes.iter().map(|code| (*code, need)).collect();
        match &self.action {
            Action::Pack(pack) => {
                let mut needs: Vec<_> = each(&pack.children, Need::Ancestors);
                needs.push((pack.parent, Need::Ancestors));
                needs
            }
            Action::Unpack(Unpack::Whole(parent)) => each(&[*parent], Need::Children),
            Action::Unpack(Unpack::Child(child)) => each(&[*child], Need::Ancestors),
            Action::Relabel(relabel) => {
                alloc::vec![(relabel.old, Need::Children), (relabel.new, Need::Item)]
            }
            Action::VerifyPack(verify) => {
                // Only their labels may have been replaced since.
                let mut needs: Vec<_> = each(&verify.seen, Need::Item);
                needs.push((verify.parent, Need::Children));
                needs
            }
            Action::Commission(Commission { codes, .. })
            | Action::Receive(Receive { codes, .. })
            | Action::Ship(Ship { codes, .. })
            | Action::Reassign(Reassign { codes, .. }) => each(codes, Need::Ancestors),
            Action::Inspect(inspect) => each(&[inspect.code], Need::Item),
            Action::Correct(_) => Vec::new(),
        }
    }

    /// What it makes: task, product, lot and the plan's revision.
    #[must_use]
    pub const fn made(&self) -> Option<&Made> {
        match &self.action {
            Action::Commission(commission) => Some(&commission.made),
            Action::Pack(pack) => pack.made.as_ref(),
            Action::Unpack(_)
            | Action::Relabel(_)
            | Action::VerifyPack(_)
            | Action::Receive(_)
            | Action::Ship(_)
            | Action::Reassign(_)
            | Action::Inspect(_)
            | Action::Correct(_) => None,
        }
    }

    /// The task it works on.
    #[must_use]
    pub fn task(&self) -> Option<TaskId> {
        self.made().map(|made| made.task)
    }

    /// The document it moves goods under.
    #[must_use]
    pub const fn document(&self) -> Option<DocumentId> {
        match &self.action {
            Action::Receive(receive) => receive.document,
            Action::Ship(ship) => Some(ship.document),
            Action::Reassign(reassign) => Some(reassign.to),
            Action::Commission(_)
            | Action::Pack(_)
            | Action::Unpack(_)
            | Action::Relabel(_)
            | Action::VerifyPack(_)
            | Action::Inspect(_)
            | Action::Correct(_) => None,
        }
    }

    /// Every document it names.
    pub fn documents(&self) -> impl Iterator<Item = DocumentId> {
        let from = match &self.action {
            Action::Reassign(reassign) => Some(reassign.from),
            Action::Receive(_)
            | Action::Ship(_)
            | Action::Commission(_)
            | Action::Pack(_)
            | Action::Unpack(_)
            | Action::Relabel(_)
            | Action::VerifyPack(_)
            | Action::Inspect(_)
            | Action::Correct(_) => None,
        };
        self.document().into_iter().chain(from)
    }

    /// The earlier operation it corrects.
    #[must_use]
    pub const fn corrects(&self) -> Option<OperationId> {
        match &self.action {
            Action::Correct(correct) => Some(correct.names),
            Action::Commission(_)
            | Action::Pack(_)
            | Action::Unpack(_)
            | Action::Relabel(_)
            | Action::VerifyPack(_)
            | Action::Receive(_)
            | Action::Ship(_)
            | Action::Reassign(_)
            | Action::Inspect(_) => None,
        }
    }
}

impl Action {
    /// The operation's name in APIs, logs and pages.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Commission(_) => "commission",
            Self::Pack(_) => "pack",
            Self::Unpack(_) => "unpack",
            Self::Relabel(_) => "relabel",
            Self::VerifyPack(_) => "verify_pack",
            Self::Receive(_) => "receive",
            Self::Ship(_) => "ship",
            Self::Reassign(_) => "reassign",
            Self::Inspect(_) => "inspect",
            Self::Correct(_) => "correct",
        }
    }

    /// True when an item nobody here has heard of may be taken on trust (待核验): a provisional yes.
    ///
    /// This is the one table of it. A device without the network must not stop a truck; the cloud never answers
    /// `Unknown`, so the trust ends there.
    #[must_use]
    pub const fn accepts_unknown(&self) -> bool {
        match self {
            Self::Commission(_)
            | Self::Pack(_)
            | Self::Unpack(_)
            | Self::Relabel(_)
            | Self::VerifyPack(_)
            | Self::Receive(_)
            | Self::Ship(_)
            | Self::Inspect(_) => true,
            // What is not known to have been shipped cannot go under another document.
            Self::Reassign(_) | Self::Correct(_) => false,
        }
    }
}

//! What people and lines do to items. One variant per operation; `needs` says what must be known to judge it.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::item::Level;
use crate::code::Code;
use crate::ids::{Cursor, DocumentId, OperationId, OperatorId, ProductId, SiteId, TaskId};
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
}

/// See [`Action::Ship`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ship {
    /// The top codes that were scanned.
    pub codes: Vec<Code>,
    /// Under which document; it names the dealer.
    pub document: DocumentId,
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
            | Action::Receive(Receive { codes })
            | Action::Ship(Ship { codes, .. }) => each(codes, Need::Ancestors),
            Action::Inspect(inspect) => each(&[inspect.code], Need::Item),
            Action::Correct(_) => Vec::new(),
        }
    }

    /// The task it works on.
    #[must_use]
    pub fn task(&self) -> Option<TaskId> {
        self.references().task
    }

    /// The document it moves goods under.
    #[must_use]
    pub fn document(&self) -> Option<DocumentId> {
        self.references().document
    }

    /// The earlier operation it corrects.
    #[must_use]
    pub fn corrects(&self) -> Option<OperationId> {
        self.references().corrects
    }

    /// What it speaks of besides codes.
    fn references(&self) -> References {
        let none = References::default();
        match &self.action {
            Action::Commission(commission) => {
                References { task: Some(commission.made.task), ..none }
            }
            Action::Pack(pack) => References { task: pack.made.map(|made| made.task), ..none },
            Action::Ship(ship) => References { document: Some(ship.document), ..none },
            Action::Correct(correct) => References { corrects: Some(correct.names), ..none },
            Action::Unpack(_)
            | Action::Relabel(_)
            | Action::VerifyPack(_)
            | Action::Receive(_)
            | Action::Inspect(_) => none,
        }
    }
}

#[derive(Default)]
struct References {
    task: Option<TaskId>,
    document: Option<DocumentId>,
    corrects: Option<OperationId>,
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
            Self::Correct(_) => false,
        }
    }
}

//! The kinds of operations, and what each states: nothing that can be looked up.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::item::Level;
use super::strip::WriteOff;
use crate::code::Code;
use crate::ids::{DealerId, DocumentId, OperationId, ProductId, Revision, TaskId};
use crate::text::{Lot, Text20};

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// 无单: a task that nobody released is opened on the floor; the cloud files it under an order of its own.
    OpenTask(OpenTask),
    /// 零级包装: codes are registered as produced, without a parent.
    Commission(Commission),
    /// Units or packages go into a new package.
    Pack(Pack),
    /// 增加包装: more goes into a package that is there.
    AddTo(AddTo),
    /// 解除包装: a package is opened, or one child leaves it.
    Unpack(Unpack),
    /// 零散重组: what was in several packages, or in none, goes into a new one.
    Regroup(Pack),
    /// 标签替换: a new label takes an old one's place.
    Relabel(Relabel),
    /// 包装核验: what is inside was compared with the ledger.
    VerifyPack(VerifyPack),
    /// 入库: goods arrive at the site.
    Receive(Receive),
    /// 出库: goods leave for a dealer.
    Ship(Ship),
    /// 退货: goods come back from a dealer.
    Return(Return),
    /// 调拨: goods leave for another site.
    Transfer(Transfer),
    /// Goods shipped under one document go under another: a scan moved before dispatch, 改派 afterwards.
    Reassign(Reassign),
    /// 盘点: what was seen at the site.
    Count(Count),
    /// 盘点过账: the differences of a count are taken over.
    PostCount(PostCount),
    /// 取样: units are taken for the laboratory.
    Sample(Sample),
    /// 报废: goods are destroyed.
    Destroy(Destroy),
    /// 稽查: an inspector looked at an item.
    Inspect(Inspect),
    /// An earlier operation is corrected.
    Correct(Correct),
    /// 异常处理: somebody looked into what did not count, and says what was so.
    Settle(Settle),
    /// 标签核销: labels that never came onto goods are accounted for.
    WriteOff(WriteOff),
}

/// See [`Action::OpenTask`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTask {
    /// Its name, [`TaskId::local`].
    pub task: TaskId,
    /// What is made.
    pub product: ProductId,
    /// In which lot.
    pub lot: Lot,
    /// By which revision of the product's plan.
    pub plan: Revision,
    /// How many units are wanted; 0 = as many as there are.
    pub quantity: u32,
    /// The production date, `YYYY-MM-DD`.
    pub date: Option<Text20>,
    /// The shift.
    pub shift: Option<Text20>,
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

/// See [`Action::Pack`] and [`Action::Regroup`]. Units not registered before are registered by it.
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
    /// Units of other lots than the one made go in on purpose; each keeps its own.
    pub mixed_lots: bool,
}

/// See [`Action::AddTo`]. The package keeps its place in the package it is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddTo {
    /// The package that is there.
    pub parent: Code,
    /// What goes in.
    pub children: Vec<Code>,
    /// What is made; none when finished goods are only put together.
    pub made: Option<Made>,
    /// Units of other lots go in on purpose.
    pub mixed_lots: bool,
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
    /// Anything else.
    Other,
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

/// See [`Action::Return`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// What was scanned: packages when they come back sealed, units when they were opened.
    pub codes: Vec<Code>,
    /// The dealer that brings them.
    pub from: DealerId,
    /// Under which document; none when they come back without one.
    pub document: Option<DocumentId>,
    /// Packages were opened: only the units that were scanned came back, the others stay with the dealer.
    pub opened: bool,
}

/// See [`Action::Transfer`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// The top codes that were scanned.
    pub codes: Vec<Code>,
    /// Under which document; it names the site.
    pub document: DocumentId,
}

/// See [`Action::Count`]. It changes nothing; what differs is posted by a supervisor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The top codes that were seen.
    pub codes: Vec<Code>,
    /// The count it belongs to.
    pub document: DocumentId,
}

/// See [`Action::PostCount`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostCount {
    /// The count.
    pub document: DocumentId,
    /// Seen here although they should be elsewhere (盘盈): they are here from now on.
    pub found: Vec<Code>,
    /// Not seen although they should be here (盘亏).
    pub lost: Vec<Code>,
}

/// See [`Action::Sample`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// What is taken.
    pub codes: Vec<Code>,
    /// What for.
    pub reason: SampleReason,
}

/// What a sample is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleReason {
    /// 检验.
    Inspection,
    /// 留样.
    Retained,
    /// 市场样品.
    Marketing,
}

/// See [`Action::Destroy`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destroy {
    /// What is destroyed.
    pub codes: Vec<Code>,
    /// Why.
    pub reason: DestroyReason,
}

/// Why goods are destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestroyReason {
    /// 破损.
    Broken,
    /// 过期.
    Expired,
    /// 不合格.
    Rejected,
    /// 召回.
    Recalled,
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

/// See [`Action::Settle`]. It moves nothing: what must move is said by other operations beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settle {
    /// The operation that did not count; none when a scan was refused.
    pub names: Option<OperationId>,
    /// What was looked at: it is where the ledger has it, and is disputed no longer.
    pub codes: Vec<Code>,
    /// What was found.
    pub outcome: Outcome,
}

/// What came out when an exception was looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The ledger is right.
    Stands,
    /// What was meant is said by the operations beside this one.
    Redone,
    /// 误扫: something else was scanned than was meant.
    Misread,
    /// 已隔离: the goods were set apart.
    SetApart,
    /// 线下处理: it was seen to in another way.
    ByHand,
    /// 无异常: nothing was wrong.
    NoFault,
}

impl Outcome {
    /// The word stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stands => "stands",
            Self::Redone => "redone",
            Self::Misread => "misread",
            Self::SetApart => "set_apart",
            Self::ByHand => "by_hand",
            Self::NoFault => "no_fault",
        }
    }
}

impl Action {
    /// The operation's name in APIs, logs and pages.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::OpenTask(_) => "open_task",
            Self::Commission(_) => "commission",
            Self::Pack(_) => "pack",
            Self::AddTo(_) => "add_to",
            Self::Unpack(_) => "unpack",
            Self::Regroup(_) => "regroup",
            Self::Relabel(_) => "relabel",
            Self::VerifyPack(_) => "verify_pack",
            Self::Receive(_) => "receive",
            Self::Ship(_) => "ship",
            Self::Return(_) => "return",
            Self::Transfer(_) => "transfer",
            Self::Reassign(_) => "reassign",
            Self::Count(_) => "count",
            Self::PostCount(_) => "post_count",
            Self::Sample(_) => "sample",
            Self::Destroy(_) => "destroy",
            Self::WriteOff(_) => "write_off",
            Self::Inspect(_) => "inspect",
            Self::Correct(_) => "correct",
            Self::Settle(_) => "settle",
        }
    }

    /// True when an item nobody here has heard of may be taken on trust (待核验): a provisional yes.
    ///
    /// This is the one table of it. A device without the network must not stop a truck; the cloud never answers
    /// `Unknown`, so the trust ends there.
    #[must_use]
    pub const fn accepts_unknown(&self) -> bool {
        match self {
            Self::OpenTask(_)
            | Self::Commission(_)
            | Self::Pack(_)
            | Self::AddTo(_)
            | Self::Unpack(_)
            | Self::Regroup(_)
            | Self::Relabel(_)
            | Self::VerifyPack(_)
            | Self::Receive(_)
            | Self::Ship(_)
            | Self::Return(_)
            | Self::Transfer(_)
            | Self::Count(_)
            | Self::Sample(_)
            | Self::Destroy(_)
            | Self::Inspect(_)
            | Self::Settle(_) => true,
            // What is not known to have been shipped cannot go under another document; a supervisor posts what is known; where
            // a strip of labels begins and ends only its roll can tell.
            Self::Reassign(_) | Self::PostCount(_) | Self::WriteOff(_) | Self::Correct(_) => false,
        }
    }
}

//! What an accepted operation changes, to be stored in one transaction, and what must be said about it.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::item::{Contents, Item};
use super::rejection::Rejection;
use crate::code::Code;
use crate::ids::{DealerId, DocumentId, OperationId, ProductId, SiteId};
use crate::text::Lot;

/// What changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Each touched item as it is from now on, its version counted up. Sorted by code.
    pub items: Vec<Item>,
    /// Units that moved under documents (or back, when a correction takes them off).
    pub moves: Vec<Move>,
    /// What people must be told although it counts.
    pub notices: Vec<Notice>,
}

/// A change of what has moved under a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The document.
    pub document: DocumentId,
    /// Units that are on it from now on.
    pub on: Contents,
    /// Units that are off it from now on.
    pub off: Contents,
}

/// Something to be told about an operation that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// 待核验: taken on trust, the cloud will tell.
    Provisional { code: Code },
    /// Moved before its packing was heard of; contents will follow.
    ContentsToFollow { code: Code },
    /// It came from another site without having been received here.
    ImpliedReceipt { code: Code, from: SiteId },
    /// Shipped again by the site that shipped it: an unscanned return is implied.
    ImpliedReturn { code: Code },
    /// A dealer brings back what was shipped to another, or to nobody: evidence of diversion.
    ReturnedByOther { code: Code, by: DealerId, shipped_to: Option<DealerId> },
    /// A carrier was loaded again; what was on it before stands alone where it was.
    ImpliedUnpack { code: Code },
    /// What was missed at a count is here after all.
    FoundAgain { code: Code },
    /// Seen at a count, and by the ledger not here.
    Elsewhere { code: Code },
    /// A package holds less than before: something was taken out for good.
    Short { parent: Code, units: u32 },
    /// It belongs to a lot that quality control has blocked.
    LotBlocked { code: Code, product: ProductId, lot: Lot },
    /// The package and the ledger differ.
    Differs { parent: Code, missing: Vec<Code>, foreign: Vec<Code> },
    /// The package is as the ledger says.
    Complete { parent: Code, units: u32 },
}

impl Notice {
    /// The snake_case word for this notice; the same as its JSON key.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Provisional { .. } => "provisional",
            Self::ContentsToFollow { .. } => "contents_to_follow",
            Self::ImpliedReceipt { .. } => "implied_receipt",
            Self::ImpliedReturn { .. } => "implied_return",
            Self::ReturnedByOther { .. } => "returned_by_other",
            Self::ImpliedUnpack { .. } => "implied_unpack",
            Self::FoundAgain { .. } => "found_again",
            Self::Elsewhere { .. } => "elsewhere",
            Self::Short { .. } => "short",
            Self::LotBlocked { .. } => "lot_blocked",
            Self::Differs { .. } => "differs",
            Self::Complete { .. } => "complete",
        }
    }
}

/// The cloud's answer to one operation: exactly one, never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It counts.
    Applied { notices: Vec<Notice> },
    /// It was known already, under this name.
    Duplicate { of: OperationId },
    /// It is kept, and does not count.
    Quarantined { rejection: Rejection },
    /// Its stream is frozen or revoked: kept, not judged.
    Frozen,
}

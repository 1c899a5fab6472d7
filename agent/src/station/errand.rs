//! What goods are scanned for when they are scanned as they stand: they arrive, leave, come back, are counted or end.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DealerId, DocumentId, ProductId};
use sealtrace_protocol::ledger::{
    Action, Count, Destroy, DestroyReason, Fate, Outcome, Receive, RelabelReason, Return, Sample,
    SampleReason, Ship, Transfer,
};
use serde::{Deserialize, Serialize};

/// A document at a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Which one.
    pub document: DocumentId,
    /// Products that are shared out: this device moves its share of them.
    pub shared: Vec<ProductId>,
}

/// Why goods end, get a new label or are left as they are, as it is chosen before they are scanned. No word means two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reason {
    /// Of a sample.
    Sample(SampleReason),
    /// Of what is destroyed.
    Destroy(DestroyReason),
    /// What became of labels.
    Labels(Fate),
    /// Of a new label.
    Relabel(RelabelReason),
    /// Of an exception that nothing is done about.
    Seen(Outcome),
}

/// What goods are scanned for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// 入库, against a document or without one.
    Receive(Option<Sheet>),
    /// 出库.
    Ship(Sheet),
    /// 退货.
    Return {
        /// The dealer that brings them.
        from: DealerId,
        /// Packages were opened: what was scanned is what came back.
        opened: bool,
        /// Against which document, if any.
        sheet: Option<Sheet>,
    },
    /// 调拨.
    Transfer(Sheet),
    /// 盘点.
    Count(Sheet),
    /// 取样.
    Sample(SampleReason),
    /// 报废.
    Destroy(DestroyReason),
}

impl Errand {
    /// The document it is done under.
    #[must_use]
    pub const fn sheet(&self) -> Option<&Sheet> {
        match self {
            Self::Receive(sheet) | Self::Return { sheet, .. } => sheet.as_ref(),
            Self::Ship(sheet) | Self::Transfer(sheet) | Self::Count(sheet) => Some(sheet),
            Self::Sample(_) | Self::Destroy(_) => None,
        }
    }

    /// The operation these codes become.
    #[must_use]
    pub fn action(&self, codes: Vec<Code>) -> Action {
        self.action_under(self.sheet().map(|sheet| sheet.document), codes)
    }

    /// The same under another document, where it is done under one at all.
    pub(super) fn action_under(&self, document: Option<DocumentId>, codes: Vec<Code>) -> Action {
        let of = |sheet: &Sheet| document.unwrap_or(sheet.document);
        match self {
            Self::Receive(_) => Action::Receive(Receive { codes, document }),
            Self::Ship(sheet) => Action::Ship(Ship { codes, document: of(sheet) }),
            Self::Return { from, opened, .. } => {
                Action::Return(Return { codes, from: *from, document, opened: *opened })
            }
            Self::Transfer(sheet) => Action::Transfer(Transfer { codes, document: of(sheet) }),
            Self::Count(sheet) => Action::Count(Count { codes, document: of(sheet) }),
            Self::Sample(reason) => Action::Sample(Sample { codes, reason: *reason }),
            Self::Destroy(reason) => Action::Destroy(Destroy { codes, reason: *reason }),
        }
    }
}

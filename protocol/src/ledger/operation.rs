//! What people and lines do to items; `needs` says what must be known to judge it.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::action::{
    Action, Commission, Count, Destroy, Made, PostCount, Reassign, Receive, Return, Sample, Settle,
    Ship, Transfer, Unpack,
};
use super::strip::WriteOff;
use crate::code::Code;
use crate::ids::{Cursor, DocumentId, OperationId, OperatorId, Revision, SiteId, TaskId};
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
    /// Who approved what the operator may not do alone.
    pub approver: Option<OperatorId>,
    /// Where the device was.
    pub site: SiteId,
    /// The feed position the device had judged it against.
    pub basis: Cursor,
    /// What was done.
    pub action: Action,
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
            Action::Pack(pack) | Action::Regroup(pack) => {
                let mut needs: Vec<_> = each(&pack.children, Need::Ancestors);
                // A carrier that comes back empty is still full as far as anybody has heard.
                needs.push((pack.parent, Need::Children));
                needs
            }
            Action::AddTo(add) => {
                let mut needs: Vec<_> = each(&add.children, Need::Ancestors);
                needs.push((add.parent, Need::Ancestors));
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
            | Action::Return(Return { codes, .. })
            | Action::Transfer(Transfer { codes, .. })
            | Action::Reassign(Reassign { codes, .. })
            | Action::Count(Count { codes, .. })
            | Action::Sample(Sample { codes, .. })
            | Action::Destroy(Destroy { codes, .. })
            | Action::Settle(Settle { codes, .. }) => each(codes, Need::Ancestors),
            Action::PostCount(post) => {
                post.found.iter().chain(&post.lost).map(|code| (*code, Need::Ancestors)).collect()
            }
            Action::WriteOff(WriteOff { first, last, .. }) if first == last => {
                each(&[*first], Need::Item)
            }
            Action::WriteOff(WriteOff { first, last, .. }) => each(&[*first, *last], Need::Item),
            Action::Inspect(inspect) => each(&[inspect.code], Need::Item),
            Action::OpenTask(_) | Action::Correct(_) => Vec::new(),
        }
    }

    /// What it makes: task, product, lot and the plan's revision.
    #[must_use]
    pub const fn made(&self) -> Option<&Made> {
        self.references().made
    }

    /// The task it works on or opens, and the revision of its plan.
    #[must_use]
    pub const fn task(&self) -> Option<(TaskId, Revision)> {
        match (&self.action, self.made()) {
            (Action::OpenTask(open), _) => Some((open.task, open.plan)),
            (_, Some(made)) => Some((made.task, made.plan)),
            (_, None) => None,
        }
    }

    /// The document it moves goods under.
    #[must_use]
    pub const fn document(&self) -> Option<DocumentId> {
        self.references().document
    }

    /// Every document it names.
    pub fn documents(&self) -> impl Iterator<Item = DocumentId> {
        let References { document, from, .. } = self.references();
        document.into_iter().chain(from)
    }

    /// The strip of labels it speaks of: [`super::Facts::strip`] says what is known of it.
    #[must_use]
    pub const fn strip(&self) -> Option<WriteOff> {
        if let Action::WriteOff(write_off) = &self.action { Some(*write_off) } else { None }
    }

    /// The earlier operation it corrects.
    #[must_use]
    pub const fn corrects(&self) -> Option<OperationId> {
        self.references().corrects
    }

    /// What it speaks of besides codes.
    const fn references(&self) -> References<'_> {
        const NONE: References<'_> =
            References { made: None, document: None, from: None, corrects: None };
        match &self.action {
            Action::Commission(commission) => References { made: Some(&commission.made), ..NONE },
            Action::Pack(pack) | Action::Regroup(pack) => {
                References { made: pack.made.as_ref(), ..NONE }
            }
            Action::AddTo(add) => References { made: add.made.as_ref(), ..NONE },
            Action::Receive(Receive { document, .. }) | Action::Return(Return { document, .. }) => {
                References { document: *document, ..NONE }
            }
            Action::Ship(Ship { document, .. })
            | Action::Transfer(Transfer { document, .. })
            | Action::Count(Count { document, .. })
            | Action::PostCount(PostCount { document, .. }) => {
                References { document: Some(*document), ..NONE }
            }
            Action::Reassign(Reassign { from, to, .. }) => {
                References { document: Some(*to), from: Some(*from), ..NONE }
            }
            Action::Correct(correct) => References { corrects: Some(correct.names), ..NONE },
            Action::OpenTask(_)
            | Action::Unpack(_)
            | Action::Relabel(_)
            | Action::VerifyPack(_)
            | Action::Sample(_)
            | Action::Destroy(_)
            | Action::WriteOff(_)
            | Action::Inspect(_)
            | Action::Settle(_) => NONE,
        }
    }
}

#[derive(Clone, Copy)]
struct References<'a> {
    made: Option<&'a Made>,
    document: Option<DocumentId>,
    from: Option<DocumentId>,
    corrects: Option<OperationId>,
}

//! What follows from an accepted operation besides items and movements: tasks that are opened, counts that are posted,
//! evidence that was none.

use sealtrace_protocol::ids::{DocumentId, OperationId, TaskId};
use sealtrace_protocol::ledger::{Action, Count, OpenTask, Operation, PostCount, WriteOff};
use sealtrace_protocol::time::Timestamp;

use crate::codes::{Codebook, ItemKey};
use crate::store::{StoreError, Tx, documents, operations};
use crate::{diversion, orders, reconciliation};

/// The task or the document that has changed.
pub(super) enum Changed {
    Task(TaskId),
    Document(DocumentId),
    /// Labels are accounted for, or not any more.
    Labels,
}

/// Does what follows from an operation; says what has changed by it.
pub(super) async fn follow(
    tx: &mut Tx,
    codebook: &Codebook,
    (at, operation): (OperationId, &Operation),
    now: Timestamp,
) -> Result<Option<Changed>, StoreError> {
    match meaning(&operation.action) {
        Meaning::Opens(open) => {
            orders::open_task(tx, at.device, operation.site, &open, now).await?;
            Ok(Some(Changed::Task(open.task)))
        }
        Meaning::Counts(document) => counted(tx, document, false).await,
        Meaning::Posts(document) => counted(tx, document, true).await,
        Meaning::WritesOff(strip) => {
            reconciliation::write_off(tx, codebook, (at, operation.at.wall), strip).await?;
            Ok(Some(Changed::Labels))
        }
        Meaning::TakesBack | Meaning::Nothing => Ok(None),
    }
}

/// Does what follows from undoing an operation that travelled at a place.
pub(super) async fn undo(
    tx: &mut Tx,
    (place, corrected): (OperationId, &Operation),
) -> Result<Option<Changed>, StoreError> {
    match meaning(&corrected.action) {
        Meaning::Opens(open) => {
            orders::withdraw_task(tx, open.task).await?;
            Ok(Some(Changed::Task(open.task)))
        }
        Meaning::Posts(document) => counted(tx, document, false).await,
        Meaning::TakesBack => {
            if let Some(done) = operations::done(tx, place).await? {
                let items: Vec<ItemKey> = done.touched.iter().map(|(key, _)| *key).collect();
                diversion::returns_undone(tx, corrected, &items).await?;
            }
            Ok(None)
        }
        Meaning::WritesOff(_) => {
            reconciliation::write_back(tx, place).await?;
            Ok(Some(Changed::Labels))
        }
        Meaning::Counts(_) | Meaning::Nothing => Ok(None),
    }
}

async fn counted(
    tx: &mut Tx,
    document: DocumentId,
    posted: bool,
) -> Result<Option<Changed>, StoreError> {
    documents::count(tx, document, posted).await?;
    Ok(Some(Changed::Document(document)))
}

/// What an action means for tasks and documents, besides what moves.
enum Meaning {
    Opens(OpenTask),
    Counts(DocumentId),
    Posts(DocumentId),
    TakesBack,
    WritesOff(WriteOff),
    Nothing,
}

const fn meaning(action: &Action) -> Meaning {
    match action {
        Action::OpenTask(open) => Meaning::Opens(*open),
        Action::Count(Count { document, .. }) => Meaning::Counts(*document),
        Action::PostCount(PostCount { document, .. }) => Meaning::Posts(*document),
        Action::Return(_) => Meaning::TakesBack,
        Action::WriteOff(strip) => Meaning::WritesOff(*strip),
        Action::Commission(_)
        | Action::Pack(_)
        | Action::AddTo(_)
        | Action::Unpack(_)
        | Action::Regroup(_)
        | Action::Relabel(_)
        | Action::VerifyPack(_)
        | Action::Receive(_)
        | Action::Ship(_)
        | Action::Transfer(_)
        | Action::Reassign(_)
        | Action::Sample(_)
        | Action::Destroy(_)
        | Action::Inspect(_)
        | Action::Correct(_)
        | Action::Settle(_) => Meaning::Nothing,
    }
}

//! What follows from an accepted operation besides items and movements: tasks that are opened, counts that are posted.

use sealtrace_protocol::ids::{DocumentId, OperationId, TaskId};
use sealtrace_protocol::ledger::{Action, Count, OpenTask, Operation, PostCount};
use sealtrace_protocol::time::Timestamp;

use crate::orders;
use crate::store::{StoreError, Tx, documents};

/// The task or the document that has changed.
pub(super) enum Changed {
    Task(TaskId),
    Document(DocumentId),
}

/// Does what follows from an operation, or from undoing `corrected`; says what has changed by it.
pub(super) async fn follow(
    tx: &mut Tx,
    (at, operation): (OperationId, &Operation),
    corrected: Option<&Operation>,
    now: Timestamp,
) -> Result<Option<Changed>, StoreError> {
    let meaning = meaning(&corrected.unwrap_or(operation).action);
    let (document, posted) = match (meaning, corrected.is_some()) {
        (Meaning::Opens(open), false) => {
            orders::open_task(tx, at.device, operation.site, &open, now).await?;
            return Ok(Some(Changed::Task(open.task)));
        }
        (Meaning::Opens(open), true) => {
            orders::withdraw_task(tx, open.task).await?;
            return Ok(Some(Changed::Task(open.task)));
        }
        (Meaning::Posts(document), false) => (document, true),
        (Meaning::Counts(document), false) | (Meaning::Posts(document), true) => (document, false),
        (Meaning::Counts(_), true) | (Meaning::Nothing, _) => return Ok(None),
    };
    documents::count(tx, document, posted).await?;
    Ok(Some(Changed::Document(document)))
}

/// What an action means for tasks and documents, besides what moves.
enum Meaning {
    Opens(OpenTask),
    Counts(DocumentId),
    Posts(DocumentId),
    Nothing,
}

const fn meaning(action: &Action) -> Meaning {
    match action {
        Action::OpenTask(open) => Meaning::Opens(*open),
        Action::Count(Count { document, .. }) => Meaning::Counts(*document),
        Action::PostCount(PostCount { document, .. }) => Meaning::Posts(*document),
        Action::Commission(_)
        | Action::Pack(_)
        | Action::AddTo(_)
        | Action::Unpack(_)
        | Action::Regroup(_)
        | Action::Relabel(_)
        | Action::VerifyPack(_)
        | Action::Receive(_)
        | Action::Ship(_)
        | Action::Return(_)
        | Action::Transfer(_)
        | Action::Reassign(_)
        | Action::Sample(_)
        | Action::Destroy(_)
        | Action::Inspect(_)
        | Action::Correct(_) => Meaning::Nothing,
    }
}

//! What an accepted operation counts for besides items: units made under a task, and whose movement a movement is.

use std::collections::BTreeSet;

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DeviceId, DocumentId, OperationId, TaskId};
use sealtrace_protocol::ledger::{Custody, Facts, Item, Operation, Past, State, Touched};

use crate::codes::Codebook;
use crate::store::tracing::key_of;
use crate::store::{StoreError, Tx, ledger, operations, tasks};

/// Counts what was made under a task, or is not because that was corrected; says under which tasks.
pub(super) async fn output(
    tx: &mut Tx,
    (at, operation): (OperationId, &Operation),
    facts: &Facts,
    items: &[Item],
) -> Result<BTreeSet<TaskId>, StoreError> {
    let mut worked = BTreeSet::new();
    if let Some(task) = &facts.task {
        let counted = |item: &Item| {
            let before = facts.presence(item.code).item();
            task.plan.counts(item) && !before.is_some_and(|before| task.plan.counts(before))
        };
        let made = items.iter().filter(|item| counted(item)).count();
        if made > 0 {
            tasks::add_output(tx, task.id, at, u32::try_from(made).unwrap_or(u32::MAX)).await?;
            worked.insert(task.id);
        }
    }
    if let Some(names) = operation.corrects()
        && let Some(place) = operations::place_of(tx, names).await?
    {
        worked.extend(tasks::take_output_back(tx, place).await?);
    }
    Ok(worked)
}

/// The labels that an operation put on goods.
pub(super) fn put_to_use(facts: &Facts, items: &[Item]) -> Vec<Code> {
    let put = |item: &&Item| comes_into_use(facts.presence(item.code).item(), item);
    items.iter().filter(put).map(|item| item.code).collect()
}

/// The labels that an operation which is undone had put on goods.
pub(super) fn unused_again(past: &Past) -> Vec<Code> {
    let put = |touched: &&Touched| comes_into_use(touched.before.as_ref(), &touched.after);
    past.touched.iter().filter(put).map(|touched| touched.after.code).collect()
}

fn comes_into_use(before: Option<&Item>, after: &Item) -> bool {
    let is_used = |item: &Item| item.state == State::Active;
    is_used(after) && !before.is_some_and(is_used)
}

/// The documents under which goods went on their way to another site, or have arrived there.
pub(super) fn left_or_arrived(facts: &Facts, items: &[Item]) -> BTreeSet<DocumentId> {
    let mut documents = BTreeSet::new();
    for item in items {
        let was = facts.presence(item.code).item().and_then(on_its_way);
        let is = on_its_way(item);
        if was != is {
            documents.extend(was.into_iter().chain(is));
        }
    }
    documents
}

fn on_its_way(item: &Item) -> Option<DocumentId> {
    match item.custody {
        Some(Custody::Sent { document, .. }) => Some(document),
        Some(
            Custody::At(_) | Custody::Shipped { .. } | Custody::Lost { .. } | Custody::Gone { .. },
        )
        | None => None,
    }
}

/// The device that a movement under a document is counted for: the one that scans it, and whoever scanned it before when
/// it only becomes known what that was, or when it is taken off again.
pub(super) async fn mover(
    tx: &mut Tx,
    codebook: &Codebook,
    (at, operation): (OperationId, &Operation),
    document: DocumentId,
    facts: &Facts,
) -> Result<DeviceId, StoreError> {
    if operation.document() == Some(document) {
        return Ok(at.device);
    }
    if let Some(names) = operation.corrects() {
        return Ok(names.device);
    }
    for code in operation.needs().into_iter().map(|(code, _)| code) {
        let mut next = facts.presence(code).item();
        while let Some(item) = next {
            if is_under(item, document)
                && let Some(key) = key_of(codebook, &item.code)
                && let Some(mover) =
                    ledger::put_by(tx, key, |then| is_under(then, document)).await?
            {
                return Ok(mover);
            }
            next = item.parent.and_then(|parent| facts.presence(parent).item());
        }
    }
    Ok(at.device)
}

fn is_under(item: &Item, document: DocumentId) -> bool {
    let left = item.custody.and_then(Custody::document);
    let received = match item.state {
        State::Announced { under } => under,
        State::Free | State::Active | State::Replaced { .. } => None,
    };
    left == Some(document) || received == Some(document)
}

//! How far a task is on this device: units packed for it, counted with the operation that packs or takes them back.

use rusqlite::{Connection, Transaction};
use sealtrace_protocol::ids::TaskId;
use sealtrace_protocol::ledger::{Action, Level, Operation, Pack};

use crate::store::{StoreError, feed, outbox, settings};

/// Units packed for a task here.
pub fn packed_units(conn: &Connection, task: TaskId) -> Result<u32, StoreError> {
    Ok(settings::get(conn, &key(task))?.unwrap_or_default())
}

/// Counts what a confirmed operation packed, or what it takes back; to be called in the operation's transaction.
pub fn count(tx: &Transaction<'_>, operation: &Operation) -> Result<(), StoreError> {
    if let Action::Correct(correct) = &operation.action {
        let Some(earlier) = outbox::operation(tx, correct.names)? else { return Ok(()) };
        return change(tx, &earlier.action, u32::saturating_sub);
    }
    change(tx, &operation.action, u32::saturating_add)
}

fn change(
    tx: &Transaction<'_>,
    action: &Action,
    by: impl FnOnce(u32, u32) -> u32,
) -> Result<(), StoreError> {
    let Action::Pack(Pack { made: Some(made), level, children, .. }) = action else {
        return Ok(());
    };
    let plan = feed::task(tx, made.task)?.map(|task| task.plan);
    if plan.and_then(|plan| plan.child_level(*level)) != Some(Level::Unit) {
        return Ok(());
    }
    let units = u32::try_from(children.len()).unwrap_or(u32::MAX);
    let packed = by(packed_units(tx, made.task)?, units);
    settings::set(tx, &key(made.task), &packed)
}

fn key(task: TaskId) -> String {
    format!("task.{task}.packed_units")
}

//! Units that operations of this device made under tasks, whether the cloud has counted them by now or not.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use sealtrace_protocol::ids::{OperationId, TaskId};
use sealtrace_protocol::ledger::Operation;
use sealtrace_protocol::link::TaskRow;

use super::{StoreError, feed, items, outbox};

/// Units made here under one task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// By all operations of this device, except those that turned out not to count.
    pub here: u32,
    /// By those the cloud has not judged yet.
    pub unjudged: i64,
}

/// What was made here under a task.
pub fn under(conn: &Connection, task: TaskId) -> Result<Made, StoreError> {
    let made = conn
        .prepare_cached("select here, unjudged from made where task = ?1")
        .and_then(|mut query| {
            let read = |row: &Row<'_>| {
                let here: i64 = row.get(0)?;
                let here = u32::try_from(here.max(0)).unwrap_or(u32::MAX);
                Ok(Made { here, unjudged: row.get(1)? })
            };
            query.query_row([task.get()], read).optional()
        })
        .map_err(StoreError::sqlite("count what was made"))?;
    Ok(made.unwrap_or_default())
}

/// Counts the units that came into being by an operation that is stored, or ceased to be because it corrects one.
pub(super) fn count(
    tx: &Transaction<'_>,
    id: OperationId,
    operation: &Operation,
) -> Result<(), StoreError> {
    let task = match operation.corrects() {
        Some(names) => outbox::operation(tx, names)?.and_then(|corrected| corrected.task()),
        None => operation.task(),
    };
    let Some((task, _)) = task else { return Ok(()) };
    let Some(TaskRow { plan, .. }) = feed::task(tx, task)? else { return Ok(()) };
    let mut units = 0_i64;
    for touched in items::touched(tx, id)? {
        let was = touched.before.as_ref().is_some_and(|before| plan.counts(before));
        units += i64::from(plan.counts(&touched.after)) - i64::from(was);
    }
    if units == 0 {
        return Ok(());
    }
    tx.prepare_cached("insert into making (epoch, seq, task, units) values (?1, ?2, ?3, ?4)")
        .and_then(|mut insert| {
            insert.execute(params![id.epoch.get(), id.seq.get(), task.get(), units])
        })
        .map_err(StoreError::sqlite("count what was made"))?;
    add(tx, task, units, units)
}

/// The operation was judged: its units stay, or were never made.
pub(super) fn judged(
    tx: &Transaction<'_>,
    id: OperationId,
    counts: bool,
) -> Result<(), StoreError> {
    let making: Option<(u64, i64)> = tx
        .prepare_cached("delete from making where epoch = ?1 and seq = ?2 returning task, units")
        .and_then(|mut delete| {
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            delete.query_row(params![id.epoch.get(), id.seq.get()], read).optional()
        })
        .map_err(StoreError::sqlite("settle what was made"))?;
    let Some((task, units)) = making else { return Ok(()) };
    add(tx, TaskId(task), if counts { 0 } else { -units }, -units)
}

fn add(tx: &Transaction<'_>, task: TaskId, here: i64, unjudged: i64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "insert into made (task, here, unjudged) values (?1, ?2, ?3)
         on conflict (task) do update set here = here + excluded.here, unjudged = unjudged + excluded.unjudged",
    )
    .and_then(|mut insert| insert.execute(params![task.get(), here, unjudged]))
    .map_err(StoreError::sqlite("count what was made"))?;
    Ok(())
}

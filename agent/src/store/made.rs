//! Units that operations of this device made under tasks, whether the cloud has counted them by now or not.

use rusqlite::{Connection, Transaction, params};
use sealtrace_protocol::ids::{OperationId, TaskId};
use sealtrace_protocol::ledger::{Item, Level, Operation};

use super::{StoreError, items, outbox};

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
    conn.prepare_cached(
        "select coalesce(sum(units), 0), coalesce(sum(units) filter (where epoch > 0), 0)
         from made where task = ?1",
    )
    .and_then(|mut query| {
        query.query_row([task.get()], |row| {
            let here: i64 = row.get(0)?;
            let here = u32::try_from(here.max(0)).unwrap_or(u32::MAX);
            Ok(Made { here, unjudged: row.get(1)? })
        })
    })
    .map_err(StoreError::sqlite("count what was made"))
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
    let Some(task) = task else { return Ok(()) };
    let mut units = 0_i64;
    for touched in items::touched(tx, id)? {
        let was = touched.before.as_ref().is_some_and(Item::is_in_use);
        if touched.after.level == Level::Unit {
            units += i64::from(touched.after.is_in_use()) - i64::from(was);
        }
    }
    if units != 0 {
        add(tx, task, id.epoch.get(), id.seq.get(), units)?;
    }
    Ok(())
}

/// The operation was judged: its units go to those that count, or are gone.
pub(super) fn judged(
    tx: &Transaction<'_>,
    id: OperationId,
    counts: bool,
) -> Result<(), StoreError> {
    let rows: Vec<(u64, i64)> = tx
        .prepare_cached("delete from made where epoch = ?1 and seq = ?2 returning task, units")
        .and_then(|mut delete| {
            delete
                .query_map(params![id.epoch.get(), id.seq.get()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect()
        })
        .map_err(StoreError::sqlite("settle what was made"))?;
    for (task, units) in rows.into_iter().filter(|_| counts) {
        add(tx, TaskId(task), 0, 0, units)?;
    }
    Ok(())
}

fn add(
    tx: &Transaction<'_>,
    task: TaskId,
    epoch: u32,
    seq: u64,
    units: i64,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "insert into made (task, epoch, seq, units) values (?1, ?2, ?3, ?4)
         on conflict (task, epoch, seq) do update set units = units + excluded.units",
    )
    .and_then(|mut insert| insert.execute(params![task.get(), epoch, seq, units]))
    .map_err(StoreError::sqlite("count what was made"))?;
    Ok(())
}

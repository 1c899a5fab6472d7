//! What may be forgotten: only what the cloud has receipted and judged, and only after thirty days.

use rusqlite::{OptionalExtension, Transaction, params};
use sealtrace_protocol::time::Timestamp;

use super::StoreError;

/// How long everything is kept after its receipt.
pub const KEEP_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Answered scans that became nothing, forgotten in one job.
const SCANS_MAX: u32 = 2_000;

/// Forgets one old batch with everything that travelled in it, or some old scans that became nothing; false when there
/// is nothing old. The newest two batches stay: the newest that was sent shows that this store is no old copy.
pub fn forget_some(tx: &Transaction<'_>, now: Timestamp) -> Result<bool, StoreError> {
    let before = now.plus_ms(-KEEP_MS).millis();
    let old: Option<(u32, u64)> = tx
        .query_row(
            "select epoch, batch from batch
             where receipt_at < ?1
               and (epoch, batch) < (select epoch, batch - 1 from stream where id = 1)
               and not exists (select 1 from outbox
                 where outbox.epoch = batch.epoch and outbox.seq between batch.first and batch.last and judged = 0)
             order by epoch, batch limit 1",
            [before],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .map_err(StoreError::sqlite("look for what is old"))?;
    if let Some((epoch, batch)) = old {
        forget_batch(tx, epoch, batch).map_err(StoreError::sqlite("forget a batch"))?;
        return Ok(true);
    }
    let scans = tx
        .execute(
            "delete from journal where id in (
               select id from journal
               where at < ?1 and operation_seq is null and (accepted = 0 or undone_at is not null)
               limit ?2)",
            params![before, SCANS_MAX],
        )
        .map_err(StoreError::sqlite("forget scans"))?;
    Ok(scans > 0)
}

fn forget_batch(tx: &Transaction<'_>, epoch: u32, batch: u64) -> rusqlite::Result<()> {
    let travelled =
        "select operation_epoch, operation_seq from outbox where epoch = ?1 and batch = ?2";
    let key = params![epoch, batch];
    tx.execute(
        &format!(
            "delete from journal
             where operation_seq is not null and (operation_epoch, operation_seq) in ({travelled})"
        ),
        key,
    )?;
    tx.execute(&format!("delete from touched where (epoch, seq) in ({travelled})"), key)?;
    tx.execute(&format!("delete from operation where (epoch, seq) in ({travelled})"), key)?;
    tx.execute("delete from outbox where epoch = ?1 and batch = ?2", key)?;
    tx.execute("delete from batch where epoch = ?1 and batch = ?2", key)?;
    Ok(())
}

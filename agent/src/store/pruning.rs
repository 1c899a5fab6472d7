//! What may be forgotten: only what the cloud has receipted and judged, and only after thirty days.

use rusqlite::{OptionalExtension, Transaction, params};
use sealtrace_protocol::time::Timestamp;

use super::StoreError;

/// How long everything is kept after its receipt.
pub const KEEP_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Answered scans that became nothing, forgotten in one job.
const SCANS_MAX: u32 = 2_000;

const OLD_BATCH: &str =
    "select epoch, first, last from batch
     where receipt_at < ?1
       and (epoch, batch) < (select epoch, batch - 1 from stream where id = 1)
       and not exists (select 1 from outbox
         where outbox.epoch = batch.epoch and outbox.seq between batch.first and batch.last and judged = 0)
     order by receipt_at limit 1";
/// Of one batch: its epoch, first and last place.
const TRAVELLED: [&str; 5] = [
    "delete from journal
     where operation_seq is not null and (operation_epoch, operation_seq) in (
       select operation_epoch, operation_seq from outbox where epoch = ?1 and seq between ?2 and ?3)",
    "delete from touched where (epoch, seq) in (
       select operation_epoch, operation_seq from outbox where epoch = ?1 and seq between ?2 and ?3)",
    "delete from operation where (epoch, seq) in (
       select operation_epoch, operation_seq from outbox where epoch = ?1 and seq between ?2 and ?3)",
    "delete from outbox where epoch = ?1 and seq between ?2 and ?3",
    "delete from batch where epoch = ?1 and first = ?2 and last = ?3",
];
const OLD_SCANS: &str = "delete from journal where id in (
       select id from journal
       where at < ?1 and operation_seq is null and (accepted = 0 or undone_at is not null)
       limit ?2)";

/// Forgets one old batch with everything that travelled in it, or some old scans that became nothing; false when there
/// is nothing old. The newest two batches stay: the newest that was sent shows that this store is no old copy.
pub fn forget_some(tx: &Transaction<'_>, now: Timestamp) -> Result<bool, StoreError> {
    let before = now.plus_ms(-KEEP_MS).millis();
    let old: Option<[u64; 3]> = tx
        .query_row(OLD_BATCH, [before], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))
        .optional()
        .map_err(StoreError::sqlite("look for what is old"))?;
    if let Some(batch) = old {
        for sql in TRAVELLED {
            tx.execute(sql, batch).map_err(StoreError::sqlite("forget a batch"))?;
        }
        return Ok(true);
    }
    let scans = tx
        .execute(OLD_SCANS, params![before, SCANS_MAX])
        .map_err(StoreError::sqlite("forget scans"))?;
    Ok(scans > 0)
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, params_from_iter};

    use super::super::Store;
    use super::*;

    /// How SQLite goes about it.
    fn plan(conn: &Connection, sql: &str) -> Result<Vec<String>, StoreError> {
        conn.prepare(&format!("explain query plan {sql}"))
            .and_then(|mut query| {
                let parameters = params_from_iter(vec![0; query.parameter_count()]);
                query.query_map(parameters, |row| row.get("detail"))?.collect()
            })
            .map_err(StoreError::sqlite("explain itself"))
    }

    #[tokio::test]
    async fn what_is_young_is_not_read_to_forget_what_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        for sql in [OLD_BATCH, OLD_SCANS].into_iter().chain(TRAVELLED) {
            let plan = store.read(move |conn| plan(conn, sql)).await.unwrap();
            assert!(!plan.iter().any(|step| step.starts_with("SCAN")), "{sql}: {plan:#?}");
        }
        for (sql, index) in [(OLD_BATCH, "batch_receipted"), (OLD_SCANS, "journal_spent")] {
            let plan = store.read(move |conn| plan(conn, sql)).await.unwrap();
            let searched = plan.iter().any(|step| step.contains(&format!("INDEX {index} (")));
            assert!(searched, "{sql}: {plan:#?}");
        }
    }
}

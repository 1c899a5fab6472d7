//! The feed's rows and cursors.

use sealtrace_protocol::ids::{Cursor, SiteId};
use sealtrace_protocol::link::{FeedEntry, FeedRow};

use super::{StoreError, Tx, Value};

/// Adds rows at the end of a site's feed, each in the place of an earlier one with its subject.
pub async fn append(
    tx: &mut Tx,
    site: SiteId,
    rows: &[(String, &FeedRow)],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let newest: u64 = tx
        .query_one(
            "insert into feed_cursors (site, cursor) values ($1, $2)
             on conflict (site) do update set cursor = feed_cursors.cursor + excluded.cursor
             returning cursor",
            &[site.into(), count.into()],
        )
        .await?
        .get(0)?;
    let cursors = (newest - count + 1)..;
    let values = rows
        .iter()
        .zip(cursors)
        .map(|((subject, row), cursor)| {
            let entry = serde_json::to_string(row)
                .map_err(|error| StoreError::damaged("feed row", error))?;
            Ok(vec![site.into(), subject.into(), cursor.into(), entry.into()])
        })
        .collect::<Result<Vec<Vec<Value>>, StoreError>>()?;
    tx.execute_many(
        "insert into feed (site, subject, cursor, entry) values ($1, $2, $3, $4)
         on conflict (site, subject)
         do update set cursor = excluded.cursor, entry = excluded.entry",
        &values,
    )
    .await?;
    Ok(())
}

/// The rows behind a position, in order.
pub async fn after(
    tx: &mut Tx,
    site: SiteId,
    after: Cursor,
    limit: u32,
) -> Result<Vec<FeedEntry>, StoreError> {
    let rows = tx
        .query(
            "select cursor, entry from feed where site = $1 and cursor > $2
             order by cursor limit $3",
            &[site.into(), after.into(), limit.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let entry: String = row.get(1)?;
            let row_read = serde_json::from_str(&entry)
                .map_err(|error| StoreError::damaged("feed row", error))?;
            Ok(FeedEntry { cursor: row.get(0)?, row: row_read })
        })
        .collect()
}

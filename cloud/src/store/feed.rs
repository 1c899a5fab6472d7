//! The feed's two streams and the one counter of positions they share.

use std::collections::BTreeSet;

use sealtrace_protocol::ids::{Cursor, DocumentId, OrderId, SiteId};
use sealtrace_protocol::link::FeedRow;
use sealtrace_protocol::wire;

use super::packages::{KEYS_PER_QUERY, key_values, places};
use super::{StoreError, Tx, Value};
use crate::codes::ItemKey;

/// Adds rows at the end of a site's desk stream, each in the place of an earlier one with its subject.
pub async fn append_desk(
    tx: &mut Tx,
    site: SiteId,
    rows: &[(String, &FeedRow)],
) -> Result<(), StoreError> {
    let cursors = take(tx, site, rows.len()).await?;
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
        "insert into feed_desk (site, subject, cursor, entry) values ($1, $2, $3, $4)
         on conflict (site, subject)
         do update set cursor = excluded.cursor, entry = excluded.entry",
        &values,
    )
    .await?;
    Ok(())
}

/// Adds items at the end of a site's goods stream, each in the place it had there before.
pub async fn append_goods(
    tx: &mut Tx,
    site: SiteId,
    keys: &BTreeSet<ItemKey>,
) -> Result<(), StoreError> {
    let cursors = take(tx, site, keys.len()).await?;
    let values: Vec<Vec<Value>> = keys
        .iter()
        .zip(cursors)
        .map(|(key, cursor)| vec![site.into(), key.number().into(), cursor.into()])
        .collect();
    tx.execute_many(
        "insert into feed_goods (site, key, cursor) values ($1, $2, $3)
         on conflict (site, key) do update set cursor = excluded.cursor",
        &values,
    )
    .await?;
    Ok(())
}

/// The next positions of a site's feed. Whoever takes some holds the site's counter until the transaction ends: nobody
/// commits a later position before these.
async fn take(
    tx: &mut Tx,
    site: SiteId,
    count: usize,
) -> Result<impl Iterator<Item = u64> + Send + use<>, StoreError> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    if count == 0 {
        return Ok(0..0);
    }
    let newest: u64 = tx
        .query_one(
            "insert into feed_cursors (site, cursor) values ($1, $2)
             on conflict (site) do update set cursor = feed_cursors.cursor + excluded.cursor
             returning cursor",
            &[site.into(), count.into()],
        )
        .await?
        .get(0)?;
    Ok(newest - count + 1..newest + 1)
}

/// The desk rows behind a position, in order, each as JSON.
pub async fn desk_after(
    tx: &mut Tx,
    site: SiteId,
    after: Cursor,
    limit: u32,
) -> Result<Vec<(Cursor, String)>, StoreError> {
    let rows = tx
        .query(
            "select cursor, entry from feed_desk where site = $1 and cursor > $2
             order by cursor limit $3",
            &[site.into(), after.into(), limit.into()],
        )
        .await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// The items told behind a position, in order.
pub async fn goods_after(
    tx: &mut Tx,
    site: SiteId,
    after: Cursor,
    limit: u32,
) -> Result<Vec<(Cursor, ItemKey)>, StoreError> {
    let rows = tx
        .query(
            "select cursor, key from feed_goods where site = $1 and cursor > $2
             order by cursor limit $3",
            &[site.into(), after.into(), limit.into()],
        )
        .await?;
    rows.iter().map(|row| Ok((row.get(0)?, ItemKey::from_number(row.get(1)?)))).collect()
}

/// Which of these items a site was told of.
pub async fn told_of(
    tx: &mut Tx,
    site: SiteId,
    keys: &BTreeSet<ItemKey>,
) -> Result<BTreeSet<ItemKey>, StoreError> {
    let sql = format!("select key from feed_goods where site = $1 and key in ({})", places(2));
    let keys: Vec<ItemKey> = keys.iter().copied().collect();
    let mut told = BTreeSet::new();
    for chunk in keys.chunks(KEYS_PER_QUERY) {
        let mut values = vec![site.into()];
        values.extend(key_values(chunk));
        for row in tx.query(&sql, &values).await? {
            told.insert(ItemKey::from_number(row.get(0)?));
        }
    }
    Ok(told)
}

/// A document whose goods are being told to the site they will arrive at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefetch {
    /// The document.
    pub document: DocumentId,
    /// The order whose goods it brings.
    pub order: Option<OrderId>,
    /// How far it got: the item told last, behind the packages it is in; empty at the start.
    pub position: Vec<ItemKey>,
}

/// Puts a document at the start of its prefetch.
pub async fn begin_prefetch(
    tx: &mut Tx,
    document: DocumentId,
    order: Option<OrderId>,
) -> Result<(), StoreError> {
    let start = wire::encode(&Vec::<i64>::new());
    tx.execute(
        "insert into feed_prefetches (document, production_order, position) values ($1, $2, $3)
         on conflict (document) do update
         set production_order = excluded.production_order, position = excluded.position",
        &[document.into(), order.into(), start.into()],
    )
    .await?;
    Ok(())
}

/// The documents whose goods are still to be told, oldest first.
pub async fn prefetches(tx: &mut Tx, limit: u32) -> Result<Vec<DocumentId>, StoreError> {
    let rows = tx
        .query("select document from feed_prefetches order by document limit $1", &[limit.into()])
        .await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Takes a prefetch for this transaction alone: another process that wants it waits, and then starts over from where
/// this one got to.
pub async fn take_prefetch(
    tx: &mut Tx,
    document: DocumentId,
) -> Result<Option<Prefetch>, StoreError> {
    let row = tx
        .query_opt(
            "update feed_prefetches set position = position where document = $1
             returning production_order, position",
            &[document.into()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let position: Vec<i64> = wire::decode(&row.get::<Vec<u8>>(1)?, "position")
        .map_err(|error| StoreError::damaged("position of a prefetch", error))?;
    let position = position.into_iter().map(ItemKey::from_number).collect();
    Ok(Some(Prefetch { document, order: row.get(0)?, position }))
}

/// Remembers how far a prefetch got.
pub async fn advance_prefetch(
    tx: &mut Tx,
    document: DocumentId,
    position: &[ItemKey],
) -> Result<(), StoreError> {
    let position: Vec<i64> = position.iter().map(|key| key.number()).collect();
    tx.execute(
        "update feed_prefetches set position = $2 where document = $1",
        &[document.into(), wire::encode(&position).into()],
    )
    .await?;
    Ok(())
}

/// A prefetch is over.
pub async fn end_prefetch(tx: &mut Tx, document: DocumentId) -> Result<(), StoreError> {
    tx.execute("delete from feed_prefetches where document = $1", &[document.into()]).await?;
    Ok(())
}

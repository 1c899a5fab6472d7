//! Where each stream of each site stands, and the desk's pages.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use sealtrace_protocol::ids::{Cursor, SiteId};
use sealtrace_protocol::link::{FeedPage, FeedStream};
use sealtrace_protocol::time::Timestamp;

use super::super::StoreError;
use super::desk;

/// A page that brings nothing is written down this often at most: flash memory wears.
const EMPTY_PAGE_MS_MIN: i64 = 60 * 1_000;

/// Stores a page of the desk and the cursor it leads to, or nothing of it.
pub fn store_desk(
    tx: &Transaction<'_>,
    site: SiteId,
    page: &FeedPage,
    at: Timestamp,
) -> Result<(), StoreError> {
    // First, so that this site is known to be one of this device's.
    reach(tx, site, FeedStream::Desk, page.cursor, at)?;
    for entry in &page.rows {
        desk::store(tx, &entry.row)?;
    }
    Ok(())
}

pub(super) fn reach(
    tx: &Transaction<'_>,
    site: SiteId,
    stream: FeedStream,
    cursor: Cursor,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "insert into feed (site, stream, cursor, at) values (?1, ?2, ?3, ?4)
         on conflict (site, stream) do update set cursor = max(cursor, excluded.cursor), at = excluded.at",
    )
    .and_then(|mut insert| {
        insert.execute(params![site.get(), stream.name(), cursor.get(), at.millis()])
    })
    .map_err(StoreError::sqlite("move the feed's cursor"))?;
    Ok(())
}

/// Where a stream of a site's feed stands.
pub fn cursor(conn: &Connection, site: SiteId, stream: FeedStream) -> Result<Cursor, StoreError> {
    Ok(standing(conn, site, stream)?.map_or(Cursor(0), |(cursor, _)| cursor))
}

/// What an operation done now is judged against: how far the goods of its site are known.
pub fn basis(conn: &Connection, site: SiteId) -> Result<Cursor, StoreError> {
    cursor(conn, site, FeedStream::Goods)
}

fn standing(
    conn: &Connection,
    site: SiteId,
    stream: FeedStream,
) -> Result<Option<(Cursor, Timestamp)>, StoreError> {
    conn.prepare_cached("select cursor, at from feed where site = ?1 and stream = ?2")
        .and_then(|mut query| {
            query
                .query_row(params![site.get(), stream.name()], |row| {
                    Ok((Cursor(row.get(0)?), Timestamp(row.get(1)?)))
                })
                .optional()
        })
        .map_err(StoreError::sqlite("read the feed's cursor"))
}

/// True when storing a page without rows that leads to `cursor` would only say once more that there is nothing new.
pub fn says_nothing(
    conn: &Connection,
    site: SiteId,
    stream: FeedStream,
    reached: Cursor,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let known = standing(conn, site, stream)?;
    Ok(known.is_some_and(|(cursor, then)| {
        let pause = at.millis().abs_diff(then.millis());
        reached <= cursor && pause < EMPTY_PAGE_MS_MIN.unsigned_abs()
    }))
}

/// When any page last came.
pub fn last_at(conn: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<i64> = conn
        .query_row("select max(at) from feed", [], |row| row.get(0))
        .map_err(StoreError::sqlite("read the feed's age"))?;
    Ok(at.map(Timestamp))
}

/// The last operation of ours whose movements the cloud has counted and that this device still counts itself.
///
/// Asked before the desks are fetched: once they all have come to their end, their documents count it, and
/// [`forget_counted`] may forget it. Until then it is rather counted twice than not at all.
pub fn counted(conn: &Connection) -> Result<Option<(u32, u64)>, StoreError> {
    conn.prepare_cached(
        "select epoch, seq from moved where counted = 1 order by epoch desc, seq desc limit 1",
    )
    .and_then(|mut query| query.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional())
    .map_err(StoreError::sqlite("look for counted movements"))
}

/// Leaves to the documents what they count, see [`counted`].
pub fn forget_counted(tx: &Transaction<'_>, upto: (u32, u64)) -> Result<(), StoreError> {
    tx.execute(
        "delete from moved where counted = 1 and (epoch, seq) <= (?1, ?2)",
        params![upto.0, upto.1],
    )
    .map_err(StoreError::sqlite("forget counted movements"))?;
    Ok(())
}

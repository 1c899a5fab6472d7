//! What the cloud tells a site: tasks, documents, people, products, codes issued. Stored page by page with its cursor.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use sealtrace_protocol::code::Gtin;
use sealtrace_protocol::ids::{
    Cursor, DealerId, DocumentId, OperatorId, OrderId, ProductId, SiteId, TaskId,
};
use sealtrace_protocol::ledger::{Issued, Level, Task};
use sealtrace_protocol::link::{
    DIGEST_BYTES, Dealer, DocumentRow, FeedPage, FeedRow, Operator, Product, Roll, Site, TaskRow,
};
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{StoreError, items};

/// Stores a page and the cursor it leads to, or nothing of it.
pub fn store_page(
    tx: &Transaction<'_>,
    site: SiteId,
    page: &FeedPage,
    at: Timestamp,
) -> Result<(), StoreError> {
    for entry in &page.rows {
        match &entry.row {
            FeedRow::Site(row) => refer(tx, "site", row.id.get(), site, row)?,
            FeedRow::Product(row) => refer(tx, "product", row.id.get(), site, row)?,
            FeedRow::Dealer(row) => refer(tx, "dealer", row.id.get(), site, row)?,
            FeedRow::Operator(row) => refer(tx, "operator", row.id.get(), site, row)?,
            FeedRow::Task(row) => refer(tx, "task", row.id.get(), site, row)?,
            FeedRow::Document(row) => refer(tx, "document", row.id().get(), site, row)?,
            FeedRow::Roll(row) => store_roll(tx, row)?,
            FeedRow::Package(item) => items::heard(tx, item, at)?,
        }
    }
    tx.prepare_cached(
        "insert into feed (site, cursor, at) values (?1, ?2, ?3)
         on conflict (site) do update set cursor = max(cursor, excluded.cursor), at = excluded.at",
    )
    .and_then(|mut insert| insert.execute(params![site.get(), page.cursor.get(), at.millis()]))
    .map_err(StoreError::sqlite("move the feed's cursor"))?;
    Ok(())
}

fn refer<T: Serialize>(
    tx: &Transaction<'_>,
    kind: &str,
    id: u64,
    site: SiteId,
    row: &T,
) -> Result<(), StoreError> {
    let body = serde_json::to_string(row).map_err(|_| StoreError::Corrupt { what: "feed row" })?;
    tx.prepare_cached(
        "insert into reference (kind, id, site, body) values (?1, ?2, ?3, ?4)
         on conflict (kind, id) do update set site = excluded.site, body = excluded.body",
    )
    .and_then(|mut insert| insert.execute(params![kind, id, site.get(), body]))
    .map_err(StoreError::sqlite("store a feed row"))?;
    Ok(())
}

/// A roll that is known already keeps its digest, unless the roll has grown.
fn store_roll(tx: &Transaction<'_>, roll: &Roll) -> Result<(), StoreError> {
    tx.prepare_cached(
        "insert into roll (order_id, level, product, count, first_body, complete) values (?1, ?2, ?3, ?4, ?5, ?6)
         on conflict (order_id, level) do update set product = excluded.product, first_body = excluded.first_body,
           complete = excluded.complete or (complete and count = excluded.count), count = excluded.count",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            roll.order.get(),
            roll.level.rank(),
            roll.product.get(),
            roll.count,
            roll.first_body,
            roll.first_body.is_some(),
        ])
    })
    .map_err(StoreError::sqlite("store a roll"))?;
    Ok(())
}

/// Where a site's feed stands.
pub fn cursor(conn: &Connection, site: SiteId) -> Result<Cursor, StoreError> {
    let cursor: Option<u64> = conn
        .prepare_cached("select cursor from feed where site = ?1")
        .and_then(|mut query| query.query_row([site.get()], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("read the feed's cursor"))?;
    Ok(Cursor(cursor.unwrap_or_default()))
}

/// A page that brings nothing is written down this often at most: flash memory wears.
const EMPTY_PAGE_MS_MIN: i64 = 60 * 1_000;

/// True when storing this page would only say once more that there is nothing new.
pub fn says_nothing(
    conn: &Connection,
    site: SiteId,
    page: &FeedPage,
    at: Timestamp,
) -> Result<bool, StoreError> {
    if !page.rows.is_empty() {
        return Ok(false);
    }
    let known: Option<(u64, i64)> = conn
        .prepare_cached("select cursor, at from feed where site = ?1")
        .and_then(|mut query| {
            query.query_row([site.get()], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(StoreError::sqlite("read the feed's cursor"))?;
    Ok(known.is_some_and(|(cursor, then)| {
        page.cursor.get() <= cursor && at.millis().abs_diff(then) < EMPTY_PAGE_MS_MIN.unsigned_abs()
    }))
}

/// When any feed page last came.
pub fn last_at(conn: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<i64> = conn
        .query_row("select max(at) from feed", [], |row| row.get(0))
        .map_err(StoreError::sqlite("read the feed's age"))?;
    Ok(at.map(Timestamp))
}

/// Rolls whose digest is still to be fetched.
pub fn digests_missing(conn: &Connection) -> Result<Vec<Roll>, StoreError> {
    let rows: Vec<(u64, u8, u64, u32)> = conn
        .prepare_cached(
            "select order_id, level, product, count from roll where complete = 0
             order by order_id, level",
        )
        .and_then(|mut query| {
            query
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
                .collect()
        })
        .map_err(StoreError::sqlite("list rolls"))?;
    rows.into_iter()
        .map(|(order, level, product, count)| {
            let (order, product) = (OrderId(order), ProductId(product));
            Ok(Roll { order, level: level_of(level)?, product, count, first_body: None })
        })
        .collect()
}

/// Codes whose digest is stored in one job, so that scans get their turn in between.
pub const DIGEST_PART_CODES: usize = 8_192;

/// Stores a part of a roll's digest as fetched: [`DIGEST_BYTES`] a code, the first at `position`.
pub fn store_digest(
    tx: &Transaction<'_>,
    order: OrderId,
    level: Level,
    position: u64,
    part: &[u8],
) -> Result<(), StoreError> {
    let mut insert = tx
        .prepare_cached(
            "insert or ignore into digest (digest, order_id, level, position) values (?1, ?2, ?3, ?4)",
        )
        .map_err(StoreError::sqlite("store a digest"))?;
    let (entries, rest) = part.as_chunks::<DIGEST_BYTES>();
    if !rest.is_empty() {
        return Err(StoreError::Corrupt { what: "roll digest" });
    }
    for (position, entry) in (position..).zip(entries) {
        insert
            .execute(params![i64::from_be_bytes(*entry), order.get(), level.rank(), position])
            .map_err(StoreError::sqlite("store a digest"))?;
    }
    Ok(())
}

/// Notes that `codes` of a roll are known here: complete when that is all of them.
pub fn digest_stored(
    tx: &Transaction<'_>,
    order: OrderId,
    level: Level,
    codes: u64,
) -> Result<(), StoreError> {
    tx.execute(
        "update roll set complete = (count <= ?3) where order_id = ?1 and level = ?2",
        params![order.get(), level.rank(), codes],
    )
    .map_err(StoreError::sqlite("store a digest"))?;
    Ok(())
}

pub(super) fn issued_by_digest(
    conn: &Connection,
    digest: i64,
) -> Result<Option<Issued>, StoreError> {
    let row: Option<(u8, u64)> = conn
        .prepare_cached(
            "select digest.level, roll.product from digest join roll using (order_id, level)
             where digest.digest = ?1 order by digest.order_id limit 1",
        )
        .and_then(|mut query| {
            query.query_row([digest], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(StoreError::sqlite("look a code up"))?;
    row.map(|(level, product)| {
        Ok(Issued { level: level_of(level)?, product: Some(ProductId(product)) })
    })
    .transpose()
}

pub(super) fn issued_by_range(conn: &Connection, body: u64) -> Result<Option<Issued>, StoreError> {
    let row: Option<(u8, u64)> = conn
        .prepare_cached(
            "select level, product from roll
             where first_body is not null and first_body <= ?1 and first_body + count > ?1
             order by first_body desc limit 1",
        )
        .and_then(|mut query| {
            query.query_row([body], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(StoreError::sqlite("look a code up"))?;
    if let Some((level, product)) = row {
        return Ok(Some(Issued { level: level_of(level)?, product: Some(ProductId(product)) }));
    }
    Ok(tasks(conn)?.iter().find_map(|task| {
        let lease = task.leases.iter().find(|lease| {
            lease.first_body <= body && body - lease.first_body < u64::from(lease.count)
        })?;
        Some(Issued { level: lease.level, product: Some(task.product) })
    }))
}

/// True when every code of this order's kind (minted, or SSCC) is known here, and there is at least one.
pub(super) fn all_codes_known(
    conn: &Connection,
    order: OrderId,
    minted: bool,
) -> Result<bool, StoreError> {
    conn.prepare_cached(
        "select count(*) > 0 and coalesce(min(complete), 0) = 1 from roll
         where order_id = ?1 and (first_body is null) = ?2",
    )
    .and_then(|mut query| query.query_row(params![order.get(), minted], |row| row.get(0)))
    .map_err(StoreError::sqlite("look rolls up"))
}

/// True when we have heard of our products and none has this GTIN.
pub(super) fn is_other_gtin(conn: &Connection, gtin: Gtin) -> Result<bool, StoreError> {
    let text = gtin.to_string();
    let products = products(conn)?;
    Ok(!products.is_empty() && products.iter().all(|product| product.gtin != text))
}

/// A task.
pub fn task(conn: &Connection, id: TaskId) -> Result<Option<TaskRow>, StoreError> {
    one(conn, "task", id.get())
}

/// All tasks this device heard of, oldest first; closed ones too.
pub fn tasks(conn: &Connection) -> Result<Vec<TaskRow>, StoreError> {
    all(conn, "task")
}

/// What the rules must know of a task.
pub fn ledger_task(row: TaskRow) -> Task {
    Task {
        id: row.id,
        order: row.order,
        site: row.site,
        product: row.product,
        lot: row.lot,
        plan: row.plan,
    }
}

/// A document, with what operations of ours moved under it counted in.
pub fn document(conn: &Connection, id: DocumentId) -> Result<Option<DocumentRow>, StoreError> {
    let Some(row) = one::<DocumentRow>(conn, "document", id.get())? else { return Ok(None) };
    count_moved(conn, row).map(Some)
}

/// All documents this device heard of, oldest first; closed ones too.
pub fn documents(conn: &Connection) -> Result<Vec<DocumentRow>, StoreError> {
    all::<DocumentRow>(conn, "document")?.into_iter().map(|row| count_moved(conn, row)).collect()
}

fn count_moved(conn: &Connection, mut row: DocumentRow) -> Result<DocumentRow, StoreError> {
    let mut query = conn
        .prepare_cached(
            "select coalesce(sum(units), 0) from moved where document = ?1 and product = ?2",
        )
        .map_err(StoreError::sqlite("count movements"))?;
    let id = row.id().get();
    for line in &mut row.document.lines {
        let ours: i64 = query
            .query_row(params![id, line.product.get()], |row| row.get(0))
            .map_err(StoreError::sqlite("count movements"))?;
        let moved = i64::from(line.moved).saturating_add(ours).max(0);
        line.moved = u32::try_from(moved).unwrap_or(u32::MAX);
    }
    Ok(row)
}

/// A product.
pub fn product(conn: &Connection, id: ProductId) -> Result<Option<Product>, StoreError> {
    one(conn, "product", id.get())
}

/// All products.
pub fn products(conn: &Connection) -> Result<Vec<Product>, StoreError> {
    all(conn, "product")
}

/// A dealer.
pub fn dealer(conn: &Connection, id: DealerId) -> Result<Option<Dealer>, StoreError> {
    one(conn, "dealer", id.get())
}

/// A site.
pub fn site(conn: &Connection, id: SiteId) -> Result<Option<Site>, StoreError> {
    one(conn, "site", id.get())
}

/// A person who works on devices.
pub fn operator(conn: &Connection, id: OperatorId) -> Result<Option<Operator>, StoreError> {
    one(conn, "operator", id.get())
}

/// The person with this login.
pub fn operator_by_login(conn: &Connection, login: &str) -> Result<Option<Operator>, StoreError> {
    let operators: Vec<Operator> = all(conn, "operator")?;
    Ok(operators.into_iter().find(|operator| operator.login == login))
}

fn one<T: DeserializeOwned>(
    conn: &Connection,
    kind: &'static str,
    id: u64,
) -> Result<Option<T>, StoreError> {
    let body: Option<String> = conn
        .prepare_cached("select body from reference where kind = ?1 and id = ?2")
        .and_then(|mut query| query.query_row(params![kind, id], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("look the feed up"))?;
    body.map(|body| read(kind, &body)).transpose()
}

fn all<T: DeserializeOwned>(conn: &Connection, kind: &'static str) -> Result<Vec<T>, StoreError> {
    let bodies: Vec<String> = conn
        .prepare_cached("select body from reference where kind = ?1 order by id")
        .and_then(|mut query| query.query_map([kind], |row| row.get(0))?.collect())
        .map_err(StoreError::sqlite("look the feed up"))?;
    bodies.iter().map(|body| read(kind, body)).collect()
}

fn read<T: DeserializeOwned>(kind: &'static str, body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|_| StoreError::Corrupt { what: kind })
}

fn level_of(rank: u8) -> Result<Level, StoreError> {
    Level::from_rank(rank).ok_or(StoreError::Corrupt { what: "level" })
}

//! Codes that were issued: rolls of minted codes by their digest, SSCCs by their range, and those leased to tasks.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use sealtrace_protocol::ids::{OrderId, ProductId};
use sealtrace_protocol::ledger::{Issued, Level};
use sealtrace_protocol::link::{Carriers, DIGEST_BYTES, Roll, TaskRow};

use super::super::{StoreError, labels};

/// Codes whose digest is stored in one job, so that scans get their turn in between.
pub const DIGEST_PART_CODES: usize = 500;

/// A roll that is known already keeps its digest, unless the roll has grown.
pub(super) fn store_roll(tx: &Transaction<'_>, roll: &Roll) -> Result<(), StoreError> {
    tx.prepare_cached(
        "insert into roll (order_id, level, first_body, product, count, complete) values (?1, ?2, ?3, ?4, ?5, ?6)
         on conflict (order_id, level, first_body) do update set product = excluded.product,
           complete = excluded.complete or (complete and count = excluded.count), count = excluded.count",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            roll.order.get(),
            roll.level.rank(),
            roll.first_body.unwrap_or_default(),
            roll.product.get(),
            roll.count,
            roll.first_body.is_some(),
        ])
    })
    .map_err(StoreError::sqlite("store a roll"))?;
    Ok(())
}

/// The labels of reusable pallets.
pub(super) fn store_carriers(tx: &Transaction<'_>, carriers: Carriers) -> Result<(), StoreError> {
    tx.prepare_cached("insert or replace into carrier (first_body, count) values (?1, ?2)")
        .and_then(|mut insert| insert.execute(params![carriers.first_body, carriers.count]))
        .map_err(StoreError::sqlite("store carriers"))?;
    Ok(())
}

/// The SSCCs leased to a task are codes of its product, whoever may use them.
pub(super) fn store_leases(tx: &Transaction<'_>, task: &TaskRow) -> Result<(), StoreError> {
    let failed = || StoreError::sqlite("store leases");
    tx.prepare_cached("delete from lease where task = ?1")
        .and_then(|mut delete| delete.execute([task.id.get()]))
        .map_err(failed())?;
    for lease in &task.leases {
        tx.prepare_cached(
            "insert or replace into lease (first_body, task, level, product, count) values (?1, ?2, ?3, ?4, ?5)",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                lease.first_body,
                task.id.get(),
                lease.level.rank(),
                task.product.get(),
                lease.count,
            ])
        })
        .map_err(failed())?;
    }
    Ok(())
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
        "update roll set complete = (count <= ?3)
         where order_id = ?1 and level = ?2 and first_body = 0",
        params![order.get(), level.rank(), codes],
    )
    .map_err(StoreError::sqlite("store a digest"))?;
    Ok(())
}

pub(in super::super) fn issued_by_digest(
    conn: &Connection,
    digest: i64,
) -> Result<Option<Issued>, StoreError> {
    issued(
        conn,
        "select digest.level, roll.product from digest
         join roll on roll.order_id = digest.order_id and roll.level = digest.level and roll.first_body = 0
         where digest.digest = ?1 order by digest.order_id limit 1",
        digest,
    )
}

pub(in super::super) fn issued_by_range(
    conn: &Connection,
    body: u64,
) -> Result<Option<Issued>, StoreError> {
    let body = i64::try_from(body).unwrap_or(i64::MAX);
    let printed = issued(
        conn,
        "select level, product from (
           select * from roll where first_body > 0 and first_body <= ?1 order by first_body desc limit 1)
         where first_body + count > ?1",
        body,
    )?;
    if printed.is_some() {
        return Ok(printed);
    }
    let leased = issued(
        conn,
        "select level, product from (
           select * from lease where first_body <= ?1 order by first_body desc limit 1)
         where first_body + count > ?1",
        body,
    )?;
    if leased.is_some() {
        return Ok(leased);
    }
    if let Some(level) = labels::level_of(conn, body)? {
        return Ok(Some(Issued { level, product: None, carrier: false }));
    }
    let is_carrier = conn
        .prepare_cached(
            "select exists (select 1 from (
               select * from carrier where first_body <= ?1 order by first_body desc limit 1)
             where first_body + count > ?1)",
        )
        .and_then(|mut query| query.query_row([body], |row| row.get(0)))
        .map_err(StoreError::sqlite("look a code up"))?;
    let carrier = Issued { level: Level::Pallet, product: None, carrier: true };
    Ok(Some(carrier).filter(|_| is_carrier))
}

fn issued(conn: &Connection, query: &str, key: i64) -> Result<Option<Issued>, StoreError> {
    let read = |row: &Row<'_>| Ok((row.get::<_, u8>(0)?, row.get::<_, u64>(1)?));
    let row = conn
        .prepare_cached(query)
        .and_then(|mut query| query.query_row([key], read).optional())
        .map_err(StoreError::sqlite("look a code up"))?;
    row.map(|(level, product)| {
        let product = Some(ProductId(product));
        Ok(Issued { level: level_of(level)?, product, carrier: false })
    })
    .transpose()
}

/// True when every code of this order's kind (minted, or SSCC) is known here, and there is at least one.
pub(in super::super) fn all_codes_known(
    conn: &Connection,
    order: OrderId,
    minted: bool,
) -> Result<bool, StoreError> {
    conn.prepare_cached(
        "select count(*) > 0 and coalesce(min(complete), 0) = 1 from roll
         where order_id = ?1 and (first_body = 0) = ?2",
    )
    .and_then(|mut query| query.query_row(params![order.get(), minted], |row| row.get(0)))
    .map_err(StoreError::sqlite("look rolls up"))
}

fn level_of(rank: u8) -> Result<Level, StoreError> {
    Level::from_rank(rank).ok_or(StoreError::Corrupt { what: "level" })
}

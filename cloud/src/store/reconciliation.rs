//! What became of the labels of each code order: counters, strips, and scans of labels nobody has registered.

use std::collections::BTreeMap;

use sealtrace_protocol::ids::{OperationId, OrderId};
use sealtrace_protocol::ledger::{Fate, Level};
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;

use super::search::Page;
use super::{Row, StoreError, Tx, Value, settings};
use crate::codes::ItemKey;
use crate::named::{Named, Numbered};
use crate::reconciliation::tally::Strip;
use crate::reconciliation::{Counts, Roll, Use};

/// Strips and scans shown of one roll.
const SHOWN_MAX: u32 = 100;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Which rolls are listed.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Which part of them, newest first; the number of their order, or their product, contains the text.
    pub page: Page,
    /// Only those of this order.
    pub order: Option<OrderId>,
    /// Only those of this level.
    pub level: Option<Level>,
    /// Only those with labels that are unaccounted, or only those without.
    pub open: Option<bool>,
}

/// Rolls, and their sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rolls {
    /// This page's.
    pub rows: Vec<Roll>,
    /// Of all pages.
    pub total: u64,
    /// Of all pages.
    pub sums: Sums,
}

/// Sums over rolls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Labels issued.
    pub issued: i64,
    /// What became of them.
    #[serde(flatten)]
    pub counts: Counts,
    /// Nobody has said where they are.
    pub unaccounted: i64,
    /// Labels of other orders that were put on goods under this one, when only one order was asked for.
    pub from_others: i64,
}

/// Counts changes; in the order of code orders, so that two writers wait for each other and never in a circle.
pub async fn count(tx: &mut Tx, changes: &BTreeMap<u32, Counts>) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = changes
        .iter()
        .filter(|(_, change)| **change != Counts::default())
        .map(|(order, change)| {
            vec![
                (*order).into(),
                change.applied.into(),
                change.scrapped.into(),
                change.sampled.into(),
                change.returned.into(),
                change.void.into(),
            ]
        })
        .collect();
    tx.execute_many(
        "insert into label_counts (code_order, applied, scrapped, sampled, returned, void)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (code_order) do update set applied = label_counts.applied + excluded.applied,
             scrapped = label_counts.scrapped + excluded.scrapped,
             sampled = label_counts.sampled + excluded.sampled,
             returned = label_counts.returned + excluded.returned,
             void = label_counts.void + excluded.void",
        &rows,
    )
    .await?;
    Ok(())
}

/// Counts labels of code orders that came onto goods under production orders, or are off them again.
pub async fn count_use(
    tx: &mut Tx,
    changes: &BTreeMap<(u32, OrderId), i64>,
) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = changes
        .iter()
        .filter(|(_, by)| **by != 0)
        .map(|((order, under), by)| vec![(*order).into(), (*under).into(), (*by).into()])
        .collect();
    tx.execute_many(
        "insert into label_use (code_order, production_order, applied) values ($1, $2, $3)
         on conflict (code_order, production_order)
         do update set applied = label_use.applied + excluded.applied",
        &rows,
    )
    .await?;
    Ok(())
}

/// The strips of a code order that are accounted for.
pub async fn strips(tx: &mut Tx, order: u32) -> Result<Vec<Strip>, StoreError> {
    let rows = tx
        .query(
            "select first, last, fate from label_strips where code_order = $1 order by first",
            &[order.into()],
        )
        .await?;
    rows.iter().map(|row| read_strip(row, 0)).collect()
}

/// The newest strips of a code order, and when each was accounted for.
pub async fn newest_strips(tx: &mut Tx, order: u32) -> Result<Vec<(Strip, Timestamp)>, StoreError> {
    let rows = tx
        .query(
            "select first, last, fate, at from label_strips where code_order = $1
             order by at desc, first limit $2",
            &[order.into(), SHOWN_MAX.into()],
        )
        .await?;
    rows.iter().map(|row| Ok((read_strip(row, 0)?, row.get(3)?))).collect()
}

/// The strips an operation has accounted for.
pub async fn strips_by(tx: &mut Tx, at: OperationId) -> Result<Vec<(u32, Strip)>, StoreError> {
    let rows = tx
        .query(
            "select first, last, fate, code_order from label_strips
             where device = $1 and epoch = $2 and seq = $3 order by code_order",
            &[at.device.into(), at.epoch.into(), at.seq.into()],
        )
        .await?;
    rows.iter().map(|row| Ok((row.get(3)?, read_strip(row, 0)?))).collect()
}

/// Writes down what became of a strip.
pub async fn insert_strip(
    tx: &mut Tx,
    order: u32,
    strip: Strip,
    by: OperationId,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into label_strips (code_order, first, last, fate, device, epoch, seq, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            order.into(),
            strip.first.into(),
            strip.last.into(),
            strip.fate.name().into(),
            by.device.into(),
            by.epoch.into(),
            by.seq.into(),
            at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Forgets a strip that an operation had accounted for.
pub async fn remove_strip(
    tx: &mut Tx,
    order: u32,
    first: u32,
    by: OperationId,
) -> Result<(), StoreError> {
    tx.execute(
        "delete from label_strips
         where code_order = $1 and first = $2 and device = $3 and epoch = $4 and seq = $5",
        &[order.into(), first.into(), by.device.into(), by.epoch.into(), by.seq.into()],
    )
    .await?;
    Ok(())
}

fn read_strip(row: &Row, at: usize) -> Result<Strip, StoreError> {
    let fate: String = row.get(at + 2)?;
    let fate = Fate::from_name(&fate)
        .ok_or_else(|| StoreError::damaged("strip of labels", format!("no fate is {fate}")))?;
    Ok(Strip { first: row.get(at)?, last: row.get(at + 1)?, fate })
}

/// How many labels between two places are on goods, or once were.
pub async fn used(tx: &mut Tx, order: u32, first: u32, last: u32) -> Result<u32, StoreError> {
    tx.query_one(
        "select count(*) from items where key between $1 and $2 and state <> 0",
        &[ItemKey::new(order, first).number().into(), ItemKey::new(order, last).number().into()],
    )
    .await?
    .get(0)
}

/// The first of them.
pub async fn first_used(
    tx: &mut Tx,
    order: u32,
    first: u32,
    last: u32,
) -> Result<Option<u32>, StoreError> {
    let row = tx
        .query_opt(
            "select key from items where key between $1 and $2 and state <> 0 order by key limit 1",
            &[
                ItemKey::new(order, first).number().into(),
                ItemKey::new(order, last).number().into(),
            ],
        )
        .await?;
    row.map(|row| Ok(ItemKey::from_number(row.get(0)?).index())).transpose()
}

/// When a code order was issued.
pub async fn issued_at(tx: &mut Tx, order: u32) -> Result<Timestamp, StoreError> {
    tx.query_one("select created_at from code_orders where id = $1", &[order.into()]).await?.get(0)
}

/// Rolls of production orders, with what became of their labels: counters, whatever their size.
const ROLLS: &str = "from (
        select c.id, c.production_order, o.number, c.product, p.name, c.level, c.created_at, c.count,
            coalesce(n.applied, 0) as applied, coalesce(n.scrapped, 0) as scrapped,
            coalesce(n.sampled, 0) as sampled, coalesce(n.returned, 0) as returned,
            coalesce(n.void, 0) as void
        from code_orders c
        join production_orders o on o.id = c.production_order
        join products p on p.id = c.product
        left join label_counts n on n.code_order = c.id
    ) r";
const ROLL: &str = "r.id, r.production_order, r.number, r.product, r.name, r.level, r.created_at,
    r.count, r.applied, r.scrapped, r.sampled, r.returned, r.void";
const MATCHES: &str = "(lower(r.number) like lower($1) escape '\\' or lower(r.name) like lower($1) escape '\\')
    and (cast($2 as bigint) is null or r.production_order = $2)
    and (cast($3 as bigint) is null or r.level = $3)
    and (cast($4 as bigint) is null
        or $4 = case when r.count > r.applied + r.scrapped + r.sampled + r.returned + r.void then 1 else 0 end)";

/// The rolls that are asked for, newest first, and the sums of all of them.
pub async fn rolls(tx: &mut Tx, wanted: &Wanted) -> Result<Rolls, StoreError> {
    let Wanted { page, order, level, open } = wanted;
    let filter: Vec<Value> = vec![
        page.pattern(),
        (*order).into(),
        level.map(Level::rank).into(),
        open.map(i64::from).into(),
    ];
    let listed = [filter.clone(), vec![page.limit(), page.offset()]].concat();
    let sql =
        format!("select {ROLL} {ROLLS} where {MATCHES} order by r.id desc limit $5 offset $6");
    let found = tx.query(&sql, &listed).await?;
    let rows = complete(tx, &found).await?;
    let sql = format!(
        "select count(*), cast(coalesce(sum(r.count), 0) as bigint),
            cast(coalesce(sum(r.applied), 0) as bigint), cast(coalesce(sum(r.scrapped), 0) as bigint),
            cast(coalesce(sum(r.sampled), 0) as bigint), cast(coalesce(sum(r.returned), 0) as bigint),
            cast(coalesce(sum(r.void), 0) as bigint)
         {ROLLS} where {MATCHES}"
    );
    let row = tx.query_one(&sql, &filter).await?;
    let (total, issued, counts) = (row.get(0)?, row.get(1)?, read_counts(&row, 2)?);
    let from_others = match order {
        Some(order) => from_others(tx, *order, *level).await?,
        None => 0,
    };
    let sums = Sums { issued, counts, unaccounted: issued - counts.sum(), from_others };
    Ok(Rolls { rows, total, sums })
}

/// Labels issued for other orders that came onto goods under this one.
async fn from_others(tx: &mut Tx, order: OrderId, level: Option<Level>) -> Result<i64, StoreError> {
    tx.query_one(
        "select cast(coalesce(sum(u.applied), 0) as bigint)
         from label_use u join code_orders c on c.id = u.code_order
         where u.production_order = $1 and c.production_order <> $1
             and (cast($2 as bigint) is null or c.level = $2)",
        &[order.into(), level.map(Level::rank).into()],
    )
    .await?
    .get(0)
}

/// One roll.
pub async fn roll(tx: &mut Tx, id: u32) -> Result<Option<Roll>, StoreError> {
    let sql = format!("select {ROLL} {ROLLS} where r.id = $1");
    let rows = tx.query(&sql, &[id.into()]).await?;
    Ok(complete(tx, &rows).await?.pop())
}

async fn complete(tx: &mut Tx, rows: &[Row]) -> Result<Vec<Roll>, StoreError> {
    let days = settings::owner_rules(tx).await?.void_after_days;
    let wait_ms = i64::from(days).saturating_mul(DAY_MS);
    let mut rolls = Vec::with_capacity(rows.len());
    for row in rows {
        let level = Level::from_rank(row.get(5)?)
            .ok_or_else(|| StoreError::damaged("code order", "no such level"))?;
        let (issued_at, issued): (Timestamp, i64) = (row.get(6)?, row.get(7)?);
        let counts = read_counts(row, 8)?;
        let id = row.get(0)?;
        rolls.push(Roll {
            id,
            order: Numbered::new(row.get(1)?, row.get(2)?),
            product: Named::new(row.get(3)?, row.get(4)?),
            level,
            issued_at,
            void_from: issued_at.plus_ms(wait_ms),
            issued,
            counts,
            unaccounted: issued - counts.sum(),
            scanned: scanned(tx, id).await?,
        });
    }
    Ok(rolls)
}

fn read_counts(row: &Row, at: usize) -> Result<Counts, StoreError> {
    Ok(Counts {
        applied: row.get(at)?,
        scrapped: row.get(at + 1)?,
        sampled: row.get(at + 2)?,
        returned: row.get(at + 3)?,
        void: row.get(at + 4)?,
    })
}

/// Under which orders the labels of a roll came onto goods.
pub async fn uses(tx: &mut Tx, id: u32) -> Result<Vec<Use>, StoreError> {
    let rows = tx
        .query(
            "select u.production_order, o.number, u.applied
             from label_use u join production_orders o on o.id = u.production_order
             where u.code_order = $1 and u.applied > 0 order by u.applied desc, o.id",
            &[id.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let order = Numbered::new(row.get(0)?, row.get(1)?);
            Ok(Use { order, applied: row.get(2)? })
        })
        .collect()
}

/// Notes that a consumer has scanned a label that nobody has registered.
pub async fn note_scan(tx: &mut Tx, item: ItemKey, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "insert into unregistered_scans (item, scans, first_at, last_at) values ($1, 1, $2, $2)
         on conflict (item) do update set scans = unregistered_scans.scans + 1,
             last_at = excluded.last_at",
        &[item.number().into(), now.into()],
    )
    .await?;
    Ok(())
}

const UNREGISTERED: &str = "from unregistered_scans s left join items i on i.key = s.item
    where s.item between $1 and $2 and (i.key is null or i.state = 0)";

fn ends(order: u32) -> [Value; 2] {
    [ItemKey::new(order, 0).number().into(), ItemKey::new(order, u32::MAX).number().into()]
}

async fn scanned(tx: &mut Tx, order: u32) -> Result<i64, StoreError> {
    tx.query_one(&format!("select count(*) {UNREGISTERED}"), &ends(order)).await?.get(0)
}

/// Labels of a roll that consumers have scanned and nobody has registered: place, first and last scan, how many.
pub async fn scans(
    tx: &mut Tx,
    order: u32,
) -> Result<Vec<(u32, Timestamp, Timestamp, i64)>, StoreError> {
    let [first, last] = ends(order);
    let sql = format!(
        "select s.item, s.first_at, s.last_at, s.scans {UNREGISTERED}
         order by s.last_at desc, s.item limit $3"
    );
    let rows = tx.query(&sql, &[first, last, SHOWN_MAX.into()]).await?;
    rows.iter()
        .map(|row| {
            let index = ItemKey::from_number(row.get(0)?).index();
            Ok((index, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .collect()
}

//! Production orders and how far they are.

use std::collections::BTreeMap;

use sealtrace_protocol::ids::{OrderId, ProductId, Revision};
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;

use super::catalog::read_plan;
use super::search::{Listing, Page, Sort};
use super::{Row, StoreError, Tx, counters, tasks};
use crate::catalog::ProductName;
use crate::orders::{Counts, Order, OrderState, Stored, Task};

/// What an order says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Its number on paper.
    pub number: String,
    /// What is made.
    pub product: ProductId,
    /// In which lot.
    pub lot: Lot,
    /// How many units.
    pub quantity: u32,
    /// How it is packed: a revision of the product's plan.
    pub revision: Revision,
}

/// Adds a draft order; `None` when its number is taken.
pub async fn add(
    tx: &mut Tx,
    new: &NewOrder,
    now: Timestamp,
) -> Result<Option<OrderId>, StoreError> {
    let id = OrderId(counters::next(tx, "production order").await?);
    let added = tx
        .execute(
            "insert into production_orders
                 (id, number, product, lot, quantity, revision, state, version, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, 1, $8) on conflict (number) do nothing",
            &[
                id.into(),
                new.number.as_str().into(),
                new.product.into(),
                new.lot.into(),
                new.quantity.into(),
                new.revision.into(),
                Stored::Draft.name().into(),
                now.into(),
            ],
        )
        .await?;
    Ok((added == 1).then_some(id))
}

/// Says what an order says from now on; its number is not taken by another.
pub async fn change(tx: &mut Tx, id: OrderId, new: &NewOrder) -> Result<(), StoreError> {
    tx.execute(
        "update production_orders
         set number = $2, product = $3, lot = $4, quantity = $5, revision = $6, version = version + 1
         where id = $1",
        &[
            id.into(),
            new.number.as_str().into(),
            new.product.into(),
            new.lot.into(),
            new.quantity.into(),
            new.revision.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The id of the order with this number.
pub async fn by_number(tx: &mut Tx, number: &str) -> Result<Option<OrderId>, StoreError> {
    let row = tx
        .query_opt("select id from production_orders where number = $1", &[number.into()])
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// Puts an order into another state.
pub async fn set_state(tx: &mut Tx, id: OrderId, state: Stored) -> Result<(), StoreError> {
    tx.execute(
        "update production_orders set state = $2, version = version + 1 where id = $1",
        &[id.into(), state.name().into()],
    )
    .await?;
    Ok(())
}

/// Which orders are listed, and in which order.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Which part of them; their number, lot or product contains the text.
    pub page: Page,
    /// Only those that stand there.
    pub state: Option<OrderState>,
    /// Only those that make this.
    pub product: Option<ProductId>,
    /// One of [`SORTS`]; newest first without.
    pub sort: Option<Sort>,
}

/// What a list can be sorted by.
pub const SORTS: &[(&str, &str)] = &[
    ("number", "o.number"),
    ("product", "p.name"),
    ("lot", "o.lot"),
    ("quantity", "o.quantity"),
    ("made", "o.made"),
    ("created_at", "o.created_at"),
];

/// Orders with what was made of each.
const SHOWN: &str = "from (
        select o.id, o.number, o.product, o.lot, o.quantity, o.revision, o.state, o.version,
            o.created_at,
            (select cast(coalesce(sum(t.made), 0) as bigint) from tasks t
             where t.production_order = o.id) as made
        from production_orders o
    ) o
    join products p on p.id = o.product
    join product_plans r on r.product = o.product and r.revision = o.revision";
const COLUMNS: &str = "o.id, o.number, o.product, p.name, p.gtin, o.lot, o.quantity, o.revision,
    r.plan, o.state, o.version, o.created_at, o.made";
const MATCHES: &str =
    "(lower(o.number) like lower($1) escape '\\' or lower(o.lot) like lower($1) escape '\\'
        or lower(p.name) like lower($1) escape '\\')
    and ($2 = '' or $2 = case when o.state = 'released' and o.quantity > 0 and o.made >= o.quantity then 'done'
        else o.state end)
    and (cast($3 as bigint) is null or o.product = $3)";

/// An order with its tasks and how far they are.
pub async fn order(tx: &mut Tx, id: OrderId) -> Result<Option<Order>, StoreError> {
    let rows = tx.query(&format!("select {COLUMNS} {SHOWN} where o.id = $1"), &[id.into()]).await?;
    Ok(complete(tx, &rows).await?.pop())
}

/// A page of orders.
pub async fn list(tx: &mut Tx, wanted: &Wanted) -> Result<Listing<Order>, StoreError> {
    let page = &wanted.page;
    let state = wanted.state.map_or("", OrderState::name);
    let sort = Sort::sql(wanted.sort, "o.id");
    let filter = [page.pattern(), state.into(), wanted.product.into()];
    let [pattern, state, product] = filter.clone();
    let rows = tx
        .query(
            &format!("select {COLUMNS} {SHOWN} where {MATCHES} order by {sort} limit $4 offset $5"),
            &[pattern, state, product, page.limit(), page.offset()],
        )
        .await?;
    let total = tx.query_one(&format!("select count(*) {SHOWN} where {MATCHES}"), &filter).await?;
    Ok(Listing { rows: complete(tx, &rows).await?, total: total.get(0)? })
}

/// Orders with what belongs to them, one query each for all of them.
async fn complete(tx: &mut Tx, rows: &[Row]) -> Result<Vec<Order>, StoreError> {
    let ids: Vec<OrderId> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    let mut codes = codes(tx, &ids).await?;
    let mut tasks = tasks::shown(tx, &ids).await?;
    rows.iter()
        .map(|row| {
            let id = row.get(0)?;
            let tasks = tasks.remove(&id).unwrap_or_default();
            read(row, tasks, codes.remove(&id).unwrap_or_default())
        })
        .collect()
}

fn read(row: &Row, tasks: Vec<Task>, codes: Counts) -> Result<Order, StoreError> {
    let plan: String = row.get(8)?;
    let state: String = row.get(9)?;
    let stored = Stored::from_name(&state)
        .ok_or_else(|| StoreError::damaged("order", format!("there is no state {state}")))?;
    let (quantity, made) = (row.get(6)?, row.get(12)?);
    Ok(Order {
        id: row.get(0)?,
        version: row.get(10)?,
        number: row.get(1)?,
        product: ProductName { id: row.get(2)?, name: row.get(3)?, gtin: row.get(4)? },
        lot: row.get(5)?,
        quantity,
        revision: row.get(7)?,
        plan: read_plan(&plan)?,
        state: stored.shown(made, quantity),
        made,
        produced: None,
        codes,
        tasks,
        created_at: row.get(11)?,
    })
}

/// What the ledger holds in use under the codes issued for an order: counts every item of it, so not for lists.
pub async fn produced(tx: &mut Tx, id: OrderId) -> Result<Counts, StoreError> {
    // 4294967296 = 2^32: the upper bits of an item key are its code order. States 1 and 2 are in use.
    let rows = tx
        .query(
            "select c.level, count(*) from code_orders c
             join items i on i.key >= c.id * 4294967296 and i.key < (c.id + 1) * 4294967296
             where c.production_order = $1 and i.state in (1, 2) group by c.level",
            &[id.into()],
        )
        .await?;
    let mut counts = Counts::default();
    for row in &rows {
        counts.put(read_level(row, 0)?, row.get(1)?);
    }
    Ok(counts)
}

/// How many codes were issued for orders.
async fn codes(tx: &mut Tx, ids: &[OrderId]) -> Result<BTreeMap<OrderId, Counts>, StoreError> {
    let sql = format!(
        "select production_order, level, cast(sum(count) as bigint) from code_orders
         where production_order in ({}) group by production_order, level",
        super::search::places()
    );
    let mut found: BTreeMap<OrderId, Counts> = BTreeMap::new();
    for values in super::search::groups(ids) {
        for row in tx.query(&sql, &values).await? {
            found.entry(row.get(0)?).or_default().put(read_level(&row, 1)?, row.get(2)?);
        }
    }
    Ok(found)
}

/// The level in a column.
pub(super) fn read_level(row: &Row, column: usize) -> Result<Level, StoreError> {
    let rank: u8 = row.get(column)?;
    Level::from_rank(rank)
        .ok_or_else(|| StoreError::damaged("level", format!("there is no level {rank}")))
}

//! Production orders, their tasks, and how far they are.

use sealtrace_protocol::ids::{OperationId, OrderId, ProductId, SiteId, TaskId};
use sealtrace_protocol::ledger::{self, Level, Plan};
use sealtrace_protocol::link::{Lease, TaskKind, TaskRow};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;

use super::catalog::{plan_text, read_plan};
use super::search::{Listing, Page};
use super::{Row, StoreError, Tx, Value, counters};
use crate::catalog::ProductName;
use crate::named::Named;
use crate::orders::{Counts, Order, Stored, Task, kind_from_name, kind_name};

/// What a new order says.
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
    /// How it is packed.
    pub plan: Plan,
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
            "insert into production_orders (id, number, product, lot, quantity, plan, state, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (number) do nothing",
            &[
                id.into(),
                new.number.as_str().into(),
                new.product.into(),
                new.lot.into(),
                new.quantity.into(),
                plan_text(&new.plan)?.into(),
                Stored::Draft.name().into(),
                now.into(),
            ],
        )
        .await?;
    Ok((added == 1).then_some(id))
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
        "update production_orders set state = $2 where id = $1",
        &[id.into(), state.name().into()],
    )
    .await?;
    Ok(())
}

const SHOWN: &str =
    "select o.id, o.number, o.product, p.name, p.gtin, o.lot, o.quantity, o.plan, o.state, o.created_at
     from production_orders o join products p on p.id = o.product";
const MATCHES: &str =
    "where lower(o.number) like $1 escape '\\' or lower(o.lot) like $1 escape '\\'
        or lower(p.name) like $1 escape '\\'";

/// An order with its tasks and how far they are.
pub async fn order(tx: &mut Tx, id: OrderId) -> Result<Option<Order>, StoreError> {
    let row = tx.query_opt(&format!("{SHOWN} where o.id = $1"), &[id.into()]).await?;
    let Some(row) = row else { return Ok(None) };
    complete(tx, &row).await.map(Some)
}

/// Orders whose number, lot or product contains what is asked for, newest first.
pub async fn list(tx: &mut Tx, page: &Page) -> Result<Listing<Order>, StoreError> {
    let found = tx
        .query(
            &format!("{SHOWN} {MATCHES} order by o.id desc limit $2 offset $3"),
            &[page.pattern(), page.limit(), page.offset()],
        )
        .await?;
    let total = tx
        .query_one(
            &format!(
                "select count(*) from production_orders o join products p on p.id = o.product {MATCHES}"
            ),
            &[page.pattern()],
        )
        .await?;
    let mut rows = Vec::with_capacity(found.len());
    for row in &found {
        rows.push(complete(tx, row).await?);
    }
    Ok(Listing { rows, total: total.get(0)? })
}

async fn complete(tx: &mut Tx, row: &Row) -> Result<Order, StoreError> {
    let id = row.get(0)?;
    let plan: String = row.get(7)?;
    let state: String = row.get(8)?;
    let state = Stored::from_name(&state)
        .ok_or_else(|| StoreError::damaged("order", format!("there is no state {state}")))?;
    let quantity = row.get(6)?;
    let produced = produced(tx, id).await?;
    Ok(Order {
        id,
        number: row.get(1)?,
        product: ProductName { id: row.get(2)?, name: row.get(3)?, gtin: row.get(4)? },
        lot: row.get(5)?,
        quantity,
        plan: read_plan(&plan)?,
        state: state.shown(produced.units, quantity),
        produced,
        codes: codes(tx, id).await?,
        tasks: tasks(tx, id).await?,
        created_at: row.get(9)?,
    })
}

/// What the ledger holds in use under the codes issued for an order.
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
    counts(&rows)
}

/// How many codes were issued for an order.
pub async fn codes(tx: &mut Tx, id: OrderId) -> Result<Counts, StoreError> {
    let rows = tx
        .query(
            "select level, cast(sum(count) as bigint) from code_orders
             where production_order = $1 group by level",
            &[id.into()],
        )
        .await?;
    counts(&rows)
}

fn counts(rows: &[Row]) -> Result<Counts, StoreError> {
    let mut counts = Counts::default();
    for row in rows {
        let count: u64 = row.get(1)?;
        match read_level(row, 0)? {
            Level::Unit => counts.units = count,
            Level::Box => counts.boxes = count,
            Level::Case => counts.cases = count,
            Level::Pallet => counts.pallets = count,
        }
    }
    Ok(counts)
}

fn read_level(row: &Row, column: usize) -> Result<Level, StoreError> {
    let rank: u8 = row.get(column)?;
    Level::from_rank(rank)
        .ok_or_else(|| StoreError::damaged("level", format!("there is no level {rank}")))
}

/// Adds a task to an order, with the SSCCs it may print.
pub async fn add_task(
    tx: &mut Tx,
    order: OrderId,
    site: SiteId,
    kind: TaskKind,
    quantity: u32,
    leases: &[Lease],
) -> Result<TaskId, StoreError> {
    let id = TaskId(counters::next(tx, "task").await?);
    tx.execute(
        "insert into tasks (id, production_order, site, kind, quantity, state)
         values ($1, $2, $3, $4, $5, 'open')",
        &[id.into(), order.into(), site.into(), kind_name(kind).into(), quantity.into()],
    )
    .await?;
    let rows: Vec<Vec<Value>> = leases
        .iter()
        .map(|lease| {
            vec![id.into(), lease.level.rank().into(), lease.first_body.into(), lease.count.into()]
        })
        .collect();
    tx.execute_many(
        "insert into task_leases (task, level, first_body, count) values ($1, $2, $3, $4)",
        &rows,
    )
    .await?;
    Ok(id)
}

/// What the rules need of a task; none when it is unknown or void.
pub async fn task(tx: &mut Tx, id: TaskId) -> Result<Option<ledger::Task>, StoreError> {
    let row = tx
        .query_opt(
            "select t.production_order, t.site, o.product, o.lot, o.plan
             from tasks t join production_orders o on o.id = t.production_order
             where t.id = $1 and t.state <> 'void'",
            &[id.into()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let plan: String = row.get(4)?;
    Ok(Some(ledger::Task {
        id,
        order: row.get(0)?,
        site: row.get(1)?,
        product: row.get(2)?,
        lot: row.get(3)?,
        plan: read_plan(&plan)?,
    }))
}

/// An order's tasks as devices are told of them.
pub async fn task_rows(tx: &mut Tx, order: OrderId) -> Result<Vec<TaskRow>, StoreError> {
    let rows = tx
        .query(
            "select t.id, o.number, t.site, o.product, o.lot, o.plan, t.kind, t.quantity, t.state
             from tasks t join production_orders o on o.id = t.production_order
             where o.id = $1 order by t.id",
            &[order.into()],
        )
        .await?;
    let mut tasks = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = row.get(0)?;
        let plan: String = row.get(5)?;
        let state: String = row.get(8)?;
        tasks.push(TaskRow {
            id,
            order,
            order_number: row.get(1)?,
            site: row.get(2)?,
            product: row.get(3)?,
            lot: row.get(4)?,
            plan: read_plan(&plan)?,
            kind: read_kind(row, 6)?,
            quantity: row.get(7)?,
            open: state == "open",
            leases: leases(tx, id).await?,
        });
    }
    Ok(tasks)
}

/// Where an order is worked on.
pub async fn task_sites(tx: &mut Tx, order: OrderId) -> Result<Vec<SiteId>, StoreError> {
    let rows = tx
        .query("select distinct site from tasks where production_order = $1", &[order.into()])
        .await?;
    rows.iter().map(|row| row.get(0)).collect()
}

async fn leases(tx: &mut Tx, task: TaskId) -> Result<Vec<Lease>, StoreError> {
    let rows = tx
        .query(
            "select level, first_body, count from task_leases where task = $1 order by level, first_body",
            &[task.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Lease { level: read_level(row, 0)?, first_body: row.get(1)?, count: row.get(2)? })
        })
        .collect()
}

async fn tasks(tx: &mut Tx, order: OrderId) -> Result<Vec<Task>, StoreError> {
    let rows = tx
        .query(
            "select t.id, t.site, s.name, t.kind, t.quantity, t.state,
                cast(coalesce(sum(m.units), 0) as bigint)
             from tasks t join sites s on s.id = t.site left join task_output m on m.task = t.id
             where t.production_order = $1
             group by t.id, t.site, s.name, t.kind, t.quantity, t.state order by t.id",
            &[order.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let state: String = row.get(5)?;
            let (quantity, units) = (row.get(4)?, row.get(6)?);
            Ok(Task {
                id: row.get(0)?,
                site: Named::new(row.get(1)?, row.get(2)?),
                kind: read_kind(row, 3)?,
                quantity,
                state: crate::orders::TaskState::of(state == "void", units, quantity),
                units,
            })
        })
        .collect()
}

fn read_kind(row: &Row, column: usize) -> Result<TaskKind, StoreError> {
    let name: String = row.get(column)?;
    kind_from_name(&name)
        .ok_or_else(|| StoreError::damaged("task", format!("there is no kind {name}")))
}

/// Notes how many units an operation made under a task.
pub async fn add_output(
    tx: &mut Tx,
    task: TaskId,
    by: OperationId,
    units: u32,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into task_output (task, device, epoch, seq, units) values ($1, $2, $3, $4, $5)
         on conflict (device, epoch, seq) do nothing",
        &[task.into(), by.device.into(), by.epoch.into(), by.seq.into(), units.into()],
    )
    .await?;
    Ok(())
}

/// Takes back units that an operation had made, because it was corrected.
pub async fn take_output_back(
    tx: &mut Tx,
    made_by: OperationId,
    units: u32,
) -> Result<(), StoreError> {
    tx.execute(
        "update task_output set units = units - $4 where device = $1 and epoch = $2 and seq = $3",
        &[made_by.device.into(), made_by.epoch.into(), made_by.seq.into(), units.into()],
    )
    .await?;
    Ok(())
}

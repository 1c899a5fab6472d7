//! Tasks: parts of orders, the SSCCs they may print, what was made under them.

use std::collections::BTreeMap;

use sealtrace_protocol::ids::{DeviceId, OperationId, OrderId, Revision, SiteId, TaskId};
use sealtrace_protocol::ledger;
use sealtrace_protocol::link::{Lease, TaskKind, TaskRow};
use sealtrace_protocol::text::Lot;

use super::catalog::read_plan;
use super::orders::read_level;
use super::{Row, StoreError, Tx, Value, counters, search};
use crate::named::Named;
use crate::orders::{Ending, Task, kind_from_name, kind_name, task_state};

/// What a new task says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTask {
    /// Where it is worked on.
    pub site: SiteId,
    /// Who works on it.
    pub kind: TaskKind,
    /// The only device that does.
    pub device: Option<DeviceId>,
    /// How many units.
    pub quantity: u32,
    /// In which lot.
    pub lot: Lot,
    /// The production date.
    pub date: Option<String>,
    /// The shift.
    pub shift: Option<String>,
    /// How it is packed.
    pub revision: Revision,
    /// The SSCCs it may print.
    pub leases: Vec<Lease>,
}

/// Adds a task to an order.
pub async fn add(tx: &mut Tx, order: OrderId, new: &NewTask) -> Result<TaskId, StoreError> {
    let id = TaskId(counters::next(tx, "task").await?);
    insert(tx, id, order, new).await?;
    Ok(id)
}

/// Adds a task that has a name already.
pub async fn insert(
    tx: &mut Tx,
    id: TaskId,
    order: OrderId,
    new: &NewTask,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into tasks (id, production_order, site, kind, device, quantity, lot, date, shift,
                            revision, made)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)",
        &[
            id.into(),
            order.into(),
            new.site.into(),
            kind_name(new.kind).into(),
            new.device.into(),
            new.quantity.into(),
            new.lot.into(),
            new.date.as_ref().into(),
            new.shift.as_ref().into(),
            new.revision.into(),
        ],
    )
    .await?;
    let lease = |lease: &Lease| -> Vec<Value> {
        vec![id.into(), lease.level.rank().into(), lease.first_body.into(), lease.count.into()]
    };
    let rows: Vec<Vec<Value>> = new.leases.iter().map(lease).collect();
    tx.execute_many(
        "insert into task_leases (task, level, first_body, count) values ($1, $2, $3, $4)",
        &rows,
    )
    .await?;
    Ok(())
}

const RULED: &str = "select t.production_order, t.site, o.product, t.lot, r.plan, r.revision
    from tasks t join production_orders o on o.id = t.production_order
    join product_plans r on r.product = o.product";

/// What the rules need of a task, with the plan of the revision that was worked by; none when it is unknown or void, or
/// there is no such revision.
pub async fn task(
    tx: &mut Tx,
    id: TaskId,
    revision: Revision,
) -> Result<Option<ledger::Task>, StoreError> {
    let sql = format!(
        "{RULED} and r.revision = $2
         where t.id = $1 and (t.ended is null or t.ended <> 'void')"
    );
    let row = tx.query_opt(&sql, &[id.into(), revision.into()]).await?;
    row.map(|row| ruled(id, &row)).transpose()
}

/// The same of a task whatever has become of it, with its own plan.
pub async fn taken(tx: &mut Tx, id: TaskId) -> Result<Option<ledger::Task>, StoreError> {
    let sql = format!("{RULED} and r.revision = t.revision where t.id = $1");
    let row = tx.query_opt(&sql, &[id.into()]).await?;
    row.map(|row| ruled(id, &row)).transpose()
}

fn ruled(id: TaskId, row: &Row) -> Result<ledger::Task, StoreError> {
    let plan: String = row.get(4)?;
    Ok(ledger::Task {
        id,
        order: row.get(0)?,
        site: row.get(1)?,
        product: row.get(2)?,
        lot: row.get(3)?,
        plan: read_plan(&plan)?,
        revision: row.get(5)?,
    })
}

/// Where an order is worked on.
pub async fn sites(tx: &mut Tx, order: OrderId) -> Result<Vec<SiteId>, StoreError> {
    let rows = tx
        .query("select distinct site from tasks where production_order = $1", &[order.into()])
        .await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Ends a task before enough was made.
pub async fn end(tx: &mut Tx, id: TaskId, ending: Ending) -> Result<(), StoreError> {
    tx.execute("update tasks set ended = $2 where id = $1", &[id.into(), ending.name().into()])
        .await?;
    Ok(())
}

/// The tasks of an order that nothing was made under are packed by another revision from now on.
pub async fn set_revision(
    tx: &mut Tx,
    order: OrderId,
    revision: Revision,
) -> Result<(), StoreError> {
    tx.execute(
        "update tasks set revision = $2
         where production_order = $1 and ended is null and made = 0",
        &[order.into(), revision.into()],
    )
    .await?;
    Ok(())
}

const TOLD: &str =
    "select t.id, t.production_order, o.number, t.site, o.product, t.lot, t.date, t.shift, r.plan,
        t.revision, t.kind, t.device, t.quantity, t.made, t.ended
     from tasks t join production_orders o on o.id = t.production_order
     join product_plans r on r.product = o.product and r.revision = t.revision";

/// An order's tasks as devices are told of them.
pub async fn of_order(tx: &mut Tx, order: OrderId) -> Result<Vec<TaskRow>, StoreError> {
    let sql = format!("{TOLD} where t.production_order = $1 order by t.id");
    let rows = tx.query(&sql, &[order.into()]).await?;
    told(tx, &rows).await
}

/// A task as devices are told of it.
pub async fn row(tx: &mut Tx, id: TaskId) -> Result<Option<TaskRow>, StoreError> {
    let rows = tx.query(&format!("{TOLD} where t.id = $1"), &[id.into()]).await?;
    Ok(told(tx, &rows).await?.pop())
}

async fn told(tx: &mut Tx, rows: &[Row]) -> Result<Vec<TaskRow>, StoreError> {
    let ids: Vec<TaskId> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    let mut leases = leases(tx, &ids).await?;
    rows.iter()
        .map(|row| {
            let id = row.get(0)?;
            let plan: String = row.get(8)?;
            let (quantity, made) = (row.get(12)?, row.get(13)?);
            Ok(TaskRow {
                id,
                order: row.get(1)?,
                order_number: row.get(2)?,
                site: row.get(3)?,
                product: row.get(4)?,
                lot: row.get(5)?,
                date: row.get(6)?,
                shift: row.get(7)?,
                plan: read_plan(&plan)?,
                revision: row.get(9)?,
                kind: read_kind(row, 10)?,
                device: row.get(11)?,
                quantity,
                made,
                state: task_state(read_ending(row, 14)?, made, quantity),
                leases: leases.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

async fn leases(tx: &mut Tx, tasks: &[TaskId]) -> Result<BTreeMap<TaskId, Vec<Lease>>, StoreError> {
    let sql = format!(
        "select task, level, first_body, count from task_leases where task in ({})
         order by task, level, first_body",
        search::places()
    );
    let mut found: BTreeMap<TaskId, Vec<Lease>> = BTreeMap::new();
    for values in search::groups(tasks) {
        for row in tx.query(&sql, &values).await? {
            let level = read_level(&row, 1)?;
            let lease = Lease { level, first_body: row.get(2)?, count: row.get(3)? };
            found.entry(row.get(0)?).or_default().push(lease);
        }
    }
    Ok(found)
}

/// The tasks of orders as people see them.
pub async fn shown(
    tx: &mut Tx,
    orders: &[OrderId],
) -> Result<BTreeMap<OrderId, Vec<Task>>, StoreError> {
    let sql = format!(
        "select t.production_order, t.id, t.site, s.name, t.kind, t.device, d.name, t.quantity,
            t.made, t.lot, t.date, t.shift, t.revision, t.ended
         from tasks t join sites s on s.id = t.site left join devices d on d.id = t.device
         where t.production_order in ({}) order by t.id",
        search::places()
    );
    let mut found: BTreeMap<OrderId, Vec<Task>> = BTreeMap::new();
    for values in search::groups(orders) {
        for row in tx.query(&sql, &values).await? {
            found.entry(row.get(0)?).or_default().push(read(&row)?);
        }
    }
    Ok(found)
}

fn read(row: &Row) -> Result<Task, StoreError> {
    let (quantity, made) = (row.get(7)?, row.get(8)?);
    let device: Option<DeviceId> = row.get(5)?;
    let device_name: Option<String> = row.get(6)?;
    Ok(Task {
        id: row.get(1)?,
        site: Named::new(row.get(2)?, row.get(3)?),
        kind: read_kind(row, 4)?,
        device: device.map(|id| Named::new(id, device_name.unwrap_or_default())),
        quantity,
        made,
        lot: row.get(9)?,
        date: row.get(10)?,
        shift: row.get(11)?,
        revision: row.get(12)?,
        state: task_state(read_ending(row, 13)?, made, quantity),
    })
}

fn read_kind(row: &Row, column: usize) -> Result<TaskKind, StoreError> {
    let name: String = row.get(column)?;
    kind_from_name(&name)
        .ok_or_else(|| StoreError::damaged("task", format!("there is no kind {name}")))
}

fn read_ending(row: &Row, column: usize) -> Result<Option<Ending>, StoreError> {
    let Some(name) = row.get::<Option<String>>(column)? else { return Ok(None) };
    Ending::from_name(&name)
        .map(Some)
        .ok_or_else(|| StoreError::damaged("task", format!("it cannot have ended as {name}")))
}

/// Notes how many units an operation made under a task.
pub async fn add_output(
    tx: &mut Tx,
    task: TaskId,
    by: OperationId,
    units: u32,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into task_output (task, device, epoch, seq, units) values ($1, $2, $3, $4, $5)",
        &[task.into(), by.device.into(), by.epoch.into(), by.seq.into(), units.into()],
    )
    .await?;
    change_made(tx, task, units.into()).await
}

/// Takes back what an operation had made, because it was corrected; says under which task.
pub async fn take_output_back(
    tx: &mut Tx,
    made_by: OperationId,
) -> Result<Option<TaskId>, StoreError> {
    let row = tx
        .query_opt(
            "delete from task_output where device = $1 and epoch = $2 and seq = $3
             returning task, units",
            &[made_by.device.into(), made_by.epoch.into(), made_by.seq.into()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (task, units) = (row.get(0)?, row.get::<u32>(1)?);
    change_made(tx, task, -i64::from(units)).await?;
    Ok(Some(task))
}

async fn change_made(tx: &mut Tx, task: TaskId, by: i64) -> Result<(), StoreError> {
    tx.execute("update tasks set made = made + $2 where id = $1", &[task.into(), by.into()])
        .await?;
    Ok(())
}

//! Orders that nobody wrote: a task was opened on the floor (无单), and is filed under one of its own.

use sealtrace_protocol::ids::{DeviceId, SiteId, TaskId};
use sealtrace_protocol::ledger::OpenTask;
use sealtrace_protocol::link::{TaskKind, TaskState};
use sealtrace_protocol::time::Timestamp;

use super::{Ending, Stored};
use crate::store::orders::NewOrder;
use crate::store::tasks::NewTask;
use crate::store::{self, StoreError, Tx};

/// Files a task that a device opened, under a new order that is released with it.
pub async fn open_task(
    tx: &mut Tx,
    device: DeviceId,
    site: SiteId,
    open: &OpenTask,
    now: Timestamp,
) -> Result<(), StoreError> {
    let OpenTask { task, product, lot, plan: revision, quantity, date, shift } = *open;
    let mut order = NewOrder { number: number(device, task), product, lot, quantity, revision };
    let own = order.number.clone();
    let mut again = 1_u32;
    let id = loop {
        // Somebody at the console may have used the number.
        match store::orders::add(tx, &order, now).await? {
            Some(id) => break id,
            None => again = again.saturating_add(1),
        }
        order.number = format!("{own}-{again}");
    };
    let text = |text: sealtrace_protocol::text::Text20| text.to_string();
    let new = NewTask {
        site,
        kind: TaskKind::Device,
        device: Some(device),
        quantity,
        lot,
        date: date.map(text),
        shift: shift.map(text),
        revision,
        leases: Vec::new(),
    };
    store::orders::set_state(tx, id, Stored::Released).await?;
    store::tasks::insert(tx, task, id, &new).await?;
    store::catalog::ensure_lot(tx, product, lot, now).await?;
    Ok(())
}

/// `AD-<device>-<n>`: the device's nth task, as its people call it.
fn number(device: DeviceId, task: TaskId) -> String {
    let first = TaskId::local(device, 0).map_or(0, TaskId::get);
    format!("AD-{device}-{}", task.get().saturating_sub(first))
}

/// Opening a task was undone: if nothing was made under it, it is withdrawn with its order.
pub async fn withdraw_task(tx: &mut Tx, id: TaskId) -> Result<(), StoreError> {
    let Some(task) = store::tasks::row(tx, id).await? else { return Ok(()) };
    if task.made > 0 {
        return Ok(());
    }
    store::tasks::end(tx, id, Ending::Void).await?;
    let tasks = store::tasks::of_order(tx, task.order).await?;
    if tasks.iter().all(|task| task.state == TaskState::Void) {
        store::orders::set_state(tx, task.order, Stored::Void).await?;
    }
    Ok(())
}

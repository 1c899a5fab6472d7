//! Releasing an order (任务下达): its tasks, the labels each may print, and what the devices there are told.

use sealtrace_protocol::ids::{OrderId, SiteId};
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::link::{FeedRow, Lease, Roll, TaskKind};
use serde::Deserialize;

use super::{Order, OrderState, OrdersError, Stored, kind_from_name, split};
use crate::codes::Scheme;
use crate::feed;
use crate::form::Check;
use crate::store::{self, Store, StoreError, Tx};
use crate::writing;

/// What somebody asks for who releases an order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// Who makes how much.
    pub tasks: Vec<PlannedTask>,
}

/// One task as asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PlannedTask {
    /// The site's id.
    pub site: u64,
    /// line or device.
    pub kind: String,
    /// How many units.
    pub quantity: u32,
}

/// The most tasks of one order.
const TASKS_MAX: usize = 100;

/// Releases a draft order that has unit codes.
pub async fn release(store: &Store, id: OrderId, plan: &Plan) -> Result<Order, OrdersError> {
    writing!(store, |tx| {
        let order = store::orders::order(tx, id).await?.ok_or(OrdersError::NotFound)?;
        match order.state {
            OrderState::Draft => {}
            OrderState::Released | OrderState::Done | OrderState::Void => {
                return Err(OrdersError::NotDraft { id });
            }
        }
        let tasks = check(tx, &order, plan).await?;
        let quantities: Vec<u32> = tasks.iter().map(|(_, _, quantity)| *quantity).collect();
        let mut leases = vec![Vec::new(); tasks.len()];
        for code_order in store::codes::orders_of(tx, id).await? {
            let Scheme::Sscc { first_body } = code_order.scheme else { continue };
            if code_order.level != Level::Pallet {
                continue;
            }
            let shares = split(code_order.count, &quantities);
            for (leases, share) in
                leases.iter_mut().zip(shares).filter(|(_, share)| share.count > 0)
            {
                let first_body = first_body + u64::from(share.start);
                leases.push(Lease { level: Level::Pallet, first_body, count: share.count });
            }
        }
        for ((site, kind, quantity), leases) in tasks.iter().zip(&leases) {
            store::orders::add_task(tx, id, *site, *kind, *quantity, leases).await?;
        }
        store::orders::set_state(tx, id, Stored::Released).await?;
        publish_rolls(tx, id).await?;
        for row in store::orders::task_rows(tx, id).await? {
            feed::publish(tx, &[row.site], &[FeedRow::Task(row)]).await?;
        }
        store::orders::order(tx, id).await?.ok_or(OrdersError::NotFound)
    })
}

async fn check(
    tx: &mut Tx,
    order: &Order,
    plan: &Plan,
) -> Result<Vec<(SiteId, TaskKind, u32)>, OrdersError> {
    let mut check = Check::new();
    check.require(!plan.tasks.is_empty(), "tasks", "required");
    check.require(plan.tasks.len() <= TASKS_MAX, "tasks", "too_many");
    check.require(order.codes.units > 0, "codes", "required");
    let mut tasks = Vec::with_capacity(plan.tasks.len());
    for (at, asked) in plan.tasks.iter().take(TASKS_MAX).enumerate() {
        let site = SiteId(asked.site);
        let is_known = store::organisations::site(tx, site).await?.is_some();
        check.require(is_known, &format!("tasks.{at}.site"), "unknown");
        let kind = check.choice(&format!("tasks.{at}.kind"), &asked.kind, kind_from_name);
        let quantity = check.units(&format!("tasks.{at}.quantity"), asked.quantity, 1);
        tasks.extend(kind.map(|kind| (site, kind, quantity)));
    }
    let total: u64 = plan.tasks.iter().map(|task| u64::from(task.quantity)).sum();
    check.require(total <= u64::from(order.quantity), "tasks", "more_than_ordered");
    check.done()?;
    Ok(tasks)
}

/// Tells the sites of an order's tasks which codes were issued for it.
pub(super) async fn publish_rolls(tx: &mut Tx, id: OrderId) -> Result<(), StoreError> {
    let tasks = store::orders::task_rows(tx, id).await?;
    let sites: Vec<SiteId> = tasks.iter().map(|task| task.site).collect();
    let mut rolls: Vec<Roll> = Vec::new();
    for issued in store::codes::orders_of(tx, id).await? {
        let (order, level, product, count) = (id, issued.level, issued.product, issued.count);
        match issued.scheme {
            Scheme::Sscc { first_body } => {
                rolls.push(Roll { order, level, product, count, first_body: Some(first_body) });
            }
            Scheme::Minted { .. } => match rolls.iter_mut().find(|roll| roll.level == level) {
                Some(roll) => roll.count = roll.count.saturating_add(count),
                None => rolls.push(Roll { order, level, product, count, first_body: None }),
            },
        }
    }
    let rolls: Vec<FeedRow> = rolls.into_iter().map(FeedRow::Roll).collect();
    feed::publish(tx, &sites, &rolls).await
}

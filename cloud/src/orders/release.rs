//! Releasing an order (任务下达): its tasks, the labels each may print, and what the devices there are told.

use std::collections::BTreeMap;

use sealtrace_protocol::ids::{DeviceId, OrderId, SiteId};
use sealtrace_protocol::ledger::{Level, Party, Permit};
use sealtrace_protocol::link::{FeedRow, Lease, Roll};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;
use serde::Deserialize;

use super::{Order, OrderState, OrdersError, Stored, audit, kind_from_name, split, tasks};
use crate::accounts::AccountId;
use crate::codes::{Purpose, Scheme};
use crate::feed;
use crate::form::Check;
use crate::store::tasks::NewTask;
use crate::store::{self, Store, StoreError, Tx};
use crate::writing;

/// What somebody asks for who releases an order, or more of it.
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
    /// The only device that works on it.
    pub device: Option<u64>,
    /// How many units.
    pub quantity: u32,
    /// The lot; none = the order's.
    pub lot: Option<String>,
    /// The production date, `YYYY-MM-DD`.
    pub date: Option<String>,
    /// The shift.
    pub shift: Option<String>,
}

/// The most tasks of one order.
const TASKS_MAX: usize = 100;

/// Releases an order that has codes, or more of one that was released.
pub async fn release(
    store: &Store,
    id: OrderId,
    plan: &Plan,
    by: AccountId,
    now: Timestamp,
) -> Result<Order, OrdersError> {
    writing!(store, |tx| {
        let order = store::orders::order(tx, id).await?.ok_or(OrdersError::NotFound)?;
        match order.state {
            OrderState::Draft | OrderState::Released | OrderState::Done => {}
            OrderState::Void => return Err(OrdersError::Void),
        }
        let free = free_labels(tx, id).await?;
        let mut tasks = check(tx, &order, plan, !free.is_empty()).await?;
        lease(&order, &free, &mut tasks);
        for task in &tasks {
            store::catalog::ensure_lot(tx, order.product.id, task.lot, now).await?;
            store::tasks::add(tx, id, task).await?;
        }
        store::orders::set_state(tx, id, Stored::Released).await?;
        publish_rolls(tx, id).await?;
        self::tasks::publish(tx, id).await?;
        let released = store::orders::order(tx, id).await?.ok_or(OrdersError::NotFound)?;
        audit(tx, "release", (Some(&order), &released), (by, now)).await?;
        Ok(released)
    })
}

/// Reads the tasks that are asked for, with every fault of every one of them.
async fn check(
    tx: &mut Tx,
    order: &Order,
    plan: &Plan,
    has_labels: bool,
) -> Result<Vec<NewTask>, OrdersError> {
    let mut check = Check::new();
    check.require(!plan.tasks.is_empty(), "tasks", "required");
    let all = plan.tasks.len() + order.tasks.len();
    check.require(all <= TASKS_MAX, "tasks", "too_many");
    check.require(has_codes(order), "codes", "required");
    let product = store::catalog::product(tx, order.product.id).await?;
    check.require(product.is_some_and(|product| product.enabled), "product", "disabled");
    let parts = order.plan.parts().iter().map(|part| part.product);
    let products = parts.chain([order.product.id]).collect();
    let permits: Vec<Permit> =
        store::catalog::permits(tx, &products).await?.into_values().collect();
    let mut tasks = Vec::with_capacity(plan.tasks.len());
    for (at, asked) in plan.tasks.iter().take(TASKS_MAX).enumerate() {
        tasks.extend(task(tx, (at, asked), order, (&permits, has_labels), &mut check).await?);
    }
    let total: u64 = plan.tasks.iter().map(|task| u64::from(task.quantity)).sum();
    let total = total.saturating_add(order.released());
    check.require(total <= u64::from(order.quantity), "tasks", "more_than_ordered");
    check.done()?;
    Ok(tasks)
}

/// A plan that mixes needs labels for its packages; the units in them were issued for other orders.
fn has_codes(order: &Order) -> bool {
    let codes = order.codes;
    let packages = codes.boxes + codes.cases + codes.pallets;
    codes.units > 0 || (!order.plan.parts().is_empty() && packages > 0)
}

async fn task(
    tx: &mut Tx,
    (at, asked): (usize, &PlannedTask),
    order: &Order,
    (permits, has_labels): (&[Permit], bool),
    check: &mut Check,
) -> Result<Option<NewTask>, StoreError> {
    let field = |name: &str| format!("tasks.{at}.{name}");
    let site = SiteId(asked.site);
    match store::organisations::site(tx, site).await? {
        None => check.fault(&field("site"), "unknown"),
        Some(known) => {
            check.require(known.enabled, &field("site"), "disabled");
            let party = Party::Site(site);
            let permitted = permits.iter().all(|permit| permit.allows(party));
            check.require(permitted, &field("site"), "unauthorised");
        }
    }
    let device = asked.device.map(DeviceId);
    let devices = store::devices::active_at(tx, site).await?;
    match device {
        Some(device) => {
            check.require(devices.contains(&device), &field("device"), "not_permitted");
        }
        // Labels leased to nobody in particular would be printed twice.
        None => check.require(!has_labels || devices.len() < 2, &field("device"), "required"),
    }
    let kind = check.choice(&field("kind"), &asked.kind, kind_from_name);
    let quantity = check.units(&field("quantity"), asked.quantity, 1);
    let lot = match asked.lot.as_deref().map(str::trim).filter(|lot| !lot.is_empty()) {
        Some(lot) => check.choice(&field("lot"), lot, |text| Lot::new(text).ok()),
        None => Some(order.lot),
    };
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let date = given(&asked.date).map(|date| check.date(&field("date"), &date));
    let shift = given(&asked.shift).map(|shift| check.number(&field("shift"), &shift));
    Ok(kind.zip(lot).map(|(kind, lot)| NewTask {
        site,
        kind,
        device,
        quantity,
        lot,
        date,
        shift,
        revision: order.revision,
        leases: Vec::new(),
    }))
}

/// Pallet labels of an order that no task was given yet: consecutive SSCCs, the first and how many.
async fn free_labels(tx: &mut Tx, id: OrderId) -> Result<Vec<Lease>, StoreError> {
    let mut given: BTreeMap<u64, u32> = BTreeMap::new();
    for task in store::tasks::of_order(tx, id).await? {
        given.extend(task.leases.iter().map(|lease| (lease.first_body, lease.count)));
    }
    let mut free = Vec::new();
    for issued in store::codes::orders_of(tx, id).await? {
        let Scheme::Sscc { first_body } = issued.scheme else { continue };
        if issued.level != Level::Pallet {
            continue;
        }
        let end = first_body + u64::from(issued.count);
        let mut next = first_body;
        let given = given.range(first_body..end).map(|(first, count)| (*first, *count));
        for (first, count) in given.chain([(end, 0)]) {
            let between = u32::try_from(first.saturating_sub(next)).unwrap_or(u32::MAX);
            if between > 0 {
                free.push(Lease { level: Level::Pallet, first_body: next, count: between });
            }
            next = first + u64::from(count);
        }
    }
    Ok(free)
}

/// Gives each task its part of the labels, and keeps the part of what is still to be released.
fn lease(order: &Order, free: &[Lease], tasks: &mut [NewTask]) {
    let mut quantities: Vec<u32> = tasks.iter().map(|task| task.quantity).collect();
    let given: u64 = quantities.iter().map(|quantity| u64::from(*quantity)).sum();
    let rest = u64::from(order.quantity).saturating_sub(given.saturating_add(order.released()));
    quantities.push(u32::try_from(rest).unwrap_or(u32::MAX));
    for range in free {
        let shares = split(range.count, &quantities);
        for (task, share) in tasks.iter_mut().zip(shares).filter(|(_, share)| share.count > 0) {
            let first_body = range.first_body + u64::from(share.start);
            task.leases.push(Lease { level: range.level, first_body, count: share.count });
        }
    }
}

/// Tells the sites of an order's tasks which codes were issued for it.
pub(super) async fn publish_rolls(tx: &mut Tx, id: OrderId) -> Result<(), StoreError> {
    let tasks = store::tasks::of_order(tx, id).await?;
    let sites: Vec<SiteId> = tasks.iter().map(|task| task.site).collect();
    let mut rolls: Vec<Roll> = Vec::new();
    for issued in store::codes::orders_of(tx, id).await? {
        let Purpose::Order { order, product } = issued.purpose else { continue };
        let (level, count) = (issued.level, issued.count);
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

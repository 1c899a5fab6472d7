//! What an order says: created, changed while that harms nobody, withdrawn.

use sealtrace_protocol::ids::{OrderId, ProductId, Revision};
use sealtrace_protocol::link::TaskState;
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;
use serde::Deserialize;

use super::{Counts, Ending, Order, OrderState, OrdersError, Stored, audit, tasks};
use crate::accounts::AccountId;
use crate::form::{Check, Invalid};
use crate::store::orders::NewOrder;
use crate::store::{self, Store, Tx};
use crate::writing;

/// What somebody asks for who wants an order created or changed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// Its number on paper.
    pub number: String,
    /// The product's id.
    pub product: u64,
    /// The lot, GS1 AI 10.
    pub lot: String,
    /// How many units.
    pub quantity: u32,
    /// Which revision of the product's plan; none = the one in force, or as it was.
    pub revision: Option<u32>,
    /// When it is changed: the version that was.
    pub version: u64,
}

/// Creates a draft order; true when it is new. The same order again is answered as it is, another one under a number in
/// use is refused.
pub async fn create(
    store: &Store,
    draft: &Draft,
    by: AccountId,
    now: Timestamp,
) -> Result<(Order, bool), OrdersError> {
    writing!(store, |tx| {
        let number = Check::new().number("number", &draft.number);
        if let Some(id) = store::orders::by_number(tx, &number).await? {
            let known = store::orders::order(tx, id).await?.ok_or(OrdersError::NotFound)?;
            return same(known, draft).map(|order| (order, false));
        }
        let new = check(tx, draft, None).await?;
        let id = store::orders::add(tx, &new, now).await?;
        let id = id.ok_or_else(|| Invalid::field("number", "taken"))?;
        let order = store::orders::order(tx, id).await?.ok_or(OrdersError::NotFound)?;
        audit(tx, "create", (None, &order), (by, now)).await?;
        Ok((order, true))
    })
}

/// The order that has this number, when it says the same.
fn same(known: Order, draft: &Draft) -> Result<Order, OrdersError> {
    let field = if known.product.id.get() != draft.product {
        "product"
    } else if known.lot.as_str() != draft.lot.trim() {
        "lot"
    } else if known.quantity != draft.quantity {
        "quantity"
    } else if draft.revision.is_some_and(|revision| revision != known.revision.get()) {
        "revision"
    } else {
        return Ok(known);
    };
    Err(OrdersError::NumberTaken { number: known.number, id: known.id, field })
}

async fn check(tx: &mut Tx, draft: &Draft, known: Option<&Order>) -> Result<NewOrder, OrdersError> {
    let mut check = Check::new();
    let number = check.number("number", &draft.number);
    let lot = check.choice("lot", draft.lot.trim(), |text| Lot::new(text).ok());
    let quantity = check.units("quantity", draft.quantity, 1);
    let product = store::catalog::product(tx, ProductId(draft.product)).await?;
    let enabled = product.as_ref().is_none_or(|product| product.enabled);
    check.require(product.is_some(), "product", "unknown");
    check.require(enabled, "product", "disabled");
    let known = known.filter(|known| known.product.id.get() == draft.product);
    let mut revision = known.map(|known| known.revision);
    if let Some(product) = &product {
        let asked = draft.revision.map(Revision).or(revision).unwrap_or(product.revision);
        let exists = store::catalog::plan(tx, product.id, asked).await?.is_some();
        check.require(exists, "revision", "unknown");
        revision = Some(asked);
    }
    if let Some(id) = store::orders::by_number(tx, &number).await? {
        check.require(known.is_some_and(|known| known.id == id), "number", "taken");
    }
    let (lot, revision) = check.finish(lot.zip(revision))?;
    Ok(NewOrder { number, product: ProductId(draft.product), lot, quantity, revision })
}

/// Changes an order: a draft in everything, a released one in its quantity and, while nothing is being made, its plan.
pub async fn edit(
    store: &Store,
    id: OrderId,
    draft: &Draft,
    by: AccountId,
    now: Timestamp,
) -> Result<Order, OrdersError> {
    writing!(store, |tx| {
        let known = store::orders::order(tx, id).await?.ok_or(OrdersError::NotFound)?;
        if known.version != draft.version {
            return Err(OrdersError::ChangedMeanwhile { version: known.version });
        }
        let is_released = match known.state {
            OrderState::Draft => false,
            OrderState::Released | OrderState::Done => true,
            OrderState::Void => return Err(OrdersError::Void),
        };
        let new = check(tx, draft, Some(&known)).await?;
        if is_released {
            harmless(&known, &new)?;
        } else if known.codes != Counts::default() && new.product != known.product.id {
            // They were minted for it.
            return Err(Invalid::field("product", "codes_issued").into());
        }
        store::orders::change(tx, id, &new).await?;
        if is_released && new.revision != known.revision {
            store::tasks::set_revision(tx, id, new.revision).await?;
            tasks::publish(tx, id).await?;
        }
        let order = store::orders::order(tx, id).await?.ok_or(OrdersError::NotFound)?;
        audit(tx, "edit", (Some(&known), &order), (by, now)).await?;
        Ok(order)
    })
}

/// What was released stays what it is, except how much of it there will be and how the rest is packed.
fn harmless(known: &Order, new: &NewOrder) -> Result<(), Invalid> {
    let mut check = Check::new();
    check.require(new.number == known.number, "number", "released");
    check.require(new.product == known.product.id, "product", "released");
    check.require(new.lot == known.lot, "lot", "released");
    check.require(u64::from(new.quantity) >= known.released(), "quantity", "less_than_released");
    let in_work = known.tasks.iter().any(|task| task.state == TaskState::InWork);
    check.require(new.revision == known.revision || !in_work, "revision", "in_work");
    check.done()
}

/// Withdraws an order and its tasks; refused when something was made. One that was withdrawn stays as it is.
pub async fn withdraw(
    store: &Store,
    id: OrderId,
    by: AccountId,
    now: Timestamp,
) -> Result<Order, OrdersError> {
    writing!(store, |tx| {
        let order = store::orders::order(tx, id).await?.ok_or(OrdersError::NotFound)?;
        if order.state == OrderState::Void {
            return Ok(order);
        }
        if order.tasks.iter().any(|task| task.made > 0) {
            return Err(OrdersError::InWork);
        }
        store::orders::set_state(tx, id, Stored::Void).await?;
        for task in &order.tasks {
            store::tasks::end(tx, task.id, Ending::Void).await?;
        }
        tasks::publish(tx, id).await?;
        let withdrawn = store::orders::order(tx, id).await?.ok_or(OrdersError::NotFound)?;
        audit(tx, "withdraw", (Some(&order), &withdrawn), (by, now)).await?;
        Ok(withdrawn)
    })
}

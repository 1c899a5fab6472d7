//! Tasks once they are released: ended by somebody, told to the devices of their site.

use sealtrace_protocol::ids::{OrderId, TaskId};
use sealtrace_protocol::link::FeedRow;
use sealtrace_protocol::time::Timestamp;

use super::{Ending, Order, OrdersError, audit};
use crate::accounts::AccountId;
use crate::feed;
use crate::store::{self, Store, StoreError, Tx};
use crate::writing;

/// Ends a task: closes it with what was made, or withdraws it when nothing was.
pub async fn end(
    store: &Store,
    id: TaskId,
    ending: Ending,
    by: AccountId,
    now: Timestamp,
) -> Result<Order, OrdersError> {
    writing!(store, |tx| {
        let task = store::tasks::row(tx, id).await?.ok_or(OrdersError::NotFound)?;
        if !ending.may_end(task.state) {
            return Err(match ending {
                Ending::Closed => OrdersError::Void,
                Ending::Void => OrdersError::InWork,
            });
        }
        let order = store::orders::order(tx, task.order).await?.ok_or(OrdersError::NotFound)?;
        store::tasks::end(tx, id, ending).await?;
        publish_task(tx, id).await?;
        let ended = store::orders::order(tx, task.order).await?.ok_or(OrdersError::NotFound)?;
        audit(tx, ending.action(), (Some(&order), &ended), (by, now)).await?;
        Ok(ended)
    })
}

/// Tells a task's site how it stands.
pub async fn publish_task(tx: &mut Tx, id: TaskId) -> Result<(), StoreError> {
    let Some(row) = store::tasks::row(tx, id).await? else { return Ok(()) };
    feed::publish(tx, &[row.site], &[FeedRow::Task(row)]).await
}

/// The same for all tasks of an order.
pub(super) async fn publish(tx: &mut Tx, order: OrderId) -> Result<(), StoreError> {
    for row in store::tasks::of_order(tx, order).await? {
        feed::publish(tx, &[row.site], &[FeedRow::Task(row)]).await?;
    }
    Ok(())
}

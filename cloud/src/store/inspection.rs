//! Inspections that were sent with an id, so that the same one sent again is recorded once.

use super::{StoreError, Tx};
use crate::accounts::AccountId;
use crate::codes::ItemKey;

/// What an inspector's inspection with this id was recorded as: the item, and the number among its sightings.
pub async fn recorded(
    tx: &mut Tx,
    account: AccountId,
    id: &str,
) -> Result<Option<(ItemKey, u64)>, StoreError> {
    let row = tx
        .query_opt(
            "select item, nth from inspections where account = $1 and id = $2",
            &[account.0.into(), id.into()],
        )
        .await?;
    row.map(|row| Ok((ItemKey::from_number(row.get(0)?), row.get(1)?))).transpose()
}

/// Remembers it. A conflict when the same one was recorded at this moment.
pub async fn remember(
    tx: &mut Tx,
    account: AccountId,
    id: &str,
    item: ItemKey,
    nth: u64,
) -> Result<(), StoreError> {
    let added = tx
        .execute(
            "insert into inspections (account, id, item, nth) values ($1, $2, $3, $4)
             on conflict (account, id) do nothing",
            &[account.0.into(), id.into(), item.number().into(), nth.into()],
        )
        .await?;
    if added == 1 { Ok(()) } else { Err(StoreError::Conflict("it was just recorded".into())) }
}

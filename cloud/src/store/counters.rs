//! Ids: a row per kind, counted up inside the transaction that uses them, so none is lost and none given twice.

use super::{StoreError, Tx};

/// The next number of a kind of thing, from 1.
pub async fn next(tx: &mut Tx, kind: &str) -> Result<u64, StoreError> {
    take(tx, kind, 1).await
}

/// The first of the next `count` numbers of a kind of thing.
pub async fn take(tx: &mut Tx, kind: &str, count: u64) -> Result<u64, StoreError> {
    let row = tx
        .query_one(
            "insert into counters (kind, newest) values ($1, $2)
             on conflict (kind) do update set newest = counters.newest + excluded.newest
             returning newest",
            &[kind.into(), count.into()],
        )
        .await?;
    Ok(row.get::<u64>(0)?.saturating_sub(count).saturating_add(1))
}

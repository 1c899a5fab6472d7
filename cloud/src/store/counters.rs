//! Ids: a row per kind, counted up inside the transaction that uses them, so none is lost and none given twice.

use super::{StoreError, Tx};

/// The next number of a kind of thing, from 1.
pub async fn next(tx: &mut Tx, kind: &str) -> Result<u64, StoreError> {
    let row = tx
        .query_one(
            "insert into counters (kind, newest) values ($1, 1)
             on conflict (kind) do update set newest = counters.newest + 1
             returning newest",
            &[kind.into()],
        )
        .await?;
    row.get(0)
}

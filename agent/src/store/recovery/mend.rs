//! What was taken over becomes a stream that the cloud can go on with.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rusqlite::{Transaction, params};
use sealtrace_protocol::ids::{Epoch, OperationId};
use sealtrace_protocol::ledger::Operation;
use sealtrace_protocol::signing::SealedBatch;
use sealtrace_protocol::wire::encode;
use sealtrace_protocol::wire::v1::Record;

use super::super::{StoreError, stream};
use crate::identity::Identity;

/// Completes the stream from what is known, marks it as lost, and answers which places of operations that were never
/// receipted are missing, such as `17-19, 23`.
pub(super) fn stream(
    tx: &Transaction<'_>,
    identity: Option<&Identity>,
) -> Result<String, StoreError> {
    let failed = || StoreError::sqlite("mend the stream");
    if let Some(identity) = identity {
        if stream::read(tx)?.is_none() {
            let newest: Option<u32> = tx
                .query_row(
                    "select max(epoch) from (select epoch from outbox union all select epoch from batch)",
                    [],
                    |row| row.get(0),
                )
                .map_err(failed())?;
            let epoch = newest.map_or(identity.device.epoch, Epoch);
            stream::begin(tx, identity.device.device, epoch)?;
        }
        unseal(tx, identity)?;
    }
    tx.execute_batch(
        "delete from outbox where not exists (select 1 from operation
           where operation.epoch = operation_epoch and operation.seq = operation_seq);
         update stream set lost = 1,
           seq = max(seq, (select ifnull(max(seq), 0) from outbox where outbox.epoch = stream.epoch))",
    )
    .map_err(failed())?;
    let Some(known) = stream::read(tx)? else { return Ok(String::new()) };
    let epoch = known.head.epoch.get();
    let receipted: u64 = tx
        .query_row(
            "select ifnull(max(last), 0) from batch where epoch = ?1 and receipt is not null",
            [epoch],
            |row| row.get(0),
        )
        .map_err(failed())?;
    let there: BTreeSet<u64> = tx
        .prepare("select seq from outbox where epoch = ?1 and seq > ?2")
        .and_then(|mut query| {
            query.query_map(params![epoch, receipted], |row| row.get(0))?.collect()
        })
        .map_err(failed())?;
    Ok(ranges((receipted + 1..=known.seq.get()).filter(|seq| !there.contains(seq))))
}

/// What lies sealed and was never receipted, can be read from there as well.
fn unseal(tx: &Transaction<'_>, identity: &Identity) -> Result<(), StoreError> {
    let failed = || StoreError::sqlite("read sealed batches");
    let sealed: Vec<Vec<u8>> = tx
        .prepare("select sealed from batch where receipt is null and abandoned = 0")
        .and_then(|mut query| query.query_map([], |row| row.get(0))?.collect())
        .map_err(failed())?;
    for bytes in sealed {
        let batch = SealedBatch::from_bytes(&bytes)
            .and_then(|batch| batch.verify(&identity.signing.public()));
        let Ok(batch) = batch else {
            tracing::error!(
                "a sealed batch does not verify any more; its operations travel again by themselves"
            );
            continue;
        };
        for (at, record) in batch.into_inner().operations() {
            let (id, operation) = match record {
                Record::Made(operation) => (at, operation),
                Record::Reemitted { id, operation } => (*id, operation),
            };
            keep(tx, at, id, operation)?;
        }
    }
    Ok(())
}

fn keep(
    tx: &Transaction<'_>,
    at: OperationId,
    id: OperationId,
    operation: &Operation,
) -> Result<(), StoreError> {
    let failed = || StoreError::sqlite("keep an operation");
    let (epoch, seq) = (id.epoch.get(), id.seq.get());
    tx.prepare_cached(
        "insert or ignore into operation (epoch, seq, kind, at, body) values (?1, ?2, ?3, ?4, ?5)",
    )
    .and_then(|mut insert| {
        let made = operation.at.wall.millis();
        insert.execute(params![epoch, seq, operation.action.kind(), made, encode(operation)])
    })
    .map_err(failed())?;
    tx.prepare_cached(
        "insert or ignore into outbox (epoch, seq, operation_epoch, operation_seq)
         values (?1, ?2, ?3, ?4)",
    )
    .and_then(|mut insert| insert.execute(params![at.epoch.get(), at.seq.get(), epoch, seq]))
    .map_err(failed())?;
    Ok(())
}

fn ranges(numbers: impl Iterator<Item = u64>) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            Some(_) | None => ranges.push((number, number)),
        }
    }
    let mut text = String::new();
    for (first, last) in ranges {
        let comma = if text.is_empty() { "" } else { ", " };
        let _ = if first == last {
            write!(text, "{comma}{first}")
        } else {
            write!(text, "{comma}{first}-{last}")
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_in_ranges() {
        assert_eq!(ranges([17, 18, 19, 23].into_iter()), "17-19, 23");
        assert_eq!(ranges(std::iter::empty()), "");
    }
}

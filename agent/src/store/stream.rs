//! Where this device's stream stands: places given out, newest batch, newest receipt, verdicts known.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use sealtrace_protocol::ids::{BatchNo, DeviceId, Epoch, OperationId, Seq};
use sealtrace_protocol::signing::Hash;
use sealtrace_protocol::signing::chain::StreamHead;
use sealtrace_protocol::time::Timestamp;

use super::StoreError;

/// The stream as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Whose.
    pub device: DeviceId,
    /// Last place given out.
    pub seq: Seq,
    /// Newest sealed batch.
    pub head: StreamHead,
    /// Newest verified receipt.
    pub receipt_hash: Hash,
    /// When it came.
    pub receipt_at: Option<Timestamp>,
    /// Verdicts are known up to here.
    pub verdicts: (Epoch, Seq),
    /// The cloud saw a fork.
    pub frozen: bool,
    /// This store is an old copy of itself.
    pub lost: bool,
}

/// The stream; none when this store lost it, or the device was never enrolled.
pub fn read(conn: &Connection) -> Result<Option<Stream>, StoreError> {
    conn.prepare_cached(
        "select device, epoch, seq, batch, batch_hash, batch_seq, receipt_hash, verdict_epoch,
                verdict_seq, frozen, lost, receipt_at
         from stream where id = 1",
    )
    .and_then(|mut query| {
        query
            .query_row([], |row| {
                Ok(Stream {
                    device: DeviceId(row.get(0)?),
                    seq: Seq(row.get(2)?),
                    head: StreamHead {
                        epoch: Epoch(row.get(1)?),
                        batch: BatchNo(row.get(3)?),
                        hash: Hash(row.get(4)?),
                        seq: Seq(row.get(5)?),
                    },
                    receipt_hash: Hash(row.get(6)?),
                    verdicts: (Epoch(row.get(7)?), Seq(row.get(8)?)),
                    frozen: row.get(9)?,
                    lost: row.get(10)?,
                    receipt_at: row.get::<_, Option<i64>>(11)?.map(Timestamp),
                })
            })
            .optional()
    })
    .map_err(StoreError::sqlite("read the stream"))
}

/// Begins an epoch: at enrolment, and after a resume. What the last receipt was stays known.
pub fn begin(tx: &Transaction<'_>, device: DeviceId, epoch: Epoch) -> Result<(), StoreError> {
    tx.execute(
        "insert into stream (id, device, epoch, seq, batch, batch_hash, batch_seq, receipt_hash,
           verdict_epoch, verdict_seq)
         values (1, ?1, ?2, 0, 0, ?3, 0, ?3, ?2, 0)
         on conflict (id) do update set device = excluded.device, epoch = excluded.epoch, seq = 0, batch = 0,
           batch_hash = excluded.batch_hash, batch_seq = 0, frozen = 0, lost = 0",
        params![device.get(), epoch.get(), Hash::ZERO.0],
    )
    .map_err(StoreError::sqlite("begin an epoch"))?;
    Ok(())
}

/// Gives out the next place.
pub fn next_place(tx: &Transaction<'_>) -> Result<OperationId, StoreError> {
    tx.prepare_cached(
        "update stream set seq = seq + 1 where id = 1 and lost = 0 returning device, epoch, seq",
    )
    .and_then(|mut update| {
        update
            .query_row([], |row| {
                Ok(OperationId {
                    device: DeviceId(row.get(0)?),
                    epoch: Epoch(row.get(1)?),
                    seq: Seq(row.get(2)?),
                })
            })
            .optional()
    })
    .map_err(StoreError::sqlite("number an operation"))?
    .ok_or(StoreError::NoStream)
}

/// Remembers the newest sealed batch.
pub(super) fn sealed(tx: &Transaction<'_>, head: &StreamHead) -> Result<(), StoreError> {
    tx.execute(
        "update stream set batch = ?1, batch_hash = ?2, batch_seq = ?3 where id = 1 and epoch = ?4",
        params![head.batch.get(), head.hash.0, head.seq.get(), head.epoch.get()],
    )
    .map_err(StoreError::sqlite("remember the newest batch"))?;
    Ok(())
}

/// Remembers the newest verified receipt.
pub(super) fn receipted(tx: &Transaction<'_>, hash: Hash, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "update stream set receipt_hash = ?1, receipt_at = ?2 where id = 1",
        params![hash.0, at.millis()],
    )
    .map_err(StoreError::sqlite("remember the newest receipt"))?;
    Ok(())
}

/// Remembers up to where verdicts are known.
pub(super) fn judged(tx: &Transaction<'_>, epoch: Epoch, seq: Seq) -> Result<(), StoreError> {
    tx.execute(
        "update stream set verdict_epoch = ?1, verdict_seq = ?2
         where id = 1 and (verdict_epoch, verdict_seq) < (?1, ?2)",
        params![epoch.get(), seq.get()],
    )
    .map_err(StoreError::sqlite("remember the newest verdict"))?;
    Ok(())
}

/// Stops sending until a person resolved the fork.
pub fn freeze(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("update stream set frozen = 1 where id = 1", [])
        .map_err(StoreError::sqlite("freeze the stream"))?;
    Ok(())
}

/// Notes that this store is an old copy of itself: nothing is confirmed until the cloud granted a new epoch.
pub fn lose(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("update stream set lost = 1 where id = 1", [])
        .map_err(StoreError::sqlite("mark the stream as lost"))?;
    Ok(())
}

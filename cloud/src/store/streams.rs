//! Devices' streams: where each stands, its sealed batches, what is parked, what is forked.

use sealtrace_protocol::ids::{BatchNo, DeviceId, Epoch, OperationId, Seq};
use sealtrace_protocol::signing::Hash;
use sealtrace_protocol::signing::chain::StreamHead;
use sealtrace_protocol::time::Timestamp;
use sealtrace_protocol::wire::v1::BatchHeader;

use super::{Row, StoreError, Tx};

/// One generation of a device's stream.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    /// Its newest batch in the chain.
    pub head: StreamHead,
    /// The newest batch whose operations have verdicts.
    pub judged: BatchNo,
    /// True when a fork was found.
    pub frozen: bool,
}

/// A batch as stored.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its hash.
    pub hash: Hash,
    /// The bytes as they came.
    pub sealed: Vec<u8>,
    /// The sealed receipt; none while parked.
    pub receipt: Option<Vec<u8>>,
}

const STREAM: &str = "epoch, batch, hash, seq, judged_batch, frozen_at";

/// Starts a new, empty generation.
pub async fn start(
    tx: &mut Tx,
    device: DeviceId,
    epoch: Epoch,
    boot: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    let head = StreamHead::start(epoch);
    tx.execute(
        "insert into streams (device, epoch, boot, granted_at, batch, hash, seq, judged_batch)
         values ($1, $2, $3, $4, $5, $6, $7, 0)",
        &[
            device.into(),
            epoch.into(),
            boot.into(),
            now.into(),
            head.batch.into(),
            head.hash.into(),
            head.seq.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The newest generation of a device's stream.
pub async fn current(tx: &mut Tx, device: DeviceId) -> Result<Option<Stream>, StoreError> {
    let sql = format!("select {STREAM} from streams where device = $1 order by epoch desc limit 1");
    tx.query_opt(&sql, &[device.into()]).await?.as_ref().map(read).transpose()
}

/// One generation of a device's stream.
pub async fn stream(
    tx: &mut Tx,
    device: DeviceId,
    epoch: Epoch,
) -> Result<Option<Stream>, StoreError> {
    let sql = format!("select {STREAM} from streams where device = $1 and epoch = $2");
    tx.query_opt(&sql, &[device.into(), epoch.into()]).await?.as_ref().map(read).transpose()
}

/// The generation that was granted to this start of the agent.
pub async fn granted_to(
    tx: &mut Tx,
    device: DeviceId,
    boot: &[u8],
) -> Result<Option<Epoch>, StoreError> {
    let row = tx
        .query_opt(
            "select epoch from streams where device = $1 and boot = $2 order by epoch desc limit 1",
            &[device.into(), boot.into()],
        )
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// Closes a generation: a newer one was granted.
pub async fn close(
    tx: &mut Tx,
    device: DeviceId,
    epoch: Epoch,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "update streams set closed_at = $3 where device = $1 and epoch = $2 and closed_at is null",
        &[device.into(), epoch.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Freezes a generation: a fork was found.
pub async fn freeze(
    tx: &mut Tx,
    device: DeviceId,
    epoch: Epoch,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "update streams set frozen_at = $3 where device = $1 and epoch = $2 and frozen_at is null",
        &[device.into(), epoch.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Moves the stream's head to its next batch.
pub async fn advance(tx: &mut Tx, device: DeviceId, head: &StreamHead) -> Result<(), StoreError> {
    let moved = tx
        .execute(
            "update streams set batch = $3, hash = $4, seq = $5
             where device = $1 and epoch = $2 and batch + 1 = $3",
            &[
                device.into(),
                head.epoch.into(),
                head.batch.into(),
                head.hash.into(),
                head.seq.into(),
            ],
        )
        .await?;
    one(moved)
}

/// The batch at a place, stored or parked.
pub async fn batch(
    tx: &mut Tx,
    device: DeviceId,
    epoch: Epoch,
    batch: BatchNo,
) -> Result<Option<Stored>, StoreError> {
    let row = tx
        .query_opt(
            "select hash, sealed, receipt from batches
             where device = $1 and epoch = $2 and batch = $3",
            &[device.into(), epoch.into(), batch.into()],
        )
        .await?;
    row.map(|row| Ok(Stored { hash: row.get(0)?, sealed: row.get(1)?, receipt: row.get(2)? }))
        .transpose()
}

/// The batch of a stream that an operation travelled in.
pub async fn batch_with(tx: &mut Tx, at: OperationId) -> Result<Option<BatchNo>, StoreError> {
    let row = tx
        .query_opt(
            "select batch from batches
             where device = $1 and epoch = $2 and first_seq <= $3 and last_seq >= $3 and parked = 0",
            &[at.device.into(), at.epoch.into(), at.seq.into()],
        )
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// Stores a batch; without a receipt it is parked. A conflict when the same place was just taken by another delivery.
pub async fn insert_batch(
    tx: &mut Tx,
    header: &BatchHeader,
    hash: Hash,
    sealed: &[u8],
    receipt: Option<&[u8]>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let added = tx
        .execute(
        "insert into batches (device, epoch, batch, hash, previous, first_seq, last_seq, parked,
                              sealed, received_at, receipt)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (device, epoch, batch) do nothing",
        &[
            header.device.into(),
            header.epoch.into(),
            header.batch.into(),
            hash.into(),
            header.previous.into(),
            header.first.into(),
            header.last.into(),
            receipt.is_none().into(),
            sealed.into(),
            now.into(),
            receipt.into(),
        ],
    )
    .await?;
    one(added)
}

/// A parked batch has found its place.
pub async fn unpark(tx: &mut Tx, header: &BatchHeader, receipt: &[u8]) -> Result<(), StoreError> {
    let moved = tx
        .execute(
            "update batches set parked = 0, receipt = $4
             where device = $1 and epoch = $2 and batch = $3 and parked = 1",
            &[header.device.into(), header.epoch.into(), header.batch.into(), receipt.into()],
        )
        .await?;
    one(moved)
}

/// How many batches of an epoch wait for others.
pub async fn parked(tx: &mut Tx, device: DeviceId, epoch: Epoch) -> Result<u32, StoreError> {
    let sql = "select count(*) from batches where device = $1 and epoch = $2 and parked = 1";
    tx.query_one(sql, &[device.into(), epoch.into()]).await?.get(0)
}

/// A parked batch has turned out not to continue the stream: it is not part of it any more.
pub async fn drop_parked(tx: &mut Tx, header: &BatchHeader) -> Result<(), StoreError> {
    tx.execute(
        "delete from batches where device = $1 and epoch = $2 and batch = $3 and parked = 1",
        &[header.device.into(), header.epoch.into(), header.batch.into()],
    )
    .await?;
    Ok(())
}

/// Keeps the other side of a fork; the same one twice is kept once.
pub async fn insert_fork(
    tx: &mut Tx,
    header: &BatchHeader,
    hash: Hash,
    sealed: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into forks (device, epoch, batch, hash, sealed, received_at)
         values ($1, $2, $3, $4, $5, $6) on conflict (device, epoch, batch, hash) do nothing",
        &[
            header.device.into(),
            header.epoch.into(),
            header.batch.into(),
            hash.into(),
            sealed.into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Streams with batches that have no verdicts yet, a device's older generations first; of each device only one.
pub async fn unjudged(tx: &mut Tx, limit: u32) -> Result<Vec<(DeviceId, Epoch)>, StoreError> {
    let rows = tx
        .query(
            "select device, min(epoch) from streams where judged_batch < batch
             group by device order by device limit $1",
            &[limit.into()],
        )
        .await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Notes that a batch's operations have verdicts; a conflict when another process was faster.
pub async fn judged(
    tx: &mut Tx,
    device: DeviceId,
    epoch: Epoch,
    batch: BatchNo,
) -> Result<(), StoreError> {
    let moved = tx
        .execute(
            "update streams set judged_batch = $3
             where device = $1 and epoch = $2 and judged_batch + 1 = $3",
            &[device.into(), epoch.into(), batch.into()],
        )
        .await?;
    one(moved)
}

fn one(changed: u64) -> Result<(), StoreError> {
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict("another process was faster".into()))
    }
}

fn read(row: &Row) -> Result<Stream, StoreError> {
    Ok(Stream {
        head: StreamHead {
            epoch: row.get(0)?,
            batch: row.get(1)?,
            hash: row.get(2)?,
            seq: row.get::<Seq>(3)?,
        },
        judged: row.get(4)?,
        frozen: row.get::<Option<Timestamp>>(5)?.is_some(),
    })
}

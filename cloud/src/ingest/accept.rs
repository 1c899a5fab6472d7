//! One delivered batch: verify, place, store, receipt — in that order, the last three in one transaction.

use data_encoding::BASE64;
use sealtrace_protocol::ids::BatchNo;
use sealtrace_protocol::link::Delivery;
use sealtrace_protocol::signing::chain::{Placement, StreamHead};
use sealtrace_protocol::signing::{Batch, Hash, SealedBatch, Verified};
use sealtrace_protocol::time::Timestamp;
use sealtrace_protocol::wire::v1::{BatchHeader, Receipt};

use super::IngestError;
use crate::cloud::Cloud;
use crate::devices::Device;
use crate::store::{StoreError, Tx, devices, streams};
use crate::writing;

/// How many batches ahead of the awaited one are kept.
pub const PARKED_AHEAD_MAX: u64 = 256;

/// What became of a batch, decided inside the transaction.
enum Outcome {
    Stored(Vec<u8>),
    Parked(BatchNo),
    Forked,
}

/// Takes one batch from a device.
pub async fn accept(cloud: &Cloud, device: &Device, bytes: &[u8]) -> Result<Delivery, IngestError> {
    let outcome = place(cloud, device, bytes).await;
    match &outcome {
        Ok(_) => cloud.to_judge.notify_one(),
        Err(error @ IngestError::Forked { .. }) => {
            tracing::error!(device.id = %device.id, error = %error, "a stream is frozen");
        }
        // Ours, and logged with its causes where it is answered.
        Err(IngestError::Store(_) | IngestError::NoStream) => {}
        Err(error) => {
            let reason = error.code();
            tracing::warn!(device.id = %device.id, reason, error = %error, "a delivery was refused");
        }
    }
    outcome
}

async fn place(cloud: &Cloud, device: &Device, bytes: &[u8]) -> Result<Delivery, IngestError> {
    let sealed = SealedBatch::from_bytes(bytes).map_err(IngestError::Unreadable)?;
    let batch = sealed.verify(&device.key).map_err(IngestError::Unverified)?;
    let header = &batch.header;
    if header.device != device.id {
        return Err(IngestError::OtherDevice { sender: device.id, named: header.device });
    }
    if header.owner != cloud.config.owner {
        return Err(IngestError::OtherOwner { named: header.owner });
    }
    let now = cloud.clock.now();
    let outcome = writing!(cloud.store, |tx| {
        let outcome = store(cloud, tx, device, &batch, bytes, now).await?;
        devices::seen(tx, device.id, &batch.header.software, now).await?;
        Ok::<_, IngestError>(outcome)
    })?;
    match outcome {
        Outcome::Stored(receipt) => Ok(Delivery::Stored { receipt: BASE64.encode(&receipt) }),
        Outcome::Parked(expected) => Ok(Delivery::Parked { expected }),
        Outcome::Forked => {
            Err(IngestError::Forked { device: device.id, epoch: header.epoch, batch: header.batch })
        }
    }
}

async fn store(
    cloud: &Cloud,
    tx: &mut Tx,
    device: &Device,
    batch: &Verified<Batch>,
    bytes: &[u8],
    now: Timestamp,
) -> Result<Outcome, IngestError> {
    let Batch { header, hash, .. } = &**batch;
    let stream = streams::current(tx, device.id).await?.ok_or(IngestError::NoStream)?;
    if let Some(known) = streams::batch(tx, device.id, header.epoch, header.batch).await? {
        return match known.receipt {
            _ if known.hash != *hash => fork(tx, header, *hash, bytes, now).await,
            Some(receipt) => Ok(Outcome::Stored(receipt)),
            // Its turn never comes: what it holds travels again in the new epoch.
            None if header.epoch != stream.head.epoch => {
                Err(IngestError::OtherEpoch { expected: stream.head.epoch })
            }
            None => Ok(Outcome::Parked(stream.head.next_batch())),
        };
    }
    match stream.head.place(header) {
        Placement::Next => {
            let receipt = receipt(cloud, header, *hash, now);
            streams::insert_batch(tx, header, *hash, bytes, Some(&receipt), now).await?;
            let head = StreamHead::after(header, *hash);
            streams::advance(tx, device.id, &head).await?;
            follow_up(cloud, tx, device, head, now).await?;
            Ok(Outcome::Stored(receipt))
        }
        Placement::Ahead { expected } => {
            if header.batch.get() - expected.get() > PARKED_AHEAD_MAX {
                return Err(IngestError::TooFarAhead { expected });
            }
            streams::insert_batch(tx, header, *hash, bytes, None, now).await?;
            Ok(Outcome::Parked(expected))
        }
        Placement::Earlier | Placement::Fork => fork(tx, header, *hash, bytes, now).await,
        Placement::OtherEpoch { expected } => Err(IngestError::OtherEpoch { expected }),
    }
}

/// The gap in front of parked batches may be closed: those that follow get their receipts now.
async fn follow_up(
    cloud: &Cloud,
    tx: &mut Tx,
    device: &Device,
    mut head: StreamHead,
    now: Timestamp,
) -> Result<(), IngestError> {
    loop {
        let parked = streams::batch(tx, device.id, head.epoch, head.next_batch()).await?;
        let Some(parked) = parked else { return Ok(()) };
        let damaged = |error| StoreError::damaged("parked batch", error);
        let batch = SealedBatch::from_bytes(&parked.sealed)
            .and_then(|sealed| sealed.verify(&device.key))
            .map_err(damaged)?;
        if head.place(&batch.header) != Placement::Next {
            streams::drop_parked(tx, &batch.header).await?;
            fork(tx, &batch.header, parked.hash, &parked.sealed, now).await?;
            tracing::error!(
                device.id = %device.id, batch.no = %batch.header.batch,
                "a parked batch does not continue its stream: the stream is frozen"
            );
            return Ok(());
        }
        let receipt = receipt(cloud, &batch.header, parked.hash, now);
        streams::unpark(tx, &batch.header, &receipt).await?;
        head = StreamHead::after(&batch.header, parked.hash);
        streams::advance(tx, device.id, &head).await?;
    }
}

async fn fork(
    tx: &mut Tx,
    header: &BatchHeader,
    hash: Hash,
    bytes: &[u8],
    now: Timestamp,
) -> Result<Outcome, IngestError> {
    streams::insert_fork(tx, header, hash, bytes, now).await?;
    streams::freeze(tx, header.device, header.epoch, now).await?;
    Ok(Outcome::Forked)
}

/// The cloud's word that a batch is stored.
pub(crate) fn receipt(
    cloud: &Cloud,
    header: &BatchHeader,
    batch_hash: Hash,
    now: Timestamp,
) -> Vec<u8> {
    let receipt = Receipt {
        owner: header.owner,
        device: header.device,
        epoch: header.epoch,
        batch: header.batch,
        batch_hash,
        stored_at: now,
    };
    cloud.keys.receipt.seal_receipt(&receipt).to_bytes()
}

//! The office: what people at the console do to the ledger is a signed operation like any other.
//!
//! The cloud has a stream of its own, under the device [`crate::devices::OFFICE`], with a key that all processes share.
//! An operation is sealed, chained, stored, receipted and judged in the transaction of whoever asks for it, and shows up
//! in traces and on the page of its batch as a device's does. One that the rules refuse leaves nothing behind.

use sealtrace_protocol::ids::{Cursor, Epoch, OperationId, SiteId};
use sealtrace_protocol::ledger::{Action, Operation, Rejection, Verdict};
use sealtrace_protocol::signing::chain::StreamHead;
use sealtrace_protocol::signing::{Hash, SealedBatch, Sealing};
use sealtrace_protocol::time::{Stamp, Timestamp};
use sealtrace_protocol::wire::WireError;
use sealtrace_protocol::wire::v1::Record;

use crate::cloud::Cloud;
use crate::devices::OFFICE;
use crate::ingest::{judging, receipt};
use crate::store::{Retry, StoreError, Tx, devices, operations, streams};

/// The name of the office's stream where devices are named; pages word it.
pub const NAME: &str = "office";
/// The only generation of its stream: it is stored where its operations are, so it is never restored without them.
const EPOCH: Epoch = Epoch(1);
/// How far off the cloud's clock may be, in milliseconds.
const UNCERTAINTY_MS: u32 = 1_000;

/// Why the office did not do something.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// The rules refuse it.
    #[error("it does not count: {rejection}")]
    Rejected {
        /// Why.
        rejection: Rejection,
    },
    /// The stream does not go on.
    #[error("the office's stream is frozen: restore the database from a backup")]
    Frozen,
    /// It cannot be sealed.
    #[error("the operation cannot be sealed")]
    Seal(#[source] WireError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retry for OfficeError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

/// Does something at a site, on behalf of somebody who may; says where it is written down.
pub async fn does(
    cloud: &Cloud,
    tx: &mut Tx,
    site: SiteId,
    action: Action,
    now: Timestamp,
) -> Result<OperationId, OfficeError> {
    let head = head(cloud, tx, now).await?;
    let at = Stamp { wall: now, uncertainty_ms: UNCERTAINTY_MS };
    let operation =
        Operation { at, operator: None, approver: None, site, basis: Cursor(0), action };
    let sealing = Sealing {
        owner: cloud.config.owner,
        device: OFFICE,
        last_receipt: Hash::ZERO,
        boot: [0; 16],
        monotonic_ms: 0,
        sealed_at: at,
        software: env!("CARGO_PKG_VERSION").to_owned(),
        configuration: 0,
    };
    let key = &cloud.keys.office;
    let sealed = SealedBatch::seal(key, &head, &[Record::Made(operation)], sealing)
        .map_err(OfficeError::Seal)?;
    let batch = sealed
        .verify(&key.public())
        .map_err(|error| StoreError::damaged("batch of the office", error))?;
    let receipt = receipt(cloud, &batch.header, batch.hash, now);
    let bytes = sealed.to_bytes();
    streams::insert_batch(tx, &batch.header, batch.hash, &bytes, Some(&receipt), now).await?;
    streams::advance(tx, OFFICE, &StreamHead::after(&batch.header, batch.hash)).await?;
    judging::judge_batch(tx, &cloud.codebook, OFFICE, head.epoch, now).await?;
    let done = OperationId { device: OFFICE, epoch: head.epoch, seq: head.next_seq() };
    match operations::verdict_of(tx, done).await? {
        Some(Verdict::Applied { .. }) => Ok(done),
        Some(Verdict::Quarantined { rejection }) => Err(OfficeError::Rejected { rejection }),
        Some(Verdict::Frozen | Verdict::Duplicate { .. }) | None => Err(OfficeError::Frozen),
    }
}

/// Where the stream stands; the first operation begins it.
async fn head(cloud: &Cloud, tx: &mut Tx, now: Timestamp) -> Result<StreamHead, StoreError> {
    if let Some(stream) = streams::current(tx, OFFICE).await? {
        return Ok(stream.head);
    }
    let key = cloud.keys.office.public();
    devices::insert_device(tx, OFFICE, NAME, key, &[], now).await.map_err(faster)?;
    streams::start(tx, OFFICE, EPOCH, &[], now).await.map_err(faster)?;
    Ok(StreamHead::start(EPOCH))
}

/// Of processes that begin the stream together one does, and the others go on from there.
fn faster(error: StoreError) -> StoreError {
    if let StoreError::Exists(source) = error { StoreError::Conflict(source) } else { error }
}

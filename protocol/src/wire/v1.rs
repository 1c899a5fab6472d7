//! Version 1 of everything that travels signed. Frozen from the first release tag on; edited in place until then.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use zstd::zstd_safe;

use super::{WireError, decode, encode};
use crate::ids::{BatchNo, DeviceId, Epoch, OperationId, OwnerId, Seq};
use crate::ledger::Operation;
use crate::signing::Hash;
use crate::time::{Stamp, Timestamp};

/// The most operations in one batch.
pub const BATCH_OPERATIONS_MAX: usize = 2_000;
/// The most bytes of one sealed batch on the wire.
pub const BATCH_WIRE_BYTES_MAX: usize = 256 * 1024;
/// The most bytes of one batch's payload before compression.
pub const BATCH_RAW_BYTES_MAX: usize = 1024 * 1024;
/// The most that decompression may multiply.
pub const BATCH_RATIO_MAX: usize = 20;
const COMPRESSION_LEVEL: i32 = 3;
/// RFC 8878, 3.1.1: what a zstd frame begins with.
const FRAME_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Of the frame's descriptor: the window is the content, so that a small device can undo what another made.
const SINGLE_SEGMENT: u8 = 0b0010_0000;
/// Of the frame's descriptor: four bytes of content size follow.
const SIZE_IN_FOUR_BYTES: u8 = 0b1000_0000;
/// The most bytes of one block.
const BLOCK_BYTES_MAX: usize = 128 * 1024;

const _: () = assert!(BATCH_WIRE_BYTES_MAX < BATCH_RAW_BYTES_MAX);

/// What is signed of a batch; the payload hangs on it by its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchHeader {
    /// The brand owner.
    pub owner: OwnerId,
    /// The device whose stream this is.
    pub device: DeviceId,
    /// The stream's generation.
    pub epoch: Epoch,
    /// The batch's place in the stream, from 1.
    pub batch: BatchNo,
    /// The first operation in it.
    pub first: Seq,
    /// The last operation in it.
    pub last: Seq,
    /// How many operations; `last - first + 1`.
    pub count: u32,
    /// SHA-256 of the compressed payload.
    pub payload_hash: Hash,
    /// Length of the payload before compression, in bytes.
    pub raw_bytes: u32,
    /// Hash of the batch before it; zero for the first of an epoch.
    pub previous: Hash,
    /// Hash of the newest receipt the device holds; zero when none.
    pub last_receipt: Hash,
    /// Drawn at each start of the agent.
    pub boot: [u8; 16],
    /// Milliseconds since that start.
    pub monotonic_ms: u64,
    /// When it was sealed.
    pub sealed_at: Stamp,
    /// The agent's version.
    pub software: String,
    /// The version of the configuration it ran with.
    pub configuration: u32,
}

impl BatchHeader {
    /// The batch's hash: SHA-256 of the header bytes, which commit to the payload and to all before it.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(&encode(self))
    }
}

/// One operation in a batch. Its seq is the header's `first` plus its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// Made in this epoch; its identity is its place.
    Made(Operation),
    /// Made in an earlier epoch and never receipted; its identity is `id`.
    Reemitted {
        /// Where it was first written down.
        id: OperationId,
        /// The operation, unchanged.
        operation: Operation,
    },
}

impl Record {
    /// The operation itself.
    #[must_use]
    pub const fn operation(&self) -> &Operation {
        match self {
            Self::Made(operation) | Self::Reemitted { operation, .. } => operation,
        }
    }

    /// The operation's identity, given the place it travels at.
    #[must_use]
    pub const fn id(&self, at: OperationId) -> OperationId {
        match self {
            Self::Made(_) => at,
            Self::Reemitted { id, .. } => *id,
        }
    }
}

/// Compresses records; returns the payload and its length before compression.
pub fn pack_payload(records: &[Record]) -> Result<(Vec<u8>, u32), WireError> {
    check("number of operations", records.len(), BATCH_OPERATIONS_MAX)?;
    let raw = encode(&records);
    check("payload", raw.len(), BATCH_RAW_BYTES_MAX)?;
    let raw_bytes = u32::try_from(raw.len()).map_err(|_| WireError::Compression)?;
    let payload =
        zstd::bulk::compress(&raw, COMPRESSION_LEVEL).map_err(|_| WireError::Compression)?;
    if raw.len() > payload.len().saturating_mul(BATCH_RATIO_MAX) {
        return Ok((stored(&raw, raw_bytes), raw_bytes));
    }
    Ok((payload, raw_bytes))
}

/// A frame of raw blocks: for records so alike (a stopped clock, an import) that they would be refused as a bomb.
fn stored(raw: &[u8], raw_bytes: u32) -> Vec<u8> {
    let mut frame = FRAME_MAGIC.to_vec();
    frame.push(SIZE_IN_FOUR_BYTES | SINGLE_SEGMENT);
    frame.extend_from_slice(&raw_bytes.to_le_bytes());
    let mut blocks = raw.chunks(BLOCK_BYTES_MAX).peekable();
    while let Some(block) = blocks.next() {
        let size = u32::try_from(block.len()).unwrap_or_default();
        let last = u32::from(blocks.peek().is_none());
        let [a, b, c, _] = (size << 3 | last).to_le_bytes();
        frame.extend_from_slice(&[a, b, c]);
        frame.extend_from_slice(block);
    }
    frame
}

/// Undoes [`pack_payload`] within the declared length; nothing is allocated beyond the limits above.
pub fn unpack_payload(payload: &[u8], raw_bytes: u32) -> Result<Vec<Record>, WireError> {
    let declared = usize::try_from(raw_bytes).map_err(|_| WireError::Compression)?;
    check("payload", declared, BATCH_RAW_BYTES_MAX)?;
    check("payload's declared length", declared, payload.len().saturating_mul(BATCH_RATIO_MAX))?;
    if !is_one_frame(payload, raw_bytes) {
        return Err(WireError::Compression);
    }
    let raw = zstd::bulk::decompress(payload, declared).map_err(|_| WireError::Compression)?;
    if raw.len() != declared {
        return Err(WireError::Compression);
    }
    let records: Vec<Record> = decode(&raw, "batch payload")?;
    check("number of operations", records.len(), BATCH_OPERATIONS_MAX)?;
    Ok(records)
}

/// One frame and nothing around it, which states its content's length and needs no window beyond it. zstd itself would
/// take several, skip what is marked as skippable, and heed a window's limit only when streaming.
fn is_one_frame(payload: &[u8], raw_bytes: u32) -> bool {
    let descriptor = payload.strip_prefix(&FRAME_MAGIC).and_then(|rest| rest.first());
    descriptor.is_some_and(|descriptor| descriptor & SINGLE_SEGMENT != 0)
        && zstd_safe::get_frame_content_size(payload).ok().flatten() == Some(u64::from(raw_bytes))
        && zstd_safe::find_frame_compressed_size(payload) == Ok(payload.len())
}

fn check(what: &'static str, size: usize, limit: usize) -> Result<(), WireError> {
    if size > limit { Err(WireError::TooLarge { what, size, limit }) } else { Ok(()) }
}

/// The cloud's word that a batch is stored durably. It says nothing about whether its operations count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The brand owner.
    pub owner: OwnerId,
    /// The device.
    pub device: DeviceId,
    /// The stream's generation.
    pub epoch: Epoch,
    /// The batch.
    pub batch: BatchNo,
    /// Its hash.
    pub batch_hash: Hash,
    /// When it was stored, by the cloud's clock.
    pub stored_at: Timestamp,
}

/// A restored device's request for a new epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeRequest {
    /// The device.
    pub device: DeviceId,
    /// The epoch it last knew; 0 when it lost its store.
    pub epoch: Epoch,
    /// The last batch it has a receipt for, if it knows.
    pub last_batch: BatchNo,
    /// That batch's hash; zero when unknown.
    pub last_hash: Hash,
    /// Drawn at this start of the agent: the same request twice is granted the same epoch.
    pub boot: [u8; 16],
}

//! Signed batches: sealing on the device, verifying in the cloud.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::chain::StreamHead;
use super::key::{PublicKey, Sealed, SigningKey};
use super::{Hash, Verified, VerifyError};
use crate::ids::{DeviceId, OperationId, OwnerId, Seq};
use crate::time::Stamp;
use crate::wire::v1::{BATCH_WIRE_BYTES_MAX, BatchHeader, Record, pack_payload, unpack_payload};
use crate::wire::{WireError, decode, encode};

/// What a device says about itself when it seals.
#[derive(Clone, Debug)]
pub struct Sealing {
    /// The brand owner.
    pub owner: OwnerId,
    /// The device.
    pub device: DeviceId,
    /// Hash of the newest receipt; zero when none.
    pub last_receipt: Hash,
    /// Drawn at this start of the agent.
    pub boot: [u8; 16],
    /// Milliseconds since that start.
    pub monotonic_ms: u64,
    /// Now.
    pub sealed_at: Stamp,
    /// The agent's version.
    pub software: String,
    /// The configuration's version.
    pub configuration: u32,
}

/// A batch as it travels and is stored: a sealed header and the payload it commits to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedBatch {
    header: Sealed,
    payload: Vec<u8>,
}

/// A batch that was verified and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// What was signed.
    pub header: BatchHeader,
    /// SHA-256 of the header bytes.
    pub hash: Hash,
    /// The operations, in order.
    pub records: Vec<Record>,
}

impl Batch {
    /// Each operation's place and the record there.
    pub fn operations(&self) -> impl Iterator<Item = (OperationId, &Record)> {
        let BatchHeader { device, epoch, first, last, .. } = self.header;
        (first.get()..=last.get())
            .zip(&self.records)
            .map(move |(seq, record)| (OperationId { device, epoch, seq: Seq(seq) }, record))
    }
}

impl SealedBatch {
    /// Seals records as the next batch behind `head`. At least one record is needed.
    pub fn seal(
        key: &SigningKey,
        head: &StreamHead,
        records: &[Record],
        sealing: Sealing,
    ) -> Result<Self, WireError> {
        let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
        if count == 0 {
            return Err(WireError::Malformed("batch without operations"));
        }
        let (payload, raw_bytes) = pack_payload(records)?;
        let header = BatchHeader {
            owner: sealing.owner,
            device: sealing.device,
            epoch: head.epoch,
            batch: head.next_batch(),
            first: head.next_seq(),
            last: Seq(head.seq.get() + u64::from(count)),
            count,
            payload_hash: Hash::of(&payload),
            raw_bytes,
            previous: head.hash,
            last_receipt: sealing.last_receipt,
            boot: sealing.boot,
            monotonic_ms: sealing.monotonic_ms,
            sealed_at: sealing.sealed_at,
            software: sealing.software,
            configuration: sealing.configuration,
        };
        let sealed = Self { header: key.seal(&header), payload };
        let size = encode(&sealed).len();
        if size > BATCH_WIRE_BYTES_MAX {
            let limit = BATCH_WIRE_BYTES_MAX;
            return Err(WireError::TooLarge { what: "sealed batch", size, limit });
        }
        Ok(sealed)
    }

    /// The bytes that travel and are stored, sent again verbatim.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Takes sealed bytes apart; nothing in them is believed yet.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        if bytes.len() > BATCH_WIRE_BYTES_MAX {
            return Err(VerifyError::Wire(WireError::TooLarge {
                what: "sealed batch",
                size: bytes.len(),
                limit: BATCH_WIRE_BYTES_MAX,
            }));
        }
        decode(bytes, "sealed batch").map_err(VerifyError::Wire)
    }

    /// The batch's hash: SHA-256 of the header bytes.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.header.hash()
    }

    /// The signature over the header bytes, for showing.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.header.signature
    }

    /// Signature first, then the payload's hash, then bounded decompression, then parsing.
    pub fn verify(&self, key: &PublicKey) -> Result<Verified<Batch>, VerifyError> {
        let header: BatchHeader = self.header.verify::<BatchHeader>(key)?.into_inner();
        if Hash::of(&self.payload) != header.payload_hash {
            return Err(VerifyError::Payload);
        }
        let records = unpack_payload(&self.payload, header.raw_bytes).map_err(VerifyError::Wire)?;
        if usize::try_from(header.count) != Ok(records.len()) || records.is_empty() {
            return Err(VerifyError::Header("count"));
        }
        if header.first.get().checked_add(u64::from(header.count) - 1) != Some(header.last.get()) {
            return Err(VerifyError::Header("last seq"));
        }
        Ok(Verified(Batch { hash: self.hash(), header, records }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Cursor, Epoch, SiteId};
    use crate::ledger::{Action, Operation, Receive};
    use crate::time::Timestamp;

    #[test]
    fn a_signed_header_that_contradicts_its_payload_is_refused() {
        let key = SigningKey::from_seed(&[1; 32]).unwrap();
        let at = Stamp { wall: Timestamp(0), uncertainty_ms: 0 };
        let action = Action::Receive(Receive { codes: Vec::new(), document: None });
        let (site, basis) = (SiteId(1), Cursor(0));
        let record =
            Record::Made(Operation { at, operator: None, approver: None, site, basis, action });
        let sealing = Sealing {
            owner: OwnerId(1),
            device: DeviceId(1),
            last_receipt: Hash::ZERO,
            boot: [0; 16],
            monotonic_ms: 0,
            sealed_at: at,
            software: String::new(),
            configuration: 0,
        };
        let head = StreamHead::start(Epoch(1));
        let fine = SealedBatch::seal(&key, &head, &[record], sealing).unwrap();
        let header = fine.verify(&key.public()).unwrap().into_inner().header;
        let with = |header: BatchHeader| {
            let sealed = SealedBatch { header: key.seal(&header), payload: fine.payload.clone() };
            sealed.verify(&key.public()).map(|_| ())
        };
        assert_eq!(with(header.clone()), Ok(()));
        let more = BatchHeader { count: 2, last: Seq(2), ..header.clone() };
        assert_eq!(with(more), Err(VerifyError::Header("count")));
        let further = BatchHeader { last: Seq(2), ..header };
        assert_eq!(with(further), Err(VerifyError::Header("last seq")));
    }
}

//! A signed batch as an auditor sees it: verified again, from the bytes as they came, each time it is looked at.

use data_encoding::HEXLOWER;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{BatchNo, DeviceId, Epoch, Seq};
use sealtrace_protocol::ledger::Verdict;
use sealtrace_protocol::signing::{self, Hash, PublicKey, Sealed, SealedBatch, VerifyError};
use sealtrace_protocol::time::Timestamp;
use serde::{Serialize, Serializer};

use super::{TracingError, verdict};
use crate::named::Named;
use crate::store::tracing::StoredBatch;
use crate::store::{self, StoreError, Tx};

/// A batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// The device that signed it.
    pub device: Named<DeviceId>,
    /// The stream's generation.
    pub epoch: Epoch,
    /// Its place there.
    pub batch: BatchNo,
    /// Its first operation.
    pub first: Seq,
    /// Its last operation.
    pub last: Seq,
    /// How many operations.
    pub count: u32,
    /// SHA-256 of the signed bytes.
    pub hash: Hash,
    /// That of the batch before it; none for the first.
    #[serde(serialize_with = "unless_zero")]
    pub previous: Hash,
    /// SHA-256 of the payload, as signed; none when the signature does not fit.
    pub payload_hash: Option<Hash>,
    /// The signature, hexadecimal.
    pub signature: String,
    /// The device's key, hexadecimal.
    pub signing_key: String,
    /// True when signature and payload were checked just now and fit.
    pub verified: bool,
    /// When the cloud received it.
    pub received_at: Timestamp,
    /// How many bytes came.
    pub bytes: usize,
    /// The agent's version, as signed.
    pub software: Option<String>,
    /// The cloud's word that it is stored.
    pub receipt: Option<ReceiptShown>,
    /// What it says; empty when the signature does not fit.
    pub records: Vec<RecordShown>,
}

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceiptShown {
    /// SHA-256 of its signed bytes.
    pub hash: Hash,
    /// When the batch was stored.
    pub stored_at: Timestamp,
}

/// One operation of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordShown {
    /// Its place in the stream.
    pub seq: Seq,
    /// What was done.
    pub kind: &'static str,
    /// When, by the device's clock.
    pub at: Timestamp,
    /// The codes it speaks of.
    pub codes: Vec<Code>,
    /// What became of it; none while it waits.
    pub verdict: Option<Verdict>,
}

/// The batch at a place, verified with the device's key.
pub async fn batch(
    tx: &mut Tx,
    receipt_key: &PublicKey,
    (device, epoch, no): (DeviceId, Epoch, BatchNo),
) -> Result<Batch, TracingError> {
    let stored = store::tracing::batch(tx, device, epoch, no).await?;
    let stored = stored.ok_or(TracingError::NoSuchBatch)?;
    let verdicts = store::tracing::verdicts(tx, device, epoch, no).await?;
    let opened = open(&stored);
    if let Err(error) = &opened {
        tracing::error!(
            device.id = %device, stream.epoch = %epoch, batch.no = %no, error = %error,
            "a stored batch does not verify any more"
        );
    }
    let mut records = Vec::new();
    for (id, record) in opened.iter().flat_map(signing::Batch::operations) {
        let operation = record.operation();
        let told = verdicts.iter().find(|(seq, _)| *seq == id.seq.get());
        records.push(RecordShown {
            seq: id.seq,
            kind: operation.action.kind(),
            at: operation.at.wall,
            codes: operation.needs().into_iter().map(|(code, _)| code).collect(),
            verdict: told.map(|(_, told)| verdict(told.as_deref())).transpose()?,
        });
    }
    let header = opened.as_ref().ok().map(|batch| &batch.header);
    Ok(Batch {
        device: stored.device.clone(),
        epoch,
        batch: no,
        first: stored.first,
        last: stored.last,
        count: u32::try_from((stored.last.get() + 1).saturating_sub(stored.first.get()))
            .unwrap_or(u32::MAX),
        hash: stored.hash,
        previous: stored.previous,
        payload_hash: header.map(|header| header.payload_hash),
        signature: signature(&stored.sealed),
        signing_key: HEXLOWER.encode(&stored.signing_key),
        verified: opened.is_ok(),
        received_at: stored.received_at,
        bytes: stored.sealed.len(),
        software: header.map(|header| header.software.clone()),
        receipt: receipt(&stored, receipt_key)?,
        records,
    })
}

/// Verifies stored bytes; what they say must also be what was noted when they came.
fn open(stored: &StoredBatch) -> Result<signing::Batch, VerifyError> {
    let key = <[u8; 32]>::try_from(stored.signing_key.as_slice());
    let key = PublicKey(key.map_err(|_| VerifyError::Signature)?);
    let batch = SealedBatch::from_bytes(&stored.sealed)?.verify(&key)?.into_inner();
    let header = &batch.header;
    if header.device != stored.device.id {
        return Err(VerifyError::Header("device"));
    }
    if batch.hash != stored.hash || header.previous != stored.previous {
        return Err(VerifyError::Header("hash"));
    }
    Ok(batch)
}

fn signature(sealed: &[u8]) -> String {
    SealedBatch::from_bytes(sealed)
        .map_or_else(|_| String::new(), |batch| HEXLOWER.encode(batch.signature()))
}

fn receipt(stored: &StoredBatch, key: &PublicKey) -> Result<Option<ReceiptShown>, StoreError> {
    let Some(bytes) = &stored.receipt else { return Ok(None) };
    let damaged = |error: VerifyError| StoreError::damaged("receipt", error);
    let sealed = Sealed::from_bytes(bytes).map_err(damaged)?;
    let stored_at = sealed.verify_receipt(key).map_err(damaged)?.stored_at;
    Ok(Some(ReceiptShown { hash: sealed.hash(), stored_at }))
}

fn unless_zero<S: Serializer>(hash: &Hash, to: S) -> Result<S::Ok, S::Error> {
    Some(*hash).filter(|hash| *hash != Hash::ZERO).serialize(to)
}

//! What a device could not send, from a file: the same verification, the same order of things as over the network.
//!
//! What was imported before, or came over the network meanwhile, is known and stays as it is; what comes before its turn
//! is parked. What the file has lost, the device still has: it can be exported again.

use std::fmt;

use sealtrace_protocol::ids::{BatchNo, DeviceId, Epoch};
use sealtrace_protocol::link::Delivery;
use sealtrace_protocol::signing::SealedBatch;
use sealtrace_protocol::signing::backlog::{Backlog, Damage, DamageKind, Entry};
use serde::Serialize;

use super::{IngestError, accept};
use crate::cloud::Cloud;
use crate::devices::{Device, OFFICE};
use crate::store::{StoreError, devices, streams};

/// Why nothing of a file is imported.
#[derive(Debug, thiserror::Error)]
pub enum BacklogError {
    /// The file is none.
    #[error("the file cannot be imported: {0}")]
    Unreadable(Damage),
    /// Nobody knows the device it names.
    #[error("device {device} is not known here: is this the right database?")]
    UnknownDevice {
        /// The device.
        device: DeviceId,
    },
    /// The device is not trusted any more.
    #[error("device {device} was revoked: what it has to say is not taken any more")]
    Revoked {
        /// The device.
        device: DeviceId,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A file being imported, batch by batch.
pub struct Import<'a> {
    cloud: &'a Cloud,
    device: Device,
    backlog: Backlog<'a>,
    summary: Summary,
}

/// What became of a part of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Where it begins, in bytes.
    pub offset: usize,
    /// The batch's place in its stream, when it says so with a valid signature.
    #[serde(flatten)]
    pub batch: Option<Place>,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// A batch's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The stream's generation.
    pub epoch: Epoch,
    /// The place there.
    pub batch: BatchNo,
    /// How many operations it holds.
    pub operations: u32,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It is stored, and judged soon.
    Stored,
    /// It was stored before.
    Known,
    /// It is kept until those before it are there.
    Parked {
        /// The one that is missing.
        expected: BatchNo,
    },
    /// It is not taken.
    Refused {
        /// As over the network.
        reason: &'static str,
    },
    /// The file is damaged from here on.
    Damaged {
        /// How.
        #[serde(skip)]
        kind: DamageKind,
        /// The word for it.
        reason: &'static str,
    },
}

/// What became of a whole file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Whose it is.
    pub device: DeviceId,
    /// Its name.
    pub name: String,
    /// Batches that are stored since now.
    pub stored: u32,
    /// Batches that were stored before.
    pub known: u32,
    /// Batches of this device that wait for others, from this file or from elsewhere …
    pub parked: u32,
    /// … for this one first.
    pub awaited: Option<BatchNo>,
    /// Batches that were not taken.
    pub refused: u32,
    /// Where the file is damaged, in bytes.
    pub damaged_at: Option<usize>,
}

impl Summary {
    /// True when the whole file was taken.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.refused == 0 && self.damaged_at.is_none()
    }
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.batch {
            Some(Place { epoch, batch, operations }) => {
                write!(f, "batch {epoch}.{batch} of {operations} operations: ")?;
            }
            None => write!(f, "byte {}: ", self.offset)?,
        }
        match self.outcome {
            Outcome::Stored => f.write_str("stored"),
            Outcome::Known => f.write_str("known already"),
            Outcome::Parked { expected } => write!(f, "kept until batch {expected} is there"),
            Outcome::Refused { reason } => write!(f, "refused, {reason}"),
            Outcome::Damaged { kind, .. } => {
                write!(f, "{kind}; what is before is imported, export the rest again")
            }
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device, name, stored, known, parked, awaited, refused, .. } = self;
        write!(f, "device {device} ({name}): {stored} stored, {known} known already")?;
        if let Some(awaited) = awaited {
            write!(f, ", {parked} kept until batch {awaited} is there")?;
        }
        write!(f, ", {refused} refused")?;
        self.damaged_at.map_or(Ok(()), |at| write!(f, ", damaged from byte {at} on"))
    }
}

impl<'a> Import<'a> {
    /// Begins with a file's bytes: whose it is, and whether that device is known and trusted.
    pub async fn open(cloud: &'a Cloud, bytes: &'a [u8]) -> Result<Self, BacklogError> {
        let backlog = Backlog::open(bytes).map_err(BacklogError::Unreadable)?;
        let id = backlog.device();
        let known = devices::by_id(&mut cloud.store.read().await?, id).await?;
        // What the office signs never leaves the database.
        let known = known.filter(|known| known.device.id != OFFICE);
        let known = known.ok_or(BacklogError::UnknownDevice { device: id })?;
        if known.revoked {
            return Err(BacklogError::Revoked { device: id });
        }
        let summary = Summary {
            device: id,
            name: known.device.name.clone(),
            stored: 0,
            known: 0,
            parked: 0,
            awaited: None,
            refused: 0,
            damaged_at: None,
        };
        Ok(Self { cloud, device: known.device, backlog, summary })
    }

    /// Imports the next batch; none at the end.
    pub async fn next(&mut self) -> Result<Option<Imported>, StoreError> {
        let imported = match self.backlog.next() {
            None => return Ok(None),
            Some(Ok(entry)) => self.import(entry).await?,
            Some(Err(Damage { offset, kind })) => {
                let outcome = Outcome::Damaged { kind, reason: kind.code() };
                Imported { offset, batch: None, outcome }
            }
        };
        match imported.outcome {
            Outcome::Stored => self.summary.stored += 1,
            Outcome::Known => self.summary.known += 1,
            Outcome::Parked { .. } => {}
            Outcome::Refused { .. } => self.summary.refused += 1,
            Outcome::Damaged { .. } => self.summary.damaged_at = Some(imported.offset),
        }
        Ok(Some(imported))
    }

    async fn import(&self, Entry { offset, sealed }: Entry<'_>) -> Result<Imported, StoreError> {
        let verified = SealedBatch::from_bytes(sealed).and_then(|one| one.verify(&self.device.key));
        let header = verified.as_ref().ok().map(|batch| &batch.header);
        let batch = header.map(|header| Place {
            epoch: header.epoch,
            batch: header.batch,
            operations: header.count,
        });
        let was_there = match batch {
            Some(place) => self.is_stored(place).await?,
            None => false,
        };
        let outcome = match accept(self.cloud, &self.device, sealed).await {
            Ok(Delivery::Stored { .. }) if was_there => Outcome::Known,
            Ok(Delivery::Stored { .. }) => Outcome::Stored,
            Ok(Delivery::Parked { expected }) => Outcome::Parked { expected },
            Err(IngestError::Store(error)) => return Err(error),
            Err(error) => Outcome::Refused { reason: error.code() },
        };
        Ok(Imported { offset, batch, outcome })
    }

    async fn is_stored(&self, place: Place) -> Result<bool, StoreError> {
        let mut tx = self.cloud.store.read().await?;
        let known = streams::batch(&mut tx, self.device.id, place.epoch, place.batch).await?;
        Ok(known.is_some_and(|known| known.receipt.is_some()))
    }

    /// What became of the file, once all of it was looked at.
    pub async fn finish(mut self) -> Result<Summary, StoreError> {
        let mut tx = self.cloud.store.read().await?;
        let id = self.device.id;
        if let Some(stream) = streams::current(&mut tx, id).await? {
            self.summary.parked = streams::parked(&mut tx, id, stream.head.epoch).await?;
            let awaited = stream.head.next_batch();
            self.summary.awaited = Some(awaited).filter(|_| self.summary.parked > 0);
        }
        Ok(self.summary)
    }
}

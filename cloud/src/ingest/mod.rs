//! What devices deliver: verified, put in its place, stored, receipted; judged afterwards, in order.
//!
//! [`accept`](accept()) answers a delivery with a receipt that says "stored durably" and nothing else. [`judging`]
//! gives each operation its one verdict later. [`backlog`] takes the same from a file. [`resume`](resume()) starts a new epoch for a device that was restored.

mod accept;
pub mod backlog;
mod counting;
mod following;
pub mod http;
pub mod judging;
mod resume;
mod terms;

use sealtrace_protocol::ids::{BatchNo, DeviceId, Epoch, OwnerId};
use sealtrace_protocol::signing::VerifyError;
use sealtrace_protocol::wire::WireError;

pub(crate) use accept::receipt;
pub use accept::{PARKED_AHEAD_MAX, accept};
pub use resume::resume;

use crate::store::{Retry, StoreError};

/// Why a delivery is refused. Nothing has changed then, except that a fork is kept as evidence.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The bytes are no sealed message.
    #[error("the bytes are no sealed message")]
    Unreadable(#[source] VerifyError),
    /// The bytes are not what the device's key signed.
    #[error("the bytes are not what the device signed")]
    Unverified(#[source] VerifyError),
    /// Another device's bytes.
    #[error("device {sender} delivers bytes of device {named}")]
    OtherDevice {
        /// Whose certificate it is.
        sender: DeviceId,
        /// Whom the bytes name.
        named: DeviceId,
    },
    /// Another brand owner's bytes.
    #[error("the batch belongs to owner {named}")]
    OtherOwner {
        /// Whom the bytes name.
        named: OwnerId,
    },
    /// The device signed two different batches for one place.
    #[error("device {device} signed two different batches {epoch}.{batch}")]
    Forked {
        /// The device.
        device: DeviceId,
        /// The stream's generation.
        epoch: Epoch,
        /// The place.
        batch: BatchNo,
    },
    /// Not the stream's generation.
    #[error("the stream's epoch is {expected}")]
    OtherEpoch {
        /// The one in use.
        expected: Epoch,
    },
    /// Too many batches are missing in front of it.
    #[error("batch {expected} is awaited; later ones are kept up to {PARKED_AHEAD_MAX} ahead")]
    TooFarAhead {
        /// The one awaited.
        expected: BatchNo,
    },
    /// An old request to resume.
    #[error("this start of the agent resumed before; the stream is at epoch {epoch} by now")]
    StaleResume {
        /// The one in use.
        epoch: Epoch,
    },
    /// A forked stream does not go on by itself.
    #[error(
        "the stream was forked in epoch {epoch} and stays frozen until a supervisor resolves it"
    )]
    Frozen {
        /// The one in use.
        epoch: Epoch,
    },
    /// An enrolled device without a stream: its row was lost.
    #[error("the device has no stream: restore the database from a backup")]
    NoStream,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retry for IngestError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl IngestError {
    /// The snake_case word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(error) | Self::Unverified(error) => unverified(error),
            Self::OtherDevice { .. } => "other_device",
            Self::OtherOwner { .. } => "other_owner",
            Self::Forked { .. } => "forked",
            Self::OtherEpoch { .. } => "other_epoch",
            Self::TooFarAhead { .. } => "too_far_ahead",
            Self::StaleResume { .. } => "stale_resume",
            Self::Frozen { .. } => "frozen",
            Self::NoStream => "no_stream",
            Self::Store(_) => "internal",
        }
    }
}

const fn unverified(error: &VerifyError) -> &'static str {
    match error {
        VerifyError::Wire(WireError::Malformed(_)) => "malformed",
        VerifyError::Wire(WireError::NotCanonical(_)) => "not_canonical",
        VerifyError::Wire(WireError::TooLarge { .. }) => "too_large",
        VerifyError::Wire(WireError::Compression) => "bad_compression",
        VerifyError::Algorithm(_) => "unsupported_algorithm",
        VerifyError::Signature => "bad_signature",
        VerifyError::Payload => "payload_differs",
        VerifyError::Header(_) => "header_contradicts",
    }
}

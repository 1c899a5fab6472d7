//! A device's stream: where it stands, and how the next batch relates to it.

use crate::ids::{BatchNo, Epoch, Seq};
use crate::signing::Hash;
use crate::wire::v1::BatchHeader;

/// The newest batch of a stream, known to whoever holds this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamHead {
    /// The stream's generation.
    pub epoch: Epoch,
    /// Its newest batch; 0 = none yet.
    pub batch: BatchNo,
    /// That batch's hash; zero = none yet.
    pub hash: Hash,
    /// Its last operation; 0 = none yet.
    pub seq: Seq,
}

/// How a batch relates to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// The one awaited.
    Next,
    /// At or below the head: compare its hash with the stored one.
    Earlier,
    /// There is a gap in front of it.
    Ahead {
        /// The batch awaited.
        expected: BatchNo,
    },
    /// The awaited number, but it does not continue this stream: a fork.
    Fork,
    /// An epoch that was not granted, or one that was closed.
    OtherEpoch {
        /// The stream's epoch.
        expected: Epoch,
    },
}

impl StreamHead {
    /// The start of an epoch.
    #[must_use]
    pub const fn start(epoch: Epoch) -> Self {
        Self { epoch, batch: BatchNo(0), hash: Hash::ZERO, seq: Seq(0) }
    }

    /// The batch awaited.
    #[must_use]
    pub const fn next_batch(&self) -> BatchNo {
        BatchNo(self.batch.0.saturating_add(1))
    }

    /// The operation awaited.
    #[must_use]
    pub const fn next_seq(&self) -> Seq {
        Seq(self.seq.0.saturating_add(1))
    }

    /// Relates a verified batch's header to this stream.
    #[must_use]
    pub fn place(&self, header: &BatchHeader) -> Placement {
        if header.epoch != self.epoch {
            return Placement::OtherEpoch { expected: self.epoch };
        }
        let expected = self.next_batch();
        if header.batch > expected {
            Placement::Ahead { expected }
        } else if header.batch < expected {
            Placement::Earlier
        } else if header.previous == self.hash && header.first == self.next_seq() {
            Placement::Next
        } else {
            Placement::Fork
        }
    }

    /// The stream with this batch as its newest.
    #[must_use]
    pub const fn after(header: &BatchHeader, hash: Hash) -> Self {
        Self { epoch: header.epoch, batch: header.batch, hash, seq: header.last }
    }
}

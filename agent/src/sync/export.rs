//! What has no receipt yet as a file that somebody carries to the cloud: sealed first, then exactly as it would be sent.
//! It is sent all the same when the network is back; the cloud knows every batch it has had.

use sealtrace_protocol::ids::BatchNo;
use sealtrace_protocol::signing::backlog::{BACKLOG_BYTES_MAX, END, entry, head};
use sealtrace_protocol::wire::WireError;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::driver::SyncError;
use super::seal;
use crate::agent::Agent;
use crate::identity::{HexHash, Identity, IdentityError, Mark};
use crate::store::outbox::Waiting;
use crate::store::{StoreError, outbox, stream};

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The device was never enrolled: it has nobody to tell anything to.
    #[error("this device is not enrolled; see `sealtrace-agent enrol --help`")]
    NotEnrolled,
    /// The store is an old copy of itself.
    #[error(
        "this device lost its stream; only the cloud can say how it goes on, so connect it once"
    )]
    Lost,
    /// What was left to seal could not be sealed.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The identity failed.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A batch does not fit the format.
    #[error("a stored batch does not fit the file")]
    Entry(#[from] WireError),
    /// The file cannot be written.
    #[error("the file could not be written")]
    Write(#[from] std::io::Error),
}

/// The batches that go into one file.
#[derive(Clone, Debug)]
pub struct Export {
    batches: Vec<Waiting>,
    /// Batches that go into further files, behind the last one of this.
    pub left: usize,
}

impl Export {
    /// Seals what is not sealed and lists what waits behind batch `after`, up to one file's size. From here on the
    /// device counts it as having left: a store that does not know these batches is an old copy.
    pub async fn prepare(agent: &Agent, after: BatchNo) -> Result<Self, ExportError> {
        let identity = agent.identity.as_deref().ok_or(ExportError::NotEnrolled)?;
        if agent.store.read(stream::read).await?.is_none_or(|stream| stream.lost) {
            return Err(ExportError::Lost);
        }
        while agent.store.read(outbox::backlog).await?.unsealed > 0 {
            seal::next(agent, identity).await?;
        }
        let mut batches = agent.store.read(move |conn| outbox::waiting(conn, after)).await?;
        let all = batches.len();
        let mut bytes = head(identity.device.device).len() + END.len();
        batches.retain(|batch| {
            bytes = bytes.saturating_add(batch.entry_bytes());
            bytes <= BACKLOG_BYTES_MAX
        });
        if let Some(last) = batches.last() {
            let Waiting { epoch, batch, hash, .. } = *last;
            agent.mark_left(identity, Mark { epoch, batch, hash: HexHash(hash) }).await?;
        }
        let left = all - batches.len();
        Ok(Self { batches, left })
    }

    /// How many batches the file holds.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.batches.len()
    }

    /// The last one of them.
    #[must_use]
    pub fn last(&self) -> Option<BatchNo> {
        self.batches.last().map(|batch| batch.batch)
    }

    /// Writes the file, a batch at a time. One that got its receipt meanwhile is in it all the same.
    pub async fn write(
        &self,
        agent: &Agent,
        out: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), ExportError> {
        let identity = agent.identity.as_deref().ok_or(ExportError::NotEnrolled)?;
        out.write_all(&head(identity.device.device)).await?;
        for Waiting { epoch, batch, .. } in self.batches.iter().copied() {
            let sealed =
                agent.store.read(move |conn| outbox::sealed_in(conn, epoch, batch)).await?;
            let sealed = sealed.ok_or(SyncError::NoBatch(batch))?;
            out.write_all(&entry(&sealed)?).await?;
        }
        out.write_all(&END).await?;
        Ok(out.flush().await?)
    }
}

impl Agent {
    /// Remembers a batch outside the store before it leaves for the first time, by whichever way; false when it left
    /// before.
    pub(super) async fn mark_left(
        &self,
        identity: &Identity,
        mark: Mark,
    ) -> Result<bool, IdentityError> {
        let _one_at_a_time = self.leaving.lock().await;
        let place = |mark: &Mark| (mark.epoch, mark.batch);
        if identity.mark()?.is_some_and(|marked| place(&marked) >= place(&mark)) {
            return Ok(false);
        }
        identity.set_mark(&mark)?;
        Ok(true)
    }
}

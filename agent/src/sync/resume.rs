//! A store that lost its stream, or is an old copy of itself, goes on under a new epoch.

use sealtrace_protocol::ids::{BatchNo, Epoch};
use sealtrace_protocol::signing::Hash;
use sealtrace_protocol::wire::v1::ResumeRequest;

use super::client::Client;
use super::driver::SyncError;
use super::outbox::Outcome;
use crate::agent::Agent;
use crate::identity::Identity;
use crate::store::{Store, StoreError, outbox, stream};

/// A store older than the newest batch ever sent was restored from a copy: it must not go on as if nothing had been.
///
/// To be called before anything can be confirmed: an old copy would give a new operation the name of one the cloud has
/// already, and the new one would pass for its duplicate.
pub(crate) async fn notice_lost(store: &Store, identity: &Identity) -> Result<(), SyncError> {
    let Some(mark) = identity.mark()? else { return Ok(()) };
    let (known, hash) = store
        .read(move |conn| {
            let known = stream::read(conn)?;
            Ok::<_, StoreError>((known, outbox::batch_hash(conn, mark.epoch, mark.batch)?))
        })
        .await?;
    let Some(known) = known else { return Ok(()) };
    if known.lost || known.head.epoch > mark.epoch || hash == Some(mark.hash.0) {
        return Ok(());
    }
    tracing::warn!(
        batch.epoch = mark.epoch.get(),
        batch.no = mark.batch.get(),
        "this store does not know a batch this device has sent: it is an old copy, a new epoch is asked for"
    );
    store.write(stream::lose).await?;
    Ok(())
}

/// Asks for a new epoch; what was never receipted travels again in it.
pub(super) async fn ask(
    agent: &Agent,
    identity: &Identity,
    client: &Client,
) -> Result<Outcome, SyncError> {
    let device = identity.device.device;
    let known = agent
        .store
        .read(|conn| {
            let Some(known) = stream::read(conn)? else { return Ok::<_, StoreError>(None) };
            let last = outbox::last_receipted(conn, known.head.epoch)?;
            Ok(Some((known.head.epoch, last.unwrap_or((BatchNo(0), Hash::ZERO)))))
        })
        .await?;
    let (epoch, (last_batch, last_hash)) = known.unwrap_or((Epoch(0), (BatchNo(0), Hash::ZERO)));
    let request = ResumeRequest { device, epoch, last_batch, last_hash, boot: agent.boot };
    let granted = client.resume(&identity.signing.seal_resume(&request)).await?.epoch;
    if granted <= epoch {
        return Err(SyncError::Epoch { granted, known: epoch });
    }
    let again = agent.store.write(move |tx| outbox::resume(tx, device, granted)).await?;
    tracing::warn!(
        stream.epoch = granted.get(),
        stream.operations_again = again,
        "a new epoch began; what was never receipted travels again"
    );
    Ok(Outcome::Resumed)
}

//! Operations become signed batches, each behind the one before.

use sealtrace_protocol::signing::chain::StreamHead;
use sealtrace_protocol::signing::{Hash, SealedBatch, Sealing};
use sealtrace_protocol::wire::v1::{BatchHeader, Record};

use super::driver::SyncError;
use super::outbox::Outcome;
use crate::agent::Agent;
use crate::identity::Identity;
use crate::store::{StoreError, outbox, stream};

/// Seals what waits behind the stream's head and stores it, ready to be sent.
pub(super) async fn next(agent: &Agent, identity: &Identity) -> Result<Outcome, SyncError> {
    let _one_at_a_time = agent.leaving.lock().await;
    let gathered = agent
        .store
        .read(|conn| Ok::<_, StoreError>((outbox::to_seal(conn)?, stream::read(conn)?)))
        .await?;
    let (Some((head, mut records)), Some(known)) = gathered else { return Ok(Outcome::Sealed) };
    let (sealed, header) = loop {
        match seal_records(agent, identity, &head, &records, known.receipt_hash) {
            Ok(sealed) => break sealed,
            // Too large or too well compressed for one batch: fewer at once.
            Err(_) if records.len() > 1 => records.truncate(records.len() / 2),
            Err(error) => return Err(error),
        }
    };
    let after = StreamHead::after(&header, sealed.hash());
    let at = agent.clock.now();
    agent.store.write(move |tx| outbox::store_sealed(tx, &head, &after, &sealed, at)).await?;
    tracing::debug!(
        batch.no = header.batch.get(),
        batch.operations = header.count,
        "a batch is sealed"
    );
    Ok(Outcome::Sealed)
}

fn seal_records(
    agent: &Agent,
    identity: &Identity,
    head: &StreamHead,
    records: &[Record],
    last_receipt: Hash,
) -> Result<(SealedBatch, BatchHeader), SyncError> {
    let sealing = Sealing {
        owner: identity.device.owner,
        device: identity.device.device,
        last_receipt,
        boot: agent.boot,
        monotonic_ms: agent.clock.monotonic_ms(),
        sealed_at: agent.clock.stamp(),
        software: env!("CARGO_PKG_VERSION").to_owned(),
        configuration: agent.config.version,
    };
    let key = &identity.signing;
    let sealed = SealedBatch::seal(key, head, records, sealing).map_err(SyncError::Seal)?;
    let batch = sealed
        .verify(&key.public())
        .map_err(|error| SyncError::Verify("batch just sealed", error))?
        .into_inner();
    Ok((sealed, batch.header))
}

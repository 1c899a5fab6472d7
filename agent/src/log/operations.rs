//! Every confirmed operation as a line of the log, whoever made it: behind its commit, and behind the work.

use sealtrace_protocol::ids::{Epoch, OperatorId, Seq};
use tokio_util::sync::CancellationToken;

use crate::agent::Agent;
use crate::store::{StoreError, outbox, stream};

/// Operations that come together are read together.
const SETTLE_MS: u64 = 500;

/// Tells operations made from now on, until `stop`.
pub(crate) async fn tell(agent: Agent, stop: CancellationToken) -> Result<(), StoreError> {
    let mut commits = agent.store.commits();
    let known = agent.store.read(stream::read).await?;
    let mut told = known.map_or((Epoch(0), Seq(0)), |stream| (stream.head.epoch, stream.seq));
    loop {
        let stopping = stop.is_cancelled();
        commits.mark_unchanged();
        for (id, operation) in agent.store.read(move |conn| outbox::made_after(conn, told)).await? {
            told = (id.epoch, id.seq);
            tracing::info!(
                operation.epoch = id.epoch.get(),
                operation.seq = id.seq.get(),
                operation.kind = operation.action.kind(),
                operator.id = operation.operator.map(OperatorId::get),
                approver.id = operation.approver.map(OperatorId::get),
                site.id = operation.site.get(),
                "an operation was confirmed"
            );
        }
        if stopping {
            return Ok(());
        }
        tokio::select! {
            changed = commits.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                agent.clock.sleep_ms(SETTLE_MS).await;
            }
            () = stop.cancelled() => {}
        }
    }
}

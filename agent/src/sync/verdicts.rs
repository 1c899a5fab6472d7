//! What the cloud has judged is fetched and settles what the operations have done here.

use sealtrace_protocol::link::Judged;

use super::driver::SyncError;
use super::feed::Between;
use crate::store::{outbox, stream, verdicts};

/// Verdicts stored in one job, so that scans get their turn in between.
const VERDICTS_PART: usize = 20;

/// One page: how many came, and whether there are more right now.
pub(super) async fn fetch(between: Between<'_>) -> Result<(usize, bool), SyncError> {
    let store = &between.agent.store;
    let Some(known) = store.read(stream::read).await? else { return Ok((0, false)) };
    let (epoch, seq) = known.verdicts;
    let answer = between.client.verdicts(epoch, seq).await?;
    let count = answer.verdicts.len();
    let (device, at) = (between.identity.device.device, between.agent.clock.now());
    for part in answer.verdicts.chunks(VERDICTS_PART) {
        let part: Vec<Judged> = part.to_vec();
        store.write_later(move |tx| verdicts::store(tx, device, &part, at)).await?;
    }
    Ok((count, answer.more && count > 0))
}

/// All there are right now, also of batches whose receipt did not come; how many came.
pub(super) async fn catch_up(between: Between<'_>) -> Result<usize, SyncError> {
    let backlog = between.agent.store.read(outbox::backlog).await?;
    let mut came = 0;
    let mut more = backlog.unjudged > 0 || backlog.unsent > 0;
    while more {
        let count;
        (count, more) = fetch(between).await?;
        came += count;
    }
    Ok(came)
}

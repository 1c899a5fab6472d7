//! Labels that devices print by themselves: SSCCs leased to one device, a block at a time, so that it prints offline.
//!
//! A device names the newest block it has. If that is the newest it was given in this epoch of its stream it gets
//! another; if not, the last answer was lost and is given again. A device that was restored from a copy begins a new
//! epoch and never sees the blocks again that its copy may have used.

use sealtrace_protocol::ids::DeviceId;
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::link::{FeedRow, Labels, LabelsWanted, Lease};
use sealtrace_protocol::time::Timestamp;

use super::{CodeOrder, CodesError, Purpose, Scheme, Wanted, mint};
use crate::cloud::Cloud;
use crate::devices::Device;
use crate::feed;
use crate::store::{StoreError, Tx, codes as stored, streams};
use crate::writing;

/// Labels of one block: a few shifts of a packing table.
pub const BLOCK_LABELS: u32 = 200;
/// Blocks of one level that a device may have within a day: ten thousand labels.
const BLOCKS_PER_DAY_MAX: u32 = 50;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Leases a device the next labels, and tells its sites whose they are.
pub async fn lease(
    cloud: &Cloud,
    device: &Device,
    wanted: LabelsWanted,
) -> Result<Labels, CodesError> {
    if wanted.level == Level::Unit {
        return Err(CodesError::Units);
    }
    let now = cloud.clock.now();
    let labels = writing!(cloud.store, |tx| {
        let stream = streams::current(tx, device.id).await?;
        let stream = stream.ok_or_else(|| StoreError::damaged("device", "it has no stream"))?;
        let epoch = stream.head.epoch;
        let newest = stored::newest_leased(tx, device.id, epoch, wanted.level).await?;
        if let Some(newest) = newest.and_then(|newest| told(device.id, &newest))
            && wanted.newest != Some(newest.lease.first_body)
        {
            return Ok(newest);
        }
        limit(tx, device.id, wanted.level, now).await?;
        let purpose = Purpose::Device { device: device.id, epoch };
        let wanted = Wanted { purpose, level: wanted.level, count: BLOCK_LABELS };
        let order = mint(tx, &cloud.codebook, wanted, now).await?;
        let labels = told(device.id, &order)
            .ok_or_else(|| StoreError::damaged("code order", "a block without SSCCs"))?;
        feed::publish(tx, &device.sites, &[FeedRow::Labels(labels)]).await?;
        Ok::<_, CodesError>(labels)
    })?;
    cloud.codebook.refresh(&cloud.store).await?;
    let (level, first_body) = (labels.lease.level.name(), labels.lease.first_body);
    tracing::info!(device.id = %device.id, labels.level = level, labels.first = first_body, "labels were leased");
    Ok(labels)
}

async fn limit(
    tx: &mut Tx,
    device: DeviceId,
    level: Level,
    now: Timestamp,
) -> Result<(), CodesError> {
    let blocks = stored::leased_since(tx, device, level, now.plus_ms(-DAY_MS)).await?;
    if blocks < BLOCKS_PER_DAY_MAX { Ok(()) } else { Err(CodesError::TooMany { device, blocks }) }
}

fn told(device: DeviceId, order: &CodeOrder) -> Option<Labels> {
    let Scheme::Sscc { first_body } = order.scheme else { return None };
    let lease = Lease { level: order.level, first_body, count: order.count };
    Some(Labels { device, lease })
}

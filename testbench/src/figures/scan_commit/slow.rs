//! Scans on a disk whose fsync takes 80 ms longer: a worn or cheap flash memory.

use serde::Serialize;

use super::super::times::Pace;

#[cfg(feature = "slow-disk")]
pub(super) use measuring::measure;

/// What became of it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Slow {
    pub(super) added_ms: u64,
    pub(super) page: Pace,
    pub(super) one_lane: Pace,
    /// fsyncs that scans at the page waited for, by the scans: each commit's, and one more when the log begins anew.
    pub(super) syncs_waited_for_per_scan: f64,
    /// fsyncs beside that, which bring the log into the file while nobody waits.
    pub(super) syncs_beside_per_scan: f64,
    /// The log's size at the end.
    pub(super) log_mb: f64,
}

#[cfg(feature = "slow-disk")]
mod measuring {
    use std::path::Path;
    use std::time::Duration;

    use anyhow::Result;
    use sealtrace_agent::store::DATABASE_FILE;

    use super::super::super::floor::Floor;
    use super::super::super::times::Times;
    use super::super::disk::SlowDisk;
    use super::super::making::{Line, Page};
    use super::super::{cases, rounded};
    use super::Slow;
    use crate::clock::Stopwatch;

    /// Added to every fsync.
    const ADDED_MS: u64 = 80;
    /// Scans made before the disk gets slow: the log has been written through once by then.
    const CASES_BEFORE: u32 = 40;
    /// As long as that many seconds of any other way of working; at 80 ms a scan not much happens in one.
    const PATIENCE_FACTOR: u32 = 6;

    /// Scans at the page, then on a lane.
    pub(in super::super) async fn measure(folder: &Path, time: Duration) -> Result<Slow> {
        let floor = Floor::build(folder, CASES_BEFORE + cases(PATIENCE_FACTOR * time)).await?;
        let disk = SlowDisk::install()?;
        let agent = floor.agent()?;
        let page = Page::open(&agent).await?;
        let mut before = Times::default();
        for _ in 0..CASES_BEFORE {
            page.pack(&floor.case()?, &mut before).await?;
        }
        disk.add(ADDED_MS);
        let (before_all, before_waited) = disk.syncs();
        let time = PATIENCE_FACTOR * time;
        let mut times = Times::default();
        let all = Stopwatch::start();
        while all.elapsed() < time {
            page.pack(&floor.case()?, &mut times).await?;
        }
        let times = times.lasted(all.elapsed());
        let (all_syncs, waited_for) = disk.syncs();
        let waited_for = f64::from(u32::try_from(waited_for - before_waited)?);
        let all_syncs = f64::from(u32::try_from(all_syncs - before_all)?);
        let scans = f64::from(u32::try_from(times.count())?);
        page.close().await?;
        let line = Line::start(&agent, 0).await?;
        let one_lane = line.run(&floor, time).await?.pace();
        line.end().await?;
        disk.add(0);
        let log = std::fs::metadata(folder.join(format!("{DATABASE_FILE}-wal")))?.len();
        agent.store.close().await;
        Ok(Slow {
            added_ms: ADDED_MS,
            page: times.pace(),
            one_lane,
            syncs_waited_for_per_scan: rounded(waited_for / scans),
            syncs_beside_per_scan: rounded((all_syncs - waited_for) / scans),
            log_mb: f64::from(u32::try_from(log >> 10)?) / 1_024.0,
        })
    }
}

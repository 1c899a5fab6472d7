//! The control: the same bytes appended to a plain file on the same disk, and there before the next.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::times::Times;
use crate::clock::Stopwatch;

/// Appends `bytes` at a time, each with fdatasync, for as long as asked.
pub(super) async fn append(folder: &Path, bytes: usize, time: Duration) -> Result<Times> {
    let path = folder.join("append");
    tokio::task::spawn_blocking(move || {
        let mut file = File::create(&path)?;
        let record = vec![b'x'; bytes];
        let mut times = Times::default();
        let all = Stopwatch::start();
        while all.elapsed() < time {
            let one = Stopwatch::start();
            file.write_all(&record)?;
            file.sync_data()?;
            times.add(one.elapsed());
        }
        let times = times.lasted(all.elapsed());
        std::fs::remove_file(path)?;
        Ok(times)
    })
    .await?
}

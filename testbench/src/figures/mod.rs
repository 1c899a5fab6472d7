//! The figures: what the programs achieve on this machine, each beside its control from the same run.

mod append;
mod control;
pub mod decode;
pub mod feed;
mod floor;
mod goal;
pub mod lane;
mod memory;
pub mod parse;
mod plant;
pub mod scan_commit;
mod scans;
mod stock;
mod times;

use anyhow::{Context, Result};
use serde::Serialize;

/// What was measured on, in general terms.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Processors.
    pub cores: usize,
    /// Memory in all.
    pub memory_mb: u64,
}

impl Machine {
    /// This one.
    #[must_use]
    pub fn this() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { cores, memory_mb: memory::total_mb().unwrap_or_default() }
    }
}

/// How many programs wanted to run, on average over the last minute.
fn load() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").context("/proc/loadavg")?;
    Ok(text.split_whitespace().next().unwrap_or_default().parse()?)
}

/// Tells whoever watches what is going on.
fn say(text: &str) {
    eprintln!("  {text}");
}

/// To a thousandth: what is behind that is noise.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// The value that many hundredths of the sorted ones do not exceed.
fn percentile(sorted: &[f64], hundredths: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    rounded(sorted.get(last * hundredths / 100).copied().unwrap_or_default())
}

//! Somebody works at a new device while the feed comes: how long does each scan take to turn green?

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::json;

use super::percentile;
use crate::clock::Stopwatch;
use crate::pda::Pda;

/// Bottles of a case.
pub(super) const UNITS_PER_CASE: usize = 24;
/// Between two scans; nobody is faster.
const PACE: Duration = Duration::from_millis(10);

/// Labels and bottles for one operator.
pub(super) struct Work {
    /// Case labels with their bottles.
    cases: Vec<(String, Vec<String>)>,
}

/// How long scans took.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Waits {
    pub(super) scans: usize,
    pub(super) green_ms_p50: f64,
    pub(super) green_ms_p99: f64,
    pub(super) green_ms_max: f64,
}

impl Waits {
    fn of(ms: Vec<f64>) -> Self {
        let scans = ms.len();
        let mut sorted = ms;
        sorted.sort_by(f64::total_cmp);
        let at = |hundredths| percentile(&sorted, hundredths);
        Self { scans, green_ms_p50: at(50), green_ms_p99: at(99), green_ms_max: at(100) }
    }
}

impl Work {
    /// Puts bottles beside labels.
    pub(super) fn new(labels: &[String], bottles: &[String]) -> Self {
        let bottles = bottles.chunks_exact(UNITS_PER_CASE).map(<[String]>::to_vec);
        Self { cases: labels.iter().cloned().zip(bottles).collect() }
    }

    /// Packs whole cases until `is_over`, asked before each scan, says so, or until there is nothing left to pack.
    pub(super) async fn pack(
        &mut self,
        pda: &Pda,
        mut is_over: impl FnMut() -> Result<bool>,
    ) -> Result<Waits> {
        let mut ms = Vec::new();
        let task = pda.task().await?;
        let mut over = is_over()?;
        while !over && let Some((label, bottles)) = self.cases.pop() {
            pda.open("pack", json!({"task": task})).await?;
            for code in bottles.iter().chain([&label]) {
                over |= is_over()?;
                let scanned = Stopwatch::start();
                pda.scan_green(code).await.context("a scan while the feed comes")?;
                ms.push(scanned.elapsed().as_secs_f64() * 1_000.0);
                tokio::time::sleep(PACE).await;
            }
        }
        Ok(Waits::of(ms))
    }
}

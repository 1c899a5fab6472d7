//! How long each of many things took, and what that comes to.

use std::time::Duration;

use serde::Serialize;

use super::{percentile, rounded};

/// One way of working, measured for a while.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    ms: Vec<f64>,
    seconds: f64,
}

/// What it came to.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Pace {
    pub(super) count: usize,
    pub(super) per_second: f64,
    pub(super) ms_p50: f64,
    pub(super) ms_p95: f64,
    pub(super) ms_p99: f64,
    pub(super) ms_max: f64,
}

impl Times {
    /// One more.
    pub(super) fn add(&mut self, took: Duration) {
        self.ms.push(took.as_secs_f64() * 1_000.0);
    }

    /// They took this long in all.
    pub(super) fn lasted(mut self, time: Duration) -> Self {
        self.seconds = time.as_secs_f64();
        self
    }

    /// More of the same, one after the other.
    pub(super) fn then(&mut self, more: Self) {
        self.ms.extend(more.ms);
        self.seconds += more.seconds;
    }

    /// More of the same, at the same time.
    pub(super) fn beside(&mut self, more: Self) {
        self.ms.extend(more.ms);
        self.seconds = self.seconds.max(more.seconds);
    }

    /// How many.
    pub(super) fn count(&self) -> usize {
        self.ms.len()
    }

    /// What it comes to.
    pub(super) fn pace(&self) -> Pace {
        let mut sorted = self.ms.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |hundredths| percentile(&sorted, hundredths);
        let count = sorted.len();
        let per_second = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / self.seconds;
        Pace {
            count,
            per_second: if self.seconds > 0.0 { rounded(per_second) } else { 0.0 },
            ms_p50: at(50),
            ms_p95: at(95),
            ms_p99: at(99),
            ms_max: at(100),
        }
    }
}

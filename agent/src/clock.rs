//! The only place that asks what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sealtrace_protocol::time::{Stamp, Timestamp};

/// How far off a device's clock may be before the cloud's time was ever heard.
const UNCERTAINTY_MS_UNKNOWN: u32 = 5 * 60 * 1000;

/// The device's clock. Clones share what is known of its error.
#[derive(Clone, Debug)]
pub struct Clock {
    started: Instant,
    offset_ms: Arc<AtomicI64>,
    uncertainty_ms: Arc<AtomicU32>,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// A clock whose monotonic time begins now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place time comes from")]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            offset_ms: Arc::new(AtomicI64::new(0)),
            uncertainty_ms: Arc::new(AtomicU32::new(UNCERTAINTY_MS_UNKNOWN)),
        }
    }

    /// Now, by the device's wall clock, and how far off that may be.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp { wall: self.now(), uncertainty_ms: self.uncertainty_ms.load(Ordering::Relaxed) }
    }

    /// Now, by the device's wall clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place time comes from")]
    pub fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Milliseconds since this clock was made; never goes back.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place time comes from")]
    pub fn monotonic_ms(&self) -> u64 {
        let since = Instant::now().saturating_duration_since(self.started);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    /// Sleeps until [`Clock::monotonic_ms`] reaches `at_ms`.
    pub async fn sleep_until_ms(&self, at_ms: u64) {
        self.sleep_ms(at_ms.saturating_sub(self.monotonic_ms())).await;
    }

    /// Sleeps for a while.
    pub async fn sleep_ms(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    /// Learns from an answer of the cloud: its time, and how long asking took.
    pub fn learn(&self, cloud: Timestamp, round_trip_ms: u64) {
        let half = i64::try_from(round_trip_ms / 2).unwrap_or(i64::MAX);
        let offset = cloud.plus_ms(half).millis().saturating_sub(self.now().millis());
        let error = offset.unsigned_abs().saturating_add(round_trip_ms);
        self.offset_ms.store(offset, Ordering::Relaxed);
        self.uncertainty_ms.store(u32::try_from(error).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    /// How far the cloud's clock is ahead of ours, as last heard.
    #[must_use]
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }
}

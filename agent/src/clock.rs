//! The only place that asks what time it is.
//!
//! The wall clock of a device is whatever somebody set it to. What counts is measured on a clock that nobody can set
//! and that runs while the device sleeps; what the cloud said is kept on that one, so that a wall clock that jumps
//! shows at once as an offset and as uncertainty, and is never believed more than the cloud.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};
use sealtrace_protocol::time::{Stamp, Timestamp};

/// Now, on the clock that timers run by: for waiting, never to be written down.
pub(crate) fn instant() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// How far off a device's clock may be before the cloud's time was ever heard.
const UNCERTAINTY_MS_UNKNOWN: u64 = 5 * 60 * 1_000;
/// A device that claims to have been off for longer has a wrong clock.
const OFF_MS_PLAUSIBLE: i64 = 180 * 24 * 60 * 60 * 1_000;
/// The cloud was not heard yet.
const UNHEARD: i64 = i64::MIN;

/// The device's clock. Clones share what is known of its error.
#[derive(Clone, Debug)]
pub struct Clock {
    started_ms: u64,
    /// The wall clock when this one was made.
    started_wall: Timestamp,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// The cloud's time when this clock was made, as last heard.
    cloud_began: AtomicI64,
    /// How long asking for it took.
    round_trip_ms: AtomicI64,
    /// The cloud's time when it was last heard before this clock was made.
    heard_before: AtomicI64,
    /// Moves the wall clock.
    moved_ms: AtomicI64,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// A clock whose monotonic time begins now.
    #[must_use]
    pub fn new() -> Self {
        Self::with_wall_moved(0)
    }

    /// A clock of a device whose wall clock is wrong by so much.
    #[must_use]
    pub fn with_wall_moved(by_ms: i64) -> Self {
        let shared = Shared {
            cloud_began: AtomicI64::new(UNHEARD),
            heard_before: AtomicI64::new(UNHEARD),
            round_trip_ms: AtomicI64::new(0),
            moved_ms: AtomicI64::new(by_ms),
        };
        let started_wall = wall().plus_ms(by_ms);
        Self { started_ms: boot_ms(), started_wall, shared: Arc::new(shared) }
    }

    /// Moves the wall clock, as a person or an empty battery does.
    pub fn move_wall(&self, by_ms: i64) {
        self.shared.moved_ms.fetch_add(by_ms, Ordering::Relaxed);
    }

    /// Learns when, by the cloud, the cloud was last heard before the restart: a wall clock that stands before that, or
    /// half a year behind it, is wrong.
    pub fn remember(&self, heard: Timestamp) {
        self.shared.heard_before.store(heard.millis(), Ordering::Relaxed);
    }

    /// Now, by the device's wall clock, and how far off that may be.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        let wall = self.now();
        let off_by = wall.millis().saturating_sub(self.best().millis()).unsigned_abs();
        let doubt = match self.cloud() {
            Some(_) => self.shared.round_trip_ms.load(Ordering::Relaxed).unsigned_abs(),
            None if self.is_plausible(self.started_wall) => {
                let steady = self.started_wall.plus_ms(self.since_start());
                let jumped = wall.millis().saturating_sub(steady.millis()).unsigned_abs();
                UNCERTAINTY_MS_UNKNOWN.saturating_add(jumped)
            }
            // It was wrong from the start: a jump may have put it right.
            None => UNCERTAINTY_MS_UNKNOWN,
        };
        let uncertainty_ms = u32::try_from(off_by.saturating_add(doubt)).unwrap_or(u32::MAX);
        Stamp { wall, uncertainty_ms }
    }

    /// Now, by the device's wall clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        wall().plus_ms(self.shared.moved_ms.load(Ordering::Relaxed))
    }

    /// Now, as well as this device can know it: by the cloud; else by the wall clock, unless that cannot be.
    #[must_use]
    pub fn best(&self) -> Timestamp {
        let (wall, heard) = (self.now(), self.shared.heard_before.load(Ordering::Relaxed));
        let guessed = Timestamp(heard).plus_ms(self.since_start());
        let unheard = if self.is_plausible(wall) { wall } else { guessed };
        self.cloud().unwrap_or(unheard)
    }

    /// Not before the cloud was last heard, and not too long behind it.
    fn is_plausible(&self, wall: Timestamp) -> bool {
        let heard = self.shared.heard_before.load(Ordering::Relaxed);
        let off_ms = wall.millis().saturating_sub(heard);
        heard == UNHEARD || (0..=OFF_MS_PLAUSIBLE).contains(&off_ms)
    }

    /// Milliseconds since this clock was made; never goes back, and goes on while the device sleeps.
    #[must_use]
    pub fn monotonic_ms(&self) -> u64 {
        boot_ms().saturating_sub(self.started_ms)
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
        let round_trip_ms = i64::try_from(round_trip_ms).unwrap_or(i64::MAX);
        let since = self.since_start();
        let began = cloud.plus_ms(round_trip_ms / 2).plus_ms(-since);
        self.shared.cloud_began.store(began.millis(), Ordering::Relaxed);
        self.shared.round_trip_ms.store(round_trip_ms, Ordering::Relaxed);
    }

    /// How far the cloud's clock is ahead of the wall clock; 0 before it was heard.
    #[must_use]
    pub fn offset_ms(&self) -> i64 {
        self.cloud().map_or(0, |cloud| cloud.millis().saturating_sub(self.now().millis()))
    }

    /// Now, by the cloud.
    fn cloud(&self) -> Option<Timestamp> {
        let began = self.shared.cloud_began.load(Ordering::Relaxed);
        (began != UNHEARD).then(|| Timestamp(began).plus_ms(self.since_start()))
    }

    fn since_start(&self) -> i64 {
        i64::try_from(self.monotonic_ms()).unwrap_or(i64::MAX)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place time comes from")]
fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Milliseconds since the device was switched on, asleep or awake.
fn boot_ms() -> u64 {
    let since = clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_YEARS_MS: i64 = 10 * 365 * 24 * 60 * 60 * 1_000;
    const SECOND_MS: i64 = 1_000;

    #[test]
    fn a_wall_clock_that_jumps_shows_in_offset_and_uncertainty_and_not_in_what_is_measured() {
        for by_ms in [TEN_YEARS_MS, -TEN_YEARS_MS] {
            let clock = Clock::new();
            clock.learn(clock.now(), 40);
            assert!(clock.stamp().uncertainty_ms < 1_000);
            let before_ms = clock.monotonic_ms();
            clock.move_wall(by_ms);
            assert!(clock.monotonic_ms() - before_ms < 1_000);
            assert!((clock.offset_ms() + by_ms).abs() < SECOND_MS);
            // Ten years do not fit.
            assert_eq!(clock.stamp().uncertainty_ms, u32::MAX);
            assert!(
                (clock.best().millis() - clock.now().plus_ms(-by_ms).millis()).abs() < SECOND_MS
            );
            // Set right again, it is believed again.
            clock.move_wall(-by_ms);
            assert!(clock.stamp().uncertainty_ms < 1_000);
        }
    }

    #[test]
    fn a_jump_shows_also_where_the_cloud_was_never_heard() {
        let clock = Clock::new();
        let uncertainty_ms = u64::from(clock.stamp().uncertainty_ms);
        assert!(uncertainty_ms.abs_diff(UNCERTAINTY_MS_UNKNOWN) < 1_000);
        clock.move_wall(3_600_000);
        let uncertainty_ms = u64::from(clock.stamp().uncertainty_ms);
        assert!(uncertainty_ms.abs_diff(UNCERTAINTY_MS_UNKNOWN + 3_600_000) < 1_000);
        assert_eq!(clock.offset_ms(), 0);
    }

    #[test]
    fn a_clock_that_a_restart_found_wrong_is_known_to_be() {
        let truth = Clock::new();
        for by_ms in [TEN_YEARS_MS, -TEN_YEARS_MS, -3_600_000] {
            let clock = Clock::with_wall_moved(by_ms);
            clock.remember(truth.now());
            assert!((clock.best().millis() - truth.now().millis()).abs() < SECOND_MS);
            assert!(u64::from(clock.stamp().uncertainty_ms) > UNCERTAINTY_MS_UNKNOWN);
            // Put right, it is believed.
            clock.move_wall(-by_ms + 60_000);
            assert!((clock.best().millis() - truth.now().millis() - 60_000).abs() < SECOND_MS);
        }
        // A weekend off is none.
        let clock = Clock::new();
        clock.remember(clock.now().plus_ms(-3 * 24 * 3_600_000));
        assert_eq!(u64::from(clock.stamp().uncertainty_ms), UNCERTAINTY_MS_UNKNOWN);
    }
}

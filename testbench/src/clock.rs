//! Real time: the bench drives real programs, so it waits and measures in it. The only place that asks for the time.

use std::time::{Duration, Instant};

/// A point in time after which waiting ends.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// The point `patience` from now.
    #[must_use]
    pub fn after(patience: Duration) -> Self {
        Self(now() + patience)
    }

    /// How much time is left; none when it is over.
    #[must_use]
    pub fn left(self) -> Option<Duration> {
        self.0.checked_duration_since(now())
    }
}

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins now.
    #[must_use]
    pub fn start() -> Self {
        Self(now())
    }

    /// The time since.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        now().duration_since(self.0)
    }

    /// Seconds since, to a tenth.
    #[must_use]
    pub fn seconds(self) -> f64 {
        (self.elapsed().as_secs_f64() * 10.0).round() / 10.0
    }
}

/// Waits a little, outside the runtime.
pub fn nap(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "this is the bench's clock")]
    std::thread::sleep(time);
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "this is the bench's clock")]
    Instant::now()
}

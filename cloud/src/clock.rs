//! The only place that asks what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use sealtrace_protocol::time::Timestamp;

/// Where the time comes from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock somebody sets: tests and the simulator.
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at` until it is moved.
    #[must_use]
    pub fn standing_at(at: Timestamp) -> Self {
        Self::Set(Arc::new(AtomicI64::new(at.millis())))
    }

    /// Now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "time enters the crate here")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Set(millis) => Timestamp(millis.load(Ordering::SeqCst)),
        }
    }

    /// Moves a clock that is set by hand; the machine's goes by itself.
    pub fn advance_ms(&self, ms: i64) {
        if let Self::Set(millis) = self {
            millis.fetch_add(ms, Ordering::SeqCst);
        }
    }
}

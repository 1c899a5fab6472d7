//! Points and spans of time. Held here, asked for elsewhere.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The bare number of milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This point plus `ms` milliseconds, saturating.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// A device's reading of the clock: wall time and how far off it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// What the device's clock said.
    pub wall: Timestamp,
    /// The true time lies within `wall ± uncertainty_ms`.
    pub uncertainty_ms: u32,
}

impl Stamp {
    /// The span the true time lies in.
    #[must_use]
    pub const fn interval(self) -> TimeInterval {
        let uncertainty_ms = self.uncertainty_ms as i64;
        TimeInterval {
            earliest: self.wall.plus_ms(-uncertainty_ms),
            latest: self.wall.plus_ms(uncertainty_ms),
        }
    }
}

/// A span of time, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimeInterval {
    /// First possible instant.
    pub earliest: Timestamp,
    /// Last possible instant.
    pub latest: Timestamp,
}

impl TimeInterval {
    /// True when all of this span lies before all of `other`.
    #[must_use]
    pub fn before(self, other: Self) -> bool {
        self.latest < other.earliest
    }
}

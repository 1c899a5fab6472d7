//! How it is noticed that a reader is gone, and how long its line may go on without it.

use std::time::Duration;

use crate::document::Section;

/// A reader that is away for longer than this has missed something, unless its profile says otherwise.
const ABSENCE_MAX_DEFAULT_MS: u32 = 5_000;

/// When a reader counts as lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Presence {
    /// Silence after which the connection counts as broken; only for readers that send keep-alives.
    pub silence_max: Option<Duration>,
    /// Time without a connection after which the lane stops. A reader that waits for its answer may be away for that
    /// long; one that does not has lost what it read meanwhile, however short that was.
    pub absence_max: Duration,
}

impl Default for Presence {
    fn default() -> Self {
        let absence_max = Duration::from_millis(u64::from(ABSENCE_MAX_DEFAULT_MS));
        Self { silence_max: None, absence_max }
    }
}

impl Presence {
    pub(crate) fn read(section: Section<'_>) -> Option<Self> {
        let silence_max = section.optional_millis("silence_ms_max", 100..=3_600_000);
        let absence_ms_max =
            section.integer("absence_ms_max", 100..=600_000, Some(ABSENCE_MAX_DEFAULT_MS));
        section.finish();
        let absence_max = Duration::from_millis(u64::from(absence_ms_max?));
        Some(Self { silence_max: silence_max?, absence_max })
    }
}

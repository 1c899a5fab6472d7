//! How fast may the belts go before something goes wrong that is not wrong with a case?

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::super::{rounded, say};
use super::{LINES, Phase, Plant};

/// Bottles a second of one line at the first step, and how much more each further one tries.
const FIRST_PER_SECOND: f64 = 100.0;
const FACTOR: f64 = 1.25;
const STEPS_MAX: usize = 15;
/// One step; its cables hold less than that.
const STEP_TIME: Duration = Duration::from_secs(5);
/// Somebody else on the machine may spoil a step once.
const TRIES: u32 = 2;
/// Cases for all of it.
pub(super) const CASES: u32 = 16_000;
/// A belt that is asked for more than this program can send says nothing about the agent.
const REACHED_SHARE: f64 = 0.9;

/// What it came to.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Limit {
    /// Bottles a second of all lines together in the fastest step that went well.
    units_per_second: f64,
    /// What ended it; none = it was not reached.
    ended_by: Option<&'static str>,
    steps: Vec<Step>,
}

/// All lines at one speed.
#[derive(Clone, Copy, Debug, Serialize)]
struct Step {
    /// Bottles a second of all lines together.
    asked: f64,
    reached: f64,
    /// What went wrong.
    failed: Option<&'static str>,
    phase: Phase,
}

/// Tries ever faster belts until one fails.
pub(super) async fn search(plant: &mut Plant) -> Result<Limit> {
    let lines = f64::from(u32::try_from(LINES)?);
    let mut limit = Limit { units_per_second: 0.0, ended_by: None, steps: Vec::new() };
    let mut per_second = FIRST_PER_SECOND;
    for _ in 0..STEPS_MAX {
        let mut failed = None;
        for _ in 0..TRIES {
            let (phase, _) = plant.phase(per_second, STEP_TIME).await?;
            let reached = rounded(phase.units_per_min / 60.0 * lines);
            failed = failure(&phase, reached / lines / per_second);
            let asked = rounded(per_second * lines);
            limit.steps.push(Step { asked, reached, failed, phase });
            say(&format!("{asked} bottles a second: {}", failed.unwrap_or("well")));
            if failed.is_none() {
                limit.units_per_second = limit.units_per_second.max(reached);
                break;
            }
        }
        limit.ended_by = failed;
        if failed.is_some() {
            break;
        }
        per_second *= FACTOR;
    }
    Ok(limit)
}

fn failure(phase: &Phase, reached_share: f64) -> Option<&'static str> {
    if phase.dropped > 0 {
        Some("readings were dropped")
    } else if phase.books.unaccounted > 0 {
        Some("gate and ledger disagree")
    } else if phase.books.cases_unanswered > 0 {
        Some("the gate was told nothing")
    } else if phase.books.good_cases_rejected > 0 {
        Some("good cases were rejected")
    } else if reached_share < REACHED_SHARE {
        Some("the bench is too slow")
    } else {
        None
    }
}

impl Display for Limit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let ended = self.ended_by.unwrap_or("it was not reached");
        write!(f, "  one agent holds {} bottles a second; then: {ended}", self.units_per_second)
    }
}

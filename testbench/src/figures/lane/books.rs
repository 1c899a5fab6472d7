//! Where every bottle is: through the gate and in the ledger, taken off the belt and not in it, or nobody knows.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use sealtrace_agent::store::{self, items};
use sealtrace_protocol::code::{self, Code};
use serde::Serialize;

use super::belt::Passed;

/// Bottles, and cases that went another way than they should have.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Books {
    pub(super) produced: usize,
    pub(super) packed: usize,
    pub(super) rejected: usize,
    /// Gate and ledger disagree about their case.
    pub(super) unaccounted: usize,
    pub(super) cases: usize,
    /// Nothing was wrong with them, and yet they were taken off the belt.
    pub(super) good_cases_rejected: usize,
    /// Something was wrong with them, and yet they got through.
    pub(super) faulty_cases_packed: usize,
    /// Labels were read of them, and the gate was told nothing.
    pub(super) cases_unanswered: usize,
}

impl Books {
    /// More of the same.
    pub(super) fn add(&mut self, more: &Self) {
        self.produced += more.produced;
        self.packed += more.packed;
        self.rejected += more.rejected;
        self.unaccounted += more.unaccounted;
        self.cases += more.cases;
        self.good_cases_rejected += more.good_cases_rejected;
        self.faulty_cases_packed += more.faulty_cases_packed;
        self.cases_unanswered += more.cases_unanswered;
    }

    /// Looks every case up in an agent's database.
    pub(super) fn of<'c>(folder: &Path, cases: impl Iterator<Item = &'c Passed>) -> Result<Self> {
        let mut books = Self::default();
        store::peek(folder, |conn| {
            for case in cases {
                let Some((label, bottles)) = codes(case) else {
                    books.enter(case, Outcome::Torn);
                    continue;
                };
                let inside: BTreeSet<Code> =
                    items::children(conn, label)?.iter().map(|item| item.code).collect();
                let mut elsewhere = false;
                for bottle in bottles.difference(&inside) {
                    elsewhere |=
                        items::item(conn, *bottle)?.is_some_and(|item| item.parent.is_some());
                }
                let outcome = if inside.is_empty() && !elsewhere {
                    Outcome::Out
                } else if inside == bottles && bottles.len() == case.bottles.len() {
                    Outcome::In
                } else {
                    Outcome::Torn
                };
                books.enter(case, outcome);
            }
            Ok(())
        })?
        .context("the agent has no database")?;
        Ok(books)
    }

    fn enter(&mut self, case: &Passed, outcome: Outcome) {
        let (units, through) = (case.bottles.len(), case.is_through());
        self.cases += 1;
        self.produced += units;
        match (outcome, through) {
            (Outcome::In, true) => self.packed += units,
            (Outcome::Out, false) => self.rejected += units,
            (Outcome::In | Outcome::Torn, false) | (Outcome::Out | Outcome::Torn, true) => {
                self.unaccounted += units;
            }
        }
        self.good_cases_rejected += usize::from(case.fault.is_none() && !through);
        self.faulty_cases_packed += usize::from(case.fault.is_some() && through);
        self.cases_unanswered += usize::from(case.is_unanswered());
    }
}

/// What the ledger says of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Its bottles are in it, all of them and nothing else.
    In,
    /// None of its bottles is in anything.
    Out,
    /// Something else.
    Torn,
}

/// None when its label is no code, which ours are.
fn codes(case: &Passed) -> Option<(Code, BTreeSet<Code>)> {
    let code = |text: &String| code::parse(text).ok().map(|scan| scan.code);
    Some((code(&case.label)?, case.bottles.iter().filter_map(code).collect()))
}

#[cfg(test)]
mod tests {
    use sealtrace_agent::config::TaskSource;
    use sealtrace_agent::input::reader::{Event, Heard};
    use sealtrace_agent::lane::{self, Readers};
    use tokio::sync::{mpsc, oneshot};

    use super::super::super::floor::{Floor, SITE, lane_task};
    use super::*;

    async fn tell(reader: &mpsc::Sender<Event>, text: &str) {
        let (answer, answered) = oneshot::channel();
        let heard = Heard::Text(text.to_owned());
        reader.send(Event::Heard { heard, at_ms: 0, answer: Some(answer) }).await.unwrap();
        answered.await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_case_is_accounted_for_when_gate_and_ledger_agree_and_not_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let floor = Floor::build(folder.path(), 2).await.unwrap();
        let agent = floor.agent().unwrap();
        let (units, hear_units) = mpsc::channel(1);
        let (cases, hear_cases) = mpsc::channel(1);
        let readers = Readers { units: hear_units, cases: hear_cases };
        let task = TaskSource::Task(lane_task(0));
        let _lane = lane::start_told(&agent, "line-0", SITE, task, readers).await.unwrap();
        let packed = floor.case().unwrap();
        for bottle in &packed.bottles {
            tell(&units, bottle).await;
        }
        tell(&cases, &packed.label).await;
        let loose = floor.case().unwrap();
        let books = |case: &crate::figures::floor::Case, through| {
            let case = Passed::of(case, through);
            Books::of(folder.path(), [case].iter()).unwrap()
        };
        let sums = |books: Books| (books.packed, books.rejected, books.unaccounted);
        assert_eq!(sums(books(&packed, true)), (24, 0, 0));
        assert_eq!(sums(books(&packed, false)), (0, 0, 24));
        assert_eq!(sums(books(&loose, false)), (0, 24, 0));
        assert_eq!(sums(books(&loose, true)), (0, 0, 24));
        // One bottle of it is another than the ledger says.
        let mut torn = packed;
        torn.bottles[3].clone_from(&loose.bottles[3]);
        assert_eq!(sums(books(&torn, true)), (0, 0, 24));
        assert_eq!(books(&torn, true).produced, 24);
    }
}

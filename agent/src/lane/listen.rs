//! The readers of a lane: what each said last, and since when it is away.

use sealtrace_firmware_config::ProfileError;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Readers;
use super::gate::Gate;
use crate::clock::Clock;
use crate::config::{LaneConfig, Port};
use crate::input::reader::{self, Event, Heard};

/// Events that may wait for the lane; readers wait beyond that.
const EVENTS_MAX: usize = 64;
/// What two readers said within that time may have waited for us together: in which order it passed is not certain.
const TOGETHER_MS: u64 = 20;

/// What a change of a reader's connection means for the open case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing was missed, as far as can be known.
    None,
    /// What passed meanwhile is not known; the word is the case's fault.
    Missed(&'static str),
}

/// Where a lane's readings come from and where its cases go.
pub(super) struct Ends {
    pub(super) units: ReaderEnd,
    pub(super) cases: ReaderEnd,
    pub(super) gate: Option<Gate>,
}

impl Ends {
    /// As configured.
    pub(super) fn of(config: &LaneConfig, clock: &Clock) -> Result<Self, ProfileError> {
        Ok(Self {
            gate: config.gate.as_ref().map(Gate::start).transpose()?,
            units: ReaderEnd::start(&config.units, clock),
            cases: ReaderEnd::start(&config.cases, clock),
        })
    }

    /// What somebody else tells.
    pub(super) fn told(readers: Readers, clock: &Clock) -> Self {
        let Readers { units, cases } = readers;
        let (units, cases) = (ReaderEnd::told(units, clock), ReaderEnd::told(cases, clock));
        Self { units, cases, gate: None }
    }
}

/// A reader and how it stands.
pub(super) struct ReaderEnd {
    events: mpsc::Receiver<Event>,
    /// What it told and nobody has taken yet.
    told: Option<Event>,
    /// Reads its port; none when something else tells the events.
    task: Option<JoinHandle<()>>,
    clock: Clock,
    /// It sends once more what was not answered, or was answered with "again".
    pub(super) can_repeat: bool,
    /// The last thing it said was garbage, and it was asked again.
    asked_again: bool,
    /// Since when it is not connected; none while it is.
    away_since_ms: Option<u64>,
    /// How long it may be away; none = for ever.
    absence_ms_max: Option<u64>,
    /// It has been away for longer than its profile allows.
    absent: bool,
}

impl ReaderEnd {
    pub(super) fn start(port: &Port, clock: &Clock) -> Self {
        let (tell, events) = mpsc::channel(EVENTS_MAX);
        let task = tokio::spawn(reader::read(port.clone(), clock.clone(), tell));
        let absence_max =
            port.profile.reader().map(|reader| reader.presence.absence_max).unwrap_or_default();
        Self {
            events,
            told: None,
            task: Some(task),
            can_repeat: reader::can_repeat(&port.profile),
            asked_again: false,
            away_since_ms: Some(clock.monotonic_ms()),
            absence_ms_max: u64::try_from(absence_max.as_millis()).ok(),
            absent: false,
            clock: clock.clone(),
        }
    }

    /// A reader whose events somebody else tells; it repeats what it is not answered.
    pub(super) fn told(events: mpsc::Receiver<Event>, clock: &Clock) -> Self {
        Self {
            events,
            told: None,
            task: None,
            can_repeat: true,
            asked_again: false,
            away_since_ms: Some(clock.monotonic_ms()),
            absence_ms_max: None,
            absent: false,
            clock: clock.clone(),
        }
    }

    /// Waits until something happens at it. What it tells then waits to be taken.
    pub(super) async fn stirs(&mut self) -> Stir {
        if self.told.is_some() {
            return Stir::Tells;
        }
        let absent_in_ms = self.absent_in_ms();
        let clock = self.clock.clone();
        let absence = async {
            match absent_in_ms {
                Some(ms) => clock.sleep_ms(ms).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = self.events.recv() => {
                self.told = event;
                if self.told.is_some() { Stir::Tells } else { Stir::Ends }
            }
            () = absence => Stir::StaysAway,
        }
    }

    /// When what it tells next happened; none while it tells nothing. A connection that came or went is told at once.
    pub(super) fn tells_since(&mut self) -> Option<u64> {
        if self.told.is_none() {
            self.told = self.events.try_recv().ok();
        }
        Some(match self.told.as_ref()? {
            Event::Heard { at_ms, .. } => *at_ms,
            Event::Connected | Event::Lost | Event::Restarted => 0,
        })
    }

    /// What it tells next, if it tells anything.
    pub(super) fn take(&mut self) -> Option<Event> {
        self.told.take()
    }

    /// One more reading that nobody waits for an answer to, if it was there by then.
    pub(super) fn reading_by(&mut self, until_ms: Option<u64>) -> Option<Heard> {
        let at_ms = self.tells_since()?;
        if until_ms.is_some_and(|until_ms| at_ms > until_ms) {
            return None;
        }
        match self.told.take()? {
            Event::Heard { heard, answer: None, .. } => Some(heard),
            other @ (Event::Heard { .. } | Event::Connected | Event::Lost | Event::Restarted) => {
                self.told = Some(other);
                None
            }
        }
    }

    fn absent_in_ms(&self) -> Option<u64> {
        let since_ms = self.away_since_ms.filter(|_| !self.absent)?;
        let away_ms = self.clock.monotonic_ms().saturating_sub(since_ms);
        Some(self.absence_ms_max?.saturating_sub(away_ms))
    }

    pub(super) fn is_connected(&self) -> bool {
        self.away_since_ms.is_none()
    }

    pub(super) fn is_absent(&self) -> bool {
        self.absent
    }

    pub(super) fn connected(&mut self) {
        self.away_since_ms = None;
        self.absent = false;
    }

    /// A reader that waits for its answer says what it read when it is back; another has lost it.
    pub(super) fn lost(&mut self) -> Gap {
        if self.away_since_ms.is_some() {
            return Gap::None;
        }
        self.away_since_ms = Some(self.clock.monotonic_ms());
        if self.can_repeat { Gap::None } else { Gap::Missed("reader_lost") }
    }

    /// It has been away for longer than a line may go on without it.
    pub(super) fn stays_away(&mut self) -> Gap {
        self.absent = true;
        Gap::Missed("reader_lost")
    }

    /// True when this is garbage for the first time, from a reader that can repeat itself.
    pub(super) fn ask_again(&mut self, heard: &Heard) -> bool {
        let ask = matches!(heard, Heard::Garbage(_)) && self.can_repeat && !self.asked_again;
        self.asked_again = ask;
        ask
    }
}

impl Drop for ReaderEnd {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// That something happens at a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stir {
    /// It tells something.
    Tells,
    /// It has been away for too long.
    StaysAway,
    /// Nothing can happen at it any more.
    Ends,
}

/// True when the label reader told what it tells before the unit reader did.
///
/// What was there at the same time is of the case that the label ends. But when that is whole already, and both may have
/// waited for us together, the label is its own: the one of the next case comes a case later.
pub(super) fn label_is_first(units: &mut ReaderEnd, cases: &mut ReaderEnd, is_whole: bool) -> bool {
    match (units.tells_since(), cases.tells_since()) {
        (Some(unit_ms), Some(label_ms)) => {
            let together_ms = if is_whole { TOGETHER_MS } else { 0 };
            label_ms < unit_ms.saturating_add(together_ms)
        }
        (None, Some(_)) => true,
        (Some(_) | None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A unit reader and a label reader that have told something at these times.
    fn told(unit_ms: Option<u64>, label_ms: Option<u64>) -> [ReaderEnd; 2] {
        [unit_ms, label_ms].map(|at_ms| {
            let (tell, events) = mpsc::channel(1);
            if let Some(at_ms) = at_ms {
                let heard = Heard::NoRead;
                tell.try_send(Event::Heard { heard, at_ms, answer: None }).unwrap();
            }
            ReaderEnd::told(events, &Clock::new())
        })
    }

    #[test]
    fn what_passed_first_is_taken_first_and_a_whole_case_gets_the_label_that_waited_with_the_next_unit()
     {
        let first = |unit_ms, label_ms, is_whole| {
            let [mut units, mut cases] = told(unit_ms, label_ms);
            label_is_first(&mut units, &mut cases, is_whole)
        };
        assert!(first(Some(100), Some(99), false));
        assert!(!first(Some(100), Some(100), false), "the unit is of the case that the label ends");
        assert!(!first(Some(100), Some(105), false));
        assert!(first(Some(100), Some(105), true), "a whole case waits for its label only");
        assert!(!first(Some(100), Some(100 + TOGETHER_MS), true));
        assert!(first(None, Some(7), false) && !first(Some(7), None, true));
    }
}

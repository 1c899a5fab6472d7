//! Runs one lane: hears its readers, writes, answers reader and gate; in this order, one thing at a time.

use std::collections::VecDeque;
use std::time::Duration;

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{OperationId, SiteId};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::gate::Gate;
use super::record::{self, Ended, Held, Who};
use super::stack::{self, Stacking};
use super::{LaneState, LastCase, Readers};
use crate::agent::Agent;
use crate::clock::Clock;
use crate::config::{LaneConfig, TaskSource};
use crate::input::serial::{self, Answer, Event, Heard};
use crate::store::outbox::ConfirmError;
use crate::store::{Store, StoreError};

/// Events that may wait for the lane; readers wait beyond that.
const EVENTS_MAX: usize = 64;
/// A reader whose reading could not be stored is asked again after this pause.
const STORE_PAUSE: Duration = Duration::from_millis(500);
/// Pallets packed in a row before readers are heard again.
const PALLETS_MAX: usize = 8;
const MINUTE_MS: u64 = 60_000;

/// One of the two readers.
struct ReaderEnd {
    events: mpsc::Receiver<Event>,
    /// Reads its port; none when something else tells the events.
    task: Option<JoinHandle<()>>,
    connected: bool,
    /// It sends once more what was garbage.
    can_repeat: bool,
    /// The last thing it said was garbage, and it was asked again.
    asked_again: bool,
}

impl ReaderEnd {
    fn start(port: &crate::config::Port, clock: &Clock) -> Self {
        let (tell, events) = mpsc::channel(EVENTS_MAX);
        let task = tokio::spawn(serial::read(
            port.port.clone(),
            port.profile.clone(),
            clock.clone(),
            tell,
        ));
        let can_repeat = serial::can_repeat(&port.profile);
        Self { events, task: Some(task), connected: false, can_repeat, asked_again: false }
    }

    fn told(events: mpsc::Receiver<Event>) -> Self {
        Self { events, task: None, connected: false, can_repeat: true, asked_again: false }
    }

    /// True when this is garbage for the first time, from a reader that can repeat itself.
    fn ask_again(&mut self, heard: &Heard) -> bool {
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

struct Line {
    store: Store,
    clock: Clock,
    held: Held,
    gate: Option<Gate>,
    /// When cases ended, by the monotonic clock.
    ended: VecDeque<u64>,
    tell: watch::Sender<LaneState>,
}

/// A lane found as it was, ready to run.
pub(super) struct Ready(Line);

/// Where a lane's readings come from and where its cases go.
pub(super) struct Ends {
    units: ReaderEnd,
    cases: ReaderEnd,
    gate: Option<Gate>,
}

impl Ends {
    /// As configured.
    pub(super) fn of(config: &LaneConfig, clock: &Clock) -> Self {
        Self {
            units: ReaderEnd::start(&config.units, clock),
            cases: ReaderEnd::start(&config.cases, clock),
            gate: config.gate.as_ref().and_then(Gate::start),
        }
    }

    /// What somebody else tells.
    pub(super) fn told(readers: Readers) -> Self {
        let Readers { units, cases } = readers;
        Self { units: ReaderEnd::told(units), cases: ReaderEnd::told(cases), gate: None }
    }
}

/// Finds a lane as it was when the program ended.
pub(super) async fn restore(
    agent: &Agent,
    name: &str,
    site: SiteId,
    task: TaskSource,
    tell: watch::Sender<LaneState>,
) -> Result<Ready, StoreError> {
    let (store, clock) = (agent.store.clone(), agent.clock.clone());
    let who = Who { name: name.to_owned(), site, device: agent.device(), task };
    let held = store.read(move |conn| record::restore(conn, who)).await?;
    tracing::info!(
        lane.name = name,
        lane.open_units = held.machine.count(),
        lane.stacked_cases = held.stack.len(),
        "the lane starts where it was"
    );
    let mut line = Line { store, clock, held, gate: None, ended: VecDeque::new(), tell };
    line.show(false);
    Ok(Ready(line))
}

/// Runs a lane until its task is aborted, nobody tells it anything any more, or the store has stopped.
pub(super) async fn run(ready: Ready, ends: Ends) {
    let Ready(mut line) = ready;
    let Ends { mut units, mut cases, gate } = ends;
    line.gate = gate;
    let mut commits = line.store.commits();
    line.stack().await;
    loop {
        line.show(units.connected && cases.connected);
        let (event, of_cases) = tokio::select! {
            event = units.events.recv() => (event, false),
            event = cases.events.recv() => (event, true),
            // Between two cases: perhaps the feed has brought a task, or closed this one.
            Ok(()) = commits.changed(), if line.held.machine.is_between_cases() => {
                line.look_for_task().await;
                continue;
            }
        };
        let end = if of_cases { &mut cases } else { &mut units };
        match event {
            None => return,
            Some(Event::Connected) => end.connected = true,
            Some(Event::Lost) => end.connected = false,
            Some(Event::Heard { heard, answer, .. }) if end.ask_again(&heard) => {
                line.reply(answer, Answer::Again);
            }
            Some(Event::Heard { heard, answer, .. }) if !of_cases => {
                line.unit(heard, end.can_repeat, answer).await;
            }
            Some(Event::Heard { heard, at_ms, answer }) => {
                line.label(heard, end.can_repeat, at_ms, answer).await;
            }
        }
    }
}

impl Line {
    async fn look_for_task(&mut self) {
        let mut held = self.held.clone();
        let found = self.store.read(move |conn| held.choose_task(conn).map(|()| held)).await;
        match found {
            Ok(held) => self.held = held,
            Err(error) => tracing::warn!(
                lane.name = self.held.who.name,
                error = &error as &dyn std::error::Error,
                "the lane could not look for a task"
            ),
        }
    }

    async fn unit(&mut self, heard: Heard, can_repeat: bool, answer: oneshot::Sender<Answer>) {
        if let Heard::Text(text) = &heard
            && self.held.machine.is_repeat(text)
        {
            // The answer to this very reading was lost: it is on the disk already.
            self.reply(answer, Answer::Good);
            return;
        }
        // Garbage sent twice by a reader that repeats itself is something that passed.
        let heard = match heard {
            Heard::Garbage(_) if can_repeat => Heard::NoRead,
            heard @ (Heard::Text(_) | Heard::NoRead | Heard::Garbage(_)) => heard,
        };
        let (held, at) = (self.held.clone(), self.clock.stamp());
        match self.store.scan(move |tx| record::unit(tx, held, heard, at)).await {
            Ok(held) => {
                self.held = held;
                self.reply(answer, Answer::Good);
            }
            Err(error) => self.not_stored(&error, answer).await,
        }
    }

    async fn label(
        &mut self,
        heard: Heard,
        can_repeat: bool,
        at_ms: u64,
        answer: oneshot::Sender<Answer>,
    ) {
        if matches!(heard, Heard::Garbage(_)) && !can_repeat {
            tracing::warn!(lane.name = self.held.who.name, "the label reader sent garbage");
        }
        let (held, at) = (self.held.clone(), self.clock.stamp());
        let (held, ended) =
            match self.store.scan(move |tx| record::label(tx, held, heard, at)).await {
                Ok(done) => done,
                Err(ConfirmError::Store(error)) => return self.not_stored(&error, answer).await,
                Err(error @ ConfirmError::Refused(_)) => {
                    // Refusals of cases are recorded as set aside; this one was meant for nobody.
                    tracing::error!(
                        lane.name = self.held.who.name,
                        error = &error as &dyn std::error::Error,
                        "a case was neither packed nor set aside; the reader is asked again"
                    );
                    self.reply(answer, Answer::Again);
                    return;
                }
            };
        self.held = held;
        let told = self.open_gate(ended, at_ms).await;
        self.reply(answer, if told { Answer::Good } else { Answer::Again });
        if !ended.again {
            self.ended.push_back(self.clock.monotonic_ms());
            self.stack().await;
        }
    }

    /// Tells the gate. What it does not hear in time is rejected, and then the ledger must say so too. False when a
    /// case packed earlier waits for a gate that cannot be reached: its label must be read once more.
    async fn open_gate(&mut self, ended: Ended, at_ms: u64) -> bool {
        let Ended { label, accepted, again, operation } = ended;
        let Some(gate) = &self.gate else { return true };
        if !accepted {
            gate.say(false).await;
            return true;
        }
        let elapsed_ms = self.clock.monotonic_ms().saturating_sub(at_ms);
        let late = !again && Duration::from_millis(elapsed_ms) > gate.deadline();
        if !late && gate.say(true).await {
            return true;
        }
        let (Some(label), Some(operation)) = (label, operation) else { return false };
        // The ledger first: a gate that hears nothing rejects, so whoever dies in between leaves both saying the same.
        self.revoke(label, operation, if late { "gate_late" } else { "gate_lost" }).await;
        if let Some(gate) = &self.gate
            && late
        {
            gate.say(false).await;
        }
        true
    }

    async fn revoke(&mut self, label: Code, operation: OperationId, why: &'static str) {
        let (held, at) = (self.held.clone(), self.clock.stamp());
        let name = held.who.name.clone();
        let revoked =
            self.store.write(move |tx| record::revoke(tx, held, label, operation, why, at)).await;
        match revoked {
            Ok(held) => {
                self.held = held;
                tracing::warn!(
                    lane.name = name,
                    case.label = label.canonical(),
                    case.reason = why,
                    "a packed case was taken back: its gate did not let it pass"
                );
            }
            Err(error) => tracing::error!(
                lane.name = name,
                case.label = label.canonical(),
                error = &error as &dyn std::error::Error,
                "a case that its gate rejected is still packed in the ledger: unpack it by hand"
            ),
        }
    }

    /// Packs the pallets that are complete.
    async fn stack(&mut self) {
        for _ in 0..PALLETS_MAX {
            let (held, at) = (self.held.clone(), self.clock.stamp());
            match self.store.scan(move |tx| stack::pack(tx, held, at)).await {
                Ok((held, stacking)) => {
                    self.held = held;
                    if stacking != Stacking::Changed {
                        return;
                    }
                }
                Err(error) => {
                    tracing::error!(
                        lane.name = self.held.who.name,
                        error = &error as &dyn std::error::Error,
                        "a pallet could not be stored; it is tried again with the next case"
                    );
                    return;
                }
            }
        }
    }

    /// Nothing was stored, so nothing is acknowledged. The reader is asked again after a pause.
    async fn not_stored(&self, error: &StoreError, answer: oneshot::Sender<Answer>) {
        tracing::error!(
            lane.name = self.held.who.name,
            error = error as &dyn std::error::Error,
            "a reading could not be stored; the reader gets no good answer"
        );
        tokio::time::sleep(STORE_PAUSE).await;
        self.reply(answer, Answer::Again);
    }

    fn reply(&self, answer: oneshot::Sender<Answer>, with: Answer) {
        if answer.send(with).is_err() {
            tracing::warn!(lane.name = self.held.who.name, "a reader left before it was answered");
        }
    }

    fn show(&mut self, connected: bool) {
        let now_ms = self.clock.monotonic_ms();
        while self.ended.front().is_some_and(|at_ms| now_ms.saturating_sub(*at_ms) > MINUTE_MS) {
            self.ended.pop_front();
        }
        let (held, memory) = (&self.held, &self.held.memory);
        let level = held.case_level();
        let last: Vec<LastCase> = memory.last.iter().cloned().collect();
        self.tell.send_replace(LaneState {
            name: held.who.name.clone(),
            task: memory.task,
            waits: held.job.is_none().then_some(held.waits),
            open_units: held.machine.count(),
            of: held.job.as_ref().and_then(|job| job.task.plan.holds(level)).unwrap_or(0),
            pallet: stack::pallet(held),
            accepted_cases: memory.accepted_cases,
            rejected_cases: memory.rejected_cases,
            no_reads: memory.no_reads,
            rate_per_min: u32::try_from(self.ended.len()).unwrap_or(u32::MAX),
            connected,
            last,
        });
    }
}

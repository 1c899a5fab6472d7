//! Runs one lane: hears its readers, writes, answers reader and gate; in this order, one thing at a time.

use std::collections::VecDeque;
use std::time::Duration;

use sealtrace_protocol::code::{self, Code};
use tokio::sync::{mpsc, oneshot, watch};

use super::apply;
use super::gate::{Gate, News};
use super::held::{self, Held, Owed, Who};
use super::listen::{Ends, Gap, ReaderEnd, Stir, label_is_first};
use super::record;
use super::stack::{self, Stacking};
use super::{Command, LaneState, LastCase, Setup, Stop};
use crate::agent::Agent;
use crate::clock::Clock;
use crate::input::reader::{Answer, Event, Heard};
use crate::store::outbox::ConfirmError;
use crate::store::{Store, StoreError};

/// A reader whose reading could not be stored is asked again after this pause.
const STORE_PAUSE: Duration = Duration::from_millis(500);
/// Readings of one reader that share a commit with each other.
const READINGS_MAX: usize = 32;
/// Pallets packed in a row before readers are heard again.
const PALLETS_MAX: usize = 8;
const MINUTE_MS: u64 = 60_000;

/// A lane that runs.
pub(super) struct Line {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) held: Held,
    pub(super) gate: Option<Gate>,
    /// The label reader says once more what it was not answered.
    labels_repeat: bool,
    /// The label of which the gate may have heard although it was taken back.
    pub(super) doubtful: Option<Code>,
    /// Since when the label of the full case is waited for.
    pub(super) applied_since_ms: Option<u64>,
    stop: Option<Stop>,
    /// When cases ended, by the monotonic clock.
    ended: VecDeque<u64>,
    tell: watch::Sender<LaneState>,
}

/// A lane found as it was, ready to run.
pub(super) struct Ready {
    line: Line,
    units: ReaderEnd,
    cases: ReaderEnd,
    commands: mpsc::Receiver<Command>,
}

/// Finds a lane as it was when the program ended.
pub(super) async fn restore(
    agent: &Agent,
    setup: Setup,
    ends: Ends,
    tell: watch::Sender<LaneState>,
    commands: mpsc::Receiver<Command>,
) -> Result<Ready, StoreError> {
    let (store, clock) = (agent.store.clone(), agent.clock.clone());
    let Ends { units, cases, gate } = ends;
    let who = Who {
        gated: gate.is_some(),
        repeats: units.can_repeat && cases.can_repeat,
        device: agent.device(),
        name: setup.name.clone(),
        site: setup.site,
        task: setup.task,
        packs: setup.packs,
        elsewhere: setup.elsewhere,
        pictures: setup.pictures,
        applies: setup.applies,
    };
    let held = store.read(move |conn| held::restore(conn, who)).await?;
    tracing::info!(
        lane.name = setup.name,
        lane.open_units = held.machine.count(),
        lane.stacked_cases = held.stack.len(),
        "the lane starts where it was"
    );
    let mut line = Line {
        store,
        clock,
        held,
        labels_repeat: cases.can_repeat,
        gate,
        doubtful: None,
        applied_since_ms: None,
        stop: None,
        ended: VecDeque::new(),
        tell,
    };
    line.show(false);
    Ok(Ready { line, units, cases, commands })
}

/// Runs a lane until its task is aborted, nobody tells it anything any more, or the store has stopped.
pub(super) async fn run(ready: Ready) {
    let Ready { mut line, mut units, mut cases, mut commands } = ready;
    line.begin().await;
    let mut commits = line.store.commits();
    loop {
        line.check(units.is_absent() || cases.is_absent()).await;
        line.show(units.is_connected() && cases.is_connected());
        let label_due_ms = line.label_due_ms();
        let (stir, at_cases) = tokio::select! {
            stir = units.stirs() => (stir, false),
            stir = cases.stirs() => (stir, true),
            news = news(&mut line.gate) => {
                line.hear_gate(news).await;
                continue;
            }
            () = label_due(&line.clock, label_due_ms) => {
                line.label_is_late().await;
                continue;
            }
            Some(command) = commands.recv() => {
                line.obey(command).await;
                continue;
            }
            // Between two cases: perhaps the feed has brought a task, or closed this one.
            Ok(()) = commits.changed(), if line.held.machine.is_between_cases() => {
                line.look_for_task().await;
                continue;
            }
        };
        let gap = match stir {
            Stir::Ends => return,
            Stir::StaysAway if at_cases => cases.stays_away(),
            Stir::StaysAway => units.stays_away(),
            Stir::Tells => line.hear(&mut units, &mut cases).await,
        };
        if let Gap::Missed(word) = gap {
            line.miss(word).await;
        }
    }
}

async fn label_due(clock: &Clock, in_ms: Option<u64>) {
    match in_ms {
        Some(ms) => clock.sleep_ms(ms).await,
        None => std::future::pending().await,
    }
}

async fn news(gate: &mut Option<Gate>) -> News {
    match gate {
        Some(gate) => gate.news().await,
        None => std::future::pending().await,
    }
}

impl Line {
    /// Takes what came first at either reader.
    async fn hear(&mut self, units: &mut ReaderEnd, cases: &mut ReaderEnd) -> Gap {
        let is_whole = self.held.machine.is_whole(false);
        let of_cases = label_is_first(units, cases, is_whole);
        let end = if of_cases { &mut *cases } else { &mut *units };
        match end.take() {
            None => {}
            Some(Event::Connected) => end.connected(),
            Some(Event::Lost) => return end.lost(),
            Some(Event::Restarted) => return Gap::Missed("reader_restarted"),
            Some(Event::Heard { heard, answer, .. }) if end.ask_again(&heard) => {
                self.reply(answer, Answer::Again);
            }
            Some(Event::Heard { heard, at_ms, answer }) if of_cases => {
                self.label(heard, end.can_repeat, at_ms, answer).await;
            }
            Some(Event::Heard { heard, answer, .. }) => {
                let mut readings = vec![heard];
                while readings.len() < self.readings_max()
                    && let Some(heard) = units.reading_by(cases.tells_since())
                {
                    readings.push(heard);
                }
                self.units(readings, units.can_repeat, answer).await;
            }
        }
        Gap::None
    }

    /// Readings that may be taken at once: whether a unit beyond a full case is the next one's, its label must say first.
    fn readings_max(&self) -> usize {
        let room = self.held.holds().saturating_sub(self.held.machine.count()).max(1);
        usize::try_from(room).unwrap_or(usize::MAX).min(READINGS_MAX)
    }

    /// Goes on where the last run ended: what passed meanwhile is unknown, and so may be what the gate was told.
    async fn begin(&mut self) {
        if !self.held.who.repeats {
            self.miss("agent_restarted").await;
        }
        if let Some(owed) = self.held.memory.owed.filter(|_| !self.labels_repeat) {
            let evidence = match &self.gate {
                Some(gate) => gate.evidence().await,
                None => None,
            };
            if evidence == Some(true) {
                self.said().await;
            } else {
                self.revoke(owed, "gate_unknown").await;
            }
        }
        self.stack().await;
    }

    /// Whether cases may pass.
    async fn check(&mut self, reader_absent: bool) {
        let stop = if self.held.memory.unconfirmed {
            Some(Stop::RejectUnconfirmed)
        } else {
            reader_absent.then_some(Stop::ReaderLost)
        };
        if stop == self.stop {
            return;
        }
        match stop {
            Some(stop) => tracing::error!(
                lane.name = self.held.who.name,
                lane.stop = stop.word(),
                "the lane stands: no case passes"
            ),
            None => tracing::info!(lane.name = self.held.who.name, "the lane goes on"),
        }
        if let Some(gate) = self.gate.as_ref().filter(|_| stop.is_some() != self.stop.is_some()) {
            gate.halt(stop.is_some()).await;
        }
        self.stop = stop;
    }

    async fn obey(&mut self, command: Command) {
        let mut held = self.held.clone();
        match command {
            Command::GoOn => held.memory.unconfirmed = false,
            Command::Finish => held.memory.finishing = true,
        }
        let at = self.clock.stamp();
        let done = self.store.write(move |tx| {
            apply::print_label(tx, &mut held, at)?;
            held.remember(tx).map(|()| held)
        });
        let done = done.await;
        self.keep(done, "what was asked of the lane could not be stored");
        self.stack().await;
    }

    /// Something may have passed that nobody saw.
    async fn miss(&mut self, word: &'static str) {
        let (held, at) = (self.held.clone(), self.clock.stamp());
        let done = self.store.write(move |tx| held.miss(tx, word, at)).await;
        if done.is_err() {
            // A gap that is forgotten would let a wrong case pass: it is kept at least in memory.
            self.held.machine.spoil(super::sequential::Fault::new(word));
        }
        self.keep(done, "a gap could not be stored");
    }

    pub(super) fn keep(&mut self, done: Result<Held, StoreError>, otherwise: &'static str) {
        match done {
            Ok(held) => self.held = held,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(lane.name = self.held.who.name, error, otherwise);
            }
        }
    }

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

    /// Takes what the unit reader said one after the other, the last of which may wait for an answer.
    async fn units(
        &mut self,
        readings: Vec<Heard>,
        can_repeat: bool,
        answer: Option<oneshot::Sender<Answer>>,
    ) {
        // Garbage sent twice by a reader that repeats itself is something that passed.
        let meant = move |heard| match heard {
            Heard::Garbage(_) if can_repeat => Heard::NoRead,
            heard @ (Heard::Text(_) | Heard::NoRead | Heard::Garbage(_) | Heard::Picture(_)) => {
                heard
            }
        };
        let (held, at) = (self.held.clone(), self.clock.stamp());
        let stored = self.store.scan(move |tx| {
            let mut readings = readings.into_iter().map(meant);
            readings.try_fold(held, |held, heard| record::reading(tx, held, heard, at))
        });
        match stored.await {
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
        answer: Option<oneshot::Sender<Answer>>,
    ) {
        if matches!(heard, Heard::Garbage(_)) && !can_repeat {
            tracing::warn!(lane.name = self.held.who.name, "the label reader sent garbage");
        }
        if let Some(owed) = self.held.memory.owed.filter(|owed| !repeats(&heard, *owed)) {
            // The reader goes on with another label: what was owed on the last one was not said.
            self.revoke(owed, "gate_unknown").await;
        }
        let stopped = self.stop.map(Stop::word);
        let (held, at) = (self.held.clone(), self.clock.stamp());
        let (held, ended) =
            match self.store.scan(move |tx| record::label(tx, held, heard, stopped, at)).await {
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
        let told = self.open_gate(ended, can_repeat, at_ms).await;
        self.reply(answer, if told { Answer::Good } else { Answer::Again });
        if !ended.again {
            self.ended.push_back(self.clock.monotonic_ms());
        }
        self.stack().await;
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
    async fn not_stored(&self, error: &StoreError, answer: Option<oneshot::Sender<Answer>>) {
        tracing::error!(
            lane.name = self.held.who.name,
            error = error as &dyn std::error::Error,
            "a reading could not be stored; the reader gets no good answer"
        );
        tokio::time::sleep(STORE_PAUSE).await;
        self.reply(answer, Answer::Again);
    }

    fn reply(&self, answer: Option<oneshot::Sender<Answer>>, with: Answer) {
        if answer.is_some_and(|answer| answer.send(with).is_err()) {
            tracing::warn!(lane.name = self.held.who.name, "a reader left before it was answered");
        }
    }

    fn show(&mut self, connected: bool) {
        let now_ms = self.clock.monotonic_ms();
        while self.ended.front().is_some_and(|at_ms| now_ms.saturating_sub(*at_ms) > MINUTE_MS) {
            self.ended.pop_front();
        }
        let (held, memory) = (&self.held, &self.held.memory);
        let last: Vec<LastCase> = memory.last.iter().cloned().collect();
        self.tell.send_replace(LaneState {
            name: held.who.name.clone(),
            task: memory.task,
            waits: held.job.is_none().then_some(held.waits),
            open_units: held.machine.count(),
            of: held.holds(),
            pallet: stack::pallet(held),
            accepted_cases: memory.accepted_cases,
            rejected_cases: memory.rejected_cases,
            no_reads: memory.no_reads,
            rate_per_min: u32::try_from(self.ended.len()).unwrap_or(u32::MAX),
            connected,
            finishing: memory.finishing,
            stop: self.stop,
            resync: memory.resync.clone(),
            last,
        });
    }
}

/// True when this is the label that the gate's word is still owed on.
fn repeats(heard: &Heard, owed: Owed) -> bool {
    match heard {
        Heard::Text(text) => code::parse(text).is_ok_and(|scan| scan.code == owed.label),
        Heard::NoRead | Heard::Garbage(_) | Heard::Picture(_) => false,
    }
}

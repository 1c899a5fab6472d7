//! Scans on their way to green: through the station, through its page, through lanes.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::Url;
use sealtrace_agent::agent::Agent;
use sealtrace_agent::config::TaskSource;
use sealtrace_agent::feedback::Tone;
use sealtrace_agent::input::reader::{Answer, Event, Heard};
use sealtrace_agent::lane::{self, Readers};
use sealtrace_agent::station::desk::{Desk, Person, Source};
use sealtrace_agent::ui;
use sealtrace_protocol::ledger::Role;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::super::floor::{Case, Floor, HAND_TASK, LOGIN, OPERATOR, PIN, SITE, lane_task};
use super::super::times::Times;
use crate::clock::Stopwatch;
use crate::pda::Pda;

/// Events that may wait for a lane.
const EVENTS_MAX: usize = 4;

/// The station of a device, without a page.
pub(super) struct Station(Desk);

impl Station {
    /// At the hand task.
    pub(super) async fn open(agent: &Agent) -> Result<Self> {
        let (store, clock) = (agent.store.clone(), agent.clock.clone());
        let desk = Desk::restore(store, clock, agent.device()).await?;
        let opened = json!({"screen": "pack", "task": HAND_TASK, "opened": false});
        desk.open(&person(), serde_json::from_value(opened)?)
            .await
            .map_err(|no| anyhow::anyhow!("the station does not open: {:?}", no.message()))?;
        Ok(Self(desk))
    }

    /// Packs a case, scan by scan.
    pub(super) async fn pack(&self, case: &Case, times: &mut Times) -> Result<()> {
        for text in case.scans() {
            let scanned = Stopwatch::start();
            let say = self.0.scan(&person(), text, Source::Wedge).await;
            times.add(scanned.elapsed());
            ensure!(say.tone == Tone::Accepted, "{text} is not green: {:?}", say.message);
        }
        Ok(())
    }
}

fn person() -> Person {
    Person { operator: OPERATOR, role: Role::Operator, site: SITE }
}

/// The page of a device on loopback, with somebody signed in at the hand task.
pub(super) struct Page {
    pda: Pda,
    stop: CancellationToken,
    served: JoinHandle<()>,
}

impl Page {
    /// Serves it until [`Page::close`].
    pub(super) async fn open(agent: &Agent) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        let (agent, stop) = (agent.clone(), CancellationToken::new());
        let ended = stop.clone();
        let served = tokio::spawn(async move {
            if let Err(error) = ui::serve(agent, Vec::new(), listener, ended).await {
                tracing::error!(error = &error as &dyn std::error::Error, "no page any more");
            }
        });
        let pda = Pda::log_in(base.as_str().trim_end_matches('/'), LOGIN, PIN).await?;
        pda.open("pack", json!({"task": HAND_TASK})).await?;
        Ok(Self { pda, stop, served })
    }

    /// Packs a case, scan by scan.
    pub(super) async fn pack(&self, case: &Case, times: &mut Times) -> Result<()> {
        for text in case.scans() {
            let scanned = Stopwatch::start();
            let reply = self.pda.scan(text).await?;
            times.add(scanned.elapsed());
            ensure!(reply["tone"] == "accepted", "{text} is not green: {reply}");
        }
        Ok(())
    }

    /// Ends it.
    pub(super) async fn close(self) -> Result<()> {
        self.stop.cancel();
        drop(self.pda);
        Ok(self.served.await?)
    }
}

/// A lane whose readers are driven here.
pub(super) struct Line {
    lane: lane::Lane,
    units: mpsc::Sender<Event>,
    cases: mpsc::Sender<Event>,
}

impl Line {
    /// Starts lane number `n`.
    pub(super) async fn start(agent: &Agent, n: u64) -> Result<Self> {
        let (units, hear_units) = mpsc::channel(EVENTS_MAX);
        let (cases, hear_cases) = mpsc::channel(EVENTS_MAX);
        let readers = Readers { units: hear_units, cases: hear_cases };
        let task = TaskSource::Task(lane_task(n));
        let lane = lane::start_told(agent, &format!("line-{n}"), SITE, task, readers).await?;
        units.send(Event::Connected).await?;
        cases.send(Event::Connected).await?;
        Ok(Self { lane, units, cases })
    }

    /// Packs a case, reading by reading, each answered before the next.
    pub(super) async fn pack(&self, case: &Case, times: &mut Times) -> Result<()> {
        for text in &case.bottles {
            pass(&self.units, text, times).await?;
        }
        pass(&self.cases, &case.label, times).await
    }

    /// Packs cases for as long as asked.
    pub(super) async fn run(&self, floor: &Floor, time: Duration) -> Result<Times> {
        let mut times = Times::default();
        let all = Stopwatch::start();
        while all.elapsed() < time {
            self.pack(&floor.case()?, &mut times).await?;
        }
        Ok(times.lasted(all.elapsed()))
    }

    /// Ends it once it is at rest, and makes sure that every case was packed.
    pub(super) async fn end(self) -> Result<()> {
        let Self { lane, units, cases } = self;
        drop((units, cases));
        lane.task.await?;
        let state = lane.state.borrow();
        ensure!(state.rejected_cases == 0, "{} cases were set aside", state.rejected_cases);
        Ok(())
    }
}

async fn pass(reader: &mpsc::Sender<Event>, text: &str, times: &mut Times) -> Result<()> {
    let (answer, answered) = oneshot::channel();
    let passed = Stopwatch::start();
    let heard = Heard::Text(text.to_owned());
    reader
        .send(Event::Heard { heard, at_ms: 0, answer: Some(answer) })
        .await
        .context("the lane has ended")?;
    let answer = answered.await.context("the lane does not answer")?;
    times.add(passed.elapsed());
    ensure!(answer == Answer::Good, "the lane could not store {text}");
    Ok(())
}

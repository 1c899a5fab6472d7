//! Several lanes on one agent: boxes into cases onto pallets, commits that are shared, tasks that change, ports that are
//! taken, and what a person sees of them and asks of them.

use std::fs::File;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use axum::http::StatusCode;
use sealtrace_agent::config::{Config, LaneConfig, TaskSource};
use sealtrace_agent::input::reader::{Answer, Event, Heard};
use sealtrace_agent::lane::{self, Lane, Readers};
use sealtrace_agent::store::{Store, StoreError, outbox};
use sealtrace_protocol::code::{Code, Sscc};
use sealtrace_protocol::ids::{Epoch, OperationId, Revision, Seq, TaskId};
use sealtrace_protocol::ledger::{Action, Level, Made, Plan, Step};
use sealtrace_protocol::link::{FeedRow, Product, Roll, TaskKind, TaskRow, TaskState};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

use crate::cable::{Cable, PATIENCE, report};
use crate::floor::{
    DEVICE, LINE_TASK, PRODUCT, SITE, agent, case, drafts, hears, item, pallet, parent, printed,
    product, task_row, unit,
};
use crate::lane::{Line, config};
use crate::page::{Floor, page_of};

const BOX_BODY: u64 = 6_901_234_580_000_000;

fn boxed(n: u64) -> Code {
    Code::Sscc(Sscc::from_body(BOX_BODY + n).unwrap())
}

fn plan(steps: &[(Level, u32)]) -> Plan {
    Plan::new(steps.iter().map(|(level, holds)| Step::new(*level, *holds)).collect()).unwrap()
}

/// Two readers and a gate on cables.
struct Ends {
    units: Cable,
    cases: Cable,
    gate: Cable,
}

impl Ends {
    fn new(folder: &TempDir, name: &str) -> Self {
        let cable = |what: &str| Cable::new(folder.path().join(format!("{name}-{what}")));
        Self { units: cable("units"), cases: cable("cases"), gate: cable("gate") }
    }

    fn config(&self, name: &str, packs: Option<Level>) -> LaneConfig {
        let config = config(&self.units, &self.cases, Some(&self.gate));
        LaneConfig { name: name.into(), packs, ..config }
    }

    /// These pass, then the label; true when the gate lets it through.
    fn pack(&mut self, inside: impl IntoIterator<Item = Code>, label: Code) -> bool {
        tokio::task::block_in_place(|| {
            inside.into_iter().for_each(|code| report(&mut self.units, &printed(code)));
            report(&mut self.cases, &printed(label));
            self.gate.hear(b"AR", PATIENCE) == Some(b'A')
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bottles_go_into_boxes_on_one_lane_and_boxes_into_cases_onto_pallets_on_the_next() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut first, mut second) = (Ends::new(&folder, "a"), Ends::new(&folder, "b"));
    let lanes = vec![first.config("boxes", None), second.config("cases", Some(Level::Case))];
    let agent = agent(data.path(), Config { lanes: lanes.clone(), ..Config::default() }).await;
    let store = &agent.store;
    let plan = plan(&[(Level::Box, 2), (Level::Case, 2), (Level::Pallet, 2)]);
    let order = task_row(LINE_TASK, TaskKind::Line).order;
    let (level, first_body) = (Level::Box, Some(BOX_BODY));
    hears(store, FeedRow::Roll(Roll { order, level, product: PRODUCT, count: 30, first_body }))
        .await;
    hears(store, FeedRow::Product(Product { plan: plan.clone(), ..product() })).await;
    let task = TaskRow { plan, ..task_row(LINE_TASK, TaskKind::Line) };
    hears(store, FeedRow::Task(task)).await;
    let mut running = Vec::new();
    for lane in lanes {
        running.push(lane::start(&agent, lane).await.unwrap());
    }
    for ends in [&mut first, &mut second] {
        tokio::task::block_in_place(|| ends.gate.hear(b"H", PATIENCE).unwrap());
    }
    for n in 0..4 {
        assert!(first.pack([unit(2 * n), unit(2 * n + 1)], boxed(n)), "box {n}");
    }
    assert!(second.pack([boxed(0), boxed(1)], case(0)));
    // A bottle where a box belongs spoils its case and no other.
    assert!(!second.pack([boxed(2), unit(20)], case(1)));
    assert!(second.pack([boxed(2), boxed(3)], case(2)));
    let of_second = &mut running[1].state;
    let stacked = |state: &lane::LaneState| state.pallet.is_some_and(|pallet| pallet.cases == 0);
    let done = of_second.wait_for(|state| state.accepted_cases == 2 && stacked(state));
    tokio::time::timeout(PATIENCE, done).await.unwrap().unwrap();
    assert_eq!(parent(store, unit(5)).await, Some(boxed(2)));
    assert_eq!(parent(store, boxed(2)).await, Some(case(2)));
    assert_eq!(parent(store, case(2)).await, Some(pallet(0)));
    let pallet = item(store, pallet(0)).await.unwrap();
    assert_eq!((pallet.contents.units(), pallet.children), (8, 2));
    // What the next lane packs does not wait on this one.
    assert_eq!(running[0].state.borrow().pallet, None);
    assert!(drafts(store, "lane.boxes").await.is_empty());
    let exceptions = store.read(sealtrace_agent::store::exceptions::open).await.unwrap();
    let words: Vec<_> = exceptions.iter().map(|row| row.detail.as_str()).collect();
    assert_eq!(words, ["wrong_level"]);
}

/// What a case was made under, by the place of its operation.
async fn made(store: &Store, seq: u64) -> Made {
    let id = OperationId { device: DEVICE, epoch: Epoch(1), seq: Seq(seq) };
    let operation = store.read(move |conn| outbox::operation(conn, id)).await.unwrap().unwrap();
    let Action::Pack(pack) = operation.action else { panic!("{operation:?}") };
    pack.made.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_changes_over_to_another_task_between_two_cases_and_never_inside_one() {
    let mut line = Line::start().await;
    line.pass_units(0..2);
    let store = line.agent.store.clone();
    let done = TaskRow { state: TaskState::Done, ..task_row(LINE_TASK, TaskKind::Line) };
    hears(&store, FeedRow::Task(done)).await;
    let smaller = plan(&[(Level::Case, 2), (Level::Pallet, 2)]);
    let (plan, revision) = (smaller.clone(), Revision(2));
    hears(&store, FeedRow::Product(Product { plan, revision, ..product() })).await;
    let next = TaskRow { plan: smaller, revision, ..task_row(LINE_TASK + 1, TaskKind::Line) };
    hears(&store, FeedRow::Task(next)).await;
    assert_eq!(line.until(|state| state.open_units == 2).await.of, 3, "the case keeps its plan");
    line.pass_units([2]);
    assert!(line.close(case(0)));
    let state = line.until(|state| state.accepted_cases == 1).await;
    assert_eq!((state.of, state.task), (2, Some(TaskId(LINE_TASK + 1))));
    line.pass_units(3..5);
    assert!(line.close(case(1)));
    assert_eq!(made(&store, 1).await.task, TaskId(LINE_TASK));
    assert_eq!(made(&store, 2).await.task, TaskId(LINE_TASK + 1));
    assert_eq!(made(&store, 2).await.plan, Revision(2));
    assert!(line.exceptions().await.is_empty());
}

/// A lane that is told what passes.
struct Told {
    units: mpsc::Sender<Event>,
    _cases: mpsc::Sender<Event>,
    _lane: Lane,
}

impl Told {
    async fn start(agent: &sealtrace_agent::agent::Agent, name: &str) -> Self {
        let (units, hear_units) = mpsc::channel(1);
        let (cases, hear_cases) = mpsc::channel(1);
        let readers = Readers { units: hear_units, cases: hear_cases };
        let task = TaskSource::Open;
        let lane = lane::start_told(agent, name, SITE, task, readers).await.unwrap();
        Self { units, _cases: cases, _lane: lane }
    }

    async fn tell(&self, n: u64) -> oneshot::Receiver<Answer> {
        let (answer, answered) = oneshot::channel();
        let heard = Heard::Text(printed(unit(n)));
        self.units.send(Event::Heard { heard, at_ms: 0, answer: Some(answer) }).await.unwrap();
        answered
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_that_finish_together_share_one_commit() {
    let data = tempfile::tempdir().unwrap();
    let agent = agent(data.path(), Config::default()).await;
    let mut lanes = Vec::new();
    for n in 0..4 {
        lanes.push(Told::start(&agent, &format!("line-{n}")).await);
    }
    let settled = || tokio::time::sleep(Duration::from_millis(400));
    settled().await;
    let commits = agent.store.commits();
    let before = *commits.borrow();
    // The disk is busy while every lane has something to write.
    let (let_go, held) = sync_channel::<()>(0);
    let store = agent.store.clone();
    let busy = tokio::spawn(async move {
        let wait = move |_: &rusqlite::Transaction<'_>| {
            held.recv().unwrap();
            Ok::<_, StoreError>(())
        };
        store.write(wait).await
    });
    settled().await;
    let mut answers = Vec::new();
    for (n, lane) in (0..).zip(&lanes) {
        answers.push(lane.tell(n).await);
    }
    settled().await;
    assert_eq!(*commits.borrow(), before);
    let_go.send(()).unwrap();
    for answer in answers {
        assert_eq!(answer.await, Ok(Answer::Good));
    }
    busy.await.unwrap().unwrap();
    assert_eq!(*commits.borrow(), before + 2, "one for what the disk was busy with, one for all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_waited_for_and_one_that_vanishes_is_opened_again() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut ends = Ends::new(&folder, "a");
    let agent = agent(data.path(), Config::default()).await;
    // A second program looks at the reader.
    let other = File::options().read(true).write(true).open(&ends.units.path).unwrap();
    other.lock().unwrap();
    let mut lane = lane::start(&agent, ends.config("line-1", None)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!lane.state.borrow().connected, "the reader is read by two");
    drop(other);
    let mut until = async |connected: bool| {
        let found = lane.state.wait_for(|state| state.connected == connected);
        tokio::time::timeout(PATIENCE, found).await.unwrap().unwrap();
    };
    until(true).await;
    tokio::task::block_in_place(|| ends.gate.hear(b"H", PATIENCE).unwrap());
    tokio::task::block_in_place(|| (0..2).for_each(|n| report(&mut ends.units, &printed(unit(n)))));
    // Unplugged: the path itself is gone.
    std::fs::remove_file(&ends.units.path).unwrap();
    let path = ends.units.path.clone();
    ends.units = Cable::new(folder.path().join("elsewhere"));
    until(false).await;
    ends.units = Cable::new(path);
    until(true).await;
    assert!(ends.pack([unit(2)], case(0)), "a reader that waits for its answer has lost nothing");
    assert_eq!(parent(&agent.store, unit(0)).await, Some(case(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_are_seen_by_everybody_and_asked_by_whoever_is_signed_in() {
    let mut line = Line::start().await;
    line.pass_units(0..2);
    let page = page_of(&line.agent, vec![line.lane.remote()]).await;
    let folder = tempfile::tempdir().unwrap();
    let floor = Floor { folder, agent: line.agent.clone(), page };
    let rows: Value = floor.get("lanes").await["rows"].clone();
    let lane = &rows[0];
    assert_eq!((&lane["name"], &lane["reader"]), (&json!("line-1"), &json!("connected")));
    assert_eq!((&lane["open_units"], &lane["of"]), (&json!(2), &json!(3)), "{lane}");
    assert_eq!(lane["exceptions"], 0, "{lane}");
    let asked = floor.post("lanes/line-1/finish", json!({})).await;
    assert_eq!(asked.status_code(), StatusCode::UNAUTHORIZED);
    floor.log_in("li").await;
    let unknown = floor.post("lanes/line-9/finish", json!({})).await;
    assert_eq!(unknown.status_code(), StatusCode::NOT_FOUND);
    assert_eq!(unknown.json::<Value>()["error"]["code"], "no_such_lane");
    assert!(floor.post("lanes/line-1/explode", json!({})).await.status_code().is_client_error());
    floor.post("lanes/line-1/finish", json!({})).await.assert_status(StatusCode::NO_CONTENT);
    line.until(|state| state.finishing).await;
    assert!(line.close(case(0)), "the last case of a task may be short");
    floor.post("lanes/line-1/go_on", json!({})).await.assert_status(StatusCode::NO_CONTENT);
    line.until(|state| state.accepted_cases == 1 && state.stop.is_none()).await;
}

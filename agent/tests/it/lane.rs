//! A lane on real pseudo-terminals with a real store: faults, kills, pulled cables, a gate that is gone.

use std::io::Write;

use sealtrace_agent::agent::Agent;
use sealtrace_agent::config::{Config, LaneConfig, Port, TaskSource};
use sealtrace_agent::lane::{self, Lane, LaneState, Waits};
use sealtrace_agent::store::exceptions;
use sealtrace_firmware_config::Profile;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DeviceId, SiteId};
use sealtrace_protocol::link::{FeedRow, TaskKind, TaskRow, TaskState};
use tempfile::TempDir;

use crate::cable::{ACK, Cable, NAK, PATIENCE, report};
use crate::floor::{
    LINE_TASK, SITE, agent, case, copy_of, drafts, hears, item, pallet, parent, printed, task_row,
    unit,
};

const SOURCE: &str = "lane.line-1";

/// A line with its agent.
pub(crate) struct Line {
    pub(crate) units: Cable,
    pub(crate) cases: Cable,
    gate: Cable,
    pub(crate) agent: Agent,
    pub(crate) lane: Lane,
    data: TempDir,
    _ports: TempDir,
}

impl Line {
    pub(crate) async fn start() -> Self {
        let ports = tempfile::tempdir().unwrap();
        let data = tempfile::tempdir().unwrap();
        let cable = |name| Cable::new(ports.path().join(name));
        let (units, cases, gate) = (cable("units"), cable("cases"), cable("gate"));
        let agent = agent(data.path(), Config::default()).await;
        let lane = lane::start(&agent, config(&units, &cases, Some(&gate))).await.unwrap();
        let mut line = Self { units, cases, gate, agent, lane, data, _ports: ports };
        line.wait_for_gate();
        line
    }

    /// The agent dies and another starts on what is on the disk.
    async fn kill(mut self) -> Self {
        self.lane.task.abort();
        let data = copy_of(self.data.path());
        self.units.replug();
        self.cases.replug();
        self.gate.replug();
        let agent = agent(data.path(), Config::default()).await;
        let config = config(&self.units, &self.cases, Some(&self.gate));
        let lane = lane::start(&agent, config).await.unwrap();
        let mut line = Self { agent, lane, data, ..self };
        line.wait_for_gate();
        line
    }

    /// The gate is connected: what is said to one that is not is a reject that nobody hears.
    fn wait_for_gate(&mut self) {
        tokio::task::block_in_place(|| self.gate.hear(b"H", PATIENCE).unwrap());
    }

    /// Sends a reading until it is acknowledged, as the reader does.
    pub(crate) fn pass(&mut self, text: &str) {
        tokio::task::block_in_place(|| report(&mut self.units, text));
    }

    pub(crate) fn pass_units(&mut self, units: impl IntoIterator<Item = u64>) {
        for n in units {
            self.pass(&printed(unit(n)));
        }
    }

    /// The label passes; true when the gate lets the case through.
    pub(crate) fn close(&mut self, label: Code) -> bool {
        tokio::task::block_in_place(|| {
            report(&mut self.cases, &printed(label));
            self.gate.hear(b"AR", PATIENCE).unwrap() == b'A'
        })
    }

    pub(crate) async fn until(&mut self, wanted: impl FnMut(&LaneState) -> bool) -> LaneState {
        let state = tokio::time::timeout(PATIENCE, self.lane.state.wait_for(wanted)).await;
        state.unwrap().unwrap().clone()
    }

    pub(crate) async fn exceptions(&self) -> Vec<(Option<String>, String)> {
        let rows = self.agent.store.read(exceptions::open).await.unwrap();
        rows.into_iter()
            .rev()
            .map(|row| (row.code.map(|code| code.canonical()), row.detail))
            .collect()
    }
}

pub(crate) fn config(units: &Cable, cases: &Cable, gate: Option<&Cable>) -> LaneConfig {
    let port = |profile: &str, cable: &Cable| Port {
        profile: Profile::builtin(profile).unwrap(),
        port: cable.path.display().to_string(),
    };
    LaneConfig {
        name: "line-1".into(),
        site: Some(SITE),
        task: TaskSource::Open,
        packs: None,
        pictures: false,
        prints: None,
        units: port("virtual-line", units),
        cases: port("virtual-line", cases),
        gate: gate.map(|gate| port("serial-gate", gate)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bottles_become_cases_and_cases_a_pallet() {
    let mut line = Line::start().await;
    line.until(|state| state.connected && state.task.is_some()).await;
    line.pass_units(0..3);
    assert!(line.close(case(0)));
    line.pass_units(3..6);
    assert!(line.close(case(1)));
    let state = line.until(|state| state.accepted_cases == 2).await;
    assert_eq!((state.rejected_cases, state.open_units, state.of), (0, 0, 3));
    line.until(|state| state.pallet.is_some_and(|pallet| pallet.cases == 0)).await;
    let store = &line.agent.store;
    assert_eq!(parent(store, unit(4)).await, Some(case(1)));
    assert_eq!(parent(store, case(0)).await, Some(pallet(0)));
    assert_eq!(item(store, pallet(0)).await.unwrap().contents.units(), 6);
    assert!(drafts(store, SOURCE).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_the_last_task_left_over_does_not_keep_the_next_task_from_its_pallets() {
    let mut line = Line::start().await;
    line.pass_units(0..3);
    assert!(line.close(case(0)));
    let store = line.agent.store.clone();
    let done = TaskRow { state: TaskState::Done, ..task_row(LINE_TASK, TaskKind::Line) };
    hears(&store, FeedRow::Task(done)).await;
    hears(&store, FeedRow::Task(task_row(LINE_TASK + 1, TaskKind::Line))).await;
    line.pass_units(3..6);
    assert!(line.close(case(1)));
    line.pass_units(6..9);
    assert!(line.close(case(2)));
    line.until(|state| state.accepted_cases == 3 && state.pallet.is_some_and(|p| p.cases == 0))
        .await;
    assert_eq!(parent(&store, case(1)).await, Some(pallet(0)));
    assert_eq!(parent(&store, case(2)).await, Some(pallet(0)));
    assert_eq!(parent(&store, case(0)).await, None);
    assert_eq!(drafts(&store, SOURCE).await, ["stacked.case"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_whose_tasks_are_done_takes_no_cases_and_says_so_until_there_is_another() {
    let mut line = Line::start().await;
    let store = line.agent.store.clone();
    let last = TaskRow { quantity: 6, ..task_row(LINE_TASK, TaskKind::Line) };
    hears(&store, FeedRow::Task(last)).await;
    line.pass_units(0..3);
    assert!(line.close(case(0)));
    assert_eq!(line.until(|state| state.accepted_cases == 1).await.waits, None);
    line.pass_units(3..6);
    assert!(line.close(case(1)));
    let state = line.until(|state| state.waits.is_some()).await;
    assert_eq!((state.waits, state.task), (Some(Waits::TasksDone), None));
    // The pallet of the task is packed all the same.
    assert_eq!(parent(&store, case(0)).await, Some(pallet(0)));
    line.pass_units(6..9);
    assert!(!line.close(case(2)));
    assert_eq!(line.exceptions().await, [(Some(case(2).canonical()), "tasks_done".to_owned())]);
    // Another lane's task does not help.
    let device = Some(DeviceId(99));
    let others = TaskRow { device, ..task_row(LINE_TASK + 1, TaskKind::Line) };
    hears(&store, FeedRow::Task(others)).await;
    hears(&store, FeedRow::Task(task_row(LINE_TASK + 2, TaskKind::Line))).await;
    let state = line.until(|state| state.waits.is_none()).await;
    assert_eq!(state.task.map(|task| task.get()), Some(LINE_TASK + 2));
    line.pass_units(6..9);
    assert!(line.close(case(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_leaves_the_ssccs_of_another_device_alone() {
    let mut line = Line::start().await;
    line.pass_units(0..3);
    assert!(line.close(case(0)));
    line.pass_units(3..5);
    let store = line.agent.store.clone();
    let device = Some(DeviceId(99));
    hears(&store, FeedRow::Task(TaskRow { device, ..task_row(LINE_TASK, TaskKind::Line) })).await;
    line.pass_units([5]);
    assert!(line.close(case(1)), "what was begun is finished");
    let state = line.until(|state| state.accepted_cases == 2).await;
    assert_eq!(state.waits, Some(Waits::NoTask));
    assert_eq!(parent(&store, case(0)).await, None);
    assert_eq!(drafts(&store, SOURCE).await, ["stacked.case", "stacked.case"]);
    hears(&store, FeedRow::Task(task_row(LINE_TASK, TaskKind::Line))).await;
    line.until(|state| state.waits.is_none()).await;
    line.pass_units(6..9);
    assert!(line.close(case(2)));
    line.until(|state| state.pallet.is_some_and(|pallet| pallet.cases == 1)).await;
    assert_eq!(parent(&store, case(0)).await, Some(pallet(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn that_no_pallet_can_be_packed_is_told_once_until_one_can() {
    let mut line = Line::start().await;
    let store = line.agent.store.clone();
    let whole = task_row(LINE_TASK, TaskKind::Line);
    let hear = |row: TaskRow| hears(&store, FeedRow::Task(row));
    hear(TaskRow { leases: Vec::new(), ..whole.clone() }).await;
    for n in 0..4 {
        line.pass_units(3 * n..3 * n + 3);
        assert!(line.close(case(n)));
    }
    line.until(|state| state.accepted_cases == 4).await;
    assert_eq!(line.exceptions().await, [(None, "no_pallet_label".to_owned())]);
    hear(whole).await;
    line.pass_units(12..15);
    assert!(line.close(case(4)));
    line.until(|state| state.pallet.is_some_and(|pallet| pallet.cases == 1)).await;
    assert_eq!(parent(&store, case(3)).await, Some(pallet(1)));
    assert_eq!(line.exceptions().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_spoils_its_own_case_and_no_other() {
    let mut line = Line::start().await;
    let foreign = printed(unit(59_999));
    let faults = ["NoRead", foreign.as_str(), "### smeared ###", &printed(unit(0))];
    line.pass_units(0..3);
    assert!(line.close(case(0)));
    let mut next = 3;
    for (label, fault) in (1..).step_by(2).zip(faults) {
        line.pass_units([next, next + 1]);
        line.pass(fault);
        assert!(!line.close(case(label)), "{fault} got through");
        line.pass_units(next + 2..next + 5);
        assert!(line.close(case(label + 1)), "the case after {fault} was rejected");
        next += 5;
    }
    let reasons: Vec<_> = line.exceptions().await.into_iter().map(|(_, why)| why).collect();
    assert_eq!(reasons, ["no_read", "foreign", "unreadable", "already_packed"]);
    assert_eq!(parent(&line.agent.store, unit(3)).await, None);
    assert_eq!(parent(&line.agent.store, unit(7)).await, Some(case(2)));
    let state = line.until(|state| state.accepted_cases == 5).await;
    assert_eq!((state.rejected_cases, state.no_reads), (4, 1));
}

#[tokio::test]
async fn a_lane_does_not_start_where_its_device_may_not_work() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(folder.path(), Config::default()).await;
    let cable = Cable::new(folder.path().join("reader"));
    let config = LaneConfig { site: Some(SiteId(77)), ..config(&cable, &cable, None) };
    let Err(refused) = lane::start(&agent, config).await else { panic!("the lane runs") };
    assert!(refused.to_string().contains("enrol the device with a token for that site"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_label_that_claims_another_lot_is_set_aside() {
    let mut line = Line::start().await;
    line.pass_units(0..3);
    let labelled = format!("{}10L9", printed(case(0)));
    tokio::task::block_in_place(|| {
        report(&mut line.cases, &labelled);
        assert_eq!(line.gate.hear(b"AR", PATIENCE), Some(b'R'));
    });
    let expected = [(Some(case(0).canonical()), "wrong_lot".to_owned())];
    assert_eq!(line.exceptions().await, expected);
    line.pass_units(0..3);
    assert!(line.close(case(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_case_and_a_missed_label_are_set_aside_and_nothing_shifts() {
    let mut line = Line::start().await;
    line.pass_units(0..2);
    assert!(!line.close(case(0)));
    // This case's label is never seen: the next case's first bottle ends it.
    line.pass_units(2..5);
    line.pass_units(5..8);
    assert!(line.close(case(2)));
    assert_eq!(parent(&line.agent.store, unit(5)).await, Some(case(2)));
    assert_eq!(parent(&line.agent.store, unit(4)).await, None);
    let label = Some(case(0).canonical());
    let expected = [(label, "too_few".to_owned()), (None, "label_missing".to_owned())];
    assert_eq!(line.exceptions().await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_case_loses_and_doubles_nothing() {
    let mut line = Line::start().await;
    line.pass_units(0..2);
    let mut line = line.kill().await;
    assert_eq!(line.lane.state.borrow().open_units, 2);
    // The answer to the second bottle was lost with the agent: the reader sends it again.
    line.pass_units([1]);
    line.pass_units([2]);
    assert!(line.close(case(0)));
    let mut line = line.kill().await;
    // The label's answer was lost as well.
    assert!(line.close(case(0)));
    line.pass_units(3..6);
    assert!(line.close(case(1)));
    assert!(line.exceptions().await.is_empty());
    line.until(|state| state.accepted_cases == 2).await;
    assert_eq!(parent(&line.agent.store, case(0)).await, Some(pallet(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pulled_cable_is_noticed_and_the_case_goes_on_when_it_is_back() {
    let mut line = Line::start().await;
    line.until(|state| state.connected).await;
    line.pass_units(0..2);
    line.units.replug();
    line.until(|state| !state.connected).await;
    line.until(|state| state.connected).await;
    line.pass_units([2]);
    assert!(line.close(case(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_is_asked_for_once_more_and_harms_nothing() {
    let mut line = Line::start().await;
    line.pass_units(0..2);
    tokio::task::block_in_place(|| {
        line.units.near.write_all(b"\x00\xff\xfe\r\n").unwrap();
        assert_eq!(line.units.hear(&[ACK, NAK], PATIENCE), Some(NAK));
    });
    line.pass_units([2]);
    assert!(line.close(case(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_too_late_for_the_gate_rejects_the_case_and_the_ledger_says_so() {
    let mut line = Line::start().await;
    line.until(|state| state.connected).await;
    line.lane.task.abort();
    for cable in [&mut line.units, &mut line.cases, &mut line.gate] {
        cable.replug();
    }
    let mut config = config(&line.units, &line.cases, Some(&line.gate));
    let slow = "kind = 'gate'\nmaker = 'x'\nmodel = 'x'\nsummary = 'too near the reader'\n\
                serial = { baud = 115200, data_bits = 8, parity = 'none', stop_bits = 1 }\n\
                output = { accept = 'A<LF>', reject = 'R<LF>', deadline_ms = 1 }\n";
    let gate = config.gate.as_mut().unwrap();
    gate.profile = Profile::from_toml("slow-gate.toml", slow).unwrap();
    line.lane = lane::start(&line.agent, config).await.unwrap();
    line.pass_units(0..3);
    // No disk commits within a millisecond for certain; where one does, the case is accepted and that is right too.
    let accepted = line.close(case(0));
    let state = line.until(|state| state.accepted_cases + state.rejected_cases == 1).await;
    let packed = parent(&line.agent.store, unit(0)).await.is_some();
    assert_eq!((packed, state.accepted_cases), (accepted, u64::from(accepted)));
    assert_eq!(line.exceptions().await.is_empty(), accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_the_gate_cannot_be_told_about_is_taken_back() {
    let mut line = Line::start().await;
    line.until(|state| state.connected).await;
    line.lane.task.abort();
    std::fs::remove_file(&line.gate.path).unwrap();
    let config = config(&line.units, &line.cases, Some(&line.gate));
    line.units.replug();
    line.cases.replug();
    line.lane = lane::start(&line.agent, config).await.unwrap();
    line.pass_units(0..3);
    tokio::task::block_in_place(|| report(&mut line.cases, &printed(case(0))));
    let state = line.until(|state| state.rejected_cases == 1).await;
    assert_eq!(state.accepted_cases, 0);
    assert_eq!(parent(&line.agent.store, unit(0)).await, None);
    assert!(drafts(&line.agent.store, SOURCE).await.is_empty());
    let expected = [(Some(case(0).canonical()), "gate_lost".to_owned())];
    assert_eq!(line.exceptions().await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_of_a_task_the_last_case_may_be_short_and_what_waits_becomes_a_pallet() {
    let mut line = Line::start().await;
    line.pass_units(0..2);
    line.lane.commands.send(lane::Command::Finish).await.unwrap();
    line.until(|state| state.finishing).await;
    assert!(line.close(case(0)));
    let store = line.agent.store.clone();
    line.until(|state| state.accepted_cases == 1 && !state.finishing).await;
    assert_eq!(parent(&store, unit(1)).await, Some(case(0)));
    assert_eq!(parent(&store, case(0)).await, Some(pallet(0)));
    line.pass_units(3..5);
    assert!(!line.close(case(1)), "only the one case may be short");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_picture_of_all_bottles_is_a_case_and_a_blurred_one_spoils_only_its_own() {
    let mut line = Line::start().await;
    line.lane.task.abort();
    let mut config = config(&line.units, &line.cases, Some(&line.gate));
    let camera = "kind = 'reader'\nmaker = 'x'\nmodel = 'x'\nsummary = 'sees all'\n\
                  serial = { baud = 115200, data_bits = 8, parity = 'none', stop_bits = 1 }\n\
                  framing = { end = '<CR><LF>', separator = ';', length_bytes_max = 1024, no_read = ['NoRead'], \
                  inter_byte_timeout_ms = 100 }\n\
                  ack = { mode = 'ack_nak', good = '<ACK>', bad = '<NAK>' }\n";
    config.units.profile = Profile::from_toml("camera.toml", camera).unwrap();
    config.pictures = true;
    line.units.replug();
    line.cases.replug();
    line.gate.replug();
    line.lane = lane::start(&line.agent, config).await.unwrap();
    line.wait_for_gate();
    let seen =
        |units: &[u64]| units.iter().map(|n| printed(unit(*n))).collect::<Vec<_>>().join(";");
    line.pass(&seen(&[0, 1, 2]));
    assert!(line.close(case(0)));
    line.pass(&format!("{};NoRead", seen(&[3, 4])));
    assert!(!line.close(case(1)));
    // Triggered twice, the second time better.
    line.pass(&format!("{};NoRead;NoRead", seen(&[6])));
    line.pass(&seen(&[8, 6, 7]));
    assert!(line.close(case(2)));
    // The label of this case is missed: the next picture ends it.
    line.pass(&seen(&[9, 10, 11]));
    line.pass(&seen(&[12, 13, 14]));
    assert!(line.close(case(4)));
    let reasons: Vec<_> = line.exceptions().await.into_iter().map(|(_, why)| why).collect();
    assert_eq!(reasons, ["no_read", "label_missing"]);
    assert_eq!(parent(&line.agent.store, unit(7)).await, Some(case(2)));
    assert_eq!(parent(&line.agent.store, unit(12)).await, Some(case(4)));
    assert_eq!(parent(&line.agent.store, unit(9)).await, None);
}

//! Gates over Modbus, from the label's last byte to the coil: told after the commit, confirmed, and safe when the agent
//! dies. The controller outlives the agent, which is the real program where it is killed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sealtrace_agent::config::{Config, LaneConfig, Port, TaskSource};
use sealtrace_agent::lane::{self, Stop};
use sealtrace_agent::store::{Store, exceptions};
use sealtrace_firmware_config::Profile;
use sealtrace_protocol::code::Code;
use tempfile::TempDir;

use crate::cable::Cable;
use crate::controller::{ACCEPT, Controller, Manner, STOP};
use crate::floor::{LINE_TASK, SITE, agent, case, copy_of, parent, printed, unit};

/// A reader that says everything once and waits for no answer.
const READER: &str = "kind = 'reader'\nmaker = 'x'\nmodel = 'x'\nsummary = 'says it once'\n\
    serial = { baud = 115200, data_bits = 8, parity = 'none', stop_bits = 1 }\n\
    tcp = { role = 'client', port = 1 }\n\
    framing = { end = '<LF>', inter_byte_timeout_ms = 100, no_read = ['NoRead'], banner = ['boot*'] }\n\
    presence = { absence_ms_max = 300 }\n";

const GATE: &str = "kind = 'gate'\nmaker = 'x'\nmodel = 'x'\nsummary = 'near'\n\
    serial = { baud = 19200, data_bits = 8, parity = 'none', stop_bits = 1 }\n\
    tcp = { role = 'client', port = 502 }\n\
    output = { mode = 'modbus', accept_coil = 0, reject_coil = 1, stop_coil = 2, pulse_ms = 50, deadline_ms = 5000 }\n\
    confirm = { input = 0, deadline_ms = 600 }\n\
    heartbeat = { register = 0, interval_ms = 100, silence_ms_max = 400 }\n";

/// A line whose readers say everything once, and an agent on it.
struct Line {
    units: Cable,
    cases: Cable,
    ports: TempDir,
    data: TempDir,
}

impl Line {
    fn new() -> Self {
        let ports = tempfile::tempdir().unwrap();
        let cable = |name| Cable::new(ports.path().join(name));
        let (units, cases) = (cable("units"), cable("cases"));
        Self { units, cases, ports, data: tempfile::tempdir().unwrap() }
    }

    fn config(&self, gate: &str) -> LaneConfig {
        let port = |text: &str, name: &str, port: &str| Port {
            profile: Profile::from_toml(name, text).unwrap(),
            port: port.to_owned(),
        };
        let path = |cable: &Cable| cable.path.display().to_string();
        LaneConfig {
            name: "line-1".into(),
            site: Some(SITE),
            task: TaskSource::Open,
            packs: None,
            pictures: false,
            prints: None,
            units: port(READER, "reader", &path(&self.units)),
            cases: port(READER, "reader", &path(&self.cases)),
            gate: Some(port(GATE, "gate", gate)),
        }
    }

    fn pass(&mut self, units: std::ops::Range<u64>) {
        for n in units {
            self.units.near.write_all(format!("{}\n", printed(unit(n))).as_bytes()).unwrap();
        }
    }

    /// The lane has taken the units of the open case when the label comes: cables have different lengths.
    async fn label(&mut self, label: Code) {
        tokio::time::sleep(Duration::from_millis(400)).await;
        self.cases.near.write_all(format!("{}\n", printed(label)).as_bytes()).unwrap();
    }

    /// The real program on this line.
    async fn program(&mut self, gate: &str) -> Program {
        if !self.data.path().join("agent.db").exists() {
            // A store is let go of by its thread, sometime: the program works on a copy.
            let filled = tempfile::tempdir().unwrap();
            drop(agent(filled.path(), Config::default()).await);
            self.data = copy_of(filled.path());
        }
        let folder = self.ports.path();
        std::fs::write(folder.join("reader.toml"), READER).unwrap();
        std::fs::write(folder.join("gate.toml"), GATE).unwrap();
        let (units, cases) = (self.units.path.display(), self.cases.path.display());
        let config = format!(
            "[ui]\naddress = '127.0.0.1:0'\n[[lane]]\nname = 'line-1'\nsite = {SITE}\ntask = {LINE_TASK}\n\
             units = {{ profile = 'reader.toml', port = '{units}' }}\n\
             cases = {{ profile = 'reader.toml', port = '{cases}' }}\n\
             gate = {{ profile = 'gate.toml', port = '{gate}' }}\n"
        );
        let file = folder.join("agent.toml");
        std::fs::write(&file, config).unwrap();
        Program::start(file, self.data.path())
    }
}

struct Program {
    child: Child,
}

impl Program {
    fn start(config: PathBuf, data: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_sealtrace-agent"))
            .args(["run", "--config"])
            .arg(config)
            .arg("--data")
            .arg(data)
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Self { child }
    }

    /// SIGKILL: no goodbye, nothing flushed.
    fn murder(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn reasons(store: &Store) -> Vec<(Option<Code>, String)> {
    let rows = store.read(exceptions::open).await.unwrap();
    rows.into_iter().rev().map(|row| (row.code, row.detail)).collect()
}

/// What the ledger of a program that is dead says.
async fn ledger(data: &Path) -> (Store, sealtrace_agent::agent::Agent) {
    let agent = agent(data, Config::default()).await;
    (agent.store.clone(), agent)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accept_coil_rises_once_per_case_and_is_lowered_again() {
    let (mut controller, address) = Controller::tcp().await;
    let mut line = Line::new();
    let agent = agent(line.data.path(), Config::default()).await;
    let mut lane = lane::start(&agent, line.config(&address.to_string())).await.unwrap();
    lane.state.wait_for(|state| state.connected).await.unwrap();
    controller.until("heartbeat", |seen| seen.beat > 1).await;
    line.pass(0..3);
    line.label(case(0)).await;
    controller.until("accept", |seen| seen.coils[usize::from(ACCEPT)]).await;
    assert_eq!(parent(&agent.store, unit(0)).await, Some(case(0)), "told before the commit");
    controller.until("lowered", |seen| !seen.coils[usize::from(ACCEPT)]).await;
    // The label is read twice: the next package must not get the word of this one.
    line.label(case(0)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    line.pass(3..5);
    line.label(case(1)).await;
    let seen = controller.until("reject", |seen| seen.rejects == 1).await;
    assert_eq!(seen.accepts, 1);
    let expected = [(Some(case(1)), "too_few".to_owned())];
    assert_eq!(reasons(&agent.store).await, expected);
    let state = lane.state.wait_for(|state| state.rejected_cases == 1).await.unwrap().clone();
    assert_eq!((state.accepted_cases, state.rejected_cases, state.stop), (1, 1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reject_that_nothing_confirms_stops_the_line_until_somebody_has_looked() {
    let (mut controller, address) = Controller::tcp().await;
    controller.set(|seen| seen.confirms = false);
    let mut line = Line::new();
    let agent = agent(line.data.path(), Config::default()).await;
    let mut lane = lane::start(&agent, line.config(&address.to_string())).await.unwrap();
    lane.state.wait_for(|state| state.connected).await.unwrap();
    line.pass(0..2);
    line.label(case(0)).await;
    lane.state.wait_for(|state| state.stop == Some(Stop::RejectUnconfirmed)).await.unwrap();
    controller.until("the belt stops", |seen| seen.coils[usize::from(STOP)]).await;
    line.pass(3..6);
    line.label(case(1)).await;
    lane.state.wait_for(|state| state.rejected_cases == 2).await.unwrap();
    controller.set(|seen| seen.confirms = true);
    lane.commands.send(lane::Command::GoOn).await.unwrap();
    lane.state.wait_for(|state| state.stop.is_none()).await.unwrap();
    controller.until("the belt runs", |seen| !seen.coils[usize::from(STOP)]).await;
    line.pass(6..9);
    line.label(case(2)).await;
    controller.until("accept", |seen| seen.accepts == 1).await;
    let words: Vec<_> = reasons(&agent.store).await.into_iter().map(|(_, why)| why).collect();
    assert!(words.starts_with(&["too_few".into(), "reject_unconfirmed".into()]), "{words:?}");
    assert!(words.contains(&"reject_unconfirmed".to_owned()), "{words:?}");
    assert_eq!(parent(&agent.store, unit(3)).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_on_a_serial_bus_is_told_the_same() {
    let mut line = Line::new();
    let bus = Cable::new(line.ports.path().join("bus"));
    let near = line.ports.path().join("near");
    // A controller at the other end of the cable: what one end writes, the other reads.
    let (to_agent, _relay) = relay(&near, bus);
    let mut controller = Controller::rtu(&near);
    let agent = agent(line.data.path(), Config::default()).await;
    let mut lane = lane::start(&agent, line.config(&to_agent)).await.unwrap();
    lane.state.wait_for(|state| state.connected).await.unwrap();
    controller.until("heartbeat", |seen| seen.beat > 1).await;
    line.pass(0..3);
    line.label(case(0)).await;
    controller.until("accept", |seen| seen.accepts == 1).await;
    controller.until("lowered", |seen| !seen.coils[usize::from(ACCEPT)]).await;
    line.pass(3..4);
    line.label(case(1)).await;
    controller.until("reject", |seen| seen.rejects == 1).await;
}

/// Joins two pseudo-terminals into one cable; answers the path of the agent's end.
fn relay(near: &Path, bus: Cable) -> (String, Vec<std::thread::JoinHandle<()>>) {
    let other = Cable::new(near.to_owned());
    let path = bus.path.display().to_string();
    let copy = |mut from: std::fs::File, mut to: std::fs::File, keep: Cable| {
        std::thread::spawn(move || {
            let _keep = keep;
            let _ = std::io::copy(&mut from, &mut to);
        })
    };
    let (a, b) = (bus.near.try_clone().unwrap(), other.near.try_clone().unwrap());
    let (c, d) = (b.try_clone().unwrap(), a.try_clone().unwrap());
    (path, vec![copy(a, b, bus), copy(c, d, other)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_whose_agent_is_killed_lets_nothing_pass() {
    let (mut controller, address) = Controller::tcp().await;
    let mut line = Line::new();
    let mut program = line.program(&address.to_string()).await;
    controller.until("heartbeat", |seen| seen.beat > 2).await;
    line.pass(0..3);
    line.label(case(0)).await;
    controller.until("accept", |seen| seen.accepts == 1).await;
    program.murder();
    controller.set(|seen| seen.coils[usize::from(ACCEPT)] = true);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(
        !controller.lets_pass(),
        "an accept coil that stays raised passes nothing without a heartbeat"
    );
    let _again = line.program(&address.to_string()).await;
    controller.until("the coil is put right", |seen| !seen.coils[usize::from(ACCEPT)]).await;
}

/// Kills the program while the gate's answer to case 0 is awaited, and starts it again.
async fn killed_while_the_gate_is_told(manner: Manner) -> (Line, Controller, TempDir) {
    let (mut controller, address) = Controller::tcp().await;
    let mut line = Line::new();
    let mut program = line.program(&address.to_string()).await;
    controller.until("heartbeat", |seen| seen.beat > 2).await;
    controller.set(|seen| seen.manner = manner);
    line.pass(0..3);
    line.label(case(0)).await;
    controller.until("asked", |seen| seen.asked == 1).await;
    program.murder();
    let dead = copy_of(line.data.path());
    controller.set(|seen| seen.manner = Manner::Obeys);
    let before = controller.seen.borrow().beat;
    let mut again = line.program(&address.to_string()).await;
    controller.until("heartbeat again", |seen| seen.beat != before).await;
    // What it found on the disk is settled before it takes another case.
    line.pass(3..6);
    line.label(case(1)).await;
    let accepts = if manner == Manner::Mute { 2 } else { 1 };
    controller.until("the next case", |seen| seen.accepts == accepts).await;
    again.murder();
    (line, controller, dead)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_packed_but_not_told_to_the_gate_when_the_agent_died_counts_as_rejected() {
    let (line, controller, dead) = killed_while_the_gate_is_told(Manner::Deaf).await;
    let (store, _agent) = ledger(dead.path()).await;
    assert_eq!(parent(&store, unit(0)).await, Some(case(0)), "it died after the commit");
    let (store, _agent) = ledger(line.data.path()).await;
    assert_eq!(parent(&store, unit(0)).await, None);
    assert_eq!(parent(&store, unit(3)).await, Some(case(1)));
    let expected = [(Some(case(0)), "gate_unknown".to_owned())];
    assert_eq!(reasons(&store).await, expected);
    assert_eq!(controller.seen.borrow().accepts, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_the_gate_was_told_about_stays_packed_although_the_agent_died_before_it_could_say_so()
 {
    let (line, controller, _) = killed_while_the_gate_is_told(Manner::Mute).await;
    let (store, _agent) = ledger(line.data.path()).await;
    assert_eq!(parent(&store, unit(0)).await, Some(case(0)));
    assert_eq!(parent(&store, unit(3)).await, Some(case(1)));
    assert!(reasons(&store).await.is_empty());
    assert_eq!(controller.seen.borrow().accepts, 2);
}

//! Print and apply: a full case gets its label from the lane's printer, and only that label, read in time, lets it pass.

use std::path::Path;
use std::time::Duration;

use sealtrace_agent::config::{Config, LaneConfig, Prints};
use sealtrace_agent::lane;
use sealtrace_agent::print;
use sealtrace_agent::store::{labels, print as jobs};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::link::{Labels, Lease};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cable::{Cable, PATIENCE, report};
use crate::floor::{DEVICE, agent, case, parent, printed, unit};
use crate::lane::config;
use crate::printer::{Printer, Shared, heard, until};

const FIRST: u64 = 36_901_234_500_000_100;

/// A line with a printer behind the case packer, and a reader that verifies.
struct Line {
    units: Cable,
    verify: Cable,
    gate: Cable,
    agent: sealtrace_agent::agent::Agent,
    lane: lane::Lane,
    stop: CancellationToken,
    _folders: [TempDir; 2],
}

impl Line {
    async fn start(printer_port: u16, verify_ms: u64, labels: u32) -> Self {
        let (ports, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let cable = |name| Cable::new(ports.path().join(name));
        let (units, verify, mut gate) = (cable("units"), cable("verify"), cable("gate"));
        let text = format!(
            "[[printer]]\nname = 'packer'\nprofile = 'virtual-zpl'\nport = '127.0.0.1:{printer_port}'\n\
             labels = ['case-100x60']\n"
        );
        let config_file = Config::parse(Path::new("agent.toml"), &text).unwrap();
        let agent = agent(data.path(), config_file).await;
        if labels > 0 {
            let lease = Lease { level: Level::Case, first_body: FIRST, count: labels };
            let leased = Labels { device: DEVICE, lease };
            agent.store.write(move |tx| labels::leased(tx, &leased)).await.unwrap();
        }
        let stop = CancellationToken::new();
        print::start(&agent, &TaskTracker::new(), &stop).await.unwrap();
        let prints = Some(Prints { printer: "packer".into(), verify_ms });
        let lane = LaneConfig { prints, ..config(&units, &verify, Some(&gate)) };
        let lane = lane::start(&agent, lane).await.unwrap();
        tokio::task::block_in_place(|| gate.hear(b"H", PATIENCE).unwrap());
        Self { units, verify, gate, agent, lane, stop, _folders: [ports, data] }
    }

    fn pass(&mut self, units: impl IntoIterator<Item = u64>) {
        for n in units {
            self.says(&printed(unit(n)));
        }
    }

    fn says(&mut self, text: &str) {
        tokio::task::block_in_place(|| report(&mut self.units, text));
    }

    /// The label reader says this; true when the gate lets the case through.
    fn verify(&mut self, text: &str) -> bool {
        tokio::task::block_in_place(|| report(&mut self.verify, text));
        self.passes()
    }

    fn passes(&mut self) -> bool {
        tokio::task::block_in_place(|| self.gate.hear(b"AR", PATIENCE).unwrap() == b'A')
    }

    /// The code of the nth label that was asked for, and how its job stands.
    async fn label(&self, nth: usize) -> (Code, jobs::State) {
        until("a label", async || self.jobs().await.len() > nth).await;
        self.jobs().await[nth]
    }

    async fn jobs(&self) -> Vec<(Code, jobs::State)> {
        let mut rows = self.agent.store.read(jobs::list).await.unwrap();
        rows.sort_by_key(|job| job.id);
        rows.into_iter().map(|job| (job.code.unwrap().parse().unwrap(), job.state)).collect()
    }

    async fn reasons(&self) -> Vec<String> {
        let open = self.agent.store.read(sealtrace_agent::store::exceptions::open).await.unwrap();
        open.into_iter().rev().map(|row| row.detail).collect()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.stop.cancel();
        self.lane.task.abort();
    }
}

async fn is_out(printer: &Shared, code: Code) {
    let Code::Sscc(sscc) = code else { panic!("{code:?}") };
    let number = sscc.to_string();
    until("the label is out", async || heard(printer).contains(&number)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_case_gets_its_label_and_passes_when_just_that_one_is_read() {
    let printer = Printer::start().await;
    let mut line = Line::start(printer.port, 10_000, 5).await;
    line.pass(0..2);
    assert!(line.jobs().await.is_empty(), "not before it is full");
    line.pass([2]);
    let (first, _) = line.label(0).await;
    is_out(&printer.state, first).await;
    assert!(line.verify(&printed(first)));
    assert_eq!(parent(&line.agent.store, unit(1)).await, Some(first));
    // Another case's label on it: a label that was taken up by hand, or left over.
    line.pass(3..6);
    let (second, _) = line.label(1).await;
    assert!(first != second);
    assert!(!line.verify(&printed(case(0))));
    line.pass(6..9);
    let (third, _) = line.label(2).await;
    is_out(&printer.state, third).await;
    assert!(!line.verify("NoRead"));
    line.pass(9..12);
    let (fourth, _) = line.label(3).await;
    assert!(line.verify(&printed(fourth)));
    assert_eq!(line.reasons().await, ["label_mismatch", "label_no_read"]);
    assert_eq!(parent(&line.agent.store, unit(4)).await, None);
    assert_eq!(parent(&line.agent.store, unit(10)).await, Some(fourth));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_with_something_wrong_gets_no_label_and_is_taken_off() {
    let printer = Printer::start().await;
    let mut line = Line::start(printer.port, 400, 5).await;
    line.pass(0..2);
    line.says("NoRead");
    assert!(!line.passes(), "nothing is read, and the time is over");
    assert!(line.jobs().await.is_empty());
    line.pass(3..6);
    let (label, _) = line.label(0).await;
    assert!(line.verify(&printed(label)));
    assert_eq!(line.reasons().await, ["no_read"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_that_does_not_come_in_time_is_withdrawn_and_the_next_case_gets_its_own() {
    // The printer is away.
    let printer = Printer::start().await;
    let (port, state) = (printer.port, printer.stop());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut line = Line::start(port, 500, 5).await;
    line.pass(0..3);
    let (first, _) = line.label(0).await;
    assert!(!line.passes());
    assert_eq!(line.reasons().await, ["label_late"]);
    assert_eq!(line.label(0).await, (first, jobs::State::Cancelled));
    // It comes back: the label of the case that is gone must not come out for the next one.
    let printer = Printer::start_on(port, state).await;
    line.pass(3..6);
    let (second, _) = line.label(1).await;
    is_out(&printer.state, second).await;
    let Code::Sscc(gone) = first else { panic!() };
    assert!(!heard(&printer.state).contains(&gone.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_labels_every_case_is_set_aside_and_says_why() {
    let printer = Printer::start().await;
    let mut line = Line::start(printer.port, 300, 0).await;
    line.pass(0..3);
    assert!(!line.passes());
    assert_eq!(line.reasons().await, ["labels_used_up"]);
}

#[test]
fn a_lane_prints_on_a_printer_that_is_there() {
    let lane = "[[lane]]\nname = 'a'\nprints = { printer = 'packer', verify_ms = 0 }\n\
                units = { profile = 'virtual-line', port = '/dev/ttyUSB0' }\n\
                cases = { profile = 'virtual-line', port = '/dev/ttyUSB1' }\n";
    let found = |text: &str| Config::parse(Path::new("agent.toml"), text).unwrap_err().to_string();
    assert!(found(lane).contains("lane[0].prints.verify_ms: is no time at all"), "{}", found(lane));
    let lane = lane.replace("verify_ms = 0", "verify_ms = 900");
    assert!(found(&lane).contains("there is no printer \"packer\""), "{}", found(&lane));
}

//! Readers on a network, as client and as server, and what a line does when one of them is away.

use std::time::Duration;

use sealtrace_agent::agent::Agent;
use sealtrace_agent::config::{Config, LaneConfig, Port, TaskSource};
use sealtrace_agent::lane::{self, Lane, Stop};
use sealtrace_agent::store::exceptions;
use sealtrace_firmware_config::Profile;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::floor::{SITE, agent, case, parent, printed, unit};

fn profile(role: &str, port: u16, more: &str) -> Profile {
    let text = format!(
        "kind = 'reader'\nmaker = 'x'\nmodel = 'x'\nsummary = 'says it once'\n\
         tcp = {{ role = '{role}', port = {port} }}\n\
         framing = {{ end = '<LF>', inter_byte_timeout_ms = 100, no_read = ['NoRead'], banner = ['boot*'], \
         ignore = ['alive'] }}\n\
         trigger = {{ mode = 'command', on = 'ON<LF>' }}\n{more}"
    );
    Profile::from_toml("reader.toml", &text).unwrap()
}

/// Two readers that listen, as most do, and a lane that connects to them.
struct Line {
    listeners: [TcpListener; 2],
    units: TcpStream,
    cases: TcpStream,
    agent: Agent,
    lane: Lane,
    _data: TempDir,
}

impl Line {
    async fn start(presence: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let agent = agent(data.path(), Config::default()).await;
        let listeners = [
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
        ];
        let [units, cases] = &listeners;
        let port = |listener: &TcpListener| Port {
            profile: profile("client", 1, presence),
            port: listener.local_addr().unwrap().to_string(),
        };
        let config = config(port(units), port(cases));
        let mut lane = lane::start(&agent, config).await.unwrap();
        let (units, cases) = (accept(units).await, accept(cases).await);
        lane.state.wait_for(|state| state.connected).await.unwrap();
        Self { listeners, units, cases, agent, lane, _data: data }
    }

    async fn pass(&mut self, units: std::ops::Range<u64>) {
        for n in units {
            send(&mut self.units, &printed(unit(n))).await;
        }
    }

    async fn label(&mut self, n: u64) {
        // Two cables: the units must be there before their label.
        tokio::time::sleep(Duration::from_millis(300)).await;
        send(&mut self.cases, &printed(case(n))).await;
    }

    async fn reasons(&self) -> Vec<String> {
        let rows = self.agent.store.read(exceptions::open).await.unwrap();
        rows.into_iter().rev().map(|row| row.detail).collect()
    }

    /// Cases accepted and rejected, once there are as many in all.
    async fn counts(&mut self, all: u64) -> (u64, u64) {
        let wanted = |state: &lane::LaneState| state.accepted_cases + state.rejected_cases == all;
        let found = tokio::time::timeout(Duration::from_secs(15), self.lane.state.wait_for(wanted));
        let found = found.await.unwrap_or_else(|_| panic!("never {all} cases")).unwrap();
        (found.accepted_cases, found.rejected_cases)
    }
}

fn config(units: Port, cases: Port) -> LaneConfig {
    LaneConfig {
        name: "line-1".into(),
        site: Some(SITE),
        task: TaskSource::Open,
        packs: None,
        pictures: false,
        prints: None,
        units,
        cases,
        gate: None,
    }
}

/// The agent connects, and switches the reader on.
async fn accept(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut on = [0; 3];
    stream.read_exact(&mut on).await.unwrap();
    assert_eq!(&on, b"ON\n");
    stream
}

async fn send(stream: &mut TcpStream, text: &str) {
    stream.write_all(format!("{text}\n").as_bytes()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_on_a_network_pack_as_serial_ones_do() {
    let mut line = Line::start("").await;
    line.pass(0..3).await;
    line.label(0).await;
    assert_eq!(line.counts(1).await, (1, 0));
    assert_eq!(parent(&line.agent.store, unit(2)).await, Some(case(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_connect_to_the_agent_are_heard_and_a_newer_connection_replaces_an_older() {
    let data = tempfile::tempdir().unwrap();
    let agent = agent(data.path(), Config::default()).await;
    let free = || async { TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap() };
    let (at_units, at_cases) = (free().await, free().await);
    let port = |at: std::net::SocketAddr| Port {
        profile: profile("server", at.port(), ""),
        port: "127.0.0.1".to_owned(),
    };
    let mut lane = lane::start(&agent, config(port(at_units), port(at_cases))).await.unwrap();
    let connect = |at| async move {
        for _ in 0..100 {
            if let Ok(stream) = TcpStream::connect(at).await {
                return stream;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("nothing listens on {at}");
    };
    let _half_open = connect(at_units).await;
    let (mut units, mut cases) = (connect(at_units).await, connect(at_cases).await);
    lane.state.wait_for(|state| state.connected).await.unwrap();
    for n in 0..3 {
        send(&mut units, &printed(unit(n))).await;
    }
    lane.state.wait_for(|state| state.open_units == 3).await.unwrap();
    send(&mut cases, &printed(case(0))).await;
    lane.state.wait_for(|state| state.accepted_cases == 1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passed_while_a_reader_was_away_spoils_its_case_and_the_lane_finds_its_place() {
    let mut line = Line::start("presence = { absence_ms_max = 300 }\n").await;
    line.pass(0..2).await;
    line.lane.state.wait_for(|state| state.open_units == 2).await.unwrap();
    let at = line.listeners[0].local_addr().unwrap();
    line.listeners[0] = TcpListener::bind("127.0.0.1:0").await.unwrap();
    line.units.shutdown().await.unwrap();
    line.lane.state.wait_for(|state| state.stop == Some(Stop::ReaderLost)).await.unwrap();
    // Unit 2, the label and the next two units pass unseen: three units and a label look like a whole case.
    line.listeners[0] = TcpListener::bind(at).await.unwrap();
    line.units = accept(&line.listeners[0]).await;
    line.lane.state.wait_for(|state| state.stop.is_none()).await.unwrap();
    line.pass(5..6).await;
    line.label(1).await;
    assert_eq!(line.counts(1).await, (0, 1));
    let resync = line.lane.state.borrow().resync.clone().unwrap();
    assert_eq!(
        (resync.gap.as_str(), resync.label, resync.places),
        ("reader_lost", Some(case(1)), 3)
    );
    line.pass(6..9).await;
    line.label(2).await;
    assert_eq!(line.counts(2).await, (1, 1));
    assert_eq!(line.reasons().await, ["reader_lost"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_was_switched_off_and_on_is_no_code_and_is_triggered_again() {
    let mut line = Line::start("").await;
    line.pass(0..2).await;
    send(&mut line.units, "boot v2.1").await;
    let mut on = [0; 3];
    line.units.read_exact(&mut on).await.unwrap();
    assert_eq!(&on, b"ON\n");
    line.pass(2..3).await;
    line.label(0).await;
    assert_eq!(line.counts(1).await, (0, 1));
    assert_eq!(line.reasons().await, ["reader_restarted"]);
    line.pass(3..6).await;
    line.label(1).await;
    assert_eq!(line.counts(2).await, (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_sending_signs_of_life_is_lost_and_reached_again() {
    let mut line =
        Line::start("presence = { silence_ms_max = 400, absence_ms_max = 60000 }\n").await;
    for _ in 0..4 {
        send(&mut line.units, "alive").await;
        send(&mut line.cases, "alive").await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(line.lane.state.borrow().connected);
    line.lane.state.wait_for(|state| !state.connected).await.unwrap();
    let _units = accept(&line.listeners[0]).await;
}

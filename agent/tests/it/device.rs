//! `profiles` and `scanner test` as people meet them: what they show, and every way in which they refuse.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};

use sealtrace_firmware_config::Profile;

use crate::cable::{ACK, Cable, PATIENCE};

fn agent(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealtrace-agent"));
    command.args(arguments).env_remove("SEALTRACE_AGENT_CONFIG");
    command
}

fn ask(arguments: &[&str]) -> Output {
    agent(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The complaint of a command that must fail.
fn refused(arguments: &[&str]) -> String {
    let output = ask(arguments);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    text(&output.stderr)
}

#[test]
fn every_profile_is_listed_and_shown() {
    let list = ask(&["profiles", "list"]);
    assert!(list.status.success());
    let list = text(&list.stdout);
    for name in Profile::builtin_names() {
        let profile = Profile::builtin(name).unwrap();
        let line = list.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
        assert!(line.contains(profile.kind()) && line.contains(&profile.maker), "{line}");
        let shown = ask(&["profiles", "show", name]);
        assert!(shown.status.success());
        assert!(text(&shown.stdout).contains(&profile.summary), "{name}");
    }
}

#[test]
fn what_a_profile_says_is_shown_in_words() {
    let shown = text(&ask(&["profiles", "show", "keyence-sr750"]).stdout);
    for word in
        ["115200 8E1", "connect to port 9004", "frame       start none end <CR>", "on LON<CR>"]
    {
        assert!(shown.contains(word), "{word} is missing in:\n{shown}");
    }
}

#[test]
fn a_profile_that_is_not_there_is_refused_with_those_that_are() {
    let complaint = refused(&["profiles", "show", "nobody"]);
    assert!(complaint.contains("\"nobody\"") && complaint.contains("keyence-sr750"), "{complaint}");
    let complaint = refused(&["profiles", "check", "/no/such/profile.toml"]);
    assert!(complaint.contains("/no/such/profile.toml cannot be read"), "{complaint}");
}

#[test]
fn a_profile_is_checked_and_all_its_mistakes_come_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let path = file.to_str().unwrap();
    let good = "kind = 'reader'\nmaker = 'x'\nmodel = 'x'\nsummary = 'x'\nunverified = ['serial.baud']\n\
                serial = { baud = 9600, data_bits = 8, parity = 'none', stop_bits = 1 }\n\
                framing = { end = '<CR>', inter_byte_timeout_ms = 100 }\n";
    std::fs::write(&file, good).unwrap();
    let checked = ask(&["profiles", "check", path]);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    let said = text(&checked.stdout);
    assert!(said.contains("is in order") && said.contains("serial.baud"), "{said}");

    let bad = good
        .replace("baud = 9600", "baud = 123456")
        .replace("data_bits = 8", "data_bits = 9")
        .replace("end = '<CR>'", "end = '<CR'")
        .replace("maker", "colour = 'red'\nmaker");
    std::fs::write(&file, bad).unwrap();
    let complaint = refused(&["profiles", "check", path]);
    for mistake in
        ["4 problems", ":2:1: colour", "serial.baud: 123456", "serial.data_bits: 9", "framing.end"]
    {
        assert!(complaint.contains(mistake), "{mistake} is missing in:\n{complaint}");
    }
}

/// A reader that is being tested.
struct Test {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Test {
    fn start(cable: &Cable, more: &[&str]) -> Self {
        let port = cable.path.to_str().unwrap();
        let arguments = ["scanner", "test", "--profile", "virtual-line", "--port", port];
        let mut child = agent(&[&arguments, more].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut test = Self { child, out };
        test.until("connected");
        test
    }

    /// The next line with these words.
    fn until(&mut self, words: &str) -> String {
        let mut line = String::new();
        while self.out.read_line(&mut line).unwrap() > 0 {
            if line.contains(words) {
                return line;
            }
            line.clear();
        }
        panic!("it never says {words}");
    }

    fn complaint(mut self) -> String {
        assert_eq!(self.child.wait().unwrap().code(), Some(1));
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

#[test]
fn every_frame_is_shown_with_its_bytes_and_answered() {
    let folder = tempfile::tempdir().unwrap();
    let mut cable = Cable::new(folder.path().join("reader"));
    let mut test = Test::start(&cable, &["--count", "3"]);
    cable.send("A1\r\n");
    let bytes = test.until("bytes");
    assert!(bytes.contains("41 31 0D 0A") && bytes.contains("A1<CR><LF>"), "{bytes}");
    assert!(test.until("read").contains("A1"));
    assert_eq!(cable.hear(&[ACK], PATIENCE), Some(ACK));
    cable.send("NoRead\r\n");
    test.until("no read");
    cable.send("half a code");
    let garbage = test.until("GARBAGE");
    assert!(garbage.contains("half a code") && garbage.contains("fell silent"), "{garbage}");
    assert!(test.child.wait().unwrap().success());
}

#[test]
fn a_port_that_vanishes_ends_the_test_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let mut cable = Cable::new(folder.path().join("reader"));
    let mut test = Test::start(&cable, &[]);
    cable.send("A1\r\n");
    test.until("read");
    drop(cable);
    let said = test.complaint();
    assert!(said.contains("unplugged"), "{said}");
}

#[test]
fn a_port_in_use_is_not_read_half_by_a_second_program() {
    let folder = tempfile::tempdir().unwrap();
    let mut cable = Cable::new(folder.path().join("reader"));
    let port = cable.path.to_str().unwrap().to_owned();
    let mut first = Test::start(&cable, &["--count", "1"]);
    let complaint = refused(&["scanner", "test", "--profile", "virtual-line", "--port", &port]);
    assert!(complaint.contains(&format!("{port} is in use")) && complaint.contains("fuser"));
    cable.send("A1\r\n");
    assert!(first.until("read").contains("A1"), "the first is not disturbed");
    assert!(first.child.wait().unwrap().success());
}

#[test]
fn what_is_no_reader_or_no_port_is_refused() {
    let test = |profile: &str, port: &str| {
        refused(&["scanner", "test", "--profile", profile, "--port", port])
    };
    let complaint = test("virtual-line", "/dev/no-such-port");
    assert!(complaint.contains("/dev/no-such-port is not there"), "{complaint}");
    let complaint = test("serial-gate", "/dev/no-such-port");
    assert!(complaint.contains("describes a gate, not a reader"), "{complaint}");
    let complaint = test("honeywell-pda", "/dev/no-such-port");
    assert!(complaint.contains("has no [serial] table"), "{complaint}");
    // Nothing listens on port 1 of this machine.
    let complaint = test("virtual-line", "127.0.0.1:1");
    assert!(complaint.contains("cannot be reached"), "{complaint}");
}

#[test]
fn one_port_given_to_two_lanes_stops_the_program_before_a_line_starts() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("agent.toml");
    let lane = |name: &str, ports: [&str; 2]| {
        let [units, cases] = ports;
        format!(
            "[[lane]]\nname = '{name}'\n\
             units = {{ profile = 'virtual-line', port = '{units}' }}\n\
             cases = {{ profile = 'virtual-line', port = '{cases}' }}\n"
        )
    };
    let lanes =
        lane("a", ["/dev/ttyUSB0", "/dev/ttyUSB1"]) + &lane("b", ["/dev/ttyUSB1", "/dev/ttyUSB2"]);
    std::fs::write(&config, format!("data = 'data'\n{lanes}")).unwrap();
    let complaint = refused(&["--config", config.to_str().unwrap(), "run"]);
    assert!(complaint.contains("agent.toml:8: lane[1].units.port"), "{complaint}");
    assert!(complaint.contains("/dev/ttyUSB1 is the port of lane[0].cases already"), "{complaint}");
    assert!(!folder.path().join("data").exists());
}

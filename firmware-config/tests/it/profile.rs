//! Every built-in profile loads and says what its file says; bad files list all that is wrong.

use std::collections::BTreeSet;
use std::path::Path;

use insta::assert_snapshot;
use proptest::prelude::*;
use sealtrace_firmware_config::{Profile, ProfileError};

fn summary(name: &str) -> String {
    Profile::builtin(name).unwrap().to_string()
}

/// What a person reads when this profile is refused.
pub(crate) fn message(text: &str) -> String {
    Profile::from_toml("site.toml", text).unwrap_err().to_string()
}

#[test]
fn every_file_of_the_folder_is_built_in_and_loads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let names: Vec<_> = Profile::builtin_names().collect();
    assert_eq!(names, files.iter().map(String::as_str).collect::<Vec<_>>());
    for name in names {
        assert_eq!(Profile::builtin(name).unwrap().name, name);
    }
}

#[test]
fn summaries_of_readers_and_gates() {
    assert_snapshot!(summary("virtual-line"), @r#"
    virtual-line: Sealtrace virtual line reader (reader)
      Simulated fixed reader on a pseudo-terminal or TCP; reads by itself and waits for ACK or NAK.
      serial      115200 8N1
      tcp         connect to port 9100
      frame       start none end <CR><LF>
      limits      256 bytes, pause 200ms
      no read     "NoRead"
      answer      <ACK> or <NAK>
      trigger     its own
      AIM prefix  kept
      presence    stops the lane when gone for 5s
    "#);
    assert_snapshot!(summary("serial-gate"), @r"
    serial-gate: Sealtrace serial gate (gate)
      Reject gate told by one line per package; rejects everything when the heartbeat stops.
      serial      115200 8N1
      deadline    1.5s
      accept      A<CR><LF>
      reject      R<CR><LF>
      heartbeat   H<CR><LF> every 500ms, rejects after 2s
    ");
    assert_snapshot!(summary("modbus-gate"), @r"
    modbus-gate: Sealtrace Modbus gate (gate)
      Reject gate behind a Modbus controller, over TCP or RTU; rejects what it is not told to accept.
      serial      19200 8E1
      tcp         connect to port 502
      deadline    1.5s
      Modbus      unit 1, pulse 100ms
      accept      coil 0
      reject      coil 1
      stop        coil 2
      confirmed   input 0 within 3s
      heartbeat   register 0 every 500ms, rejects after 2s
    ");
    assert_snapshot!(summary("keyence-sr750"), @r#"
    keyence-sr750: Keyence SR-750 (reader)
      Fixed 1D/2D reader, triggered by command; leaves the factory with even parity.
      serial      115200 8E1
      tcp         connect to port 9004
      frame       start none end <CR>
      limits      512 bytes, pause 100ms
      no read     "ERROR"
      answer      none
      trigger     on LON<CR> off LOFF<CR>
      AIM prefix  kept
      presence    stops the lane when gone for 5s
      unverified  tcp.port, framing.no_read, trigger.on, trigger.off
    "#);
    assert_snapshot!(summary("cognex-dataman"), @r#"
    cognex-dataman: Cognex DataMan (reader)
      Fixed reader family over RS-232 or Telnet; the no-read text is set in the reader.
      serial      115200 8N1
      tcp         connect to port 23
      frame       start none end <CR><LF>
      limits      512 bytes, pause 100ms
      no read     "NoRead", ""
      answer      none
      trigger     on ||>TRIGGER ON<CR><LF> off ||>TRIGGER OFF<CR><LF>
      AIM prefix  kept
      presence    stops the lane when gone for 5s
      unverified  serial.baud, serial.data_bits, serial.parity, serial.stop_bits, trigger.off
    "#);
}

#[test]
fn summaries_of_handhelds_and_what_lies_between() {
    assert_snapshot!(summary("newland-fixed"), @r#"
    newland-fixed: Newland fixed-mount scanner (reader)
      Fixed scanner on RS-232 in continuous or photo-eye mode; framing is set by setup codes.
      serial      9600 8N1
      frame       start none end <CR><LF>
      limits      512 bytes, pause 150ms
      no read     "NG"
      answer      none
      trigger     its own
      AIM prefix  kept
      presence    stops the lane when gone for 5s
      unverified  serial.baud, serial.data_bits, serial.parity, serial.stop_bits, framing.end, framing.no_read
    "#);
    assert_snapshot!(summary("newland-pda"), @r"
    newland-pda: Newland Android PDA (pda)
      Handheld computer whose scanner service announces each code as a broadcast.
      broadcast   nlscan.action.SCANNER_RESULT
      extra       SCAN_BARCODE1
    ");
    assert_snapshot!(summary("honeywell-pda"), @r"
    honeywell-pda: Honeywell Android computer with the data collection intent (pda)
      Claim the scanner with the claim broadcast and name this action in it; give it back when the app leaves the front.
      broadcast   com.sealtrace.SCAN
      extra       data
      symbology   aimId
      claim       com.honeywell.aidc.action.ACTION_CLAIM_SCANNER
      unverified  broadcast.extra, broadcast.symbology
    ");
}

#[test]
fn three_mistakes_are_reported_at_once() {
    let text = r#"
kind = "reader"
maker = "Sealtrace"
model = "virtual line reader"
summary = "Three mistakes."

[serial]
baud = 115201
data_bits = 8
parity = "none"
stop_bits = 1

[framing]
end = "<CRLF>"
inter_byte_timeout_ms = 200
no_raed = ["NoRead"]
"#;
    let Err(ProfileError::Invalid { problems, .. }) = Profile::from_toml("site.toml", text) else {
        panic!("a profile with three mistakes was taken");
    };
    assert_eq!(problems.len(), 3);
    assert_snapshot!(message(text), @r#"
    site.toml has 3 problems:
      site.toml:8:8: serial.baud: 115201 is not a rate of serial ports; write one of 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600
      site.toml:14:7: framing.end: "<CRLF>" at character 1: <CRLF> is no byte; write an ASCII name in capitals (<STX>, <CR>), two hex digits (<0xE4>), or <LT> for the character "<"
      site.toml:16:1: framing.no_raed: is not a key of this table; remove it, or use one of banner, end, ignore, inter_byte_timeout_ms, length_bytes_max, no_read, separator, start
    "#);
}

/// A reader with an unknown key in every table.
const READER_COLOURED: &str = r#"
kind = "reader"
maker = "M"
model = "N"
summary = "S"
colour = 1
[serial]
baud = 9600
data_bits = 8
parity = "none"
stop_bits = 1
colour = 1
[tcp]
role = "client"
port = 23
colour = 1
[framing]
inter_byte_timeout_ms = 5
colour = 1
[ack]
mode = "none"
colour = 1
[trigger]
mode = "none"
colour = 1
[symbology]
aim = "keep"
colour = 1
[presence]
colour = 1
"#;

/// A Modbus gate with an unknown key in every table.
const MODBUS_COLOURED: &str = r#"
kind = "gate"
maker = "M"
model = "N"
summary = "S"
[tcp]
role = "client"
port = 502
[output]
mode = "modbus"
accept_coil = 0
accept = "A"
pulse_ms = 5
deadline_ms = 5
[confirm]
input = 1
deadline_ms = 5
colour = 1
[heartbeat]
coil = 3
send = "H"
interval_ms = 10
silence_ms_max = 20
"#;

/// A gate with an unknown key in every table.
const GATE_COLOURED: &str = r#"
kind = "gate"
maker = "M"
model = "N"
summary = "S"
colour = 1
[tcp]
role = "server"
port = 23
[output]
accept = "A"
reject = "R"
deadline_ms = 5
colour = 1
[heartbeat]
send = "H"
interval_ms = 10
silence_ms_max = 20
colour = 1
[framing]
inter_byte_timeout_ms = 5
"#;

/// A PDA with an unknown key in every table.
const PDA_COLOURED: &str = r#"
kind = "pda"
maker = "M"
model = "N"
summary = "S"
[broadcast]
action = "a"
extra = "e"
colour = 1
"#;

#[test]
fn an_unknown_key_is_found_in_every_table() {
    let keys = |text| match Profile::from_toml("site.toml", text) {
        Err(ProfileError::Invalid { problems, .. }) => {
            problems.into_iter().map(|problem| problem.key).collect::<Vec<_>>()
        }
        other => panic!("unknown keys were taken: {other:?}"),
    };
    let wanted = [
        "colour",
        "serial.colour",
        "tcp.colour",
        "framing.colour",
        "ack.colour",
        "trigger.colour",
        "symbology.colour",
        "presence.colour",
    ];
    assert_eq!(keys(READER_COLOURED), wanted);
    assert_eq!(keys(GATE_COLOURED), ["colour", "output.colour", "heartbeat.colour", "framing"]);
    assert_eq!(keys(MODBUS_COLOURED), ["output.accept", "confirm.colour", "heartbeat.send"]);
    assert_eq!(keys(PDA_COLOURED), ["broadcast.colour"]);
}

#[test]
fn everything_that_can_be_wrong_is_said() {
    assert_snapshot!(message(r#"
kind = "reader"
maker = " "
model = 7
unverified = ["serial.speed"]

[serial]
baud = "fast"
data_bits = 9
parity = "mark"
stop_bits = 3
flow = "xon"

[tcp]
role = "peer"
port = 70000

[framing]
start = "\u0002"
end = "<STX>x"
length_bytes_max = 0
inter_byte_timeout_ms = -1
no_read = ["*", "a*b", "<XX>", 5]
ignore = "text"

[ack]
mode = "ack_nak"
good = "<ACK>"

[trigger]
mode = "command"
on = ""

[symbology]
aim = "off"
accept = ["]C1", "C1"]
"#), @r#"
site.toml has 22 problems:
  site.toml:1:1: summary: is missing; add it
  site.toml:3:9: maker: is blank; write at least one word
  site.toml:4:9: model: is an integer; write a text in quotes
  site.toml:5:14: unverified: names "serial.speed", which is not in the file; write the path of a key, such as serial.baud
  site.toml:8:8: serial.baud: is a string; write a whole number
  site.toml:9:13: serial.data_bits: 9 is out of range; write a number from 7 to 8
  site.toml:10:10: serial.parity: "mark" is not known; write one of none, even, odd
  site.toml:11:13: serial.stop_bits: 3 is out of range; write a number from 1 to 2
  site.toml:12:8: serial.flow: "xon" is not known; write one of none, software, hardware
  site.toml:15:8: tcp.role: "peer" is not known; write one of client, server
  site.toml:16:8: tcp.port: 70000 is out of range; write a number from 1 to 65535
  site.toml:19:9: framing.start: "\u{2}" at character 1: '\u{2}' is not printable ASCII; write <STX> for that byte
  site.toml:21:20: framing.length_bytes_max: 0 is out of range; write a number from 1 to 65536
  site.toml:22:25: framing.inter_byte_timeout_ms: -1 is out of range; write a number from 1 to 60000
  site.toml:23:12: framing.no_read: "*" at character 1: "*" alone would match every code; write the text that the reader sends
  site.toml:23:17: framing.no_read: "a*b" at character 2: "*" stands for anything only at the beginning or the end; write <0x2A> for the character itself
  site.toml:23:24: framing.no_read: "<XX>" at character 1: <XX> is no byte; write an ASCII name in capitals (<STX>, <CR>), two hex digits (<0xE4>), or <LT> for the character "<"
  site.toml:23:32: framing.no_read: is an integer; write a text
  site.toml:24:10: framing.ignore: is a string; write a list of texts
  site.toml:26:1: ack.bad: is missing; add it
  site.toml:32:6: trigger.on: is empty; write at least one byte
  site.toml:36:18: symbology.accept: "C1" at character 1: is no AIM prefix; write a bracket, a letter and a digit, such as ]C1, ]d2 or ]Q3
"#);
}

#[test]
fn what_is_not_toml_is_refused_with_its_place() {
    assert_snapshot!(message("kind = \"reader\nmaker = ]\n"), @r#"
    site.toml has 2 problems:
      site.toml:1:15: invalid basic string, expected `"`; correct the TOML (https://toml.io)
      site.toml:2:9: missing array opening, expected `[`; correct the TOML (https://toml.io)
    "#);
    assert_snapshot!(message("kind = \"robot\"\nmaker = \"M\"\nmodel = \"N\"\nsummary = \"S\"\n"), @r#"
    site.toml has one problem:
      site.toml:1:8: kind: "robot" is not known; write one of reader, gate, pda, printer
    "#);
}

#[test]
fn the_wrong_kind_or_connection_is_an_error_with_a_next_step() {
    let gate = Profile::builtin("serial-gate").unwrap();
    assert_snapshot!(gate.reader().unwrap_err(), @"the profile serial-gate describes a gate, not a reader: name a profile of kind reader");
    assert_snapshot!(gate.tcp().unwrap_err(), @"the profile serial-gate has no [tcp] table: connect the device otherwise, or add it");
    assert_snapshot!(Profile::builtin("keyence").unwrap_err(), @r#"there is no built-in profile "keyence": use one of cognex-dataman, datalogic-handheld, datalogic-matrix, gprinter-gp, grow-gm65, hikrobot-id, honeywell, honeywell-pda, honeywell-pm, idata-pda, keyence-sr750, modbus-gate, newland-fixed, newland-pda, omron-v430, serial-gate, seuic-pda, sick, sunmi-pda, tsc-te, tsc-ttp, urovo-pda, virtual-line, virtual-tspl, virtual-zpl, zebra-pda, zebra-rs232, zebra-zd, zebra-zt"#);
}

#[test]
fn a_profile_is_named_after_its_file() {
    let text = "kind = \"pda\"\nmaker = \"M\"\nmodel = \"N\"\nsummary = \"S\"\n\
                [broadcast]\naction = \"a\"\nextra = \"e\"\n";
    let profile = Profile::from_toml("/etc/sealtrace/profiles/acme-one.toml", text).unwrap();
    assert_eq!(profile.name, "acme-one");
}

/// What replaces a piece of a good file: values of every type, broken notation, nothing.
const DAMAGE: &[&str] = &[
    "",
    "\"",
    "\"<\"",
    "\"*\"",
    "\"é\"",
    "-1",
    "0x7FFFFFFFFFFF",
    "[]",
    "[[1]]",
    "{}",
    "\n",
    "=",
    "true",
];

proptest! {
    #[test]
    fn a_damaged_file_is_taken_or_refused_with_a_reason(
        builtin in 0..Profile::builtin_names().count(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0..DAMAGE.len()), 1..4),
    ) {
        let name = Profile::builtin_names().nth(builtin).unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("profiles/{name}.toml"));
        let mut words: Vec<String> =
            std::fs::read_to_string(path).unwrap().split_inclusive([' ', '\n']).map(str::to_owned).collect();
        for (place, replacement) in damage {
            let place = place.index(words.len());
            words[place] = format!("{}\n", DAMAGE[replacement]);
        }
        match Profile::from_toml("site.toml", &words.concat()) {
            Ok(_) => {}
            Err(ProfileError::Invalid { problems, .. }) => prop_assert!(!problems.is_empty()),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}

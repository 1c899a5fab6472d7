//! Profiles whose values are fine alone and not together.

use insta::assert_snapshot;

use crate::profile::message;

#[test]
fn values_of_a_gate_that_contradict_each_other_are_refused() {
    assert_snapshot!(message(r#"
kind = "gate"
maker = "M"
model = "N"
summary = "S"

[output]
accept = "A"
reject = "A"
deadline_ms = 100

[heartbeat]
send = "H"
interval_ms = 500
silence_ms_max = 900
"#), @r"
site.toml has 3 problems:
  site.toml:1:1: serial: is missing, and so is tcp; add the table [serial] or [tcp]
  site.toml:9:10: output.reject: is the same as output.accept; write two different commands
  site.toml:15:18: heartbeat.silence_ms_max: is shorter than two intervals, so one late byte would stop the line; write at least twice heartbeat.interval_ms
");
    assert_snapshot!(message(r#"
kind = "gate"
maker = "M"
model = "N"
summary = "S"
tcp = { role = "client", port = 502 }

[output]
mode = "modbus"
accept_coil = 3
reject_coil = 3
stop_coil = 70000
pulse_ms = 100
deadline_ms = 100

[heartbeat]
coil = 3
register = 1
interval_ms = 500
silence_ms_max = 1000
"#), @r"
site.toml has 3 problems:
  site.toml:11:15: output.reject_coil: is the same coil as accept_coil; use another coil
  site.toml:12:13: output.stop_coil: 70000 is out of range; write a number from 0 to 65535
  site.toml:18:12: heartbeat.register: stands beside a coil; write one of the two
");
    assert_snapshot!(message(r#"
kind = "gate"
maker = "M"
model = "N"
summary = "S"
tcp = { role = "client", port = 502 }
output = { accept = "A", reject = "R", stop = "S", deadline_ms = 5 }
confirm = { input = 1, deadline_ms = 5 }
"#), @r"
site.toml has 2 problems:
  site.toml:7:47: output.stop: needs its counterpart: what stops the belt must let it run again; write both output.stop and output.go, or neither
  site.toml:8:1: confirm: is not a key of this table; remove it, or use one of heartbeat, kind, maker, model, output, serial, summary, tcp, unverified
");
}

#[test]
fn values_of_a_reader_that_contradict_each_other_are_refused() {
    assert_snapshot!(message(r#"
kind = "reader"
maker = "M"
model = "N"
summary = "S"
tcp = { role = "client", port = 23 }

[framing]
start = "<CR>"
end = "<CR><LF>"
inter_byte_timeout_ms = 5

[ack]
mode = "pass_rtry"
good = "OK"
bad = "OK"

[symbology]
aim = "off"
accept = ["]C1"]
"#), @r#"
site.toml has 3 problems:
  site.toml:10:7: framing.end: and framing.start contain one another, so frames cannot be told apart; leave one of them out
  site.toml:16:7: ack.bad: is the same as ack.good; write two different answers
  site.toml:20:10: symbology.accept: needs the prefixes that symbology.aim = "off" says are not sent; write aim = "keep" or "strip", or remove accept
"#);
}

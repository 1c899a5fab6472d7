//! The program as people meet it: what it prints, and how it ends.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn agent(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealtrace-agent"));
    command.arg("--data").arg(data).args(arguments).env_remove("SEALTRACE_AGENT_CONFIG");
    command
}

fn ask(data: &Path, arguments: &[&str]) -> Output {
    agent(data, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn help_shows_the_first_day_of_a_device() {
    let data = tempfile::tempdir().unwrap();
    let help = text(&ask(data.path(), &["--help"]).stdout);
    for word in ["enrol", "run", "decode", "status", "doctor", "First day of a device"] {
        assert!(help.contains(word), "{word} is missing in:\n{help}");
    }
}

#[test]
fn a_configuration_with_three_mistakes_names_all_three_and_nothing_starts() {
    let data = tempfile::tempdir().unwrap();
    let config = data.path().join("agent.toml");
    let text_of_it = "ui = { address = \"0.0.0.0:7070\" }\ncolour = \"red\"\n\n[[lane]]\nname = \"line-1\"\n\
        units = { profile = \"nobody\", port = \"/dev/ttyUSB0\" }\n\
        cases = { profile = \"virtual-line\", port = \"/dev/ttyUSB1\" }\n";
    std::fs::write(&config, text_of_it).unwrap();
    let folder = data.path().join("data");
    let output = ask(&folder, &["--config", config.to_str().unwrap(), "run"]);
    assert!(!output.status.success());
    let error = text(&output.stderr);
    for place in ["agent.toml:1: ui", "agent.toml:2: colour", "agent.toml:6: lane[0].units.profile"]
    {
        assert!(error.contains(place), "{place} is missing in:\n{error}");
    }
    assert!(error.contains("3 mistake"), "{error}");
    assert!(!folder.exists());
}

#[test]
fn status_of_a_device_that_is_not_enrolled() {
    let data = tempfile::tempdir().unwrap();
    let output = ask(&data.path().join("data"), &["status", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status["enrolled"], false);
    assert_eq!(status["device"], serde_json::Value::Null);
    assert_eq!(status["unsent_operations"], 0);
    assert!(status["storage"]["total_bytes"].as_u64().unwrap() > 0);
}

#[test]
fn doctor_says_what_is_wrong_and_what_to_do() {
    let data = tempfile::tempdir().unwrap();
    let config = data.path().join("agent.toml");
    std::fs::write(
        &config,
        "[[lane]]\nname = \"line-1\"\n\
         units = { profile = \"virtual-line\", port = \"/dev/no-such-port\" }\n\
         cases = { profile = \"virtual-line\", port = \"/dev/null\" }\n",
    )
    .unwrap();
    let output = ask(data.path(), &["--config", config.to_str().unwrap(), "doctor", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let checks: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let health = |what: &str| {
        let check = checks.iter().find(|check| check["what"] == what).unwrap();
        (check["health"].as_str().unwrap().to_owned(), check["next"].as_str().unwrap().to_owned())
    };
    assert_eq!(health("clock").0, "ok");
    assert_eq!(health("data folder").0, "ok");
    assert_eq!(health("lane line-1 cases").0, "ok");
    let (bad, next) = health("lane line-1 units");
    assert!(bad == "fail" && next.contains("cable"), "{next}");
    let (bad, next) = health("identity");
    assert!(bad == "fail" && next.contains("enrol"), "{next}");
}

#[test]
fn enrolment_beyond_this_machine_asks_for_https() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("data");
    let output = ask(&folder, &["enrol", "--cloud", "http://trace.example.com", "--token", "T"]);
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("https://trace.example.com"));
    assert!(!folder.exists());
}

#[test]
fn a_file_that_is_no_picture_is_named_and_the_others_are_read() {
    let data = tempfile::tempdir().unwrap();
    let (bad, good) = (data.path().join("bad.png"), data.path().join("good.png"));
    std::fs::write(&bad, b"\x89PNG\r\n\x1a\ncut").unwrap();
    let label = qrcode::QrCode::new("https://t.example/A123").unwrap();
    label.render::<image::Luma<u8>>().build().save(&good).unwrap();
    let output = ask(data.path(), &["decode", bad.to_str().unwrap(), good.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines[0]["error"].is_string() && lines[0]["codes"].as_array().unwrap().is_empty());
    assert_eq!(lines[1]["codes"][0]["text"], "https://t.example/A123");
    assert!(lines[1]["ms"].is_u64() && lines[1].get("error").is_none());
}

#[test]
fn a_running_agent_keeps_its_folder_to_itself_and_stops_when_asked() {
    let data = tempfile::tempdir().unwrap();
    let run = ["run", "--ui", "127.0.0.1:0", "--log", "json"];
    let mut first = agent(data.path(), &run).stderr(Stdio::null()).spawn().unwrap();
    let path = data.path().join("agent.db");
    let second = loop {
        // Until the first holds the folder, a second would take it.
        if path.exists() {
            break ask(data.path(), &run);
        }
        std::thread::yield_now();
    };
    assert!(!second.status.success());
    assert!(text(&second.stderr).contains("another agent"), "{}", text(&second.stderr));
    let pid = Pid::from_raw(i32::try_from(first.id()).unwrap());
    let log = data.path().join("agent.log");
    while !std::fs::read_to_string(&log).unwrap_or_default().contains("not enrolled") {
        assert!(first.try_wait().unwrap().is_none(), "the agent ended by itself");
        std::thread::yield_now();
    }
    kill(pid, Signal::SIGTERM).unwrap();
    assert!(first.wait().unwrap().success());
    let written = std::fs::read_to_string(&log).unwrap();
    assert!(written.contains("the agent has stopped"), "{written}");
}

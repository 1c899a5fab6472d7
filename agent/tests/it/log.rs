//! The log on the device: what is in it, what is not, and how it is read.

use std::fmt::Write as _;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::Method;
use sealtrace_agent::clock::Clock;
use sealtrace_agent::config::Config;
use sealtrace_agent::log::{LOG_FILE, LOG_FILE_BEFORE};
use serde_json::{Value, json};

use crate::floor::{HAND_TASK, PIN, agent, case, printed, unit};
use crate::page::{Floor, floor, signed_in};

/// A real agent over a floor's folder: only a whole program has a log.
struct Running {
    floor: tempfile::TempDir,
    child: std::process::Child,
    url: String,
    cookie: String,
}

impl Running {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        agent(folder.path(), Config::default()).await.store.close().await;
        let child = std::process::Command::new(env!("CARGO_BIN_EXE_sealtrace-agent"))
            .arg("--data")
            .arg(folder.path())
            .args(["run", "--ui", "127.0.0.1:0"])
            .env_remove("SEALTRACE_AGENT_CONFIG")
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut running = Self { floor: folder, child, url: String::new(), cookie: String::new() };
        let up = running.line("the local page is up").await;
        running.url = format!("http://{}/api/", up["fields"]["ui.address"].as_str().unwrap());
        running
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.floor.path().join(LOG_FILE)).unwrap_or_default()
    }

    /// The newest line with this sentence, as soon as it is there.
    async fn line(&self, message: &str) -> Value {
        let began = Clock::new();
        loop {
            let log = self.log();
            let lines = log.lines().rev().filter_map(|line| serde_json::from_str(line).ok());
            if let Some(found) =
                lines.into_iter().find(|line: &Value| line["fields"]["message"] == message)
            {
                return found;
            }
            assert!(began.monotonic_ms() < 30_000, "{message:?} is not in:\n{log}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn ask(&mut self, method: Method, path: &str, body: Value) -> Value {
        let request = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = request.request(method, format!("{}{path}", self.url)).json(&body);
        let answer = request.header("cookie", &self.cookie).send().await.unwrap();
        if let Some(cookie) = answer.headers().get("set-cookie") {
            self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
        answer.json().await.unwrap_or_default()
    }

    async fn post(&mut self, path: &str, body: Value) -> Value {
        self.ask(Method::POST, path, body).await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_shift_is_in_the_log_in_sentences_and_no_secret_is() {
    let mut agent = Running::start().await;
    agent.post("session", json!({"login": "li", "pin": "13579"})).await;
    agent.post("session", json!({"login": "li", "pin": PIN})).await;
    let cookie = agent.cookie.clone();
    agent.post("station/open", json!({"screen": "pack", "task": HAND_TASK})).await;
    for code in [unit(0), unit(0)] {
        agent.post("station/scan", json!({"text": printed(code), "source": "wedge"})).await;
    }
    agent.post("station/command", json!({"command": "acknowledge"})).await;
    for code in [unit(1), unit(2), case(0)] {
        agent.post("station/scan", json!({"text": printed(code), "source": "wedge"})).await;
    }
    agent.post("session/lock", json!({})).await;
    agent.post("session/unlock", json!({"pin": "86420"})).await;
    agent.post("session/unlock", json!({"pin": PIN})).await;
    agent.ask(Method::PUT, "session/site", json!({"site": 2})).await;
    agent.post("session", json!({"login": "wang", "pin": PIN})).await;
    agent.ask(Method::DELETE, "session", json!({})).await;
    for (message, handle, value) in [
        ("a PIN was wrong", "operator.id", json!(1)),
        ("a scan was refused", "message.code", json!("scanned_twice")),
        ("an operator locked the page", "operator.id", json!(1)),
        ("an operator unlocked the page", "operator.id", json!(1)),
        ("an operator changed the site", "site.id", json!(2)),
        ("an operator signed in", "operator.id", json!(2)),
        ("an operator signed out", "operator.id", json!(2)),
        ("an operation was confirmed", "operation.kind", json!("pack")),
        // Nobody is at the other end of this device's network.
        (
            "nothing can be synchronised",
            "error",
            json!("the device's certificate cannot be used: it is empty; enrol the device again"),
        ),
    ] {
        assert_eq!(agent.line(message).await["fields"][handle], value, "{message}");
    }
    let log = agent.log();
    let secret = cookie.split('=').nth(1).unwrap();
    for hidden in [PIN, "13579", "86420", secret, &unit(0).canonical(), &unit(1).canonical()] {
        assert!(!log.contains(hidden), "{hidden} is in:\n{log}");
    }
}

async fn rows(floor: &Floor, query: &str) -> Value {
    floor.get(&format!("log?{query}")).await
}

fn line(n: u32) -> String {
    format!(
        "{{\"timestamp\":\"2026-11-20T12:30:07.5Z\",\"level\":\"INFO\",\"fields\":{{\"message\":\
         \"a batch is delivered\",\"batch.no\":{n}}},\"target\":\"sealtrace_agent::sync::driver\"}}\n"
    )
}

#[tokio::test]
async fn the_page_reads_the_log_by_pages_and_takes_it_along() {
    let floor = signed_in().await;
    assert_eq!(rows(&floor, "").await, json!({"rows": [], "next": null}));
    let folder = floor.folder.path();
    std::fs::write(folder.join(LOG_FILE_BEFORE), line(1) + "not ours\n" + &line(2)).unwrap();
    std::fs::write(folder.join(LOG_FILE), line(3) + &line(4)).unwrap();
    let first = rows(&floor, "size=3").await;
    let number = |row: &Value| row["fields"]["batch.no"].clone();
    assert_eq!(first["rows"].as_array().unwrap().iter().map(number).collect::<Vec<_>>(), [4, 3, 2]);
    assert_eq!(first["rows"][0]["at"], 1_795_177_807_500_i64);
    assert_eq!(first["rows"][0]["level"], "info");
    let rest = rows(&floor, &format!("size=3&before={}", first["next"].as_str().unwrap())).await;
    assert_eq!(
        rest["rows"][0],
        json!({"id": rest["rows"][0]["id"], "at": null, "level": null,
        "message": "not ours", "fields": {}})
    );
    assert_eq!((number(&rest["rows"][1]), &rest["next"]), (json!(1), &Value::Null));
    assert_eq!(rows(&floor, "q=BATCH.no=3").await["rows"].as_array().unwrap().len(), 1);
    let file = floor.page.get("/api/log/export?level=info").await;
    assert_eq!(file.text(), line(1) + &line(2) + &line(3) + &line(4));
    assert!(file.header("content-disposition").to_str().unwrap().contains("sealtrace-log-7.txt"));
    for bad in ["before=yesterday", "size=many", "level=loud"] {
        let answer = floor.page.get(&format!("/api/log?{bad}")).await;
        assert_eq!(answer.status_code().as_u16(), 400, "{bad}");
    }
}

#[tokio::test]
async fn sixteen_megabytes_are_searched_in_bounded_time() {
    let floor = signed_in().await;
    for name in [LOG_FILE, LOG_FILE_BEFORE] {
        let mut text = String::with_capacity(9 << 20);
        for n in 0.. {
            if text.len() > 8 << 20 {
                break;
            }
            text.write_str(&line(n)).unwrap();
        }
        std::fs::write(floor.folder.path().join(name), text).unwrap();
    }
    let began = Clock::new();
    let found = rows(&floor, "q=nothing+like+it").await;
    assert_eq!(found, json!({"rows": [], "next": null}));
    // A debug build on a busy machine; a release build takes a twentieth of it.
    assert!(began.monotonic_ms() < 20_000, "{} ms", began.monotonic_ms());
    let exported = floor.page.get("/api/log/export?q=batch.no%3D17").await.text();
    assert!(exported.lines().count() > 2 && exported.len() < 1 << 20);
}

#[tokio::test]
async fn nobody_reads_the_log_without_signing_in() {
    let floor = floor().await;
    for path in ["/api/log", "/api/log/export"] {
        assert_eq!(floor.page.get(path).await.status_code().as_u16(), 401);
    }
}

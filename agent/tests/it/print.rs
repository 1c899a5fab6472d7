//! Labels on the spot: over real connections, through restarts and printers that are gone, each printed once.

use std::path::Path;

use axum::http::StatusCode;
use nix::pty::openpty;
use nix::sys::termios::{self, SetArg};
use sealtrace_agent::config::Config;
use sealtrace_agent::print;
use sealtrace_agent::store::print as jobs;
use sealtrace_agent::store::{StoreError, labels, outbox};
use sealtrace_protocol::ids::Epoch;
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::link::{Labels, Lease};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::floor::{CODE_HOST, HAND_TASK, agent, case, copy_of, parent, unit};
use crate::page::{Floor, page, said};
use crate::printer::{Printer, Shared, heard, labels as printed_labels, serve, until};
use crate::store::DEVICE;

const FIRST: u64 = 36_901_234_500_000_100;

fn config(profile: &str, port: &str, more: &str) -> Config {
    let text = format!(
        "[[printer]]\nname = \"dock\"\nprofile = \"{profile}\"\nport = \"{port}\"\n\
         labels = [\"case-100x60\", \"replacement-50x30\", \"unit-40x20\"]\n{more}"
    );
    Config::parse(Path::new("agent.toml"), &text).unwrap()
}

fn over_tcp(printer: &Printer, more: &str) -> Config {
    config("virtual-zpl", &format!("127.0.0.1:{}", printer.port), more)
}

/// Somebody signed in at a device with printers, which was leased five labels for cases.
async fn at_work(config: Config) -> Floor {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(folder.path(), config).await;
    let lease = Lease { level: Level::Case, first_body: FIRST, count: 5 };
    let leased = Labels { device: DEVICE, lease };
    agent.store.write(move |tx| labels::leased(tx, &leased)).await.unwrap();
    let floor = Floor { page: page(&agent).await, agent, folder };
    floor.log_in("li").await;
    floor
}

/// Drivers at work, until they are dropped.
struct Running(CancellationToken);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn run(floor: &Floor) -> Running {
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    print::start(&floor.agent, &tasks, &stop).await.unwrap();
    Running(stop)
}

/// What the next start finds when the power goes now.
async fn after_power_cut(floor: Floor) -> Floor {
    let folder = copy_of(floor.folder.path());
    let config = (*floor.agent.config).clone();
    let agent = agent(folder.path(), config).await;
    let floor = Floor { page: page(&agent).await, agent, folder };
    floor.log_in("li").await;
    floor
}

fn fresh() -> Value {
    json!({"what": "fresh", "level": "case", "task": HAND_TASK})
}

async fn wants(floor: &Floor, label: Value) -> (u16, Value) {
    let answer = floor.post("print", label).await;
    (answer.status_code().as_u16(), answer.json())
}

/// A label that is queued: its job and what it labels.
async fn queued(floor: &Floor, label: Value) -> (i64, String) {
    let (status, body) = wants(floor, label).await;
    assert_eq!(status, 201, "{body}");
    (body["job"].as_i64().unwrap(), body["code"].as_str().unwrap().to_owned())
}

async fn state(floor: &Floor, job: i64) -> String {
    floor.get(&format!("print/jobs/{job}")).await["state"].as_str().unwrap().to_owned()
}

async fn is(floor: &Floor, job: i64, wanted: &str) {
    until(&format!("job {job} is {wanted}"), async || state(floor, job).await == wanted).await;
}

async fn problem(floor: &Floor) -> Value {
    floor.get("print").await["rows"][0]["standing"]["problem"]["code"].clone()
}

fn error(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap()
}

#[tokio::test]
async fn fresh_labels_are_printed_in_order_and_none_has_the_number_of_another() {
    let printer = Printer::start().await;
    let floor = at_work(over_tcp(&printer, "")).await;
    let running = run(&floor).await;
    let (first, code) = queued(&floor, fresh()).await;
    is(&floor, first, "printed").await;
    let sent = heard(&printer.state);
    let digits = code.strip_prefix("(00)").unwrap();
    // The symbol's digits begin with the identifier, in pairs of set C; the text below has brackets.
    assert!(sent.contains(&format!("^FD>;>800{digits}")), "{sent}");
    assert!(sent.contains(&format!("^FD(00) {digits}^FS")), "{sent}");
    assert!(sent.contains("^FDbeer^FS") && sent.contains("数量 3^FS"), "{sent}");
    let (second, other) = queued(&floor, fresh()).await;
    is(&floor, second, "printed").await;
    drop(running);
    let floor = after_power_cut(floor).await;
    let _running = run(&floor).await;
    let (third, last) = queued(&floor, fresh()).await;
    is(&floor, third, "printed").await;
    let mut codes = [code.clone(), other, last];
    codes.sort();
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
    assert_eq!(printer.labels(), 3);
    let listed = floor.get("print").await;
    assert_eq!(listed["labels"][1], json!({"level": "case", "left": 2, "low": false}), "{listed}");
    let jobs = floor.get("print/jobs").await;
    let states: Vec<_> = jobs["rows"].as_array().unwrap().iter().map(|job| &job["state"]).collect();
    assert_eq!(states, ["printed", "printed", "printed"]);
    assert_eq!(jobs["rows"][2]["operator"]["name"], "li");
    // The device knows its own label: it goes onto a case.
    floor.pack().await;
    for n in 0..3 {
        floor.scan(unit(n)).await;
    }
    let label = code.parse().unwrap();
    assert_eq!(said(&floor.scan(label).await), ("accepted", "operation_confirmed"));
    assert_eq!(parent(&floor.agent.store, unit(1)).await, Some(label));
}

#[tokio::test]
async fn a_printer_that_is_gone_or_lacks_paper_says_so_and_gets_each_label_once_when_it_is_back() {
    let printer = Printer::start().await;
    let floor = at_work(over_tcp(&printer, "")).await;
    let port = printer.port;
    let state = printer.stop();
    let _running = run(&floor).await;
    let (first, _) = queued(&floor, fresh()).await;
    until("it is gone", async || problem(&floor).await == "printer_unreachable").await;
    let tried = async || floor.get(&format!("print/jobs/{first}")).await["attempts"] != 0;
    until("it is tried", tried).await;
    let shown = floor.get(&format!("print/jobs/{first}")).await;
    assert_eq!(shown["state"], "queued", "{shown}");
    assert!(shown["problem"]["params"]["why"].is_string(), "{shown}");
    state.lock().unwrap().is_out_of_paper = true;
    let printer = Printer::start_on(port, state).await;
    until("it lacks paper", async || problem(&floor).await == "out_of_paper").await;
    assert_eq!(printer.labels(), 0);
    let (second, _) = queued(&floor, fresh()).await;
    printer.state.lock().unwrap().is_out_of_paper = false;
    is(&floor, first, "printed").await;
    is(&floor, second, "printed").await;
    assert_eq!((printer.labels(), problem(&floor).await), (2, Value::Null));
}

#[tokio::test]
async fn a_label_whose_sending_was_cut_off_is_asked_about_and_never_sent_again_by_itself() {
    let printer = Printer::start().await;
    let floor = at_work(over_tcp(&printer, "")).await;
    let (job, _) = queued(&floor, fresh()).await;
    // The program died between the first byte and the last.
    assert!(floor.agent.store.write(move |tx| jobs::begin(tx, job)).await.unwrap());
    let floor = after_power_cut(floor).await;
    let _running = run(&floor).await;
    assert_eq!(state(&floor, job).await, "uncertain");
    let (other, _) = queued(&floor, fresh()).await;
    is(&floor, other, "printed").await;
    assert_eq!(printer.labels(), 1);
    assert_eq!(
        floor.get("print/jobs").await["rows"][0]["id"],
        job,
        "what must be decided is first"
    );
    let decide = async |decision: &str| {
        let answer = floor.post(&format!("print/jobs/{job}"), json!({"decision": decision})).await;
        answer.status_code().as_u16()
    };
    assert_eq!(decide("again").await, 200);
    is(&floor, job, "printed").await;
    assert_eq!(printer.labels(), 2);
    assert_eq!(decide("printed").await, 409, "there is nothing left to decide");
    assert_eq!(decide("cancel").await, 409);
    let shown = floor.get(&format!("print/jobs/{job}")).await;
    let events: Vec<_> =
        shown["events"].as_array().unwrap().iter().map(|one| &one["event"]).collect();
    assert_eq!(events, ["queued", "uncertain", "again", "printed"]);
    assert_eq!(shown["events"][2]["operator"]["name"], "li");
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_makes_a_label_uncertain() {
    let printer = Printer::start().await;
    let floor = at_work(over_tcp(&printer, "")).await;
    printer.state.lock().unwrap().breaks_after = Some(100);
    let _running = run(&floor).await;
    let (job, _) = queued(&floor, fresh()).await;
    is(&floor, job, "uncertain").await;
    printer.state.lock().unwrap().breaks_after = None;
    let (status, _) = {
        let answer = floor.post(&format!("print/jobs/{job}"), json!({"decision": "printed"})).await;
        (answer.status_code(), answer.json::<Value>())
    };
    assert_eq!((status, state(&floor, job).await), (StatusCode::OK, "printed".to_owned()));
}

#[tokio::test]
async fn a_device_file_is_a_printer_too() {
    let pty = openpty(None, None).unwrap();
    let mut raw = termios::tcgetattr(&pty.slave).unwrap();
    termios::cfmakeraw(&mut raw);
    termios::tcsetattr(&pty.slave, SetArg::TCSANOW, &raw).unwrap();
    let path = nix::unistd::ttyname(&pty.slave).unwrap();
    let state = Shared::default();
    let (reading, writing) = (std::fs::File::from(pty.master.try_clone().unwrap()), pty.master);
    let master = tokio::io::join(
        tokio::fs::File::from_std(reading),
        tokio::fs::File::from_std(std::fs::File::from(writing)),
    );
    let shared = state.clone();
    let printer = tokio::spawn(serve(master, shared));
    let floor = at_work(config("virtual-tspl", path.to_str().unwrap(), "")).await;
    state.lock().unwrap().is_out_of_paper = true;
    let running = run(&floor).await;
    let (job, code) = queued(&floor, fresh()).await;
    until("it lacks paper", async || problem(&floor).await == "out_of_paper").await;
    state.lock().unwrap().is_out_of_paper = false;
    is(&floor, job, "printed").await;
    let sent = heard(&state);
    assert!(sent.contains(&format!("\"!105!10200{}\"", &code[4..])), "{sent}");
    assert_eq!(sent.matches("PRINT 1,1").count(), 1);
    drop(running);
    printer.abort();
}

#[tokio::test]
async fn a_plain_file_takes_labels_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let (file, gone) = (folder.path().join("labels.zpl"), folder.path().join("nothing"));
    std::fs::write(&file, "").unwrap();
    let floor = at_work(config("honeywell-pm", file.to_str().unwrap(), "")).await;
    let running = run(&floor).await;
    let (job, _) = queued(&floor, fresh()).await;
    is(&floor, job, "printed").await;
    assert!(std::fs::read_to_string(&file).unwrap().contains("^XZ"));
    drop(running);
    for path in [&gone, &folder.path().to_owned()] {
        let floor = at_work(config("honeywell-pm", path.to_str().unwrap(), "")).await;
        let _running = run(&floor).await;
        queued(&floor, fresh()).await;
        until("it is gone", async || problem(&floor).await == "printer_unreachable").await;
    }
    assert!(!gone.exists(), "a file is not made");
}

#[tokio::test]
async fn the_same_label_again_needs_a_reason_that_is_kept_with_who_gave_it() {
    let printer = Printer::start().await;
    let floor = at_work(over_tcp(&printer, "")).await;
    let _running = run(&floor).await;
    let (job, code) = queued(&floor, fresh()).await;
    is(&floor, job, "printed").await;
    let again = async |body: Value| {
        let answer = floor.post(&format!("print/jobs/{job}/reprint"), body).await;
        (answer.status_code().as_u16(), answer.json::<Value>())
    };
    let (status, body) = again(json!({"why": "  "})).await;
    assert_eq!((status, error(&body)), (422, "why_missing"));
    let (status, body) = again(json!({"why": "fell into a puddle"})).await;
    assert_eq!((status, body["code"].as_str()), (201, Some(code.as_str())), "{body}");
    let second = body["job"].as_i64().unwrap();
    is(&floor, second, "printed").await;
    let shown = floor.get(&format!("print/jobs/{second}")).await;
    assert_eq!((&shown["of_job"], &shown["why"]), (&json!(job), &json!("fell into a puddle")));
    assert_eq!(shown["operator"]["name"], "li");
    // Of what can be read, too.
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    let text = case(0).canonical();
    let (status, body) = wants(&floor, json!({"what": "again", "text": text})).await;
    assert_eq!((status, error(&body)), (422, "why_missing"));
    let again = json!({"what": "again", "text": text, "why": "torn"});
    let (third, same) = queued(&floor, again).await;
    assert_eq!(same, text);
    is(&floor, third, "printed").await;
    assert!(heard(&printer.state).contains("批次 L1"), "what is inside is on it");
}

#[tokio::test]
async fn a_units_label_says_its_short_url_in_full_however_it_was_read() {
    let printer = Printer::start().await;
    let floor = at_work(over_tcp(&printer, "")).await;
    let _running = run(&floor).await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    let canonical = unit(1).canonical();
    let url = format!("HTTPS://{}/{canonical}", CODE_HOST.to_uppercase());
    for text in
        [canonical.clone(), canonical.to_lowercase(), format!("https://old.example/{canonical}")]
    {
        let (job, _) = queued(&floor, json!({"what": "again", "text": text, "why": "torn"})).await;
        is(&floor, job, "printed").await;
        let label = floor.get(&format!("print/jobs/{job}")).await;
        assert_eq!(label["fields"]["code"], url, "{text}");
    }
    assert_eq!(heard(&printer.state).matches(&format!("MA,{url}^FS")).count(), 3);
}

#[tokio::test]
async fn a_test_label_takes_no_number_and_is_no_code_of_anybody() {
    let printer = Printer::start().await;
    let floor = at_work(over_tcp(&printer, "")).await;
    let _running = run(&floor).await;
    for level in ["case", "unit"] {
        let (status, body) = wants(&floor, json!({"what": "test", "level": level})).await;
        assert_eq!((status, &body["code"]), (201, &Value::Null), "{body}");
        is(&floor, body["job"].as_i64().unwrap(), "printed").await;
    }
    assert_eq!(floor.get("print").await["labels"][1]["left"], 5);
    let sent = heard(&printer.state);
    assert!(
        sent.contains("^FD>;>800000000000000000000^FS") && sent.contains("MA,TEST^FS"),
        "{sent}"
    );
    assert!(sent.contains("测试 TEST"), "{sent}");
    floor.pack().await;
    let refused = floor
        .post("station/scan", json!({"text": "(00)000000000000000000", "source": "wedge"}))
        .await;
    assert_eq!(refused.json::<Value>()["tone"], "refused");
}

#[tokio::test]
async fn a_damaged_label_is_replaced_by_a_fresh_one_that_says_what_the_old_one_did() {
    let printer = Printer::start().await;
    let floor = at_work(over_tcp(&printer, "")).await;
    let _running = run(&floor).await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    let label =
        json!({"what": "replacing", "text": case(0).canonical(), "template": "replacement-50x30"});
    let (job, code) = queued(&floor, label).await;
    is(&floor, job, "printed").await;
    let sent = heard(&printer.state);
    assert!(
        sent.contains("beer^FS") && sent.contains("批次 L1^FS") && sent.contains("^BXN,"),
        "{sent}"
    );
    floor.open("relabel", json!({})).await;
    floor.scan(case(0)).await;
    let label = code.parse().unwrap();
    assert_eq!(said(&floor.scan(label).await), ("accepted", "operation_confirmed"));
    assert_eq!(parent(&floor.agent.store, unit(1)).await, Some(label));
}

#[tokio::test]
async fn a_case_that_fills_up_gets_its_label_by_itself_and_only_one() {
    let printer = Printer::start().await;
    let floor = at_work(over_tcp(&printer, "automatic = [\"case\"]\n")).await;
    let _running = run(&floor).await;
    floor.pack().await;
    assert_eq!(floor.scan(unit(0)).await["label"], Value::Null);
    floor.scan(unit(1)).await;
    let reply = floor.scan(unit(2)).await;
    let job = reply["label"]["job"].as_i64().unwrap();
    is(&floor, job, "printed").await;
    // A refused scan, a scan taken back and made anew: the package is the same one.
    assert_eq!(floor.scan(unit(2)).await["label"], Value::Null);
    floor.command("acknowledge").await;
    floor.command("undo").await;
    assert_eq!(floor.scan(unit(3)).await["label"], Value::Null);
    let floor = after_power_cut(floor).await;
    let label = reply["label"]["code"].as_str().unwrap().parse().unwrap();
    let reply = floor.scan(label).await;
    assert_eq!(
        (said(&reply), &reply["label"]),
        (("accepted", "operation_confirmed"), &Value::Null)
    );
    assert_eq!(parent(&floor.agent.store, unit(3)).await, Some(label));
    assert_eq!(printed_labels(&printer.state), 1);
}

#[tokio::test]
async fn what_cannot_be_printed_is_said_at_once_and_uses_up_no_label() {
    let printer = Printer::start().await;
    let floor = at_work(over_tcp(&printer, "")).await;
    let again = |text: &str| json!({"what": "again", "text": text, "why": "torn"});
    let refused = [
        (json!({"what": "fresh"}), 422, "invalid"),
        (json!({"what": "fresh", "level": "unit"}), 422, "units_are_not_labelled"),
        (json!({"what": "fresh", "level": "pallet"}), 409, "labels_used_up"),
        (json!({"what": "fresh", "level": "case", "task": 999}), 404, "task_missing"),
        (json!({"what": "fresh", "level": "case", "printer": "attic"}), 404, "no_such_printer"),
        (
            json!({"what": "fresh", "level": "case", "template": "unit-40x20"}),
            422,
            "no_label_for_level",
        ),
        (json!({"what": "fresh", "level": "case", "copies": 0}), 422, "copies_out_of_range"),
        (json!({"what": "fresh", "level": "case", "copies": 21}), 422, "copies_out_of_range"),
        (again("hello"), 422, "unreadable"),
        (again("(00)000000000000000000"), 404, "unknown_code"),
    ];
    for (label, status, code) in refused {
        let (answered, body) = wants(&floor, label.clone()).await;
        assert_eq!((answered, error(&body)), (status, code), "{label} {body}");
    }
    let answer = floor.post("print", json!({"what": "everything"})).await;
    assert_eq!(answer.status_code(), StatusCode::UNPROCESSABLE_ENTITY);
    for path in ["print/jobs/99", "print/jobs/99/preview"] {
        floor.page.get(&format!("/api/{path}")).await.assert_status(StatusCode::NOT_FOUND);
    }
    assert_eq!(floor.get("print").await["labels"][1]["left"], 5);
    for _ in 0..5 {
        queued(&floor, fresh()).await;
    }
    let (status, body) = wants(&floor, fresh()).await;
    assert_eq!((status, error(&body)), (409, "labels_used_up"));
    let jobs = floor.get("print/jobs").await;
    assert_eq!(jobs["rows"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn the_preview_shows_the_label_and_uses_nothing_up() {
    let printer = Printer::start().await;
    let floor = at_work(over_tcp(&printer, "")).await;
    let path = format!("/api/print/preview?what=fresh&level=case&task={HAND_TASK}");
    let preview = floor.page.get(&path).await;
    assert_eq!(preview.header("content-type"), "image/svg+xml");
    let preview = preview.text();
    assert!(preview.contains("(00) 000000000000000000</text>"), "{preview}");
    assert_eq!(floor.get("print").await["labels"][1]["left"], 5);
    let (job, code) = queued(&floor, fresh()).await;
    let shown = floor.page.get(&format!("/api/print/jobs/{job}/preview")).await.text();
    assert!(shown.contains(&format!("(00) {}</text>", &code[4..])), "{shown}");
    assert!(shown.contains(">beer</text>"), "{shown}");
}

#[tokio::test]
async fn a_restored_device_gives_out_none_of_the_labels_its_copy_may_have_used() {
    let printer = Printer::start().await;
    let floor = at_work(over_tcp(&printer, "")).await;
    let store = &floor.agent.store;
    let lose = |tx: &rusqlite::Transaction<'_>| sealtrace_agent::store::stream::lose(tx);
    store.write(lose).await.unwrap();
    let (status, body) = wants(&floor, fresh()).await;
    assert_eq!((status, error(&body)), (409, "no_stream"));
    store.write(|tx| outbox::resume(tx, DEVICE, Epoch(2))).await.unwrap();
    let (status, body) = wants(&floor, fresh()).await;
    assert_eq!((status, error(&body)), (409, "labels_used_up"));
    // The feed brings them again: they stay known and are not ours to give.
    let stock = store.read(|conn| labels::stock(conn, Level::Case)).await.unwrap();
    assert_eq!(stock, labels::Stock::default());
    let again = Labels {
        device: DEVICE,
        lease: Lease { level: Level::Case, first_body: FIRST + 200, count: 2 },
    };
    store.write(move |tx| labels::leased(tx, &again)).await.unwrap();
    let (_, code) = queued(&floor, fresh()).await;
    assert!(code.contains("369012345000003"), "{code}");
    let low: Result<bool, StoreError> =
        store.read(|conn| Ok(labels::stock(conn, Level::Case)?.is_low())).await;
    assert!(low.unwrap());
}

#[tokio::test]
async fn every_mistake_of_a_printer_is_listed_at_once() {
    let text = "[[printer]]\nname = \"dock\"\nprofile = \"serial-gate\"\nport = \"x\"\nlabels = []\n\
                [[printer]]\nname = \"dock\"\nprofile = \"gprinter-gp\"\nlabels = [\"case-100x60\", \"poster\"]\n\
                automatic = [\"unit\", \"pallet\"]\ncolour = \"red\"\n";
    let found = Config::parse(Path::new("agent.toml"), text).unwrap_err().to_string();
    for part in [
        "printer[0].profile",
        "printer[0].labels: names none",
        "printer[1].port: is missing",
        "there is no built-in label \"poster\"",
        "printer[1].automatic: \"unit\" is no package",
        "printer[1].colour",
    ] {
        assert!(found.contains(part), "{part} is not in {found}");
    }
}

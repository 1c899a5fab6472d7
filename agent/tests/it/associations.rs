//! Associations from a file: imported package by package, with every error named; safe to repeat, and to be killed.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::http::StatusCode;
use sealtrace_agent::agent::Agent;
use sealtrace_agent::associations::{Request, import as import_file};
use sealtrace_agent::config::Config;
use sealtrace_agent::store::{Store, outbox, verdicts};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{Epoch, OperatorId, Seq};
use sealtrace_protocol::ledger::{Action, PartialReason, Rejection, Verdict};
use sealtrace_protocol::link::Judged;
use sealtrace_protocol::time::Timestamp;
use serde_json::{Value, json};

use crate::floor::{
    DEVICE, HAND_TASK, LINE_TASK, PIN, agent, case, copy_of, item, pallet, parent, unit,
};
use crate::making::operation;
use crate::page::{Floor, page, signed_in};
use crate::store::{SITE, TASK};
use crate::sync::{Running, enrolled, fed};

const HEADER: &str = "child,parent,product,lot,time\n";
const GTIN: &str = "6901234567892";

/// Rows that put units into a case.
fn rows(label: u64, units: std::ops::Range<u64>) -> String {
    units.map(|n| row(unit(n), case(label))).collect()
}

fn row(child: Code, parent: Code) -> String {
    format!("{child},{parent},{GTIN},L1,2026-11-20 08:31:05\n")
}

/// Two whole cases on a pallet; the pallet's rows come first.
fn file() -> String {
    let on_pallet = row(case(0), pallet(0)) + &row(case(1), pallet(0));
    format!("{HEADER}{on_pallet}{}{}", rows(0, 0..3), rows(1, 3..6))
}

async fn import(floor: &Floor, asked: &str, file: impl Into<Vec<u8>>) -> (StatusCode, Value) {
    let request = floor.page.post(&format!("/api/associations?{asked}"));
    let answer = request.content_type("text/csv").bytes(file.into().into()).await;
    (answer.status_code(), answer.json())
}

/// What became of a file that could be read.
async fn imported(floor: &Floor, asked: &str, file: impl Into<Vec<u8>>) -> Value {
    let (status, answer) = import(floor, asked, file).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

/// Packages imported, so already, left out.
fn counts(report: &Value) -> (u64, u64, u64) {
    let count = |name: &str| report[name].as_u64().unwrap();
    (count("imported"), count("already_so"), count("left_out"))
}

/// Row, column, value and rule of each error.
fn errors(report: &Value) -> Vec<(u64, String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let errors = report["errors"].as_array().unwrap().iter();
    errors
        .map(|error| {
            assert!(!text(&error["what"]).is_empty() && !text(&error["next"]).is_empty());
            (
                error["row"].as_u64().unwrap(),
                text(&error["column"]),
                text(&error["value"]),
                text(&error["rule"]),
            )
        })
        .collect()
}

fn error(
    row: u64,
    column: &str,
    value: impl ToString,
    rule: &str,
) -> (u64, String, String, String) {
    (row, column.to_owned(), value.to_string(), rule.to_owned())
}

async fn operations(store: &Store) -> u64 {
    store.read(outbox::backlog).await.unwrap().unsealed
}

#[tokio::test]
async fn units_cases_and_pallets_of_one_file_become_operations_under_a_task() {
    let floor = signed_in().await;
    let asked = format!("task={HAND_TASK}");
    let report = imported(&floor, &asked, file()).await;
    assert_eq!((counts(&report), &report["rows"]), ((3, 0, 0), &json!(8)));
    let store = &floor.agent.store;
    assert_eq!(parent(store, unit(4)).await, Some(case(1)));
    assert_eq!(parent(store, case(1)).await, Some(pallet(0)));
    let on_pallet = item(store, pallet(0)).await.unwrap();
    assert_eq!((on_pallet.children, on_pallet.contents.units()), (2, 6));
    let first = operation(&floor, 1).await;
    assert_eq!((first.operator, first.at.uncertainty_ms), (Some(OperatorId(1)), 600_000));
    assert_eq!(first.at.wall, Timestamp(1_795_134_665_000));
    let Action::Pack(pack) = first.action else { panic!("{first:?}") };
    assert_eq!(pack.children, [unit(0), unit(1), unit(2)]);
    assert_eq!(floor.get("status").await["unsent_operations"], 3);
}

#[tokio::test]
async fn the_same_file_again_does_nothing_whatever_has_become_of_its_packages() {
    let floor = signed_in().await;
    let asked = format!("task={HAND_TASK}");
    imported(&floor, &asked, file()).await;
    assert_eq!(counts(&imported(&floor, &asked, file()).await), (0, 3, 0));
    floor.open("unpack", json!({})).await;
    floor.scan(pallet(0)).await;
    floor.command("confirm").await;
    assert_eq!(parent(&floor.agent.store, case(0)).await, None);
    let before = operations(&floor.agent.store).await;
    assert_eq!(counts(&imported(&floor, &asked, file()).await), (0, 3, 0));
    assert_eq!(operations(&floor.agent.store).await, before);
}

#[tokio::test]
async fn what_the_cloud_did_not_count_is_imported_again() {
    let floor = signed_in().await;
    let asked = format!("task={HAND_TASK}");
    let one = format!("{HEADER}{}", rows(0, 0..3));
    imported(&floor, &asked, one.clone()).await;
    let rejection = Rejection::AlreadyInUse { code: case(0) };
    let verdicts =
        [Judged { epoch: Epoch(1), seq: Seq(1), verdict: Verdict::Quarantined { rejection } }];
    let at = Timestamp(1_800_000_002_000);
    let store = &floor.agent.store;
    store.write(move |tx| verdicts::store(tx, DEVICE, &verdicts, at)).await.unwrap();
    assert_eq!(counts(&imported(&floor, &asked, one).await), (1, 0, 0));
}

#[tokio::test]
async fn checking_says_the_same_and_stores_nothing() {
    let floor = signed_in().await;
    let bad = format!("{}{}{}", file(), rows(2, 6..8), row(pallet(0), case(3)));
    for asked in [String::new(), format!("task={HAND_TASK}")] {
        let checked = imported(&floor, &format!("check=true&{asked}"), bad.clone()).await;
        assert_eq!(checked["checked"], true);
        assert_eq!(operations(&floor.agent.store).await, 0);
        assert_eq!(counts(&checked), (3, 0, 2), "{checked}");
    }
    let checked = imported(&floor, "check=true", bad.clone()).await;
    let done = imported(&floor, "", bad).await;
    assert_eq!((counts(&done), errors(&done)), (counts(&checked), errors(&checked)));
    assert!(!std::fs::exists(floor.folder.path().join("associations.db")).unwrap());
}

#[tokio::test]
async fn without_a_task_each_product_and_lot_becomes_one_of_this_devices_own() {
    let floor = signed_in().await;
    let (first, second) = (rows(0, 0..3), rows(1, 3..6).replace(",L1,", ",L2,"));
    let finished = format!("{},{},,,\n", case(0), pallet(0));
    let wrong = format!("{},{},beer,L3,\n", unit(9), case(5));
    let all = format!("{HEADER}{first}{second}{finished}{wrong}");
    let report = imported(&floor, "", all.clone()).await;
    assert_eq!(counts(&report), (3, 0, 1), "{report}");
    assert_eq!(errors(&report), [error(9, "parent", case(5), "too_few")]);
    let Action::OpenTask(opened) = operation(&floor, 1).await.action else { panic!() };
    assert_eq!((opened.lot.as_str(), opened.date.unwrap().as_str()), ("L1", "2026-11-20"));
    // Three packages and two tasks: none for the lot of which nothing counts.
    assert_eq!(operations(&floor.agent.store).await, 5);
    let more = format!("{HEADER}{}", rows(2, 6..9));
    assert_eq!(counts(&imported(&floor, "", more).await), (1, 0, 0));
    assert_eq!(operations(&floor.agent.store).await, 6);
    assert_eq!(counts(&imported(&floor, "", all).await), (0, 3, 1));
}

#[tokio::test]
async fn every_row_that_is_wrong_is_named_and_spoils_its_package_alone() {
    let floor = signed_in().await;
    let tomorrow = "2099-01-01 00:00:00";
    let bad = [
        format!("nonsense,{},{GTIN},L1,\n", case(0)),
        format!("6.90123E+17,{},{GTIN},L1,\n", case(1)),
        format!("{},,{GTIN},L1,\n", unit(20)),
        format!("{0},{0},{GTIN},L1,\n", case(2)),
        format!("{},{},wine,L1,\n", unit(21), case(3)),
        format!("{},{},{GTIN},第一批,\n", unit(22), case(3)),
        format!("{},{},{GTIN},L1,20.11.2026 8h\n", unit(23), case(3)),
        format!("{},{},{GTIN},L1,{tomorrow}\n", unit(24), case(3)),
        format!("(01)06901234567892(10)L9(21){},{},{GTIN},L1,\n", unit(25), case(3)),
        format!("{},{}\n", unit(26), case(3)),
    ];
    let good = rows(9, 0..3);
    let report = imported(&floor, "", format!("{HEADER}{}{good}", bad.concat())).await;
    assert_eq!(counts(&report).0, 1, "{report}");
    assert_eq!(parent(&floor.agent.store, unit(0)).await, Some(case(9)));
    assert_eq!(
        errors(&report),
        [
            error(2, "child", "nonsense", "unreadable"),
            error(3, "child", "6.90123E+17", "rounded"),
            error(4, "parent", "", "required"),
            error(5, "child", case(2), "own_parent"),
            error(6, "product", "wine", "unknown_product"),
            error(7, "lot", "第一批", "lot_text"),
            error(8, "time", "20.11.2026 8h", "time"),
            error(9, "time", tomorrow, "future"),
            error(
                10,
                "child",
                format!("(01)06901234567892(10)L9(21){}", unit(25)),
                "label_differs"
            ),
            error(11, "", "", "columns"),
        ]
    );
}

#[tokio::test]
async fn packages_that_contradict_each_other_are_all_left_out() {
    let floor = signed_in().await;
    let again = row(unit(0), case(0));
    let other = row(unit(4), case(2));
    let file = format!(
        "{HEADER}{}{again}{}{other}{}{}{}",
        rows(0, 0..3),
        rows(1, 3..6),
        row(case(0), pallet(0)),
        row(case(3), pallet(1)),
        row(pallet(1), case(3)),
    );
    let report = imported(&floor, "", file).await;
    assert_eq!(counts(&report), (0, 0, 6), "{report}");
    assert_eq!(operations(&floor.agent.store).await, 0);
    let told = errors(&report);
    assert!(told.contains(&error(5, "child", unit(0), "twice")), "{told:?}");
    assert!(told.contains(&error(9, "child", unit(4), "two_parents")), "{told:?}");
    assert!(told.contains(&error(10, "child", case(0), "child_spoiled")), "{told:?}");
    assert!(told.contains(&error(11, "parent", pallet(1), "circle")), "{told:?}");
    assert!(told.contains(&error(12, "parent", case(3), "circle")), "{told:?}");
    let two = report["errors"].as_array().unwrap().iter().find(|one| one["row"] == 9).unwrap();
    assert!(two["what"].as_str().unwrap().contains(&case(1).canonical()), "{two}");
}

#[tokio::test]
async fn the_rules_say_no_to_the_row_they_mean() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(9, 9..12).await;
    let taken = format!("{}{}", rows(0, 0..2), row(unit(9), case(0)));
    let too_many = rows(1, 12..16);
    let wrong_level = format!("{}{}", rows(2, 16..18), row(case(7), case(2)));
    let unknown = format!("{}{}", rows(3, 18..20), row(unit(500), case(3)));
    let differs = format!("{}{}", rows(4, 20..22), row(unit(22), case(4)).replace(",L1,", ",L2,"));
    let lot = rows(5, 23..26).replace(",L1,", ",L2,");
    let file = format!("{HEADER}{taken}{too_many}{wrong_level}{unknown}{differs}{lot}");
    let report = imported(&floor, &format!("task={HAND_TASK}"), file.clone()).await;
    assert_eq!(counts(&report), (0, 0, 6), "{report}");
    assert_eq!(
        errors(&report),
        [
            error(4, "child", unit(9), "already_packed"),
            error(5, "parent", case(1), "too_many"),
            error(11, "child", case(7), "wrong_level"),
            // All codes of the task's order are known here, and this is none of them.
            error(14, "child", unit(500), "foreign"),
            error(17, "lot", "L2", "differs"),
            error(18, "lot", "L2", "wrong_lot"),
        ]
    );
    let unknown = format!("{HEADER}{unknown}");
    let report = imported(&floor, "", unknown.clone()).await;
    assert_eq!(errors(&report), [error(4, "child", unit(500), "not_known_here")]);
    assert_eq!(counts(&imported(&floor, "trust=true", unknown).await), (1, 0, 0));
}

#[tokio::test]
async fn a_short_case_is_imported_by_a_supervisor_who_means_it() {
    let floor = signed_in().await;
    let asked = format!("task={LINE_TASK}&partial=true");
    let short = format!("{HEADER}{}", rows(0, 0..2));
    let report = imported(&floor, &asked, short.clone()).await;
    assert_eq!(errors(&report), [error(2, "parent", case(0), "role_not_permitted")]);
    floor.log_in("wang").await;
    assert_eq!(counts(&imported(&floor, &asked, short).await), (1, 0, 0));
    let Action::Pack(pack) = operation(&floor, 1).await.action else { panic!() };
    assert_eq!(pack.partial, Some(PartialReason::Shortage));
}

#[tokio::test]
async fn a_file_that_is_none_is_refused_whole_and_says_why() {
    let floor = signed_in().await;
    let serials: String =
        (0..201).map(|n| format!("{},{},{GTIN},S{n},\n", unit(n), case(0))).collect();
    for (file, why) in [
        (String::new(), "empty"),
        (HEADER.to_owned(), "no rows"),
        ("code;where\n1;2\n".to_owned(), "no column `parent`"),
        ("PK\u{3}\u{4}".to_owned(), "Excel"),
        (format!("{HEADER}\"{}", "x,y\n".repeat(9_000)), "quotation mark"),
        (format!("{HEADER}{serials}"), "lots"),
    ] {
        let (status, answer) = import(&floor, "", file).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
        let told = answer["error"]["params"]["why"].as_str().unwrap();
        assert_eq!(answer["error"]["code"], "bad_file");
        assert!(told.contains(why), "{told}");
    }
    let json = floor.page.post("/api/associations").json(&json!({})).await;
    json.assert_status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let (status, answer) = import(&floor, "check=perhaps", file()).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::BAD_REQUEST, &json!("unreadable_query"))
    );
    floor.log_in("zhao").await;
    assert_eq!(import(&floor, "", file()).await.0, StatusCode::FORBIDDEN);
    floor.page.delete("/api/session").await;
    assert_eq!(import(&floor, "", file()).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_was_imported_reaches_the_cloud_once() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = enrolled(folder.path()).await;
    let running = Running::start(folder.path()).await;
    fed(&running).await;
    let (units, label) = (crate::store::unit, crate::store::case);
    let rows = (0..8).map(|n| format!("{},{}\n", units(n), label(n / 2))).collect::<String>();
    let file = format!("子码,父码\n{rows}");
    let request = Request {
        operator: OperatorId(1),
        site: SITE,
        task: Some(TASK),
        check: false,
        partial: false,
        trust: false,
        now: false,
        offset: time::UtcOffset::UTC,
    };
    for again in [(4, 0, 0), (0, 4, 0)] {
        let file = std::io::Cursor::new(file.clone().into_bytes());
        let report = import_file(&running.agent, request, file).await.unwrap();
        assert_eq!((report.imported, report.already_so, report.left_out), again);
        running.quiet().await;
    }
    {
        let known = cloud.known();
        assert_eq!(known.operations.len(), 4);
        assert!(known.operations.values().all(|times| *times == 1));
    }
    running.stop().await;
}

fn started(data: &Path, arguments: &[&str], pin: &str) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sealtrace-agent"))
        .env_remove("SEALTRACE_AGENT_CONFIG")
        .env_remove("SEALTRACE_PIN")
        .arg("--data")
        .arg(data)
        .args(["import-associations", "--login", "li"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may not even ask.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), pin.as_bytes());
    child
}

/// The command line on a folder where nothing runs: exit code, what it printed, what it complained about.
fn command(data: &Path, arguments: &[&str], pin: &str) -> (Option<i32>, String, String) {
    let output = started(data, arguments, pin).wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

async fn stopped() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let Agent { store, .. } = agent(folder.path(), Config::default()).await;
    store.close().await;
    folder
}

#[tokio::test]
async fn the_command_line_imports_while_nothing_runs() {
    let folder = stopped().await;
    let path = folder.path().join("line3.csv");
    let site = ["--site", "1"];
    let bad = format!("{}{}", file(), row(unit(9), case(9)));
    let (bytes, _, _) = encoding_rs::GB18030.encode("瓶码,箱码,商品条码,批次,时间,备注\n");
    let rows = bad.lines().skip(1).map(|line| format!("{line},x\n"));
    std::fs::write(&path, [bytes.as_ref(), rows.collect::<String>().as_bytes()].concat()).unwrap();
    let file = path.to_str().unwrap();
    let (code, out, complaint) = command(folder.path(), &[file, "--check", "--site", "1"], PIN);
    assert_eq!(code, Some(2), "{complaint}");
    assert!(out.contains("3 would be imported") && out.contains("row 10, parent"), "{out}");
    let (code, out, _) = command(folder.path(), &[&[file], &site[..]].concat(), PIN);
    assert_eq!(code, Some(2));
    assert!(out.contains("9 rows, 4 packages: 3 imported, 0 were so already, 1 left out"), "{out}");
    assert!(out.contains("next: look for the missing rows"), "{out}");
    let again = [&[file, "--json"], &site[..]].concat();
    let report: Value = serde_json::from_str(&command(folder.path(), &again, PIN).1).unwrap();
    assert_eq!(counts(&report), (0, 3, 1));
    for (arguments, pin, complaint) in [
        (vec![file, "--site", "1"], "1111", "login or PIN is wrong"),
        (vec![file], PIN, "--site"),
        (vec![file, "--site", "5"], PIN, "[1, 2]"),
        (vec![file, "--task", "77"], PIN, "open tasks: [9, 10"),
        (vec!["/no/such.csv"], PIN, "/no/such.csv cannot be read"),
        (vec![file, "--utc-offset", "8"], PIN, "+08:00"),
    ] {
        let (code, _, told) = command(folder.path(), &arguments, pin);
        assert!(code != Some(0) && told.contains(complaint), "{code:?} {told}");
    }
}

#[tokio::test]
async fn an_import_that_was_killed_ends_the_same_when_it_is_repeated() {
    let whole =
        format!("{HEADER}{}", (0..19).map(|n| rows(n, 3 * n..3 * n + 3)).collect::<String>());
    let floor = signed_in().await;
    let report = imported(&floor, "", whole.clone()).await;
    assert_eq!(counts(&report), (19, 0, 0));
    let all = operations(&floor.agent.store).await;
    // Killed after any number of its commits, as the disk is then.
    for cases in [0, 1, 7, 18] {
        let folder = tempfile::tempdir().unwrap();
        let cut = agent(folder.path(), Config::default()).await;
        let ui = page(&cut).await;
        let before = Floor { folder, agent: cut, page: ui };
        before.log_in("li").await;
        let lines: String =
            whole.lines().take(1 + 3 * cases).map(|line| format!("{line}\n")).collect();
        if cases > 0 {
            imported(&before, "", lines).await;
        }
        std::fs::write(before.folder.path().join("associations.db"), "cut off").unwrap();
        let killed = copy_of(before.folder.path());
        let again = agent(killed.path(), Config::default()).await;
        let after = Floor { page: page(&again).await, agent: again, folder: killed };
        after.log_in("li").await;
        let report = imported(&after, "", whole.clone()).await;
        let already = u64::try_from(cases).unwrap();
        assert_eq!(counts(&report), (19 - already, already, 0));
        assert_eq!(operations(&after.agent.store).await, all);
    }
}

#[tokio::test]
async fn the_program_is_killed_at_any_moment_and_imports_every_package_once() {
    const CASES: u64 = 400;
    let folder = stopped().await;
    let path = folder.path().join("line3.csv");
    let rows: String = (0..CASES).map(|n| rows(n, 3 * n..3 * n + 3)).collect();
    std::fs::write(&path, format!("{HEADER}{rows}")).unwrap();
    // Most of these codes nobody here has heard of.
    let arguments = [path.to_str().unwrap(), "--site", "1", "--trust"];
    for after_ms in [60, 150, 250, 400, 700] {
        let mut running = started(folder.path(), &arguments, PIN);
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        running.kill().unwrap();
        running.wait().unwrap();
    }
    let (code, out, complaint) = command(folder.path(), &arguments, PIN);
    assert_eq!(code, Some(0), "{out} {complaint}");
    let again = command(folder.path(), &arguments, PIN).1;
    assert!(again.contains(&format!("0 imported, {CASES} were so already")), "{again}");
    let agent = agent(folder.path(), Config::default()).await;
    // Each package, and the task they are made under.
    assert_eq!(operations(&agent.store).await, CASES + 1);
    let item = item(&agent.store, case(CASES - 1)).await.unwrap();
    assert_eq!((item.children, item.contents.units()), (3, 3));
}

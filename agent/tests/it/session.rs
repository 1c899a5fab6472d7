//! Locking, unlocking, another person, another site; and what a page hears that only waits.

use std::time::Duration;

use axum::http::StatusCode;
use sealtrace_agent::config::{Config, Ui};
use serde_json::{Value, json};

use crate::floor::{PIN, agent, copy_of, printed, unit};
use crate::page::{Floor, floor, page, said, signed_in};

const LOCK_MS: u64 = 400;

async fn quick_to_lock() -> (Floor, String) {
    let folder = tempfile::tempdir().unwrap();
    let ui = Ui { lock_after_ms: Some(LOCK_MS), ..Ui::default() };
    let agent = agent(folder.path(), Config { ui, ..Config::default() }).await;
    let floor = Floor { page: page(&agent).await, agent, folder };
    let cookie = floor.log_in("li").await;
    (floor, cookie)
}

/// Why a request is refused.
async fn refused(floor: &Floor, path: &str, body: Value) -> (u16, String) {
    let answer = floor.post(path, body).await;
    let code = answer.json::<Value>()["error"]["code"].as_str().unwrap_or_default().to_owned();
    (answer.status_code().as_u16(), code)
}

async fn lock(floor: &Floor) {
    floor.post("session/lock", json!({})).await.assert_status(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_locked_page_answers_nothing_until_the_pin_is_right_and_goes_on_where_it_was() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.scan(unit(0)).await;
    assert_eq!(floor.get("session").await["locked"], false);
    assert_eq!(floor.get("session").await["lock_after_ms"], 300_000);
    lock(&floor).await;
    lock(&floor).await;
    assert_eq!(floor.get("session").await["locked"], true);
    let scan = json!({"text": printed(unit(1)), "source": "wedge"});
    let locked = (423, "locked".to_owned());
    assert_eq!(refused(&floor, "station/scan", scan).await, locked);
    assert_eq!(refused(&floor, "station/command", json!({"command": "undo"})).await, locked);
    assert_eq!(refused(&floor, "broadcast", json!({"text": printed(unit(1))})).await, locked);
    for path in ["station", "station/next?after=0", "tasks", "documents", "exceptions", "backlog"] {
        floor.page.get(&format!("/api/{path}")).await.assert_status(StatusCode::LOCKED);
    }
    let change = floor.page.put("/api/session/site").json(&json!({"site": 2})).await;
    change.assert_status(StatusCode::LOCKED);
    let wrong = refused(&floor, "session/unlock", json!({"pin": "0000"})).await;
    assert_eq!(wrong, (403, "wrong_pin".to_owned()));
    assert_eq!(floor.get("session").await["locked"], true);
    let session = floor.post("session/unlock", json!({"pin": PIN})).await;
    session.assert_status_ok();
    assert_eq!(session.json::<Value>()["locked"], false);
    assert_eq!(floor.get("station").await["count"], 1);
}

#[tokio::test]
async fn guessing_the_pin_of_a_locked_page_has_to_wait_like_any_guessing() {
    let floor = signed_in().await;
    lock(&floor).await;
    for _ in 0..5 {
        refused(&floor, "session/unlock", json!({"pin": "1111"})).await;
    }
    let wait = refused(&floor, "session/unlock", json!({"pin": PIN})).await;
    assert_eq!(wait, (429, "too_many_tries".to_owned()));
}

#[tokio::test]
async fn a_page_that_only_looks_locks_and_one_that_is_used_does_not() {
    let (floor, cookie) = quick_to_lock().await;
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(LOCK_MS / 4)).await;
        floor.command("back").await;
    }
    assert_eq!(floor.get("session").await["locked"], false);
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(LOCK_MS / 4)).await;
        floor.page.get("/api/station").await;
    }
    floor.page.get("/api/station").await.assert_status(StatusCode::LOCKED);
    // The lock is on the disk with that answer.
    let killed = copy_of(floor.folder.path());
    let again = agent(killed.path(), Config::default()).await;
    let again = Floor { page: page(&again).await, agent: again, folder: killed };
    let answer = again.page.get("/api/session").add_header("cookie", cookie).await;
    assert_eq!(answer.json::<Value>()["locked"], true);
}

#[tokio::test]
async fn another_person_signs_in_over_a_locked_page_and_finishes_the_package() {
    let floor = floor().await;
    let before = floor.log_in("li").await;
    floor.pack().await;
    floor.scan(unit(0)).await;
    lock(&floor).await;
    floor.log_in("wang").await;
    let session = floor.get("session").await;
    assert_eq!(
        (&session["operator"]["login"], &session["locked"]),
        (&json!("wang"), &json!(false))
    );
    let reply = floor.scan(unit(1)).await;
    assert_eq!((said(&reply), &reply["view"]["count"]), (("accepted", "accepted"), &json!(2)));
    // The session signed in over is gone, not only hidden.
    let other = page(&floor.agent).await;
    let answer = other.get("/api/session").add_header("cookie", before).await;
    answer.assert_status(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_site_changes_only_with_nothing_open_and_only_to_where_one_may_work() {
    let floor = signed_in().await;
    let go = async |site: u64| {
        let answer = floor.page.put("/api/session/site").json(&json!({"site": site})).await;
        let body: Value = answer.json();
        (answer.status_code().as_u16(), body["error"]["code"].clone(), body["site"]["id"].clone())
    };
    floor.pack().await;
    floor.scan(unit(0)).await;
    assert_eq!(go(2).await.1, "package_open");
    assert_eq!(go(1).await, (200, Value::Null, json!(1)));
    floor.command("undo").await;
    assert_eq!(go(77).await, (403, json!("site_not_permitted"), Value::Null));
    assert_eq!(go(2).await, (200, Value::Null, json!(2)));
    assert_eq!(floor.get("session").await["site"]["name"], "warehouse");
    assert_eq!(floor.get("tasks").await["rows"], json!([]));
    floor.log_in("zhao").await;
    assert_eq!(go(2).await.1, "operator_not_permitted");
}

#[tokio::test]
async fn a_scan_that_a_shell_delivers_reaches_the_page_that_waits() {
    let floor = signed_in().await;
    let seen = floor.pack().await["revision"].as_u64().unwrap();
    let next = format!("station/next?after={seen}");
    let deliver = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let body = json!({"text": printed(unit(0)), "symbology": "LABEL-TYPE-QRCODE"});
        floor.post("broadcast", body).await.json::<Value>()
    };
    let (heard, told) = tokio::join!(floor.get(&next), deliver);
    assert_eq!(said(&heard), ("accepted", "accepted"));
    assert_eq!((&heard["revision"], &heard["view"]["count"]), (&told["revision"], &json!(1)));
    assert!(heard["revision"].as_u64().unwrap() > seen);
    // The same pull of the trigger through the keyboard is no news.
    let echo = floor.scan(unit(0)).await;
    assert_eq!(said(&echo), ("ready", "repeat"));
    assert_eq!(floor.get("station").await["revision"], heard["revision"]);
    // Whoever missed it is told at once, and so is who still has a number from before a restart.
    for after in [seen, 7] {
        let heard = floor.get(&format!("station/next?after={after}")).await;
        assert_eq!(said(&heard), ("accepted", "accepted"));
    }
}

#[tokio::test]
async fn a_shell_app_is_told_what_each_maker_announces_scans_as() {
    let floor = floor().await;
    let rows = floor.get("broadcast/profiles").await["rows"].as_array().unwrap().clone();
    let of = |maker: &str| rows.iter().find(|row| row["maker"] == maker).unwrap();
    assert_eq!(of("iData")["action"], "android.intent.action.SCANRESULT");
    assert_eq!(of("Seuic")["extra"], "scannerdata");
    assert_eq!(of("Honeywell")["claim"], "com.honeywell.aidc.action.ACTION_CLAIM_SCANNER");
    assert_eq!(of("Honeywell")["unverified"], json!(["broadcast.extra", "broadcast.symbology"]));
    assert_eq!((rows.len(), &of("Sunmi")["claim"]), (7, &Value::Null));
}

#[tokio::test]
async fn pages_that_wait_are_few_and_leave_room_when_they_go() {
    let floor = signed_in().await;
    let seen = floor.get("station").await["revision"].clone();
    let path = format!("/api/station/next?after={seen}");
    for _ in 0..3 {
        let mut waiting: Vec<_> =
            (0..8).map(|_| Box::pin(floor.page.get(&path).into_future())).collect();
        let first = futures_util::future::select_all(&mut waiting);
        let soon = tokio::time::timeout(Duration::from_millis(700), first).await;
        assert!(soon.is_err(), "nothing happened, so nobody is answered");
        let ninth = floor.page.get(&path).await;
        ninth.assert_status(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(ninth.json::<Value>()["error"]["code"], "busy");
        // Dropped like a request whose browser has gone.
    }
}

//! Who may use the page, and what it lists.

use axum::http::StatusCode;
use axum_test::TestServer;
use sealtrace_agent::ui;
use sealtrace_protocol::ids::OperatorId;
use sealtrace_protocol::ledger::Role;
use sealtrace_protocol::link::{FeedRow, Operator};
use serde_json::{Value, json};

use crate::floor::{HAND_TASK, INBOUND, OTHER_SITE, PIN, STAFF, case, hears, unit};
use crate::page::{floor, said};

#[tokio::test]
async fn nobody_works_without_signing_in_and_a_wrong_pin_does_not() {
    let floor = floor().await;
    for path in ["session", "station", "tasks", "documents", "exceptions"] {
        let answer = floor.page.get(&format!("/api/{path}")).await;
        answer.assert_status(StatusCode::UNAUTHORIZED);
        assert_eq!(answer.json::<Value>()["error"]["code"], "no_session");
    }
    floor.page.get("/api/status").await.assert_status_ok();
    for (login, pin) in [("li", "0000"), ("nobody", PIN)] {
        let answer = floor.post("session", json!({"login": login, "pin": pin})).await;
        answer.assert_status(StatusCode::UNAUTHORIZED);
        assert_eq!(answer.json::<Value>()["error"]["code"], "wrong_pin");
    }
    let body = json!({"login": "li", "pin": PIN, "site": 77});
    floor.post("session", body).await.assert_status(StatusCode::FORBIDDEN);
    for _ in 0..5 {
        floor.post("session", json!({"login": "li", "pin": "1111"})).await;
    }
    let body = json!({"login": "li", "pin": PIN});
    floor.post("session", body).await.assert_status(StatusCode::TOO_MANY_REQUESTS);
    floor.log_in("wang").await;
    assert_eq!(floor.get("session").await["operator"]["role"], "supervisor");
    floor.page.delete("/api/session").await.assert_status(StatusCode::NO_CONTENT);
    floor.page.get("/api/session").await.assert_status(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn many_wrong_pins_at_once_are_no_more_than_many_in_a_row() {
    let floor = floor().await;
    let wrong = || floor.post("session", json!({"login": "li", "pin": "1111"}));
    let (a, b, c, d, e, f, g) =
        tokio::join!(wrong(), wrong(), wrong(), wrong(), wrong(), wrong(), wrong());
    let refused = StatusCode::TOO_MANY_REQUESTS;
    let waits = [a, b, c, d, e, f, g].iter().filter(|one| one.status_code() == refused).count();
    assert_eq!(waits, 2);
}

#[tokio::test]
async fn other_hosts_and_other_pages_are_refused() {
    let floor = floor().await;
    let router = ui::router(floor.agent.clone(), Vec::new()).await.unwrap();
    let page = TestServer::new(router);
    let answer = page.get("/api/status").add_header("host", "evil.example:7070").await;
    answer.assert_status(StatusCode::MISDIRECTED_REQUEST);
    let body = json!({"login": "li", "pin": PIN});
    let answer = page
        .post("/api/session")
        .add_header("host", "127.0.0.1:7070")
        .add_header("origin", "http://evil.example")
        .json(&body)
        .await;
    answer.assert_status(StatusCode::FORBIDDEN);
    let answer =
        page.post("/api/session").add_header("host", "127.0.0.1:7070").text(body.to_string()).await;
    answer.assert_status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn the_page_comes_with_its_policy_and_unknown_files_do_not() {
    let floor = floor().await;
    let answer = floor.page.get("/").await;
    answer.assert_status_ok();
    assert!(answer.header("content-type").to_str().unwrap().starts_with("text/html"));
    assert!(
        answer.header("content-security-policy").to_str().unwrap().contains("default-src 'self'")
    );
    floor.page.get("/assets/nothing.js").await.assert_status(StatusCode::NOT_FOUND);
    floor.page.get("/api/nothing").await.assert_status(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn somebody_known_at_a_site_where_they_may_not_work_is_told_so_and_nobody_else_is() {
    let floor = floor().await;
    let try_in = async |login: &str, pin: &str, site: Option<u64>| {
        let body = json!({"login": login, "pin": pin, "site": site});
        let answer = floor.post("session", body).await;
        (answer.status_code().as_u16(), answer.json::<Value>()["error"].clone())
    };
    // A right PIN first: whoever only guesses logins learns nothing.
    let (status, error) = try_in("qian", "0000", Some(1)).await;
    assert_eq!((status, &error["code"]), (401, &json!("wrong_pin")));
    let (status, error) = try_in("qian", PIN, Some(1)).await;
    assert_eq!((status, &error["code"]), (403, &json!("operator_not_permitted")));
    assert_eq!(error["params"]["site"], json!({"id": 1, "name": "line one"}));
    // Somebody who has left is as good as unknown.
    assert_eq!(try_in("sun", PIN, None).await.0, 401);
    // Without a choice the first site that person and device share is taken.
    floor.log_in("qian").await;
    let session = floor.get("session").await;
    assert_eq!(session["site"], json!({"id": 2, "name": "warehouse"}));
    assert_eq!(session["sites"], json!([{"id": 2, "name": "warehouse"}]));
}

#[tokio::test]
async fn who_may_not_work_here_any_more_is_signed_out() {
    let floor = floor().await;
    floor.log_in("li").await;
    floor.pack().await;
    let (id, login, role, ..) = STAFF[0];
    let row = Operator {
        id: OperatorId(id),
        login: login.into(),
        name: login.into(),
        role,
        pin_verifier: ui::hash_pin(PIN).unwrap(),
        sites: vec![OTHER_SITE],
        enabled: true,
    };
    hears(&floor.agent.store, FeedRow::Operator(row)).await;
    floor.page.get("/api/station").await.assert_status(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_auditor_looks_up_and_verifies_and_is_told_what_else_needs() {
    let floor = floor().await;
    floor.log_in("li").await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.scan(unit(3)).await;
    floor.log_in("zhao").await;
    // What somebody else has open on the screen is not theirs either.
    let reply = floor.scan(unit(4)).await;
    assert_eq!(said(&reply), ("refused", "role_not_permitted"));
    assert_eq!(
        (&reply["message"]["params"]["needs"], &reply["view"]["count"]),
        (&json!("operator"), &json!(1))
    );
    floor.command("acknowledge").await;
    assert_eq!(said(&floor.command("undo").await), ("refused", "role_not_permitted"));
    floor.command("acknowledge").await;
    floor.open("lookup", json!({})).await;
    assert_eq!(floor.scan(unit(0)).await["view"]["item"]["known"], true);
    for (screen, job) in [
        ("pack", json!({"task": HAND_TASK})),
        ("relabel", json!({})),
        ("unpack", json!({})),
        ("receive", json!({"document": INBOUND})),
        ("ship", json!({})),
    ] {
        let (status, error) = floor.refuses(screen, job).await;
        assert_eq!((status, &error["code"]), (StatusCode::FORBIDDEN, &json!("role_not_permitted")));
        assert_eq!(error["params"]["needs"], json!(Role::Operator));
    }
    floor.log_in("li").await;
    floor.pack().await;
    floor.command("undo").await;
    floor.log_in("zhao").await;
    floor.open("verify", json!({})).await;
    for code in [case(0), unit(0), unit(1), unit(2)] {
        floor.scan(code).await;
    }
    assert_eq!(said(&floor.command("confirm").await), ("accepted", "complete"));
}

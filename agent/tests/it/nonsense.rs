//! What no scanner should send and no page should ask: a clear answer, and nothing left behind.

use axum::http::StatusCode;
use sealtrace_agent::agent::Agent;
use sealtrace_agent::clock::Clock;
use sealtrace_agent::config::Config;
use sealtrace_agent::store::{journal, stream};
use sealtrace_protocol::time::Timestamp;
use serde_json::{Value, json};

use crate::floor::{agent, case, copy_of, drafts, parent, unit};
use crate::page::{Floor, page, said, signed_in};

const TEN_YEARS_MS: i64 = 10 * 365 * 24 * 60 * 60 * 1_000;

#[tokio::test]
async fn no_text_breaks_a_scan_whichever_way_it_comes() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.scan(unit(0)).await;
    for text in [
        "x".repeat(4_096),
        "9".repeat(4_097),
        "]d2".to_owned() + &"\u{1d}".repeat(2_000),
        "\u{0}\u{1}\u{2}\u{1b}[31m\u{7f}".to_owned(),
        "\u{202e}\u{feff}\u{200b}".to_owned(),
        "'; drop table journal; --".to_owned(),
        "<img src=x onerror=alert(1)>".to_owned(),
        "../../etc/passwd".to_owned(),
        "{\"text\":\"x\"}".to_owned(),
        "\r\n".to_owned(),
        " ".to_owned(),
        String::new(),
    ] {
        for (path, body) in [
            ("station/scan", json!({"text": text, "source": "typed"})),
            ("broadcast", json!({"text": text})),
        ] {
            let answer = floor.post(path, body).await;
            answer.assert_status_ok();
            let reply: Value = answer.json();
            // The same text by another way within a moment is its echo.
            assert!(
                matches!(said(&reply), ("refused", "unreadable") | ("ready", "repeat")),
                "{text:.30?}: {reply}"
            );
            let shown = reply["view"]["last"][0]["code"].as_str().unwrap();
            assert!(
                shown.chars().count() <= 80 && !shown.chars().any(char::is_control),
                "{shown:?}"
            );
            assert_eq!(reply["view"]["count"], 1);
            floor.command("acknowledge").await;
        }
    }
    assert_eq!(drafts(&floor.agent.store, "station").await.len(), 1);
}

#[tokio::test]
async fn a_barcode_that_types_enter_twice_counts_once() {
    let floor = signed_in().await;
    floor.pack().await;
    let first = floor.scan(unit(0)).await;
    assert_eq!((said(&first).0, &first["view"]["count"]), ("accepted", &json!(1)));
    // The second Enter alone is an empty scan.
    let second = floor.scan_text("").await;
    assert_eq!((said(&second).1, &second["view"]["count"]), ("unreadable", &json!(1)));
}

#[tokio::test]
async fn bodies_that_are_none_are_refused_with_a_reason() {
    let floor = signed_in().await;
    let deep = "[".repeat(30_000) + &"]".repeat(30_000);
    let inside = format!("{{\"text\":{},\"source\":\"wedge\"}}", "[".repeat(9_000));
    for (name, body, status) in [
        ("deep", deep.into_bytes(), StatusCode::UNPROCESSABLE_ENTITY),
        ("deep inside", inside.into_bytes(), StatusCode::UNPROCESSABLE_ENTITY),
        (
            "no UTF-8",
            b"{\"text\":\"\xff\xfe\",\"source\":\"wedge\"}".to_vec(),
            StatusCode::BAD_REQUEST,
        ),
        (
            "half a surrogate",
            br#"{"text":"\ud800","source":"wedge"}"#.to_vec(),
            StatusCode::BAD_REQUEST,
        ),
        ("cut short", br#"{"text":"x""#.to_vec(), StatusCode::BAD_REQUEST),
        ("nothing", Vec::new(), StatusCode::BAD_REQUEST),
        (
            "another type",
            br#"{"text":5,"source":"wedge"}"#.to_vec(),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            "another source",
            br#"{"text":"x","source":"cloud"}"#.to_vec(),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        ("too large", vec![b' '; 70_000], StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        for path in ["station/scan", "broadcast", "session", "session/unlock"] {
            if (name, path) == ("another source", "broadcast") {
                // It has no use for one, and takes the text.
                continue;
            }
            let answer = floor
                .page
                .post(&format!("/api/{path}"))
                .add_header("content-type", "application/json")
                .bytes(body.clone().into())
                .await;
            let code = answer.json::<Value>()["error"]["code"].clone();
            assert!(matches!(code.as_str(), Some("invalid" | "too_large")), "{name}: {code}");
            if path == "station/scan" {
                assert_eq!(answer.status_code(), status, "{name}");
            }
            assert!(answer.status_code().is_client_error(), "{name}");
        }
    }
    assert_eq!(floor.get("session").await["locked"], false);
}

/// The clock of a device that was set to another decade, while it runs and across a restart.
#[tokio::test]
async fn a_clock_that_is_ten_years_off_neither_stops_work_nor_mixes_its_order() {
    for by_ms in [TEN_YEARS_MS, -TEN_YEARS_MS] {
        let floor = signed_in().await;
        let heard = floor.agent.clock.now();
        floor.agent.clock.learn(heard, 10);
        floor.pack().await;
        floor.scan(unit(0)).await;
        floor.agent.clock.move_wall(by_ms);
        let status = floor.get("status").await;
        let offset = status["clock_offset_ms"].as_i64().unwrap();
        assert!((offset + by_ms).abs() < 60_000, "{offset}");
        // Nobody is signed out, and nothing is refused.
        assert_eq!(floor.get("session").await["locked"], false);
        assert_eq!(said(&floor.scan(unit(1)).await), ("accepted", "accepted"));
        assert_eq!(said(&floor.scan(unit(2)).await), ("accepted", "accepted"));
        floor.scan(case(0)).await;
        floor.scan(unit(3)).await;
        let cookie = floor.log_in("li").await;

        // Killed, and started with the wrong clock, never having heard the cloud since.
        let copy = copy_of(floor.folder.path());
        let agent = wrong_from_the_start(agent(copy.path(), Config::default()).await, by_ms, heard);
        let again = Floor { page: page(&agent).await, agent, folder: copy };
        let answer = again.page.get("/api/session").add_header("cookie", &cookie).await;
        answer.assert_status_ok();
        again.log_in("li").await;
        for n in [4, 5] {
            assert_eq!(said(&again.scan(unit(n)).await), ("accepted", "accepted"), "{by_ms}");
        }
        let reply = again.scan(case(1)).await;
        assert_eq!(said(&reply), ("accepted", "operation_confirmed"), "{by_ms}");
        assert_eq!(parent(&again.agent.store, unit(3)).await, Some(case(1)));
        // In the order they were made, whatever the wall said; and those of the wrong time say how wrong it may be.
        let store = &again.agent.store;
        let known = store.read(stream::read).await.unwrap().unwrap();
        assert_eq!(known.seq.get(), 2);
        // Put right again.
        again.agent.clock.move_wall(-by_ms);
        again.scan(unit(6)).await;
        let drafts = store.read(|conn| journal::drafts(conn, "station")).await.unwrap();
        assert!(drafts[0].draft.at.uncertainty_ms < u32::MAX);
        let old = floor.agent.store.read(|conn| journal::drafts(conn, "station")).await.unwrap();
        assert_eq!(old[0].draft.at.uncertainty_ms, u32::MAX, "ten years do not fit");
    }
}

fn wrong_from_the_start(mut agent: Agent, by_ms: i64, heard: Timestamp) -> Agent {
    let clock = Clock::with_wall_moved(by_ms);
    clock.remember(heard);
    assert!((clock.best().millis() - heard.millis()).abs() < 60_000);
    agent.clock = clock;
    agent
}

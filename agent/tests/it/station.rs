//! The station by scans and commands, also when the agent dies in between.

use axum::http::StatusCode;
use sealtrace_agent::config::Config;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ledger::Route;
use sealtrace_protocol::link::FeedRow;
use serde_json::{Value, json};

use crate::floor::{
    HAND_TASK, OTHER_SITE, OUTBOUND, PIN, PRODUCT, SITE, agent, case, copy_of, document, drafts,
    hears, hears_of, item, pallet, parent, printed, unit,
};
use crate::moving::cased;
use crate::page::{Floor, floor, page, said, signed_in};

#[tokio::test]
async fn a_case_is_packed_by_scans_alone_and_the_next_one_begins() {
    let floor = signed_in().await;
    let view = floor.pack().await;
    assert_eq!(
        (&view["screen"], &view["count"], &view["of"]),
        (&json!("pack"), &json!(0), &json!(3))
    );
    let reply = floor.scan(unit(0)).await;
    assert_eq!(said(&reply), ("accepted", "accepted"));
    assert_eq!((&reply["view"]["count"], &reply["provisional"]), (&json!(1), &json!(false)));
    assert_eq!(drafts(&floor.agent.store, "station").await, ["child.unit"]);
    floor.scan(unit(1)).await;
    let reply = floor.scan(unit(2)).await;
    assert_eq!(
        reply["view"]["prompt"],
        json!({"code": "scan_parent", "params": {"level": "case"}})
    );
    let reply = floor.scan(case(0)).await;
    assert_eq!(said(&reply), ("accepted", "operation_confirmed"));
    assert_eq!(reply["view"]["count"], 0);
    assert_eq!(reply["view"]["task"]["made"], 3);
    assert_eq!(parent(&floor.agent.store, unit(1)).await, Some(case(0)));
    assert!(drafts(&floor.agent.store, "station").await.is_empty());
    let status = floor.get("status").await;
    assert_eq!((&status["unsent_operations"], &status["drafts"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn cases_packed_here_go_onto_a_pallet() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.packed(1, [3, 4, 5]).await;
    floor.scan(pallet(0)).await;
    floor.scan(case(0)).await;
    let reply = floor.scan(case(1)).await;
    assert_eq!(said(&reply), ("accepted", "operation_confirmed"), "{reply}");
    assert_eq!(parent(&floor.agent.store, case(1)).await, Some(pallet(0)));
    assert_eq!(item(&floor.agent.store, pallet(0)).await.unwrap().contents.units(), 6);
}

#[tokio::test]
async fn a_refusal_stops_the_work_until_it_is_acknowledged() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.scan(unit(0)).await;
    let reply = floor.scan(unit(0)).await;
    assert_eq!(said(&reply), ("refused", "scanned_twice"));
    assert_eq!(reply["view"]["blocked"], true);
    assert!(reply["message"]["params"]["at"].is_i64());
    let reply = floor.scan(unit(1)).await;
    assert_eq!(said(&reply), ("refused", "blocked"));
    assert_eq!(floor.get("station").await["count"], 1);
    assert_eq!(floor.scan_text("ST*OK*").await["view"]["blocked"], false);
    assert_eq!(said(&floor.scan(unit(1)).await), ("accepted", "accepted"));
}

#[tokio::test]
async fn foreign_codes_and_garbage_are_refused_and_leave_nothing_behind() {
    let floor = signed_in().await;
    floor.pack().await;
    for (text, code) in [
        (printed(unit(59_999)), "foreign"),
        ("'; drop table item; --".to_owned(), "unreadable"),
        ("<script>alert(1)</script>".to_owned(), "unreadable"),
        ("\u{1b}[2J\u{7}".to_owned(), "unreadable"),
        ("9".repeat(4_096), "unreadable"),
        (String::new(), "unreadable"),
    ] {
        let reply = floor.scan_text(&text).await;
        assert_eq!(said(&reply), ("refused", code), "{text:.40}");
        assert_eq!(reply["view"]["count"], 0);
        floor.command("acknowledge").await;
    }
    assert!(drafts(&floor.agent.store, "station").await.is_empty());
}

#[tokio::test]
async fn the_last_scan_and_then_the_last_operation_are_taken_back() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.scan(unit(9)).await;
    let reply = floor.scan_text("ST*UNDO*").await;
    assert_eq!((said(&reply), &reply["view"]["count"]), (("accepted", "undone"), &json!(0)));
    floor.packed(0, [0, 1, 2]).await;
    let reply = floor.command("undo").await;
    assert_eq!(said(&reply), ("accepted", "undone"));
    assert_eq!(reply["view"]["can"]["undo"], false);
    assert_eq!(reply["view"]["task"]["made"], 0);
    assert_eq!(parent(&floor.agent.store, unit(1)).await, None);
    // Nothing was deleted: two operations wait to be sent.
    assert_eq!(floor.get("status").await["unsent_operations"], 2);
    floor.packed(1, [0, 1, 2]).await;
}

#[tokio::test]
async fn a_restart_goes_on_in_the_middle_of_the_case() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.scan(case(0)).await;
    floor.scan(unit(0)).await;
    floor.scan(unit(1)).await;
    floor.scan(unit(0)).await;
    let before = floor.view().await;
    let killed = copy_of(floor.folder.path());
    let again = agent(killed.path(), Config::default()).await;
    let floor = Floor { page: page(&again).await, agent: again, folder: killed };
    floor.log_in("li").await;
    assert_eq!(floor.view().await, before);
    assert_eq!((&before["blocked"], &before["count"]), (&json!(true), &json!(2)));
    floor.command("acknowledge").await;
    let reply = floor.scan(unit(2)).await;
    assert_eq!(said(&reply), ("accepted", "operation_confirmed"));
    assert_eq!(parent(&floor.agent.store, unit(0)).await, Some(case(0)));
}

#[tokio::test]
async fn killed_between_any_two_steps_every_screen_comes_back_as_it_was() {
    let floor = floor().await;
    let login = floor.post("session", json!({"login": "li", "pin": PIN})).await;
    let cookie = login.header("set-cookie").to_str().unwrap().split(';').next().unwrap().to_owned();
    let store = &floor.agent.store;
    let across = Route::Transfer { from: SITE, to: OTHER_SITE };
    for (id, route) in [(50, Route::Count { at: SITE }), (51, across)] {
        hears(store, FeedRow::Document(document(id, route))).await;
    }
    hears_of(store, cased(20, PRODUCT, OTHER_SITE)).await;
    let work: [(&str, Value, &[Code]); 15] = [
        (
            "pack",
            json!({"task": HAND_TASK}),
            &[unit(0), unit(1), unit(2), case(0), case(1), unit(3)],
        ),
        ("pack", json!({"task": HAND_TASK}), &[unit(4), unit(4), unit(5)]),
        ("relabel", json!({}), &[case(0), case(0), case(2)]),
        ("verify", json!({}), &[case(2), unit(1), unit(3), unit(0)]),
        ("unpack", json!({}), &[unit(1), case(1)]),
        ("commission", json!({"task": HAND_TASK}), &[unit(10), unit(11)]),
        ("add_to", json!({}), &[case(2), unit(1)]),
        ("regroup", json!({"task": HAND_TASK}), &[unit(10), unit(11), unit(0), case(3)]),
        ("count", json!({"document": 50}), &[case(2), case(3)]),
        ("sample", json!({"reason": "inspection"}), &[unit(10)]),
        ("destroy", json!({"reason": "broken"}), &[unit(11)]),
        ("transfer", json!({"document": 51}), &[case(3)]),
        ("ship", json!({"document": OUTBOUND}), &[case(2)]),
        ("return", json!({"dealer": 4}), &[case(2)]),
        ("receive", json!({}), &[case(20)]),
    ];
    let mut steps = 0;
    for (screen, job, scans) in work {
        floor.open(screen, job).await;
        for code in scans {
            let reply = floor.scan(*code).await;
            if reply["view"]["blocked"] == true {
                assert_same_after_kill(&floor, &cookie).await;
                floor.command("acknowledge").await;
            }
            assert_same_after_kill(&floor, &cookie).await;
            steps += 1;
        }
        floor.command("confirm").await;
        assert_same_after_kill(&floor, &cookie).await;
        floor.command("acknowledge").await;
    }
    assert_eq!(steps, 34);
    assert_eq!(parent(store, unit(0)).await, Some(case(3)));
    assert!(drafts(store, "station").await.is_empty());
    assert_eq!(parent(&floor.agent.store, unit(5)).await, None);
}

async fn assert_same_after_kill(floor: &Floor, cookie: &str) {
    let killed = copy_of(floor.folder.path());
    let again = agent(killed.path(), Config::default()).await;
    let mut page = page(&again).await;
    page.add_header("cookie", cookie);
    for path in ["station", "status", "tasks", "exceptions"] {
        let mut lists = [page.get(&format!("/api/{path}")).await.json(), floor.get(path).await];
        for list in &mut lists {
            for own in ["storage", "revision"] {
                list.as_object_mut().unwrap().remove(own);
            }
        }
        assert_eq!(lists[0], lists[1], "{path}");
    }
}

#[tokio::test]
async fn a_damaged_label_is_replaced_a_case_opened_and_one_verified() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.packed(1, [3, 4, 5]).await;
    floor.open("relabel", json!({})).await;
    floor.scan(case(0)).await;
    let reply = floor.scan(case(2)).await;
    assert_eq!(said(&reply), ("accepted", "operation_confirmed"));
    assert_eq!(parent(&floor.agent.store, unit(0)).await, Some(case(2)));

    floor.open("verify", json!({})).await;
    floor.scan(case(2)).await;
    floor.scan(unit(0)).await;
    let reply = floor.scan(unit(5)).await;
    assert_eq!(said(&reply), ("warning", "differs"));
    assert_eq!(reply["view"]["difference"]["foreign"], json!([unit(5)]));
    assert_eq!(said(&floor.command("confirm").await), ("warning", "differs"));

    floor.open("unpack", json!({})).await;
    assert_eq!(floor.scan(case(1)).await["view"]["can"]["confirm"], true);
    assert_eq!(said(&floor.command("confirm").await), ("accepted", "operation_confirmed"));
    assert_eq!(parent(&floor.agent.store, unit(3)).await, None);
}

#[tokio::test]
async fn other_work_waits_until_the_open_package_is_finished_but_looking_up_does_not() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.scan(unit(0)).await;
    let refused = floor.post("station/open", json!({"screen": "relabel"})).await;
    refused.assert_status(StatusCode::CONFLICT);
    assert_eq!(refused.json::<Value>()["error"]["code"], "package_open");
    floor.open("lookup", json!({})).await;
    assert_eq!(floor.scan(unit(0)).await["view"]["item"]["known"], true);
    assert_eq!(floor.command("back").await["view"]["count"], 1);
    let elsewhere = json!({"login": "li", "pin": PIN, "site": 2});
    floor.post("session", elsewhere).await.assert_status(StatusCode::CONFLICT);
    floor.command("undo").await;
    floor.open("relabel", json!({})).await;
}

#[tokio::test]
async fn work_opened_at_one_site_is_not_gone_on_with_at_another() {
    let floor = signed_in().await;
    floor.pack().await;
    // Nothing is scanned yet, so the same person may sign in elsewhere; the screen is still open.
    let elsewhere = json!({"login": "li", "pin": PIN, "site": 2});
    floor.post("session", elsewhere).await.assert_status_ok();
    assert_eq!(said(&floor.scan(unit(0)).await), ("warning", "not_open"));
    floor.log_in("li").await;
    assert_eq!(said(&floor.scan(unit(1)).await), ("accepted", "accepted"));
    assert_eq!(drafts(&floor.agent.store, "station").await, ["child.unit"]);
}

#[tokio::test]
async fn a_stray_command_barcode_takes_nothing_back_that_is_not_on_the_screen() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, 0..3).await;
    floor.scan(unit(3)).await;
    floor.open("home", json!({})).await;
    assert_eq!(said(&floor.scan_text("ST*UNDO*").await), ("warning", "not_open"));
    assert_eq!(drafts(&floor.agent.store, "station").await, ["child.unit"]);
    floor.pack().await;
    assert_eq!(said(&floor.scan_text("ST*UNDO*").await), ("accepted", "undone"));
}

#[tokio::test]
async fn a_scan_whose_browser_went_away_before_the_answer_is_still_part_of_the_package() {
    let floor = signed_in().await;
    floor.pack().await;
    let mut commits = floor.agent.store.commits();
    commits.mark_unchanged();
    tokio::select! {
        biased;
        written = commits.changed() => written.unwrap(),
        reply = floor.scan(unit(0)) => panic!("answered before it was written: {reply}"),
    }
    assert_eq!(drafts(&floor.agent.store, "station").await, ["child.unit"]);
    assert_eq!(floor.get("station").await["count"], 1);
    floor.packed(0, [1, 2]).await;
    assert_eq!(parent(&floor.agent.store, unit(0)).await, Some(case(0)));
    assert!(drafts(&floor.agent.store, "station").await.is_empty());
}

#[tokio::test]
async fn a_picture_of_a_label_is_a_scan() {
    let floor = signed_in().await;
    floor.pack().await;
    let photo = |bytes: Vec<u8>| {
        floor.page.post("/api/station/picture").bytes(bytes.into()).content_type("image/png")
    };
    let reply: Value = photo(label_png(&[&printed(unit(0))])).await.json();
    assert_eq!(said(&reply), ("accepted", "accepted"));
    assert_eq!(
        reply["decoded"],
        json!([{"text": printed(unit(0)), "symbology": "qr", "identifier": "]Q1", "scan": printed(unit(0)), "place": [48, 93]}])
    );
    let reply: Value = photo(label_png(&["A", "B"])).await.json();
    assert_eq!((said(&reply), &reply["view"]["count"]), (("warning", "several_codes"), &json!(1)));
    let reply: Value = photo(label_png(&[])).await.json();
    assert_eq!(said(&reply), ("warning", "no_code_in_picture"));
    let broken = photo(b"\x89PNG\r\n\x1a\nno".to_vec()).await;
    broken.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(broken.json::<Value>()["error"]["code"], "bad_picture");
    let huge = photo(vec![0; 17 * 1024 * 1024]).await;
    huge.assert_status(StatusCode::PAYLOAD_TOO_LARGE);
}

fn label_png(texts: &[&str]) -> Vec<u8> {
    let mut sheet = image::GrayImage::from_pixel(620, 320, image::Luma([240]));
    for (x, text) in (0..).step_by(300).zip(texts) {
        let label = qrcode::QrCode::new(text).unwrap();
        let label = label.render::<image::Luma<u8>>().module_dimensions(5, 5).build();
        image::imageops::overlay(&mut sheet, &label, x + 10, 10);
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    sheet.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn one_trigger_pull_over_two_listeners_counts_once() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.scan(unit(0)).await;
    let body = json!({"text": printed(unit(0)), "source": "broadcast"});
    let reply: Value = floor.post("station/scan", body).await.json();
    assert_eq!((said(&reply), &reply["view"]["blocked"]), (("ready", "repeat"), &json!(false)));
}

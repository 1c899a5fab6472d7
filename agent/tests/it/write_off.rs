//! 标签核销 at the station: strips of labels that are on no goods, by their two ends.

use axum::http::StatusCode;
use sealtrace_agent::config::Config;
use sealtrace_agent::store::verdicts;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{Epoch, Seq};
use sealtrace_protocol::ledger::{Action, Fate, Rejection, Verdict, WriteOff};
use sealtrace_protocol::link::Judged;
use sealtrace_protocol::time::Timestamp;
use serde_json::{Value, json};

use crate::floor::{DEVICE, agent, case, copy_of, unit};
use crate::making::operation;
use crate::page::{Floor, page, said, signed_in};

async fn opened(fate: &str) -> Floor {
    let floor = signed_in().await;
    open(&floor, fate).await;
    floor
}

async fn open(floor: &Floor, fate: &str) {
    floor.open("write_off", json!({ "reason": fate })).await;
}

async fn strip(floor: &Floor, first: Code, last: Code) -> Value {
    assert_eq!(said(&floor.scan(first).await), ("accepted", "strip_begun"));
    floor.scan(last).await
}

/// A refusal is seen, and the scan before it taken back.
async fn again(floor: &Floor) {
    floor.command("acknowledge").await;
    floor.command("undo").await;
}

#[tokio::test]
async fn a_strip_is_written_off_by_its_two_ends_and_its_labels_are_refused_from_then_on() {
    let floor = opened("scrapped").await;
    let reply = strip(&floor, unit(20), unit(24)).await;
    assert_eq!(said(&reply), ("accepted", "labels_written_off"));
    assert_eq!(
        reply["message"]["params"],
        json!({ "fate": "scrapped", "count": 5, "issued": 60, "scrapped": 5, "returned": 0 })
    );
    let expected = WriteOff { first: unit(20), last: unit(24), count: 5, fate: Fate::Scrapped };
    assert_eq!(operation(&floor, 1).await.action, Action::WriteOff(expected));
    floor.pack().await;
    assert_eq!(said(&floor.scan(unit(22)).await), ("refused", "written_off"));
    floor.command("acknowledge").await;
    assert_eq!(said(&floor.scan(unit(25)).await).0, "accepted");
    floor.command("undo").await;

    open(&floor, "scrapped").await;
    assert_eq!(said(&floor.command("undo").await), ("accepted", "undone"));
    floor.pack().await;
    assert_eq!(said(&floor.scan(unit(22)).await).0, "accepted");
}

#[tokio::test]
async fn one_label_is_confirmed_and_what_was_given_back_may_be_used() {
    let floor = opened("returned").await;
    floor.scan(unit(30)).await;
    let reply = floor.command("confirm").await;
    assert_eq!(reply["message"]["params"]["count"], 1);
    // Whichever end is scanned first.
    let reply = strip(&floor, unit(39), unit(31)).await;
    let params = &reply["message"]["params"];
    assert_eq!((&params["count"], &params["returned"]), (&json!(9), &json!(10)));
    assert_eq!(said(&floor.command("confirm").await).1, "not_open");
    floor.pack().await;
    floor.packed(0, [30, 31, 32]).await;
    // It is on goods now, and cannot be in somebody's hand.
    open(&floor, "scrapped").await;
    assert_eq!(said(&floor.scan(unit(30)).await), ("refused", "already_in_use"));
}

#[tokio::test]
async fn what_is_no_strip_in_hand_is_refused() {
    let floor = opened("scrapped").await;
    strip(&floor, unit(20), unit(24)).await;
    for (first, last, word) in [
        (unit(18), unit(21), "written_off"),
        (unit(18), case(3), "not_one_strip"),
        (case(3), case(29), "already_in_use"),
    ] {
        if word == "already_in_use" {
            floor.pack().await;
            floor.packed(7, 0..3).await;
            open(&floor, "scrapped").await;
        }
        let reply = strip(&floor, first, last).await;
        assert_eq!(said(&reply), ("refused", word));
        again(&floor).await;
    }
    let reply = strip(&floor, case(3), case(9)).await;
    assert_eq!(reply["message"]["params"]["code"], json!(case(7).canonical()));
    again(&floor).await;
    assert_eq!(said(&floor.scan(unit(500)).await), ("refused", "not_one_strip"));
    floor.command("acknowledge").await;
    assert_eq!(said(&strip(&floor, case(8), case(29)).await).1, "labels_written_off");
    for reason in [json!({}), json!({ "reason": "void" }), json!({ "reason": "broken" })] {
        let (status, error) = floor.refuses("write_off", reason).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(error["code"], "reason_missing");
    }
    floor.log_in("zhao").await;
    let refused = floor.refuses("write_off", json!({ "reason": "scrapped" })).await;
    assert_eq!(refused.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_restart_between_the_two_ends_goes_on_with_the_first() {
    let floor = opened("scrapped").await;
    floor.scan(unit(40)).await;
    let killed = copy_of(floor.folder.path());
    let again = agent(killed.path(), Config::default()).await;
    let floor = Floor { page: page(&again).await, agent: again, folder: killed };
    floor.log_in("li").await;
    assert_eq!(floor.get("station").await["prompt"]["code"], "scan_strip_end");
    let reply = floor.scan(unit(42)).await;
    assert_eq!(reply["message"]["params"]["count"], 3);
}

#[tokio::test]
async fn what_the_cloud_did_not_count_is_not_written_off_here_either() {
    let floor = opened("scrapped").await;
    strip(&floor, unit(20), unit(24)).await;
    let rejection = Rejection::AlreadyInUse { code: unit(21) };
    let verdicts =
        [Judged { epoch: Epoch(1), seq: Seq(1), verdict: Verdict::Quarantined { rejection } }];
    let at = Timestamp(1_800_000_002_000);
    let store = &floor.agent.store;
    store.write(move |tx| verdicts::store(tx, DEVICE, &verdicts, at)).await.unwrap();
    floor.pack().await;
    assert_eq!(said(&floor.scan(unit(22)).await).0, "accepted");
    floor.command("undo").await;
    open(&floor, "scrapped").await;
    let reply = strip(&floor, unit(22), unit(23)).await;
    assert_eq!(reply["message"]["params"]["scrapped"], 2);
}

//! Whole sessions by barcodes: screens, choosing by number, numbers on paper, undo wherever one has gone in between.

use sealtrace_agent::config::Config;
use sealtrace_agent::station::commands::Command;
use sealtrace_protocol::ids::DealerId;
use sealtrace_protocol::ledger::{Action, Custody, Ending, Route};
use sealtrace_protocol::link::{Dealer, FeedRow};
use serde_json::{Value, json};

use crate::floor::{
    DEALER, HAND_TASK, OUTBOUND, PRODUCT, SITE, agent, case, copy_of, document, hears, hears_of,
    item, parent, unit,
};
use crate::making::operation;
use crate::moving::cased;
use crate::page::{Floor, page, said, signed_in};

async fn types(floor: &Floor, texts: &[&str]) -> Value {
    let mut reply = Value::Null;
    for text in texts {
        reply = floor.scan_text(text).await;
        assert_eq!(reply["view"]["blocked"], false, "{text}: {reply}");
    }
    reply
}

#[tokio::test]
async fn a_case_is_packed_and_shipped_without_a_touch() {
    let floor = signed_in().await;
    let reply = types(&floor, &["ST*PACK*"]).await;
    let choice = &reply["view"]["choice"];
    assert_eq!((&choice["what"], &choice["none"]), (&json!("task"), &json!(true)));
    assert_eq!(choice["entries"][0]["value"]["id"], HAND_TASK);
    assert_eq!(reply["view"]["prompt"]["code"], "choose");
    let view = &types(&floor, &["ST*1*"]).await["view"];
    assert_eq!((&view["screen"], &view["task"]["id"]), (&json!("pack"), &json!(HAND_TASK)));
    floor.packed(0, [0, 1, 2]).await;
    let view = &types(&floor, &["ST*SHIP*", "ST*1*"]).await["view"];
    assert_eq!(view["document"]["id"], OUTBOUND);
    floor.scan(case(0)).await;
    let reply = types(&floor, &["ST*CONFIRM*"]).await;
    assert_eq!(said(&reply), ("accepted", "operation_confirmed"));
    let gone = item(&floor.agent.store, case(0)).await.unwrap();
    assert!(matches!(gone.custody, Some(Custody::Shipped { to: DEALER, .. })));
}

#[tokio::test]
async fn a_return_asks_for_document_dealer_and_whether_it_was_opened() {
    let floor = signed_in().await;
    let store = &floor.agent.store;
    for n in 8..20 {
        let dealer = Dealer { id: DealerId(n), name: format!("dealer {n}"), enabled: true };
        hears(store, FeedRow::Dealer(dealer)).await;
    }
    hears_of(store, cased(20, PRODUCT, SITE)).await;
    // No return document is open: the dealer is asked for at once, nine at a time.
    let reply = types(&floor, &["ST*RETURN*"]).await;
    let choice = &reply["view"]["choice"];
    assert_eq!((&choice["what"], &choice["more"]), (&json!("dealer"), &json!(true)));
    assert_eq!(choice["entries"].as_array().unwrap().len(), 9);
    let reply = types(&floor, &["ST*NEXT*"]).await;
    assert_eq!(reply["view"]["choice"]["entries"].as_array().unwrap().len(), 4);
    assert_eq!(reply["view"]["choice"]["entries"][0]["value"]["name"], "dealer 16");
    let reply = types(&floor, &["ST*NEXT*", "ST*2*"]).await;
    assert_eq!(reply["view"]["choice"]["what"], "opened");
    let view = &types(&floor, &["ST*1*"]).await["view"];
    assert_eq!((&view["dealer"]["name"], &view["opened"]), (&json!("dealer 8"), &json!(false)));
    hears(store, FeedRow::Document(document(50, Route::Return { from: DEALER, to: SITE }))).await;
    let reply = types(&floor, &["ST*RETURN*"]).await;
    assert_eq!(reply["view"]["choice"]["what"], "document");
    let view = &types(&floor, &["ST*1*", "ST*2*"]).await["view"];
    assert_eq!((&view["document"]["id"], &view["opened"]), (&json!(50), &json!(true)));
}

#[tokio::test]
async fn reasons_are_chosen_by_their_numbers() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    types(&floor, &["ST*SAMPLE*", "ST*2*"]).await;
    floor.scan(unit(0)).await;
    types(&floor, &["ST*CONFIRM*"]).await;
    let gone = item(&floor.agent.store, unit(0)).await.unwrap();
    assert_eq!(gone.custody, Some(Custody::Gone { at: SITE, how: Ending::Sampled }));
    let reply = types(&floor, &["ST*RELABEL*"]).await;
    let entries = reply["view"]["choice"]["entries"].as_array().unwrap().clone();
    let words: Vec<&Value> = entries.iter().map(|entry| &entry["value"]).collect();
    assert_eq!(words, ["damaged", "unreadable", "missing", "other"]);
    assert_eq!(said(&floor.scan_text("ST*7*").await), ("warning", "nothing_to_choose"));
    assert_eq!(said(&floor.scan_text("ST*0*").await), ("warning", "nothing_to_choose"));
    let view = &types(&floor, &["ST*1*"]).await["view"];
    assert_eq!((&view["screen"], &view["reason"]), (&json!("relabel"), &json!("damaged")));
}

#[tokio::test]
async fn the_number_on_the_paper_opens_its_screen() {
    let floor = signed_in().await;
    let view = &types(&floor, &["doc-11"]).await["view"];
    assert_eq!((&view["screen"], &view["document"]["id"]), (&json!("ship"), &json!(OUTBOUND)));
    types(&floor, &["ST*HOME*"]).await;
    let view = &types(&floor, &["PO-3"]).await["view"];
    assert_eq!((&view["screen"], &view["task"]["id"]), (&json!("pack"), &json!(HAND_TASK)));
    types(&floor, &["ST*HOME*"]).await;
    assert_eq!(said(&floor.scan_text("PO-4").await), ("warning", "not_open"));
}

#[tokio::test]
async fn choosing_survives_a_kill_and_begun_work_is_in_the_way_or_found_again() {
    let floor = signed_in().await;
    types(&floor, &["ST*SHIP*"]).await;
    let before = floor.get("station").await;
    let killed = copy_of(floor.folder.path());
    let again = agent(killed.path(), Config::default()).await;
    let floor = Floor { page: page(&again).await, agent: again, folder: killed };
    floor.log_in("li").await;
    assert_eq!(floor.get("station").await["choice"], before["choice"]);
    types(&floor, &["ST*BACK*"]).await;
    assert_eq!(floor.get("station").await["screen"], "home");
    types(&floor, &["ST*PACK*", "ST*1*"]).await;
    floor.scan(unit(0)).await;
    assert_eq!(said(&floor.scan_text("ST*SHIP*").await), ("warning", "package_open"));
    assert_eq!(floor.get("station").await["screen"], "pack");
    let view = &types(&floor, &["ST*LOOKUP*", "ST*HOME*", "ST*PACK*"]).await["view"];
    assert_eq!((&view["screen"], &view["count"]), (&json!("pack"), &json!(1)));
    floor.log_in("zhao").await;
    assert_eq!(said(&floor.scan_text("ST*PACK*").await).1, "role_not_permitted");
}

#[tokio::test]
async fn every_command_is_understood_by_name_and_by_barcode() {
    let floor = signed_in().await;
    for command in Command::all() {
        let answer = floor.post("station/command", json!({"command": command.name()})).await;
        answer.assert_status_ok();
        floor.command("acknowledge").await;
        let reply = floor.scan_text(&command.barcode()).await;
        assert_ne!(reply["message"]["code"], "unreadable", "{}", command.barcode());
        floor.command("acknowledge").await;
        floor.command("home").await;
    }
    let odd = floor.post("station/command", json!({"command": "explode"})).await;
    odd.assert_status_unprocessable_entity();
}

#[tokio::test]
async fn what_was_done_last_is_taken_back_after_other_screens_and_a_restart() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.open("unpack", json!({})).await;
    floor.scan(unit(0)).await;
    floor.open("lookup", json!({})).await;
    floor.scan(unit(0)).await;
    let killed = copy_of(floor.folder.path());
    let again = agent(killed.path(), Config::default()).await;
    let floor = Floor { page: page(&again).await, agent: again, folder: killed };
    floor.log_in("li").await;
    let view = floor.open("unpack", json!({})).await;
    assert_eq!(view["can"]["undo"], true);
    assert_eq!(said(&floor.command("undo").await), ("accepted", "undone"));
    assert_eq!(parent(&floor.agent.store, unit(0)).await, Some(case(0)));
    assert_eq!(said(&floor.command("undo").await), ("warning", "not_open"));
    // The package was looked after since, and stands as it was packed: that too is taken back, from its own screen.
    floor.pack().await;
    let reply = floor.command("undo").await;
    assert_eq!(said(&reply), ("refused", "moved_on"), "{reply}");
    assert!(matches!(operation(&floor, 3).await.action, Action::Correct(_)));
}

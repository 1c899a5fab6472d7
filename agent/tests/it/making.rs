//! Making and putting together at the page: zero-level packaging, adding, regrouping; what needs a supervisor.

use axum::http::StatusCode;
use sealtrace_agent::store::outbox;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{OperationId, OperatorId, Seq, Version};
use sealtrace_protocol::ledger::{
    Action, Contents, Custody, Item, Level, Operation, PartialReason, State,
};
use sealtrace_protocol::text::Lot;
use serde_json::{Value, json};

use crate::floor::{
    DEVICE, HAND_TASK, PIN, PRODUCT, SITE, case, drafts, hears_of, item, pallet, parent, unit,
};
use crate::page::{Floor, said, signed_in};

/// What this device confirmed as its nth operation.
pub(crate) async fn operation(floor: &Floor, seq: u64) -> Operation {
    let epoch = sealtrace_protocol::ids::Epoch(1);
    let id = OperationId { device: DEVICE, epoch, seq: Seq(seq) };
    let operation = floor.agent.store.read(move |conn| outbox::operation(conn, id)).await;
    operation.unwrap().expect("an operation")
}

pub(crate) async fn approve(floor: &Floor, login: &str, pin: &str) -> (StatusCode, Value) {
    let answer = floor.post("station/approve", json!({"login": login, "pin": pin})).await;
    (answer.status_code(), answer.json())
}

/// A loose unit of another lot, here.
async fn hears_of_other_lot(floor: &Floor, code: Code) {
    let custody = Some(Custody::At(SITE));
    let contents = Contents::of(PRODUCT, Lot::new("L2").unwrap(), 1);
    let (level, state, version) = (Level::Unit, State::Active, Version(1));
    let item = Item {
        code,
        level,
        state,
        parent: None,
        custody,
        contents,
        children: 0,
        disputed: false,
        version,
    };
    hears_of(&floor.agent.store, item).await;
}

#[tokio::test]
async fn units_are_registered_as_they_are_made() {
    let floor = signed_in().await;
    let (status, error) = floor.refuses("commission", json!({})).await;
    assert_eq!((status.as_u16(), &error["code"]), (422, &json!("task_missing")));
    let view = floor.open("commission", json!({"task": HAND_TASK})).await;
    assert_eq!((&view["count"], &view["of"]), (&json!(0), &json!(30)));
    for n in 0..3 {
        assert_eq!(said(&floor.scan(unit(n)).await), ("accepted", "accepted"));
    }
    assert_eq!(drafts(&floor.agent.store, "station").await, ["child.unit"; 3]);
    let view = floor.command("undo").await["view"].clone();
    assert_eq!((&view["count"], &view["scans"]), (&json!(2), &json!(2)));
    let reply = floor.command("confirm").await;
    assert_eq!(said(&reply), ("accepted", "operation_confirmed"));
    assert_eq!((&reply["view"]["count"], &reply["view"]["scans"]), (&json!(2), &json!(0)));
    assert_eq!(reply["view"]["task"]["made"], 2);
    assert_eq!(item(&floor.agent.store, unit(1)).await.unwrap().custody, Some(Custody::At(SITE)));
    // Registered units still go into a case.
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.open("commission", json!({"task": HAND_TASK})).await;
    let reply = floor.scan(unit(0)).await;
    assert_eq!(said(&reply), ("refused", "already_in_use"));
}

#[tokio::test]
async fn what_was_registered_is_taken_back_by_another_operation() {
    let floor = signed_in().await;
    floor.open("commission", json!({"task": HAND_TASK})).await;
    floor.scan(unit(0)).await;
    floor.command("confirm").await;
    assert_eq!(said(&floor.command("undo").await), ("accepted", "undone"));
    assert_eq!(floor.get("station").await["task"]["made"], 0);
    assert_eq!(item(&floor.agent.store, unit(0)).await.unwrap().state, State::Free);
    assert!(matches!(operation(&floor, 2).await.action, Action::Correct(_)));
    assert_eq!(said(&floor.scan(unit(0)).await), ("accepted", "accepted"));
}

#[tokio::test]
async fn a_case_that_lost_a_bottle_is_filled_up_again() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.open("unpack", json!({})).await;
    floor.scan(unit(1)).await;
    floor.open("add_to", json!({"task": HAND_TASK})).await;
    let reply = floor.scan(case(0)).await;
    let params = &reply["message"]["params"];
    assert_eq!((&params["units"], &params["of"]), (&json!(2), &json!(3)));
    assert_eq!((&reply["view"]["count"], &reply["view"]["of"]), (&json!(2), &json!(3)));
    let reply = floor.scan(unit(5)).await;
    assert_eq!(said(&reply), ("accepted", "operation_confirmed"), "{reply}");
    assert_eq!(parent(&floor.agent.store, unit(5)).await, Some(case(0)));
    assert_eq!(said(&floor.command("undo").await), ("accepted", "undone"));
    assert_eq!(parent(&floor.agent.store, unit(5)).await, None);
    // Without a task what is there already goes in.
    floor.open("add_to", json!({})).await;
    floor.scan(case(0)).await;
    assert_eq!(said(&floor.scan(unit(1)).await), ("accepted", "operation_confirmed"));
}

#[tokio::test]
async fn a_finished_case_goes_under_a_pallet_that_is_there_and_under_a_new_one() {
    let floor = signed_in().await;
    floor.pack().await;
    for label in 0..3 {
        floor.packed(label, 3 * label..3 * label + 3).await;
    }
    floor.open("add_to", json!({})).await;
    floor.scan(case(0)).await;
    assert_eq!(said(&floor.scan(pallet(0)).await), ("accepted", "operation_confirmed"));
    floor.scan(case(1)).await;
    assert_eq!(said(&floor.scan(pallet(0)).await), ("accepted", "operation_confirmed"));
    assert_eq!(parent(&floor.agent.store, case(1)).await, Some(pallet(0)));
    assert_eq!(item(&floor.agent.store, pallet(0)).await.unwrap().contents.units(), 6);
    assert!(matches!(operation(&floor, 4).await.action, Action::Pack(_)));
    assert!(matches!(operation(&floor, 5).await.action, Action::AddTo(_)));
}

#[tokio::test]
async fn bottles_out_of_several_cases_make_a_new_one() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.packed(1, [3, 4, 5]).await;
    floor.open("regroup", json!({"task": HAND_TASK})).await;
    for code in [unit(0), unit(3), unit(6)] {
        assert_eq!(said(&floor.scan(code).await), ("accepted", "accepted"));
    }
    let reply = floor.scan(case(2)).await;
    assert_eq!(said(&reply), ("accepted", "operation_confirmed"), "{reply}");
    let store = &floor.agent.store;
    for n in [0, 3, 6] {
        assert_eq!(parent(store, unit(n)).await, Some(case(2)));
    }
    assert_eq!(item(store, case(0)).await.unwrap().contents.units(), 2);
    floor.command("undo").await;
    assert_eq!(parent(store, unit(3)).await, Some(case(1)));
}

#[tokio::test]
async fn a_short_case_in_the_middle_of_a_task_waits_for_a_supervisor() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.scan(case(0)).await;
    floor.scan(unit(0)).await;
    let (_, reply) = approve(&floor, "wang", PIN).await;
    assert_eq!(said(&reply), ("warning", "not_open"), "nothing waits yet");
    let reply = floor.command("close").await;
    assert_eq!(said(&reply), ("warning", "needs_approval"));
    assert_eq!(
        (&reply["view"]["asks"], &reply["view"]["blocked"]),
        (&json!("close"), &json!(false))
    );

    let forbidden = StatusCode::FORBIDDEN;
    for (login, pin, code) in [
        ("wang", "0000", "wrong_pin"),
        ("nobody", PIN, "wrong_pin"),
        ("li", PIN, "role_not_permitted"),
    ] {
        let (status, answer) = approve(&floor, login, pin).await;
        assert_eq!((status, &answer["error"]["code"]), (forbidden, &json!(code)), "{login}");
    }
    assert_eq!(floor.get("station").await["asks"], "close");
    let (status, reply) = approve(&floor, "wang", PIN).await;
    assert_eq!((status, said(&reply)), (StatusCode::OK, ("accepted", "operation_confirmed")));
    assert_eq!(reply["message"]["params"]["partial"], "shortage");
    assert_eq!((&reply["view"]["asks"], &reply["view"]["count"]), (&Value::Null, &json!(0)));
    let done = operation(&floor, 1).await;
    assert_eq!((done.operator, done.approver), (Some(OperatorId(1)), Some(OperatorId(2))));
    let Action::Pack(pack) = done.action else { panic!("{done:?}") };
    assert_eq!(pack.partial, Some(PartialReason::Shortage));
    // It was approved for that case, not for the next one.
    floor.scan(case(1)).await;
    floor.scan(unit(1)).await;
    assert_eq!(said(&floor.command("close").await), ("warning", "needs_approval"));
}

#[tokio::test]
async fn another_scan_ends_the_wait_and_wrong_pins_are_counted_as_at_the_login() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.scan(case(0)).await;
    floor.scan(unit(0)).await;
    floor.command("close").await;
    floor.scan(unit(1)).await;
    let (_, reply) = approve(&floor, "wang", PIN).await;
    assert_eq!((said(&reply), &reply["view"]["count"]), (("warning", "not_open"), &json!(2)));
    floor.command("close").await;
    for _ in 0..5 {
        assert_eq!(approve(&floor, "wang", "1111").await.0, StatusCode::FORBIDDEN);
    }
    let (status, answer) = approve(&floor, "wang", PIN).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer["error"]["code"], "too_many_tries");
    // A supervisor who signs in does it alone.
    assert_eq!(floor.get("station").await["asks"], "close");
}

#[tokio::test]
async fn a_supervisor_needs_nobody_and_the_last_case_of_a_task_neither() {
    let floor = signed_in().await;
    floor.log_in("wang").await;
    floor.pack().await;
    floor.scan(case(0)).await;
    floor.scan(unit(0)).await;
    assert_eq!(said(&floor.command("close").await), ("accepted", "operation_confirmed"));
    assert_eq!(operation(&floor, 1).await.approver, None);
}

#[tokio::test]
async fn bottles_of_another_lot_go_in_when_a_supervisor_agrees() {
    let floor = signed_in().await;
    hears_of_other_lot(&floor, unit(40)).await;
    floor.pack().await;
    floor.scan(unit(0)).await;
    assert_eq!(said(&floor.scan(unit(40)).await), ("refused", "wrong_lot"));
    floor.command("acknowledge").await;
    let reply = floor.command("mix").await;
    assert_eq!(
        (said(&reply), &reply["view"]["asks"]),
        (("warning", "needs_approval"), &json!("mix"))
    );
    let (_, reply) = approve(&floor, "wang", PIN).await;
    assert_eq!(
        (said(&reply), &reply["view"]["mixed_lots"]),
        (("ready", "lots_mixed"), &json!(true))
    );
    assert_eq!(reply["view"]["count"], 1);
    assert_eq!(said(&floor.scan(unit(40)).await), ("accepted", "accepted"));
    floor.scan(unit(1)).await;
    let reply = floor.scan(case(0)).await;
    assert_eq!(
        (said(&reply), &reply["view"]["mixed_lots"]),
        (("accepted", "operation_confirmed"), &json!(false))
    );
    let done = operation(&floor, 1).await;
    assert_eq!(done.approver, Some(OperatorId(2)));
    let lots: Vec<String> = item(&floor.agent.store, case(0))
        .await
        .unwrap()
        .contents
        .iter()
        .map(|content| content.lot.to_string())
        .collect();
    assert_eq!(lots, ["L1", "L2"]);
    // Agreed for one case, and taken back with a second command.
    floor.log_in("wang").await;
    assert_eq!(said(&floor.command("mix").await), ("ready", "lots_mixed"));
    assert_eq!(said(&floor.command("mix").await), ("ready", "lots_apart"));
    floor.open("unpack", json!({})).await;
    assert_eq!(said(&floor.command("mix").await), ("warning", "not_open"));
}

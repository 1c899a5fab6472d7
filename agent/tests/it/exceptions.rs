//! The exception queue: what was refused, what the cloud does not count, what a lane set aside; each resolved in at most
//! three scans, by operations.

use axum::http::StatusCode;
use sealtrace_agent::config::Config;
use sealtrace_agent::store::exceptions::{self, Exception, Kind};
use sealtrace_agent::store::verdicts;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DealerId, DocumentId, Epoch, OperationId, Seq, Version};
use sealtrace_protocol::ledger::{
    Action, Custody, Ending, Item, LotStatus, LotTerms, Notice, Outcome, PartialReason, Rejection,
    Settle, State, Verdict,
};
use sealtrace_protocol::link::{FeedRow, Judged, Site};
use sealtrace_protocol::time::Timestamp;
use serde_json::{Value, json};

use crate::floor::{
    DEALER, DEVICE, HAND_TASK, OTHER_SITE, OUTBOUND, PRODUCT, SITE, agent, case, copy_of, drafts,
    hears, hears_of, item, lot, parent, site, unit,
};
use crate::making::{approve, operation};
use crate::moving::cased;
use crate::page::{Floor, page, said, signed_in};

/// The cloud says this of the nth operation.
async fn judged(floor: &Floor, seq: u64, verdict: Verdict) {
    let verdicts = [Judged { epoch: Epoch(1), seq: Seq(seq), verdict }];
    let at = Timestamp(1_800_000_002_000);
    let store = &floor.agent.store;
    store.write(move |tx| verdicts::store(tx, DEVICE, &verdicts, at)).await.unwrap();
}

async fn quarantined(floor: &Floor, seq: u64, rejection: Rejection) {
    for before in 1..seq {
        judged(floor, before, Verdict::Applied { notices: Vec::new() }).await;
    }
    judged(floor, seq, Verdict::Quarantined { rejection }).await;
}

/// The feed knows better of what is known here.
async fn corrected(floor: &Floor, code: Code, change: impl FnOnce(Item) -> Item) {
    let known = item(&floor.agent.store, code).await.unwrap();
    let told = change(known);
    let version = Version(told.version.get() + 5);
    hears_of(&floor.agent.store, Item { version, ..told }).await;
}

async fn rows(floor: &Floor, state: &str) -> Vec<Value> {
    floor.get(&format!("exceptions?state={state}")).await["rows"].as_array().unwrap().clone()
}

/// The only open exception.
async fn only(floor: &Floor) -> Value {
    let rows = rows(floor, "open").await;
    assert_eq!(rows.len(), 1, "{rows:#?}");
    rows[0].clone()
}

fn ways(exception: &Value) -> Vec<&str> {
    let ways = exception["resolutions"].as_array().unwrap();
    assert!(ways.iter().all(|way| way["scans"].as_u64().unwrap() <= 3));
    ways.iter().map(|way| way["name"].as_str().unwrap()).collect()
}

async fn resolve(floor: &Floor, exception: &Value, resolution: &str) -> Value {
    let body = json!({"exception": exception["id"], "resolution": resolution});
    floor.open("resolve", body).await
}

async fn done(floor: &Floor, seqs: std::ops::RangeInclusive<u64>) -> Vec<Action> {
    let mut actions = Vec::new();
    for seq in seqs {
        actions.push(operation(floor, seq).await.action);
    }
    actions
}

fn settled(action: &Action) -> &Settle {
    let Action::Settle(settle) = action else { panic!("{action:?}") };
    settle
}

const fn name(seq: u64) -> Option<OperationId> {
    Some(OperationId { device: DEVICE, epoch: Epoch(1), seq: Seq(seq) })
}

/// A case of units 0 to 2, and a second one of 2, 3 and 4 that the cloud does not count: 2 is in the first.
async fn two_parents() -> Floor {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(1, [2, 3, 4]).await;
    let rejection = Rejection::AlreadyPacked { code: unit(2), parent: case(0) };
    quarantined(&floor, 1, rejection).await;
    hears_of(&floor.agent.store, cased(0, PRODUCT, SITE)).await;
    let free = item(&floor.agent.store, unit(2)).await;
    assert!(free.is_none_or(|item| item.state == State::Free));
    let first = item(&floor.agent.store, case(0)).await.unwrap();
    let child = Item {
        code: unit(2),
        level: sealtrace_protocol::ledger::Level::Unit,
        parent: Some(case(0)),
        custody: None,
        contents: sealtrace_protocol::ledger::Contents::of(PRODUCT, crate::store::lot(), 1),
        children: 0,
        disputed: true,
        ..first
    };
    hears_of(&floor.agent.store, child).await;
    floor
}

#[tokio::test]
async fn a_refused_code_waits_once_until_it_counts() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    for _ in 0..3 {
        assert_eq!(said(&floor.scan(unit(1)).await), ("refused", "already_packed"));
        floor.command("acknowledge").await;
    }
    let row = only(&floor).await;
    assert_eq!((&row["kind"], &row["times"]), (&json!("refused"), &json!(3)));
    assert_eq!((&row["code"], &row["screen"]), (&json!(unit(1)), &json!("pack")));
    assert_eq!(row["rejection"]["already_packed"]["parent"], json!(case(0)));
    // What only the screen itself answers is nobody's case.
    floor.scan(unit(5)).await;
    assert_eq!(said(&floor.scan(unit(5)).await), ("refused", "scanned_twice"));
    floor.command("acknowledge").await;
    floor.scan_text("no code at all").await;
    floor.command("acknowledge").await;
    floor.command("undo").await;
    assert_eq!(rows(&floor, "open").await.len(), 1);
    floor.open("unpack", json!({})).await;
    floor.scan(unit(1)).await;
    assert!(rows(&floor, "open").await.is_empty());
    let log = rows(&floor, "resolved").await;
    assert_eq!(log[0]["resolved"]["how"], "accepted");
    assert_eq!(log[0]["resolved"]["by"], json!({"id": 1, "name": "li"}));
    assert_eq!(log[0]["resolved"]["operation"]["kind"], "unpack");
    assert_eq!(log[0]["resolutions"], json!([]));
}

#[tokio::test]
async fn a_refused_child_stands_alone_after_one_scan_and_that_is_undone_after_a_kill() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.scan(unit(1)).await;
    floor.command("acknowledge").await;
    let row = only(&floor).await;
    assert_eq!(ways(&row), ["unpack", "found_in", "seen"]);
    let view = resolve(&floor, &row, "unpack").await;
    assert_eq!((&view["screen"], &view["exception"]["id"]), (&json!("resolve"), &row["id"]));
    assert_eq!(said(&floor.scan(unit(0)).await), ("refused", "not_of_it"));
    floor.command("acknowledge").await;
    let reply = floor.scan(unit(1)).await;
    assert_eq!(said(&reply), ("accepted", "resolved"));
    assert_eq!(reply["view"]["exception"]["resolved"]["how"], "unpack");
    assert_eq!(parent(&floor.agent.store, unit(1)).await, None);
    let (status, error) = floor.refuses("resolve", json!({"exception": row["id"]})).await;
    assert_eq!((status, &error["code"]), (StatusCode::CONFLICT, &json!("resolved_already")));

    floor.command("back").await;
    let killed = copy_of(floor.folder.path());
    let again = agent(killed.path(), Config::default()).await;
    let floor = Floor { page: page(&again).await, agent: again, folder: killed };
    floor.log_in("li").await;
    assert_eq!(floor.get("station").await["screen"], "home");
    // Only how it was resolved may be looked at again, and taken back.
    let view = resolve(&floor, &row, "unpack").await;
    assert_eq!(view["exception"]["resolved"]["by"]["name"], "li");
    assert_eq!(said(&floor.scan(unit(1)).await), ("warning", "not_open"));
    assert_eq!(said(&floor.command("undo").await), ("accepted", "undone"));
    assert_eq!(parent(&floor.agent.store, unit(1)).await, Some(case(0)));
    assert_eq!(only(&floor).await["id"], row["id"]);
}

#[tokio::test]
async fn what_resolved_an_exception_is_taken_back_and_the_exception_waits_again() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.scan(unit(1)).await;
    floor.command("acknowledge").await;
    let row = only(&floor).await;
    resolve(&floor, &row, "unpack").await;
    floor.scan(unit(1)).await;
    assert_eq!(said(&floor.command("undo").await), ("accepted", "undone"));
    assert_eq!(parent(&floor.agent.store, unit(1)).await, Some(case(0)));
    assert_eq!(only(&floor).await["id"], row["id"]);
    assert!(matches!(operation(&floor, 3).await.action, Action::Correct(_)));
    assert_eq!(said(&floor.scan(unit(1)).await), ("accepted", "resolved"));
}

#[tokio::test]
async fn a_case_that_met_another_is_packed_again_with_everything_that_is_in_it() {
    let floor = two_parents().await;
    let row = only(&floor).await;
    assert_eq!(row["operation"]["kind"], "pack");
    assert_eq!(ways(&row), ["pack_again", "found_in", "again", "stands", "seen"]);
    let view = resolve(&floor, &row, "pack_again").await;
    assert_eq!(view["prompt"]["code"], "scan_package_again");
    assert_eq!(said(&floor.scan(case(0)).await), ("refused", "not_of_it"));
    floor.command("acknowledge").await;
    assert_eq!(said(&floor.scan(case(1)).await), ("accepted", "accepted"));
    let reply = floor.command("confirm").await;
    assert_eq!(said(&reply), ("accepted", "resolved"), "{reply}");
    let [settle, Action::Regroup(pack)] = &done(&floor, 2..=3).await[..] else { panic!() };
    assert_eq!((settled(settle).names, &settled(settle).codes), (name(1), &vec![unit(2)]));
    assert_eq!((pack.parent, pack.children.len()), (case(1), 3));
    for n in 2..5 {
        assert_eq!(parent(&floor.agent.store, unit(n)).await, Some(case(1)));
    }
    assert!(!item(&floor.agent.store, unit(2)).await.unwrap().disputed);
    assert_eq!(item(&floor.agent.store, case(0)).await.unwrap().contents.units(), 2);
    assert!(drafts(&floor.agent.store, "station").await.is_empty());
    assert_eq!(rows(&floor, "resolved").await[0]["resolved"]["how"], "pack_again");
}

#[tokio::test]
async fn what_is_not_in_the_package_is_scanned_out_and_a_supervisor_agrees_that_it_is_short() {
    let floor = two_parents().await;
    let row = only(&floor).await;
    resolve(&floor, &row, "pack_again").await;
    floor.scan(case(1)).await;
    assert_eq!(said(&floor.scan(unit(2)).await), ("accepted", "left_out"));
    assert_eq!(said(&floor.command("confirm").await), ("warning", "needs_approval"));
    let (_, reply) = approve(&floor, "wang", crate::floor::PIN).await;
    assert_eq!(said(&reply), ("accepted", "resolved"), "{reply}");
    let Action::Regroup(pack) = operation(&floor, 3).await.action else { panic!() };
    assert_eq!(
        (pack.children, pack.partial),
        (vec![unit(3), unit(4)], Some(PartialReason::Shortage))
    );
    let left = item(&floor.agent.store, unit(2)).await.unwrap();
    assert_eq!((left.parent, left.disputed), (Some(case(0)), false));
}

#[tokio::test]
async fn a_child_with_two_parents_stays_where_it_is_found_or_goes_there() {
    let floor = two_parents().await;
    let row = only(&floor).await;
    resolve(&floor, &row, "found_in").await;
    assert_eq!(said(&floor.scan(unit(2)).await), ("accepted", "accepted"));
    assert_eq!(said(&floor.scan(case(0)).await), ("accepted", "resolved"));
    let settle = operation(&floor, 2).await.action;
    assert_eq!(settled(&settle).outcome, Outcome::Stands);
    let there = item(&floor.agent.store, unit(2)).await.unwrap();
    assert_eq!((there.parent, there.disputed), (Some(case(0)), false));
    floor.command("undo").await;
    assert!(item(&floor.agent.store, unit(2)).await.unwrap().disputed);

    hears_of(&floor.agent.store, cased(7, PRODUCT, SITE)).await;
    resolve(&floor, &only(&floor).await, "found_in").await;
    floor.scan(unit(2)).await;
    assert_eq!(said(&floor.scan(case(7)).await), ("accepted", "resolved"));
    assert_eq!(parent(&floor.agent.store, unit(2)).await, Some(case(7)));
    let kinds: Vec<_> = done(&floor, 4..=6).await.iter().map(Action::kind).collect();
    assert_eq!(kinds, ["settle", "unpack", "add_to"]);
}

#[tokio::test]
async fn where_the_ledger_is_right_what_was_disputed_is_settled_by_one_command() {
    let floor = two_parents().await;
    resolve(&floor, &only(&floor).await, "stands").await;
    assert_eq!(said(&floor.command("confirm").await), ("accepted", "resolved"));
    assert!(!item(&floor.agent.store, unit(2)).await.unwrap().disputed);
    let settle = operation(&floor, 2).await.action;
    assert_eq!(settled(&settle).names, name(1));
    // The verdict is what it was; the package was never packed.
    assert!(item(&floor.agent.store, case(1)).await.is_none_or(|item| !item.is_in_use()));
    floor.open("pack", json!({"task": HAND_TASK})).await;
    assert_eq!(said(&floor.scan(unit(3)).await), ("accepted", "accepted"));
}

/// A case shipped here that the cloud says another site has shipped.
async fn shipped_twice() -> Floor {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.open("ship", json!({"document": OUTBOUND})).await;
    floor.scan(case(0)).await;
    floor.command("confirm").await;
    let (to, document) = (DealerId(8), DocumentId(77));
    quarantined(&floor, 2, Rejection::AlreadyShipped { code: case(0), to, document }).await;
    let custody = Some(Custody::Shipped { from: OTHER_SITE, to, document });
    corrected(&floor, case(0), |item| Item { custody, disputed: true, ..item }).await;
    floor
}

#[tokio::test]
async fn a_shipment_that_met_another_counts_once_its_return_is_confirmed() {
    let floor = shipped_twice().await;
    let row = only(&floor).await;
    assert_eq!(ways(&row), ["returned", "again", "stands", "seen"]);
    let view = resolve(&floor, &row, "returned").await;
    assert_eq!(
        (&view["prompt"]["code"], &view["can"]["confirm"]),
        (&json!("confirm"), &json!(true))
    );
    let reply = floor.command("confirm").await;
    assert_eq!(said(&reply), ("accepted", "resolved"), "{reply}");
    let [Action::Return(back), Action::Ship(ship), settle] = &done(&floor, 3..=5).await[..] else {
        panic!()
    };
    assert_eq!((back.from, &back.codes), (DealerId(8), &vec![case(0)]));
    assert_eq!(ship.document, DocumentId(OUTBOUND));
    assert_eq!((settled(settle).names, settled(settle).outcome), (name(2), Outcome::Redone));
    let goods = item(&floor.agent.store, case(0)).await.unwrap();
    let document = DocumentId(OUTBOUND);
    assert_eq!(goods.custody, Some(Custody::Shipped { from: SITE, to: DEALER, document }));
    assert!(!goods.disputed);
}

#[tokio::test]
async fn that_the_other_shipment_is_right_is_for_a_supervisor_to_say() {
    let floor = shipped_twice().await;
    let row = only(&floor).await;
    resolve(&floor, &row, "stands").await;
    assert_eq!(said(&floor.command("confirm").await), ("warning", "needs_approval"));
    let (_, reply) = approve(&floor, "wang", crate::floor::PIN).await;
    assert_eq!(said(&reply), ("accepted", "resolved"));
    let goods = item(&floor.agent.store, case(0)).await.unwrap();
    assert!(!goods.disputed && matches!(goods.custody, Some(Custody::Shipped { .. })));
    // So is leaving it at that.
    floor.command("undo").await;
    let body = json!({"exception": row["id"], "resolution": "seen", "reason": "by_hand"});
    floor.open("resolve", body).await;
    assert_eq!(said(&floor.command("confirm").await), ("warning", "needs_approval"));
    let (_, reply) = approve(&floor, "wang", crate::floor::PIN).await;
    assert_eq!(said(&reply), ("accepted", "resolved"));
    let log = rows(&floor, "resolved").await;
    assert_eq!(
        (&log[0]["resolved"]["how"], &log[0]["resolved"]["reason"]),
        (&json!("seen"), &json!("by_hand"))
    );
}

#[tokio::test]
async fn goods_refused_as_shipped_or_elsewhere_are_here_after_one_scan() {
    let floor = signed_in().await;
    let store = &floor.agent.store;
    hears(store, FeedRow::Site(Site { implied_receipt: false, ..site(SITE, "line one") })).await;
    hears_of(store, cased(20, PRODUCT, OTHER_SITE)).await;
    let (to, document) = (DealerId(8), DocumentId(77));
    let custody = Some(Custody::Shipped { from: OTHER_SITE, to, document });
    hears_of(store, Item { custody, ..cased(21, PRODUCT, OTHER_SITE) }).await;
    floor.open("ship", json!({"document": OUTBOUND})).await;
    for (n, why, way) in [(20, "not_received", "received"), (21, "already_shipped", "returned")] {
        floor.open("ship", json!({"document": OUTBOUND})).await;
        assert_eq!(said(&floor.scan(case(n)).await), ("refused", why));
        floor.command("acknowledge").await;
        let row = only(&floor).await;
        assert_eq!(ways(&row), [way, "seen"]);
        resolve(&floor, &row, way).await;
        let reply = floor.scan(case(n)).await;
        assert_eq!(reply["message"]["code"], "resolved", "{reply}");
        let here = item(store, case(n)).await.unwrap();
        assert_eq!(here.custody, Some(Custody::At(SITE)));
    }
    floor.open("ship", json!({"document": OUTBOUND})).await;
    assert_eq!(said(&floor.scan(case(20)).await), ("accepted", "accepted"));
}

#[tokio::test]
async fn an_operation_is_done_again_once_nothing_speaks_against_it() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.open("ship", json!({"document": OUTBOUND})).await;
    floor.scan(case(0)).await;
    floor.command("confirm").await;
    let lot_name = crate::store::lot();
    let rejection = Rejection::LotBlocked { code: case(0), product: PRODUCT, lot: lot_name };
    quarantined(&floor, 2, rejection).await;
    let store = &floor.agent.store;
    hears(store, lot(LotTerms { status: LotStatus::Blocked, dealer: None })).await;
    let row = only(&floor).await;
    assert_eq!(ways(&row), ["again", "stands", "seen"]);
    resolve(&floor, &row, "again").await;
    assert_eq!(said(&floor.command("confirm").await), ("refused", "lot_blocked"));
    floor.command("acknowledge").await;
    assert_eq!(rows(&floor, "open").await.len(), 1, "a refusal here is no case of its own");
    hears(store, lot(LotTerms { status: LotStatus::Released, dealer: None })).await;
    assert_eq!(said(&floor.command("confirm").await), ("accepted", "resolved"));
    let kinds: Vec<_> = done(&floor, 3..=4).await.iter().map(Action::kind).collect();
    assert_eq!(kinds, ["ship", "settle"]);
    assert_eq!(floor.get("documents").await["rows"][0]["lines"][0]["moved"], 3);
}

#[tokio::test]
async fn an_implied_return_is_confirmed_or_the_shipment_is_taken_back() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.open("ship", json!({"document": OUTBOUND})).await;
    floor.scan(case(0)).await;
    floor.command("confirm").await;
    judged(&floor, 1, Verdict::Applied { notices: Vec::new() }).await;
    let notices = vec![Notice::ImpliedReturn { code: case(0) }];
    judged(&floor, 2, Verdict::Applied { notices }).await;
    let row = only(&floor).await;
    assert_eq!((&row["kind"], &row["detail"]), (&json!("notice"), &json!("implied_return")));
    assert_eq!(ways(&row), ["stands", "undo"]);
    resolve(&floor, &row, "stands").await;
    assert_eq!(said(&floor.command("confirm").await), ("accepted", "resolved"));
    floor.command("undo").await;
    resolve(&floor, &only(&floor).await, "undo").await;
    let reply = floor.command("confirm").await;
    assert_eq!(said(&reply), ("refused", "moved_on"), "it was looked at since: {reply}");
    floor.command("acknowledge").await;
    resolve(&floor, &only(&floor).await, "stands").await;
    assert_eq!(said(&floor.command("confirm").await), ("accepted", "resolved"));
}

/// What a lane put aside, with or without a code.
async fn set_aside(floor: &Floor, code: Option<Code>, kind: Kind) {
    let exception = Exception {
        at: Timestamp(1_800_000_002_000),
        kind,
        code,
        lane: Some("line-1".into()),
        operation: None,
        rejection: None,
        detail: "no_read".into(),
    };
    floor.agent.store.write(move |tx| exceptions::add(tx, &exception)).await.unwrap();
}

#[tokio::test]
async fn a_case_set_aside_is_packed_by_hand_destroyed_or_seen_to() {
    let floor = signed_in().await;
    set_aside(&floor, Some(case(0)), Kind::SetAside).await;
    let row = only(&floor).await;
    assert_eq!(
        (&row["lane"], ways(&row)),
        (&json!("line-1"), vec!["repacked", "destroyed", "seen"])
    );
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    assert!(rows(&floor, "open").await.is_empty(), "packing it by hand was its rework");

    set_aside(&floor, None, Kind::SetAside).await;
    resolve(&floor, &only(&floor).await, "repacked").await;
    assert_eq!(said(&floor.scan(case(0)).await), ("accepted", "resolved"));

    set_aside(&floor, Some(case(1)), Kind::SetAside).await;
    resolve(&floor, &only(&floor).await, "destroyed").await;
    floor.scan(case(1)).await;
    assert_eq!(said(&floor.command("confirm").await), ("accepted", "resolved"));
    let gone = item(&floor.agent.store, case(1)).await.unwrap();
    assert_eq!(gone.custody, Some(Custody::Gone { at: SITE, how: Ending::Destroyed }));

    set_aside(&floor, None, Kind::Critical).await;
    let row = only(&floor).await;
    assert_eq!(ways(&row), ["seen"]);
    let (_, error) =
        floor.refuses("resolve", json!({"exception": row["id"], "resolution": "seen"})).await;
    assert_eq!(error["code"], "reason_missing");
    let other = json!({"exception": row["id"], "resolution": "destroyed"});
    assert_eq!(floor.refuses("resolve", other).await.1["code"], "no_such_resolution");
}

#[tokio::test]
async fn an_exception_is_resolved_by_barcodes_alone() {
    let floor = signed_in().await;
    floor.pack().await;
    assert_eq!(said(&floor.scan(unit(59_999)).await), ("refused", "foreign"));
    floor.scan_text("ST*OK*").await;
    let reply = floor.scan_text("ST*RESOLVE*").await;
    assert_eq!(said(&reply), ("ready", "choose"));
    let choice = &reply["view"]["choice"];
    assert_eq!((&choice["what"], &choice["more"]), (&json!("exception"), &json!(false)));
    assert_eq!(choice["entries"][0]["value"]["detail"], "foreign");
    let reply = floor.scan_text("ST*1*").await;
    assert_eq!(reply["view"]["choice"]["entries"], json!([{"number": 1, "value": "seen"}]));
    let reply = floor.scan_text("ST*1*").await;
    let reasons = ["misread", "set_apart", "by_hand", "no_fault"];
    let listed: Vec<&Value> = reply["view"]["choice"]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["value"])
        .collect();
    assert_eq!(listed, reasons);
    let view = &floor.scan_text("ST*2*").await["view"];
    assert_eq!((&view["screen"], &view["choice"]), (&json!("resolve"), &Value::Null));
    assert_eq!(said(&floor.scan_text("ST*CONFIRM*").await), ("accepted", "resolved"));
    let log = rows(&floor, "resolved").await;
    assert_eq!(log[0]["resolved"]["reason"], "set_apart");
    assert_eq!(log[0]["resolved"]["operation"], Value::Null, "a foreign code is in no operation");
}

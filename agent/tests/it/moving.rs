//! Receiving and shipping at the page: against documents, and every refusal with the names of what it is about.

use axum::http::StatusCode;
use sealtrace_protocol::ids::{DealerId, DeviceId, ProductId, SiteId, Version};
use sealtrace_protocol::ledger::{
    Contents, Custody, DocumentLine, Item, Level, LotStatus, LotTerms, Permit, Route, State,
};
use sealtrace_protocol::link::{
    Dealer, FeedRow, OwnerRules, Product, Share, Site, TaskKind, TaskRow, TaskState,
};
use sealtrace_protocol::text::Lot;
use serde_json::{Value, json};

use crate::floor::{
    DEALER, DEVICE, HAND_TASK, INBOUND, OTHER_SITE, OUTBOUND, PRODUCT, SITE, case, document, hears,
    hears_of, lot, product, site, task_row, unit,
};
use crate::page::{Floor, said, signed_in};

const OUT: Route = Route::Outbound { from: SITE, to: DEALER };
const IN: Route = Route::Inbound { from: Some(OTHER_SITE), to: SITE };

/// A case of three that the feed says is at a site, or in nobody's books.
pub(crate) fn cased(n: u64, product: ProductId, at: SiteId) -> Item {
    Item {
        code: case(n),
        level: Level::Case,
        state: State::Active,
        parent: None,
        custody: Some(Custody::At(at)),
        contents: Contents::of(product, Lot::new("L1").unwrap(), 3),
        children: 3,
        disputed: false,
        version: Version(1),
    }
}

/// What a scan of this case is answered on a screen opened for this document, nothing else being open.
async fn scanned(floor: &Floor, screen: &str, id: u64, n: u64) -> Value {
    floor.open(screen, json!({"document": id})).await;
    let reply = floor.scan(case(n)).await;
    floor.command("acknowledge").await;
    if reply["view"]["count"] != 0 {
        floor.command("undo").await;
    }
    reply["message"].clone()
}

#[tokio::test]
async fn a_load_is_shipped_against_its_document_and_no_more() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.packed(1, [3, 4, 5]).await;
    floor.open("ship", json!({"document": OUTBOUND})).await;
    let reply = floor.scan(case(0)).await;
    assert_eq!(reply["message"]["params"]["units"], 3);
    assert_eq!(reply["view"]["document"]["lines"][0]["loaded"], 3);
    let reply = floor.scan(case(1)).await;
    assert_eq!(said(&reply), ("refused", "over"));
    assert_eq!(reply["message"]["params"]["product"]["name"], "beer");
    assert_eq!(reply["message"]["params"]["document"]["number"], "DOC-11");
    floor.command("acknowledge").await;
    floor.command("confirm").await;
    let documents = floor.get("documents").await;
    assert_eq!(documents["rows"][0]["lines"][0]["moved"], 3);
    assert_eq!(documents["rows"][0]["state"], "in_work");
    floor.open("lookup", json!({})).await;
    let view = &floor.scan(unit(0)).await["view"];
    assert_eq!(view["item"]["parent"], json!({"code": case(0), "level": "case"}));
    assert_eq!(view["item"]["custody"]["dealer"]["name"], "Nanjing Trading");
}

#[tokio::test]
async fn goods_are_received_against_their_document_and_the_view_says_how_far_it_is() {
    let floor = signed_in().await;
    let store = &floor.agent.store;
    hears(store, FeedRow::Document(document(INBOUND, IN))).await;
    hears_of(store, cased(20, PRODUCT, OTHER_SITE)).await;
    hears_of(store, cased(21, PRODUCT, OTHER_SITE)).await;
    let view = floor.open("receive", json!({"document": INBOUND})).await;
    let sheet = &view["document"];
    assert_eq!((&sheet["kind"], &sheet["state"]), (&json!("inbound"), &json!("approved")));
    assert_eq!(sheet["other"], json!({"id": 2, "name": "warehouse"}));
    let reply = floor.scan(case(20)).await;
    assert_eq!(said(&reply), ("accepted", "accepted"));
    let line = &reply["view"]["document"]["lines"][0];
    assert_eq!(
        (&line["units"], &line["moved"], &line["loaded"]),
        (&json!(3), &json!(0), &json!(3))
    );
    assert_eq!(said(&floor.scan(case(21)).await), ("refused", "over"));
    floor.command("acknowledge").await;
    let reply = floor.command("confirm").await;
    assert_eq!(said(&reply), ("accepted", "operation_confirmed"));
    let line = &reply["view"]["document"]["lines"][0];
    assert_eq!((&line["moved"], &line["loaded"]), (&json!(3), &json!(0)));
    // Without a document there is nothing to be over.
    floor.open("receive", json!({})).await;
    assert_eq!(said(&floor.scan(case(21)).await), ("accepted", "accepted"));
    assert_eq!(said(&floor.command("confirm").await), ("accepted", "operation_confirmed"));
}

#[tokio::test]
async fn what_does_not_belong_on_an_inbound_document_is_refused_by_name() {
    let floor = signed_in().await;
    let store = &floor.agent.store;
    hears(store, FeedRow::Document(document(INBOUND, IN))).await;
    let wine = Product { id: ProductId(6), name: "wine".into(), ..product() };
    hears(store, FeedRow::Product(wine)).await;
    hears_of(store, cased(20, PRODUCT, OTHER_SITE)).await;
    hears_of(store, cased(21, ProductId(6), OTHER_SITE)).await;
    let wrong = scanned(&floor, "receive", INBOUND, 21).await;
    assert_eq!(
        (&wrong["code"], &wrong["params"]["product"]["name"]),
        (&json!("not_on_document"), &json!("wine"))
    );
    let sites = Some(vec![OTHER_SITE]);
    let permit = Permit { sites, dealers: None };
    hears(store, FeedRow::Product(Product { permit, ..product() })).await;
    let unauthorised = scanned(&floor, "receive", INBOUND, 20).await;
    assert_eq!(unauthorised["code"], "unauthorised");
    assert_eq!(unauthorised["params"]["party"], json!({"id": 1, "name": "line one"}));
    assert_eq!(unauthorised["params"]["product"]["name"], "beer");
}

#[tokio::test]
async fn a_blocked_lot_is_received_with_a_warning_and_not_shipped() {
    let floor = signed_in().await;
    let store = &floor.agent.store;
    hears(store, FeedRow::Document(document(INBOUND, IN))).await;
    hears(store, lot(LotTerms { status: LotStatus::Blocked, dealer: None })).await;
    hears_of(store, cased(20, PRODUCT, OTHER_SITE)).await;
    floor.open("receive", json!({"document": INBOUND})).await;
    let reply = floor.scan(case(20)).await;
    assert_eq!(said(&reply), ("warning", "set_apart"));
    assert_eq!(reply["message"]["params"]["lot"], "L1");
    floor.command("confirm").await;
    let blocked = scanned(&floor, "ship", OUTBOUND, 20).await;
    assert_eq!(
        (&blocked["code"], &blocked["params"]["lot"]),
        (&json!("lot_blocked"), &json!("L1"))
    );
    assert_eq!(blocked["params"]["product"]["name"], "beer");
}

#[tokio::test]
async fn what_must_not_leave_for_this_dealer_is_refused_by_name() {
    let floor = signed_in().await;
    let store = &floor.agent.store;
    hears_of(store, cased(20, PRODUCT, SITE)).await;
    hears_of(store, cased(21, PRODUCT, OTHER_SITE)).await;
    let row = Dealer { id: DealerId(8), name: "Suzhou Wines".into(), enabled: true };
    hears(store, FeedRow::Dealer(row)).await;

    let terms = LotTerms { status: LotStatus::Pending, dealer: Some(DealerId(8)) };
    hears(store, lot(terms)).await;
    let wrong = scanned(&floor, "ship", OUTBOUND, 20).await;
    assert_eq!(wrong["code"], "wrong_dealer");
    assert_eq!(wrong["params"]["expected"]["name"], "Suzhou Wines");
    assert_eq!(wrong["params"]["dealer"]["name"], "Nanjing Trading");

    hears(store, FeedRow::Owner(OwnerRules { pending_may_ship: false, void_after_days: 30 })).await;
    let pending = scanned(&floor, "ship", OUTBOUND, 20).await;
    assert_eq!(
        (&pending["code"], &pending["params"]["lot"]),
        (&json!("lot_pending"), &json!("L1"))
    );

    hears(store, lot(LotTerms { status: LotStatus::Released, dealer: None })).await;
    assert_eq!(scanned(&floor, "ship", OUTBOUND, 20).await["code"], "accepted");
    assert_eq!(scanned(&floor, "ship", OUTBOUND, 21).await["code"], "implied_receipt");
    let strict = Site { implied_receipt: false, ..site(SITE, "line one") };
    hears(store, FeedRow::Site(strict)).await;
    let elsewhere = scanned(&floor, "ship", OUTBOUND, 21).await;
    assert_eq!(elsewhere["code"], "not_received");
    assert_eq!(elsewhere["params"]["at"], json!({"id": 2, "name": "warehouse"}));

    let permit = Permit { sites: None, dealers: Some(vec![DealerId(8)]) };
    hears(store, FeedRow::Product(Product { permit, ..product() })).await;
    let unauthorised = scanned(&floor, "ship", OUTBOUND, 20).await;
    assert_eq!(unauthorised["code"], "unauthorised");
    assert_eq!(unauthorised["params"]["party"]["name"], "Nanjing Trading");
}

#[tokio::test]
async fn a_device_ships_its_share_and_no_more() {
    let floor = signed_in().await;
    let store = &floor.agent.store;
    let share = |device, units, moved| Share { device, product: PRODUCT, units, moved };
    let mut row = document(OUTBOUND, OUT);
    row.document.lines = vec![DocumentLine { product: PRODUCT, units: 12, moved: 6 }];
    row.shares = vec![share(DEVICE, 3, 0), share(DeviceId(8), 9, 6)];
    hears(store, FeedRow::Document(row)).await;
    hears_of(store, cased(20, PRODUCT, SITE)).await;
    hears_of(store, cased(21, PRODUCT, SITE)).await;
    let view = floor.open("ship", json!({"document": OUTBOUND})).await;
    let line = &view["document"]["lines"][0];
    assert_eq!(
        (&line["units"], &line["asked"], &line["moved"]),
        (&json!(3), &json!(12), &json!(0))
    );
    assert_eq!(said(&floor.scan(case(20)).await), ("accepted", "accepted"));
    let reply = floor.scan(case(21)).await;
    assert_eq!(said(&reply), ("refused", "over_share"));
    assert_eq!(reply["message"]["params"]["ordered"], 3);
}

#[tokio::test]
async fn documents_of_every_kind_of_this_site_are_listed_and_open_with_their_own_screen() {
    let floor = signed_in().await;
    let store = &floor.agent.store;
    let routes = [
        IN,
        Route::Return { from: DEALER, to: SITE },
        Route::Transfer { from: OTHER_SITE, to: SITE },
        Route::Count { at: SITE },
        Route::Inbound { from: None, to: OTHER_SITE },
    ];
    for (id, route) in (20..).zip(routes) {
        hears(store, FeedRow::Document(document(id, route))).await;
    }
    let mut closed = document(30, OUT);
    closed.document.open = false;
    hears(store, FeedRow::Document(closed)).await;
    let rows = floor.get("documents").await["rows"].as_array().unwrap().clone();
    let listed: Vec<_> = rows
        .iter()
        .map(|row| (row["kind"].as_str().unwrap(), row["other"]["name"].as_str().unwrap_or("-")))
        .collect();
    let expected = [
        ("outbound", "Nanjing Trading"),
        ("inbound", "warehouse"),
        ("return", "Nanjing Trading"),
        ("transfer", "warehouse"),
        ("count", "-"),
    ];
    assert_eq!(listed, expected);
    let conflict = StatusCode::CONFLICT;
    for (screen, id, code) in [
        ("ship", 20, "wrong_document"),
        ("receive", 21, "wrong_document"),
        ("receive", 24, "wrong_site"),
        ("ship", 30, "document_closed"),
        ("ship", 77, "document_closed"),
    ] {
        let (status, error) = floor.refuses(screen, json!({"document": id})).await;
        assert_eq!((status, error["code"].as_str().unwrap()), (conflict, code), "{screen} {id}");
    }
    let (_, error) = floor.refuses("receive", json!({"document": 24})).await;
    assert_eq!(error["params"]["expected"], json!({"id": 2, "name": "warehouse"}));
    let (status, error) = floor.refuses("ship", json!({})).await;
    assert_eq!((status.as_u16(), &error["code"]), (422, &json!("document_missing")));
}

fn listed(rows: &Value) -> Vec<(u64, &str, u64)> {
    let rows = rows["rows"].as_array().unwrap();
    let row = |row: &Value| (row["id"].as_u64().unwrap(), row["made"].as_u64().unwrap());
    let states = rows.iter().map(|row| row["state"].as_str().unwrap());
    rows.iter().map(row).zip(states).map(|((id, made), state)| (id, state, made)).collect()
}

#[tokio::test]
async fn tasks_of_this_device_are_listed_with_what_the_cloud_and_this_device_have_made() {
    let floor = signed_in().await;
    let store = &floor.agent.store;
    let hand = |id| task_row(id, TaskKind::Device);
    let ours = TaskRow { device: Some(DEVICE), made: 12, state: TaskState::InWork, ..hand(41) };
    let done = TaskRow { made: 30, state: TaskState::Done, ..hand(42) };
    let void = TaskRow { state: TaskState::Void, ..hand(43) };
    let others = TaskRow { device: Some(DeviceId(8)), ..hand(44) };
    let elsewhere = TaskRow { site: OTHER_SITE, ..hand(45) };
    for row in [ours, done, void, others, elsewhere] {
        hears(store, FeedRow::Task(row)).await;
    }
    floor.open("pack", json!({"task": 41})).await;
    floor.packed(0, [0, 1, 2]).await;
    let tasks = floor.get("tasks").await;
    assert_eq!(listed(&tasks), [(9, "open", 0), (41, "in_work", 15), (42, "done", 30)]);
    assert_eq!(
        (&tasks["rows"][0]["date"], &tasks["rows"][0]["shift"]),
        (&json!("2026-11-20"), &json!("A"))
    );
    let why = async |id| floor.refuses("pack", json!({"task": id})).await.1["code"].clone();
    assert_eq!(why(42).await, "task_done");
    assert_eq!(why(43).await, "task_void");
    assert_eq!(why(44).await, "task_closed");
    assert_eq!(why(45).await, "task_closed");
}

#[tokio::test]
async fn what_was_begun_under_a_task_is_finished_after_it_is_done_and_not_after_it_is_void() {
    let floor = signed_in().await;
    let store = &floor.agent.store;
    floor.pack().await;
    floor.scan(unit(0)).await;
    let row = task_row(HAND_TASK, TaskKind::Device);
    let done = TaskRow { made: 30, state: TaskState::Done, ..row.clone() };
    hears(store, FeedRow::Task(done)).await;
    floor.open("home", json!({})).await;
    floor.pack().await;
    floor.packed(0, [1, 2]).await;
    assert_eq!(said(&floor.scan(unit(3)).await), ("refused", "task_done"));
    floor.command("acknowledge").await;
    // Its case still goes onto a pallet, but nothing more is made.
    floor.open("home", json!({})).await;
    floor.pack().await;
    assert_eq!(said(&floor.scan(case(0)).await), ("accepted", "accepted"));
    floor.command("undo").await;
    hears(store, FeedRow::Task(TaskRow { state: TaskState::Void, ..row })).await;
    assert_eq!(said(&floor.scan(case(0)).await), ("refused", "task_closed"));
}

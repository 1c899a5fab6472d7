//! Several documents on one truck: what fits another one is offered to it, and nothing that was scanned is lost.

use sealtrace_agent::config::Config;
use sealtrace_protocol::ids::{DealerId, DocumentId, ProductId};
use sealtrace_protocol::ledger::{Action, DocumentLine, LotStatus, LotTerms, Route};
use sealtrace_protocol::link::{FeedRow, Product};
use serde_json::{Value, json};

use crate::floor::{
    DEALER, OUTBOUND, PRODUCT, SITE, agent, case, copy_of, document, drafts, hears, hears_of, lot,
    product,
};
use crate::making::operation;
use crate::moving::cased;
use crate::page::{Floor, page, said, signed_in};

const OTHER: u64 = 31;
const WINE: ProductId = ProductId(6);

/// A floor with beer for the first document and wine for the second, both for the same dealer.
async fn truck() -> Floor {
    let floor = signed_in().await;
    let store = &floor.agent.store;
    let wine = Product { id: WINE, name: "wine".into(), ..product() };
    hears(store, FeedRow::Product(wine)).await;
    let mut other = document(OTHER, Route::Outbound { from: SITE, to: DEALER });
    other.document.lines = vec![DocumentLine { product: WINE, units: 6, moved: 0 }];
    hears(store, FeedRow::Document(other)).await;
    for (n, product) in [(20, PRODUCT), (21, WINE), (22, WINE), (23, PRODUCT)] {
        hears_of(store, cased(n, product, SITE)).await;
    }
    floor.open("ship", json!({"document": OUTBOUND})).await;
    floor
}

fn offered(reply: &Value) -> (&Value, &Value) {
    (&reply["offer"]["id"], &reply["view"]["offer"]["number"])
}

#[tokio::test]
async fn a_scan_that_fits_another_document_goes_there_and_the_first_load_waits() {
    let floor = truck().await;
    assert_eq!(said(&floor.scan(case(20)).await), ("accepted", "accepted"));
    let reply = floor.scan(case(21)).await;
    assert_eq!(said(&reply), ("refused", "not_on_document"));
    assert_eq!(offered(&reply), (&json!(OTHER), &json!("DOC-31")));
    assert_eq!(reply["offer"]["dealer"]["name"], "Nanjing Trading");
    let reply = floor.command("switch").await;
    assert_eq!(said(&reply), ("accepted", "accepted"));
    let view = &reply["view"];
    assert_eq!((&view["document"]["id"], &view["count"]), (&json!(OTHER), &json!(1)));
    assert_eq!((&view["blocked"], &view["offer"]), (&json!(false), &Value::Null));
    let waiting = json!([{"document": {"id": OUTBOUND, "number": "DOC-11"}, "scans": 1}]);
    assert_eq!(view["waiting"], waiting);
    let listed = floor.get("documents").await;
    let scans: Vec<&Value> =
        listed["rows"].as_array().unwrap().iter().map(|row| &row["scans"]).collect();
    assert_eq!(scans, [&json!(1), &json!(1)]);

    floor.scan(case(22)).await;
    assert_eq!(said(&floor.command("confirm").await), ("accepted", "operation_confirmed"));
    let Action::Ship(ship) = operation(&floor, 1).await.action else { panic!() };
    assert_eq!((ship.document, ship.codes.len()), (DocumentId(OTHER), 2));
    let view = floor.open("ship", json!({"document": OUTBOUND})).await;
    assert_eq!((&view["count"], &view["document"]["lines"][0]["loaded"]), (&json!(1), &json!(3)));
    assert_eq!(said(&floor.command("confirm").await), ("accepted", "operation_confirmed"));
    let Action::Ship(ship) = operation(&floor, 2).await.action else { panic!() };
    assert_eq!((ship.document, ship.codes), (DocumentId(OUTBOUND), vec![case(20)]));
    assert!(drafts(&floor.agent.store, "station").await.is_empty());
}

#[tokio::test]
async fn nothing_else_opens_while_any_load_waits_and_each_is_undone_where_it_is() {
    let floor = truck().await;
    floor.scan(case(20)).await;
    floor.scan(case(21)).await;
    floor.scan_text("ST*SWITCH*").await;
    assert_eq!(floor.refuses("relabel", json!({})).await.1["code"], "package_open");
    assert_eq!(said(&floor.command("undo").await), ("accepted", "undone"));
    // Only what was scanned under this document is undone here.
    assert_eq!(said(&floor.command("undo").await), ("warning", "not_open"));
    assert_eq!(floor.refuses("relabel", json!({})).await.1["code"], "package_open");
    floor.open("ship", json!({"document": OUTBOUND})).await;
    assert_eq!(floor.command("undo").await["view"]["count"], 0);
    floor.open("relabel", json!({})).await;
}

#[tokio::test]
async fn loads_of_several_documents_and_an_offer_survive_a_kill() {
    let floor = truck().await;
    floor.scan(case(20)).await;
    floor.scan(case(21)).await;
    floor.command("switch").await;
    floor.scan(case(23)).await;
    let before = floor.view().await;
    assert_eq!(before["offer"], Value::Null, "the first document is full");
    let killed = copy_of(floor.folder.path());
    let again = agent(killed.path(), Config::default()).await;
    let floor = Floor { page: page(&again).await, agent: again, folder: killed };
    floor.log_in("li").await;
    assert_eq!(floor.view().await, before);
    floor.command("acknowledge").await;
    assert_eq!(said(&floor.command("confirm").await), ("accepted", "operation_confirmed"));
    assert_eq!(floor.get("station").await["waiting"][0]["scans"], 1);
}

#[tokio::test]
async fn an_acknowledged_refusal_offers_nothing_any_more_and_what_fits_nowhere_never_did() {
    let floor = truck().await;
    floor.scan(case(21)).await;
    floor.command("acknowledge").await;
    assert_eq!(said(&floor.command("switch").await), ("warning", "not_open"));
    let terms = LotTerms { status: LotStatus::Released, dealer: Some(DealerId(8)) };
    hears(&floor.agent.store, lot(terms)).await;
    let reply = floor.scan(case(20)).await;
    assert_eq!(said(&reply), ("refused", "wrong_dealer"));
    assert_eq!(reply["offer"], Value::Null);
}

//! Returns, transfers, samples and destruction at the page.

use sealtrace_protocol::ids::{DealerId, DocumentId, Version};
use sealtrace_protocol::ledger::{
    Action, Custody, DestroyReason, Ending, Item, Route, SampleReason,
};
use sealtrace_protocol::link::{Dealer, FeedRow};
use serde_json::json;

use crate::floor::{
    DEALER, OTHER_SITE, OUTBOUND, PRODUCT, SITE, case, document, hears, hears_of, item, unit,
};
use crate::making::operation;
use crate::moving::cased;
use crate::page::{Floor, said, signed_in};

const RETURN: u64 = 50;
const ACROSS: u64 = 51;

/// A case packed here and shipped to the dealer.
async fn shipped() -> Floor {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    floor.open("ship", json!({"document": OUTBOUND})).await;
    floor.scan(case(0)).await;
    floor.command("confirm").await;
    floor
}

async fn custody(floor: &Floor, code: sealtrace_protocol::code::Code) -> Option<Custody> {
    item(&floor.agent.store, code).await.and_then(|item| item.custody)
}

#[tokio::test]
async fn a_sealed_case_comes_back_against_its_document_and_its_shipment_stays_counted() {
    let floor = shipped().await;
    let back = document(RETURN, Route::Return { from: DEALER, to: SITE });
    hears(&floor.agent.store, FeedRow::Document(back)).await;
    let view = floor.open("return", json!({"document": RETURN, "dealer": 99})).await;
    assert_eq!(
        (&view["document"]["other"]["name"], &view["opened"]),
        (&json!("Nanjing Trading"), &json!(false))
    );
    let reply = floor.scan(case(0)).await;
    assert_eq!(said(&reply), ("accepted", "accepted"));
    assert_eq!(
        (&reply["message"]["params"]["units"], &reply["message"]["params"]["of"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(reply["view"]["document"]["lines"][0]["loaded"], 3);
    floor.command("confirm").await;
    assert_eq!(custody(&floor, case(0)).await, Some(Custody::At(SITE)));
    let Action::Return(done) = operation(&floor, 3).await.action else { panic!() };
    assert_eq!((done.from, done.document), (DEALER, Some(DocumentId(RETURN))));
    let documents = floor.get("documents").await;
    let moved: Vec<_> = documents["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["lines"][0]["moved"].clone())
        .collect();
    assert_eq!(moved, [3, 3]);
    assert_eq!(said(&floor.command("undo").await), ("accepted", "undone"));
    assert!(matches!(custody(&floor, case(0)).await, Some(Custody::Shipped { .. })));
}

#[tokio::test]
async fn an_opened_case_comes_back_by_the_bottle_and_the_rest_stays_with_the_dealer() {
    let floor = shipped().await;
    let (status, error) = floor.refuses("return", json!({"opened": true})).await;
    assert_eq!((status.as_u16(), &error["code"]), (422, &json!("dealer_missing")));
    assert_eq!(floor.get("dealers").await["rows"], json!([{"id": 4, "name": "Nanjing Trading"}]));
    let view = floor.open("return", json!({"dealer": 4, "opened": true})).await;
    assert_eq!(
        (&view["dealer"]["name"], &view["opened"]),
        (&json!("Nanjing Trading"), &json!(true))
    );
    assert_eq!(said(&floor.scan(case(0)).await), ("refused", "wrong_level"));
    floor.command("acknowledge").await;
    for n in [0, 1] {
        assert_eq!(said(&floor.scan(unit(n)).await), ("accepted", "accepted"));
    }
    floor.command("confirm").await;
    assert_eq!(custody(&floor, unit(1)).await, Some(Custody::At(SITE)));
    let left = item(&floor.agent.store, case(0)).await.unwrap();
    assert_eq!(left.contents.units(), 1);
    assert!(matches!(left.custody, Some(Custody::Shipped { .. })));
}

#[tokio::test]
async fn what_was_shipped_to_another_dealer_is_taken_as_evidence() {
    let floor = shipped().await;
    let row = Dealer { id: DealerId(8), name: "Suzhou Wines".into(), enabled: false };
    hears(&floor.agent.store, FeedRow::Dealer(row)).await;
    floor.open("return", json!({"dealer": 8})).await;
    let reply = floor.scan(case(0)).await;
    assert_eq!(said(&reply), ("warning", "returned_by_other"));
    let params = &reply["message"]["params"];
    assert_eq!(
        (&params["by"]["name"], &params["shipped_to"]["name"]),
        (&json!("Suzhou Wines"), &json!("Nanjing Trading"))
    );
    assert_eq!(said(&floor.command("confirm").await), ("warning", "operation_confirmed"));
}

#[tokio::test]
async fn goods_leave_for_another_site_and_arrive_there_under_the_same_document() {
    let floor = signed_in().await;
    let store = &floor.agent.store;
    hears(
        store,
        FeedRow::Document(document(ACROSS, Route::Transfer { from: SITE, to: OTHER_SITE })),
    )
    .await;
    hears_of(store, cased(20, PRODUCT, SITE)).await;
    assert_eq!(floor.get("documents").await["rows"][1]["screen"], "transfer");
    assert_eq!(floor.refuses("receive", json!({"document": ACROSS})).await.1["code"], "wrong_site");
    floor.open("transfer", json!({"document": ACROSS})).await;
    floor.scan(case(20)).await;
    let reply = floor.command("confirm").await;
    assert_eq!(reply["view"]["document"]["lines"][0]["moved"], 3);
    let document = DocumentId(ACROSS);
    assert_eq!(
        custody(&floor, case(20)).await,
        Some(Custody::Sent { from: SITE, to: OTHER_SITE, document })
    );
    assert_eq!(said(&floor.scan(case(20)).await), ("refused", "on_its_way"));
    floor.command("acknowledge").await;
    floor.open("lookup", json!({})).await;
    let view = &floor.scan(case(20)).await["view"];
    assert_eq!(
        (&view["item"]["custody"]["kind"], &view["item"]["custody"]["site"]["name"]),
        (&json!("sent"), &json!("warehouse"))
    );

    let there = json!({"login": "li", "pin": crate::floor::PIN, "site": 2});
    floor.post("session", there).await.assert_status_ok();
    assert_eq!(floor.get("documents").await["rows"][0]["screen"], "receive");
    floor.open("receive", json!({"document": ACROSS})).await;
    assert_eq!(said(&floor.scan(case(20)).await), ("accepted", "accepted"));
    assert_eq!(said(&floor.command("confirm").await), ("accepted", "operation_confirmed"));
    assert_eq!(custody(&floor, case(20)).await, Some(Custody::At(OTHER_SITE)));
    assert_eq!(floor.get("documents").await["rows"][0]["lines"][0]["moved"], 3);
}

#[tokio::test]
async fn a_sample_leaves_its_case_short_and_never_comes_back() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, [0, 1, 2]).await;
    for job in [json!({}), json!({"reason": "broken"})] {
        assert_eq!(floor.refuses("sample", job).await.1["code"], "reason_missing");
    }
    let view = floor.open("sample", json!({"reason": "retained"})).await;
    assert_eq!(view["reason"], "retained");
    let reply = floor.scan(unit(0)).await;
    assert_eq!(said(&reply), ("accepted", "short"));
    assert_eq!(reply["message"]["params"]["units"], 2);
    assert_eq!(said(&floor.command("confirm").await), ("accepted", "operation_confirmed"));
    let how = Ending::Sampled;
    assert_eq!(custody(&floor, unit(0)).await, Some(Custody::Gone { at: SITE, how }));
    let Action::Sample(sample) = operation(&floor, 2).await.action else { panic!() };
    assert_eq!(sample.reason, SampleReason::Retained);
    let reply = floor.scan(unit(0)).await;
    assert_eq!(
        (said(&reply), &reply["message"]["params"]["how"]),
        (("refused", "gone"), &json!("sampled"))
    );
    floor.command("acknowledge").await;
    assert_eq!(said(&floor.command("undo").await), ("accepted", "undone"));
    assert_eq!(item(&floor.agent.store, unit(0)).await.unwrap().parent, Some(case(0)));
}

#[tokio::test]
async fn broken_goods_are_destroyed_with_their_reason() {
    let floor = signed_in().await;
    hears_of(&floor.agent.store, Item { version: Version(1), ..cased(20, PRODUCT, SITE) }).await;
    floor.open("destroy", json!({"reason": "expired"})).await;
    floor.scan(case(20)).await;
    floor.command("confirm").await;
    let how = Ending::Destroyed;
    assert_eq!(custody(&floor, case(20)).await, Some(Custody::Gone { at: SITE, how }));
    let Action::Destroy(end) = operation(&floor, 1).await.action else { panic!() };
    assert_eq!(end.reason, DestroyReason::Expired);
    floor.open("ship", json!({"document": OUTBOUND})).await;
    assert_eq!(said(&floor.scan(case(20)).await), ("refused", "gone"));
}

//! Goods that come in under a document: also before anybody has heard what they are, and under the right one only.

use sealtrace_cloud::store::documents;
use sealtrace_protocol::ids::{DocumentId, SiteId};
use sealtrace_protocol::ledger::{Action, Correct, Correction};
use serde_json::{Value, json};

use crate::documents::outbound;
use crate::office::{Goods, Line, Office, goods, id, in_both_offices};
use crate::rules::{on_a_pallet, receive, warehouse, word};

/// An approved inbound document for the warehouse.
async fn inbound(office: &Office, goods: &Goods, store: SiteId, number: &str, units: u32) -> u64 {
    office
        .approved(json!({
            "number": number, "kind": "inbound", "site": store, "other": goods.site,
            "lines": [{ "product": goods.product, "unit": "unit", "quantity": units }],
        }))
        .await
}

async fn moved(office: &Office, document: u64) -> (Value, Value) {
    let shown = office.get(&format!("/documents/{document}")).await;
    (shown["state"].clone(), shown["demand"][0]["moved"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn receiving_counts_under_a_document_also_what_is_only_packed_later_and_undo_takes_it_back() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = warehouse(&office, true).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let mut store_line = Line::enrolled(&office, 8, store).await;
        let document = inbound(&office, &goods, store, "IN-1", 6).await;
        line.does(&office, vec![goods.pack_case(0, 0..3)]).await;
        let first = store_line.does(&office, vec![receive(goods.cases[0], Some(document))]).await;
        assert_eq!(moved(&office, document).await, (json!("in_work"), json!(3)));
        let undo = Action::Correct(Correct { names: first, correction: Correction::Undo });
        let verdict = store_line.tries(&office, undo).await;
        assert_eq!(word(&verdict), "applied");
        assert_eq!(moved(&office, document).await, (json!("approved"), json!(0)));
        store_line.does(&office, vec![receive(goods.cases[0], Some(document))]).await;

        // The line had no network: the case is here before anybody has heard of its packing.
        let verdict = store_line.tries(&office, receive(goods.cases[1], Some(document))).await;
        assert_eq!(word(&verdict), "applied contents_to_follow");
        assert_eq!(moved(&office, document).await, (json!("in_work"), json!(3)));
        let packed = line.does(&office, vec![goods.pack_case(1, 3..6)]).await;
        assert_eq!(moved(&office, document).await, (json!("done"), json!(6)));
        let mut tx = office.cloud.store.read().await.unwrap();
        let by = documents::moved_by_devices(&mut tx, DocumentId(document));
        let by: Vec<_> = by.await.unwrap().into_iter().collect();
        assert_eq!(by, [((store_line.device.id, goods.product), 6)], "whoever scanned it moved it");
        drop(tx);
        let undo = Action::Correct(Correct { names: packed, correction: Correction::Undo });
        assert_eq!(word(&line.tries(&office, undo).await), "applied");
        assert_eq!(moved(&office, document).await, (json!("in_work"), json!(3)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_are_received_under_the_right_document_only() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = warehouse(&office, true).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let mut store_line = Line::enrolled(&office, 8, store).await;
        on_a_pallet(&office, &goods, &mut line).await;
        let document = inbound(&office, &goods, store, "IN-1", 4).await;
        let outbound = goods.document(&office, "OUT-1", goods.nanjing, 6).await;
        let void = inbound(&office, &goods, store, "IN-2", 6).await;
        office.create(&format!("/documents/{void}/void"), json!({})).await;
        let draft = json!({
            "number": "IN-3", "kind": "inbound", "site": store,
            "lines": [{ "product": goods.product, "unit": "unit", "quantity": 6 }],
        });
        let draft = id(&office.create("/documents", draft).await);
        for (under, expected) in [
            (outbound, "wrong_document"),
            (void, "document_closed"),
            (draft, "document_closed"),
            (99, "document_closed"),
            (document, "over"),
        ] {
            let verdict = store_line.tries(&office, receive(goods.pallets[0], Some(under))).await;
            assert_eq!(word(&verdict), expected, "{under}");
        }
        let verdict = line.tries(&office, receive(goods.cases[0], Some(document))).await;
        assert_eq!(word(&verdict), "wrong_site");
        let verdict = store_line.tries(&office, receive(goods.cases[0], Some(document))).await;
        assert_eq!(word(&verdict), "applied");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_with_goods_on_the_way_is_not_voided_although_nobody_knows_what_they_are() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let document = office.approved(outbound(&goods, "OUT-1")).await;
        let arriving = json!({
            "number": "IN-1", "kind": "inbound", "site": goods.site,
            "lines": [{ "product": goods.product, "unit": "case", "quantity": 1 }],
        });
        let inbound = office.approved(arriving).await;
        let shipped = line.does(&office, vec![Goods::ship(goods.cases[0], document)]).await;
        let receipt = receive(goods.cases[1], Some(inbound));
        let received = line.does(&office, vec![receipt]).await;
        for (document, done) in [(document, shipped), (inbound, received)] {
            let void = format!("/documents/{document}/void");
            let (status, refused) = office.post(&void, json!({})).await;
            assert_eq!((status, &refused["error"]["code"]), (409, &json!("in_work")));
            let undo = Correct { names: done, correction: Correction::Undo };
            line.does(&office, vec![Action::Correct(undo)]).await;
            assert_eq!(office.create(&void, json!({})).await["state"], "void");
        }
    })
    .await;
}

//! Documents: created once, told to their site, moved by what devices ship.

use sealtrace_cloud::documents::State;
use sealtrace_cloud::feed;
use sealtrace_cloud::store::{StoreError, documents};
use sealtrace_cloud::writing;
use sealtrace_protocol::ids::{Cursor, DocumentId, ProductId, SiteId};
use sealtrace_protocol::ledger::{Contents, Move};
use sealtrace_protocol::link::FeedRow;
use serde_json::{Value, json};

use crate::office::{Goods, Line, Office, answer, faults, get, goods, id, in_both_offices};

/// The document as its site's devices know it.
async fn told(office: &Office, site: SiteId, document: u64) -> Value {
    let page = feed::page(&office.cloud.store, site, Cursor(0)).await.unwrap();
    let found = page.rows.into_iter().find_map(|entry| {
        let FeedRow::Document(row) = entry.row else { return None };
        (row.id() == DocumentId(document)).then_some(row)
    });
    serde_json::to_value(found.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_document_again_is_the_same_and_another_under_its_number_is_refused() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let body = json!({
            "number": "OUT-1", "kind": "outbound", "site": goods.site, "dealer": goods.nanjing,
            "lines": [{ "product": goods.product, "units": 6 }],
        });
        let first = office.create("/documents", body.clone()).await;
        assert_eq!(
            first,
            json!({
                "id": id(&first), "number": "OUT-1", "kind": "outbound", "state": "approved",
                "site": { "id": goods.site, "name": "一号线" },
                "dealer": { "id": goods.nanjing, "name": "南京经销商" },
                "lines": [{ "product": { "id": goods.product, "name": "雪峰啤酒 500ml" }, "units": 6, "moved": 0 }],
                "created_at": office.now(),
            })
        );
        office.later(1_000);
        assert_eq!(office.create("/documents", body.clone()).await, first);
        for (field, value) in [
            ("dealer", json!(goods.shanghai)),
            ("lines", json!([{ "product": goods.product, "units": 7 }])),
        ] {
            let mut other = body.clone();
            other[field] = value;
            let (status, answered) = office.post("/documents", other).await;
            assert_eq!(
                (status, &answered["error"]["code"], &answered["error"]["params"]["field"]),
                (409, &json!("number_taken"), &json!(field))
            );
        }
        assert_eq!(office.get("/documents?q=out").await, json!({ "rows": [first], "total": 1 }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_a_document_is_named() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let bad = json!({
            "number": "x".repeat(41), "kind": "sideways", "site": 99, "dealer": 99,
            "lines": [
                { "product": goods.product, "units": 0 },
                { "product": goods.product, "units": 5 },
                { "product": 99, "units": 5 },
            ],
        });
        assert_eq!(
            faults(office.post("/documents", bad).await),
            json!({
                "number": "too_long", "kind": "unknown", "site": "unknown", "dealer": "unknown",
                "lines.0.units": "required", "lines.1.product": "twice", "lines.2.product": "unknown",
            })
        );
        assert_eq!(get(&office.admin, "/documents/99").await.0, 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shipping_moves_a_document_to_its_end_and_tells_the_site() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let document = goods.document(&office, "OUT-1", goods.nanjing, 6).await;
        assert_eq!(told(&office, goods.site, document).await["document"]["open"], true);
        line.does(&office, vec![goods.pack_case(0, 0..3), goods.pack_case(1, 3..6)]).await;
        line.does(&office, vec![Goods::ship(goods.cases[0], document)]).await;
        let shown = office.get(&format!("/documents/{document}")).await;
        assert_eq!((&shown["state"], &shown["lines"][0]["moved"]), (&json!("in_work"), &json!(3)));
        assert_eq!(told(&office, goods.site, document).await["document"]["lines"][0]["moved"], 3);
        let (status, body) =
            answer(office.admin.delete(&format!("/api/v1/documents/{document}")).json(&json!({})))
                .await;
        assert_eq!(faults((status, body)), json!({ "state": "moved" }));
        line.does(&office, vec![Goods::ship(goods.cases[1], document)]).await;
        let shown = office.get(&format!("/documents/{document}")).await;
        assert_eq!((&shown["state"], &shown["lines"][0]["moved"]), (&json!("done"), &json!(6)));
        assert_eq!(told(&office, goods.site, document).await["document"]["open"], false);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untouched_document_can_be_withdrawn() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let document = goods.document(&office, "OUT-1", goods.nanjing, 6).await;
        let request =
            office.admin.delete(&format!("/api/v1/documents/{document}")).json(&json!({}));
        let (status, body) = answer(request).await;
        assert_eq!((status, &body["state"]), (200, &json!("void")));
        assert_eq!(told(&office, goods.site, document).await["document"]["open"], false);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_counts_what_moves_on_and_off_by_lot() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let document = DocumentId(goods.document(&office, "OUT-1", goods.nanjing, 10).await);
        let other_lot = sealtrace_protocol::text::Lot::new("L2").unwrap();
        let of = |lot, units| Contents::of(goods.product, lot, units);
        let steps = [
            (of(goods.lot, 4), Contents::none(), 4, State::InWork),
            (of(other_lot, 6), Contents::none(), 10, State::Done),
            (Contents::none(), of(goods.lot, 3), 7, State::InWork),
            (of(goods.lot, 1), of(other_lot, 6), 2, State::InWork),
            (Contents::none(), of(goods.lot, 2), 0, State::Approved),
        ];
        for (on, off, moved, state) in steps {
            let change = Move { document, on, off };
            let done: Result<(), StoreError> =
                writing!(office.cloud.store, |tx| { documents::move_units(tx, &change).await });
            done.unwrap();
            let mut tx = office.cloud.store.read().await.unwrap();
            let known = documents::document(&mut tx, document).await.unwrap().unwrap();
            assert_eq!(known.line(goods.product).unwrap().moved, moved);
            assert_eq!(known.open, state.is_open());
            assert_eq!(documents::state(&mut tx, document).await.unwrap(), Some(state));
        }
        let mut tx = office.cloud.store.read().await.unwrap();
        assert_eq!(documents::document(&mut tx, DocumentId(99)).await.unwrap(), None);
        let known = documents::document(&mut tx, document).await.unwrap().unwrap();
        assert_eq!(known.line(ProductId(99)), None);
    })
    .await;
}

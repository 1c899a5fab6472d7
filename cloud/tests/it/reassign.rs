//! Scans that move to another document: at once while theirs is open, afterwards with a second person's word; signed by
//! the office's own key.

use futures_util::future::join_all;
use sealtrace_protocol::ids::DocumentId;
use sealtrace_protocol::ledger::Custody;
use serde_json::{Value, json};

use crate::office::{Goods, Line, Office, answer, faults, get, goods, id, in_both_offices};

/// A pallet of two cases, shipped under the first of two documents.
async fn shipped(office: &Office, units: u32) -> (Goods, u64, u64) {
    let goods = goods(office).await;
    let mut line = Line::enrolled(office, 7, goods.site).await;
    let packs =
        vec![goods.pack_case(0, 0..3), goods.pack_case(1, 3..6), goods.pack_pallet(0, 0..2)];
    line.does(office, packs).await;
    let first = goods.document(office, "OUT-1", goods.nanjing, units).await;
    let second = goods.document(office, "OUT-2", goods.shanghai, 6).await;
    line.does(office, vec![Goods::ship(goods.pallets[0], first)]).await;
    (goods, first, second)
}

fn asked(code: &sealtrace_protocol::code::Code, to: u64) -> Value {
    json!({ "codes": [code.canonical()], "to": to, "reason": "wrong truck" })
}

async fn moved(office: &Office, document: u64) -> Value {
    office.get(&format!("/documents/{document}")).await["demand"][0]["moved"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn before_dispatch_a_scan_moves_at_once_and_the_office_signs_it() {
    in_both_offices(async |office| {
        let (goods, first, second) = shipped(&office, 9).await;
        let path = format!("/documents/{first}/reassign");
        let (status, source) = office.post(&path, asked(&goods.cases[0], second)).await;
        assert_eq!((status, &source["demand"][0]["moved"]), (200, &json!(3)), "{source}");
        assert_eq!(moved(&office, second).await, 3);
        let target = office.get(&format!("/documents/{second}")).await;
        assert_eq!(target["history"].as_array().unwrap().last().unwrap()["action"], "reassign");
        assert_eq!(target["state"], "in_work");

        // It is an operation like any other: in the case's life, in a batch that verifies, with a receipt.
        let trace = office.get(&format!("/trace?text={}", goods.cases[0].canonical())).await;
        let step = trace["life"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(
            (&step["kind"], &step["device"]),
            (&json!("reassign"), &json!({ "id": 0, "name": "office" }))
        );
        assert_eq!(trace["custody"]["dealer"]["name"], "上海经销商");
        let batch = office.get(&format!("/batches/0/{}/{}", step["epoch"], step["batch"])).await;
        assert_eq!((&batch["verified"], &batch["previous"]), (&json!(true), &Value::Null));
        assert!(batch["receipt"]["stored_at"].is_number());

        // The next one is chained to it.
        let (status, _) = office.post(&path, asked(&goods.cases[1], second)).await;
        assert_eq!(status, 200);
        let next = office.get("/batches/0/1/2").await;
        assert_eq!((&next["verified"], &next["previous"]), (&json!(true), &batch["hash"]));
        assert_eq!(
            (moved(&office, first).await, moved(&office, second).await),
            (json!(0), json!(6))
        );
        let devices = office.get("/devices").await;
        assert_eq!(devices["total"], 1, "the office is nobody's device: {devices}");
        let audit = office.get("/audit?resource=documents&subject=1").await;
        assert_eq!(audit["rows"][0]["action"], "reassign");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_rules_refuse_is_told_and_leaves_nothing_behind() {
    in_both_offices(async |office| {
        let (goods, first, second) = shipped(&office, 9).await;
        let small = goods.document(&office, "OUT-3", goods.shanghai, 2).await;
        let path = format!("/documents/{first}/reassign");
        for (body, expected) in [
            (asked(&goods.cases[5], second), "not_in_use"),
            (asked(&goods.cases[0], small), "over"),
        ] {
            let (status, refused) = office.post(&path, body).await;
            let error = &refused["error"];
            assert_eq!((status, &error["code"]), (409, &json!("rejected")), "{refused}");
            assert!(error["params"]["rejection"].get(expected).is_some(), "{refused}");
        }
        assert_eq!(get(&office.admin, "/batches/0/1/1").await.0, 404);
        assert_eq!(moved(&office, first).await, 6);
        let bad = json!({ "codes": ["?", goods.cases[0].canonical()], "to": first, "reason": " " });
        assert_eq!(
            faults(office.post(&path, bad).await),
            json!({ "codes.0": "unreadable", "to": "same", "reason": "required" })
        );
        let nothing = office.post(&path, json!({ "to": 99 })).await;
        assert_eq!(
            faults(nothing),
            json!({ "codes": "required", "to": "unknown", "reason": "required" })
        );
        let count = json!({ "number": "C-1", "kind": "count", "site": goods.site });
        let count = office.approved(count).await;
        let odd = office.post(&path, asked(&goods.cases[0], count)).await;
        assert_eq!(faults(odd), json!({ "to": "wrong_kind" }));
        office.create(&format!("/documents/{count}/close"), json!({})).await;
        let wrong = format!("/documents/{count}/reassign");
        let odd = office.post(&wrong, asked(&goods.cases[0], second)).await;
        assert_eq!(faults(odd), json!({ "document": "wrong_kind" }));
        // Nothing has moved under the second yet.
        let (status, refused) = office
            .post(&format!("/documents/{second}/reassign"), asked(&goods.cases[0], first))
            .await;
        assert_eq!((status, &refused["error"]["code"]), (409, &json!("wrong_state")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_dispatch_a_second_person_decides() {
    in_both_offices(async |office| {
        let (goods, first, second) = shipped(&office, 6).await;
        assert_eq!(office.get(&format!("/documents/{first}")).await["state"], "done");
        let path = format!("/documents/{first}/reassign");
        let (status, request) = office.post(&path, asked(&goods.cases[0], second)).await;
        assert_eq!((status, &request["state"]), (202, &json!("requested")), "{request}");
        assert_eq!(moved(&office, second).await, 0);
        let request = format!("/reassignments/{}", id(&request));
        let (status, own) = office.post(&format!("{request}/approve"), json!({})).await;
        assert_eq!((status, &own["error"]["code"]), (403, &json!("second_person")));
        let auditor = office.signed_in("auditor").await;
        let approve = format!("/api/v1{request}/approve");
        assert_eq!(answer(auditor.post(&approve).json(&json!({}))).await.0, 403);
        let listed = get(&auditor, "/reassignments?state=requested").await.1;
        assert_eq!(
            (&listed["total"], &listed["rows"][0]["to"]["number"]),
            (&json!(1), &json!("OUT-2"))
        );

        let manager = office.signed_in("manager").await;
        let (status, approved) = answer(manager.post(&approve).json(&json!({}))).await;
        assert_eq!((status, &approved["state"]), (200, &json!("approved")), "{approved}");
        assert_eq!(approved["decided_by"]["name"], "the manager");
        assert_eq!(approved["operation"], json!({ "device": 0, "epoch": 1, "seq": 1 }));
        assert_eq!(
            (moved(&office, first).await, moved(&office, second).await),
            (json!(3), json!(3))
        );
        let trail = office.get("/audit?resource=reassignments").await;
        let actions = [0, 1].map(|row| trail["rows"][row]["action"].clone());
        assert_eq!(actions, [json!("approve"), json!("create")]);
        let (status, again) = answer(manager.post(&approve).json(&json!({}))).await;
        assert_eq!((status, &again["error"]["code"]), (409, &json!("decided")));

        // The first is open again, for what has left it.
        assert_eq!(office.get(&format!("/documents/{first}")).await["state"], "in_work");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_can_be_turned_down_and_one_that_does_not_count_any_more_stays_open() {
    in_both_offices(async |office| {
        let (goods, first, second) = shipped(&office, 6).await;
        let path = format!("/documents/{first}/reassign");
        let manager = office.signed_in("manager").await;
        let decide = async |request: &Value, word: &str| {
            let path = format!("/api/v1/reassignments/{}/{word}", id(request));
            answer(manager.post(&path).json(&json!({}))).await
        };
        let (_, request) = office.post(&path, asked(&goods.cases[0], second)).await;
        let (status, rejected) = decide(&request, "reject").await;
        assert_eq!((status, &rejected["state"]), (200, &json!("rejected")));
        let (_, request) = office.post(&path, asked(&goods.cases[0], second)).await;
        office.create(&format!("/documents/{second}/void"), json!({})).await;
        let (status, refused) = decide(&request, "approve").await;
        assert_eq!((status, &refused["error"]["code"]), (409, &json!("rejected")));
        let open = office.get("/reassignments?state=requested").await;
        assert_eq!(open["total"], 1);
        assert_eq!(moved(&office, first).await, 6);
        assert_eq!(decide(&json!({ "id": 99 }), "approve").await.0, 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn diversion_follows_a_reassigned_shipment() {
    in_both_offices(async |office| {
        let (goods, first, second) = shipped(&office, 9).await;
        office.later(crate::office::MINUTE_MS);
        // Shanghai: outside the territory of the dealer in Nanjing it was shipped to.
        office.scan(&goods.units[0], "310100").await;
        assert_eq!(office.get("/diversion/suspects").await["total"], 1);
        office.later(crate::office::MINUTE_MS);
        let path = format!("/documents/{first}/reassign");
        assert_eq!(office.post(&path, asked(&goods.cases[0], second)).await.0, 200);
        office.later(crate::office::MINUTE_MS);
        office.scan(&goods.units[1], "310100").await;
        office.scan(&goods.units[2], "320100").await;
        let suspects = office.get("/diversion/suspects").await;
        let outside: Vec<_> =
            suspects["rows"].as_array().unwrap().iter().map(|row| row["code"].clone()).collect();
        assert!(!outside.contains(&json!(goods.units[1].canonical())), "{suspects}");
        assert!(outside.contains(&json!(goods.units[2].canonical())), "{suspects}");
        let key = |code| match office.cloud.codebook.resolve(code) {
            sealtrace_cloud::codes::Resolved::Ours { key, .. } => key,
            sealtrace_cloud::codes::Resolved::Foreign => panic!("{code} is foreign"),
        };
        let mut tx = office.cloud.store.read().await.unwrap();
        let book = &office.cloud.codebook;
        let case = sealtrace_cloud::store::ledger::item(&mut tx, book, key(&goods.cases[0])).await;
        let Some(Custody::Shipped { document, .. }) = case.unwrap().unwrap().custody else {
            panic!("it is shipped")
        };
        assert_eq!(document, DocumentId(second));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_office_signs_one_after_the_other_however_many_ask_at_once() {
    in_both_offices(async |office| {
        let (goods, first, second) = shipped(&office, 9).await;
        let path = format!("/documents/{first}/reassign");
        let asked: Vec<Value> = goods.units[..6].iter().map(|unit| asked(unit, second)).collect();
        let answers = join_all(asked.into_iter().map(|body| office.post(&path, body))).await;
        for (status, answer) in &answers {
            assert_eq!(*status, 200, "{answer}");
        }
        assert_eq!(
            (moved(&office, first).await, moved(&office, second).await),
            (json!(0), json!(6))
        );
        let mut previous = Value::Null;
        for batch in 1..=6 {
            let signed = office.get(&format!("/batches/0/1/{batch}")).await;
            assert_eq!((&signed["verified"], &signed["previous"]), (&json!(true), &previous));
            previous = signed["hash"].clone();
        }
    })
    .await;
}

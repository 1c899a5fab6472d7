//! Traces: a code's tree and life, and the signed batch behind each step.

use sealtrace_cloud::store::{StoreError, Tx};
use sealtrace_cloud::writing;
use sealtrace_protocol::ledger::{Action, Unpack};
use sealtrace_protocol::signing::SealedBatch;
use serde_json::{Value, json};

use crate::office::{Goods, Line, MINUTE_MS, Office, START, get, goods, in_both_offices};

async fn trace(office: &Office, text: &str) -> Value {
    let (status, body) = {
        let request = office.admin.get("/api/v1/trace").add_query_param("text", text);
        crate::office::answer(request).await
    };
    assert_eq!(status, 200, "{text}: {body}");
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_has_a_tree_a_life_and_a_signed_batch_behind_each_step() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let document = goods.document(&office, "OUT-1", goods.nanjing, 6).await;
        line.does(&office, vec![goods.pack_case(0, 0..3), goods.pack_case(1, 3..6)]).await;
        office.later(MINUTE_MS);
        line.does(&office, vec![goods.pack_pallet(0, 0..2)]).await;
        office.later(MINUTE_MS);
        line.does(&office, vec![Goods::ship(goods.pallets[0], document)]).await;

        let bottle = trace(&office, &format!("https://trace.example.com/{}", goods.units[0])).await;
        let [case, pallet] = [goods.cases[0], goods.pallets[0]].map(|code| code.canonical());
        let custody = json!({
            "kind": "shipped", "from": { "id": goods.site, "name": "一号线" },
            "dealer": { "id": goods.nanjing, "name": "南京经销商" },
            "document": { "id": document, "number": "OUT-1" }, "at": START.plus_ms(2 * MINUTE_MS),
        });
        assert_eq!(
            bottle,
            json!({
                "code": goods.units[0].canonical(),
                "printed": format!("HTTPS://TRACE.EXAMPLE.COM/{}", goods.units[0]),
                "level": "unit", "state": "active",
                "product": { "id": goods.product, "name": "雪峰啤酒 500ml", "gtin": "06901234567892" },
                "lot": "L20260801", "disputed": false, "custody": custody,
                "ancestors": [{ "code": case, "level": "case" }, { "code": pallet, "level": "pallet" }],
                "children": [],
                "contents": [{ "product": { "id": goods.product, "name": "雪峰啤酒 500ml" }, "lot": "L20260801", "units": 1 }],
                "life": [{
                    "version": 1, "at": START, "uncertainty_ms": 500, "kind": "pack", "operator": null,
                    "site": { "id": goods.site, "name": "一号线" }, "device": { "id": 7, "name": "device 7" },
                    "epoch": 1, "seq": 1, "batch": 1, "verdict": { "applied": { "notices": [] } },
                    "state": "active", "parent": case, "custody": null,
                }],
                "sightings": [],
                "order": { "id": goods.order, "number": "PO-1" },
            })
        );
        let shown = trace(&office, &pallet).await;
        assert_eq!(shown["children"].as_array().unwrap().len(), 2);
        assert_eq!(shown["children"][0], json!({ "code": case, "level": "case", "state": "active" }));
        let kinds: Vec<&Value> = shown["life"].as_array().unwrap().iter().map(|step| &step["kind"]).collect();
        assert_eq!(kinds, [&json!("pack"), &json!("ship")]);
        assert_eq!(shown["life"][0]["custody"], json!({ "kind": "at", "site": { "id": goods.site, "name": "一号线" } }));
        assert_eq!((&shown["life"][1]["custody"], &shown["life"][1]["batch"]), (&custody, &json!(3)));

        office.later(MINUTE_MS);
        line.does(&office, vec![Action::Unpack(Unpack::Child(goods.cases[0]))]).await;
        let left = trace(&office, &case).await;
        assert_eq!((&left["custody"], &left["ancestors"]), (&custody, &json!([])));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_traced_says_why() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let issued = trace(&office, &goods.units[0].canonical()).await;
        assert_eq!((&issued["state"], &issued["life"]), (&json!("issued"), &json!([])));
        let (status, body) = get(&office.admin, "/trace?text=9A000000000000001").await;
        assert_eq!((status, &body["error"]["code"]), (404, &json!("no_such_code")));
        let (status, body) = get(&office.admin, "/trace?text=090123").await;
        assert_eq!((status, &body["error"]["code"]), (422, &json!("unreadable")));
        assert_eq!(get(&office.admin, "/trace").await.1["error"]["code"], "unreadable_query");
        for place in ["7/1/1", "7/1/1/raw"] {
            let (status, body) = get(&office.admin, &format!("/batches/{place}")).await;
            assert_eq!((status, &body["error"]["code"]), (404, &json!("no_such_batch")));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_verified_each_time_it_is_looked_at() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        line.does(&office, vec![goods.pack_case(0, 0..3), goods.pack_case(0, 3..6)]).await;
        let (batch, seq) = line.newest();
        let path = format!("/batches/7/1/{batch}");
        let shown = office.get(&path).await;
        assert_eq!(
            (&shown["verified"], &shown["count"], &shown["last"]),
            (&json!(true), &json!(2), &json!(seq))
        );
        assert_eq!(shown["previous"], Value::Null);
        assert_eq!(shown["software"], "0.1.0-test");
        assert_eq!(shown["receipt"]["stored_at"], json!(START));
        assert_eq!(shown["records"][0]["verdict"], json!({ "applied": { "notices": [] } }));
        assert_eq!(shown["records"][0]["codes"].as_array().unwrap().len(), 4);
        let rejected = &shown["records"][1]["verdict"]["quarantined"]["rejection"];
        assert!(rejected.is_object(), "{shown}");
        let raw = office.admin.get(&format!("/api/v1{path}/raw")).await;
        assert_eq!(raw.header("content-type"), "application/octet-stream");
        let sealed = SealedBatch::from_bytes(raw.as_bytes()).unwrap();
        assert!(sealed.verify(&line.device.key).is_ok());
        assert_eq!(shown["bytes"], raw.as_bytes().len());

        let mut damaged = raw.as_bytes().to_vec();
        *damaged.last_mut().unwrap() ^= 1;
        let done: Result<(), StoreError> =
            writing!(office.cloud.store, |tx| { overwrite(tx, &damaged).await });
        done.unwrap();
        let shown = office.get(&path).await;
        assert_eq!((&shown["verified"], &shown["records"]), (&json!(false), &json!([])));
        assert_eq!(shown["payload_hash"], Value::Null);
    })
    .await;
}

/// What somebody with access to the database might do.
async fn overwrite(tx: &mut Tx, sealed: &[u8]) -> Result<(), StoreError> {
    tx.execute("update batches set sealed = $1", &[sealed.into()]).await?;
    Ok(())
}

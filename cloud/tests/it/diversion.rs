//! Diversion: which codes are suspected, by which shipment, and what changes when late news arrives.

use futures_util::future::join_all;
use sealtrace_cloud::codes::Resolved;
use sealtrace_cloud::diversion::{self, Kind, plain::Seen};
use sealtrace_cloud::store::sightings;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ledger::{
    Action, Correct, Correction, Finding, Inspect, Relabel, RelabelReason, Unpack,
};
use serde_json::{Value, json};

use crate::office::{
    Goods, Line, MINUTE_MS, Office, START, answer, faults, get, goods, in_both_offices,
};

const NANJING: &str = "320100";
const YANGZHOU: &str = "321000";
const SHANGHAI: &str = "310100";
const GUANGZHOU: &str = "440100";

async fn suspects(office: &Office, query: &str) -> Vec<String> {
    let found = office.get(&format!("/diversion/suspects{query}")).await;
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(found["total"], rows.len());
    rows.iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
}

fn texts(codes: &[Code]) -> Vec<String> {
    codes.iter().map(Code::canonical).collect()
}

/// Two cases on a pallet, shipped to Nanjing; a third case shipped to Shanghai.
async fn shipped(office: &Office) -> (Goods, Line) {
    let goods = goods(office).await;
    let mut line = Line::enrolled(office, 7, goods.site).await;
    let north = goods.document(office, "OUT-N", goods.nanjing, 6).await;
    let south = goods.document(office, "OUT-S", goods.shanghai, 3).await;
    let packed = (0..3).map(|case| goods.pack_case(case, 3 * case..3 * case + 3)).collect();
    line.does(office, packed).await;
    line.does(office, vec![goods.pack_pallet(0, 0..2)]).await;
    office.later(MINUTE_MS);
    let ships = vec![Goods::ship(goods.pallets[0], north), Goods::ship(goods.cases[2], south)];
    line.does(office, ships).await;
    office.later(MINUTE_MS);
    (goods, line)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bottle_seen_outside_the_territory_it_was_shipped_to_is_listed() {
    in_both_offices(async |office| {
        let (goods, _) = shipped(&office).await;
        office.scan(&goods.units[0], NANJING).await;
        office.scan(&goods.units[1], YANGZHOU).await;
        office.scan(&goods.units[6], SHANGHAI).await;
        assert_eq!(suspects(&office, "").await, Vec::<String>::new());
        office.later(MINUTE_MS);
        office.scan(&goods.units[0], GUANGZHOU).await;
        let row = json!({
            "code": goods.units[0].canonical(), "level": "unit",
            "product": { "id": goods.product, "name": "雪峰啤酒 500ml" }, "lot": "L20260801",
            "dealer": { "id": goods.nanjing, "name": "南京经销商" },
            "document": { "id": 1, "number": "OUT-N" },
            "shipped_at": START.plus_ms(MINUTE_MS),
            "territory": [{ "code": "320100", "name": "南京市", "en": "Nanjing" }, { "code": "321000", "name": "扬州市", "en": "Yangzhou" }],
            "sightings": [
                { "id": 1, "at": START.plus_ms(2 * MINUTE_MS), "kind": "consumer",
                  "region": { "code": "320100", "name": "南京市", "en": "Nanjing" }, "accuracy_m": null, "outside": false },
                { "id": 2, "at": START.plus_ms(3 * MINUTE_MS), "kind": "consumer",
                  "region": { "code": "440100", "name": "广州市", "en": "Guangzhou" }, "accuracy_m": null, "outside": true },
            ],
            "outside": 1, "last_at": START.plus_ms(3 * MINUTE_MS),
        });
        assert_eq!(office.get("/diversion/suspects").await, json!({ "rows": [row], "total": 1 }));
        office.scan(&goods.units[6], NANJING).await;
        office.later(1);
        office.scan(&goods.units[2], SHANGHAI).await;
        let [a, b, c] = &texts(&[goods.units[2], goods.units[0], goods.units[6]])[..] else { panic!() };
        let mut all = suspects(&office, "").await;
        assert_eq!(all.remove(0), *a, "the latest first");
        all.sort();
        let mut rest = vec![b.clone(), c.clone()];
        rest.sort();
        assert_eq!(all, rest);
        assert_eq!(suspects(&office, &format!("?dealer={}", goods.shanghai)).await, std::slice::from_ref(c));
        assert_eq!(suspects(&office, "?region=440103").await, std::slice::from_ref(b));
        assert_eq!(suspects(&office, &format!("?q={a}")).await, std::slice::from_ref(a));
        assert_eq!(suspects(&office, "?q=not-ours").await, Vec::<String>::new());
        assert_eq!(suspects(&office, "?product=99").await, Vec::<String>::new());
        let asked = get(&office.admin, "/diversion/suspects?region=nowhere").await;
        assert_eq!(faults(asked), json!({ "region": "unknown" }));
        let paged = office.get("/diversion/suspects?size=1&page=2").await;
        assert_eq!((paged["rows"].as_array().unwrap().len(), &paged["total"]), (1, &json!(3)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vague_places_and_scans_before_the_shipment_do_not_count() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        office.scan(&goods.units[0], GUANGZHOU).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let document = goods.document(&office, "OUT-N", goods.nanjing, 3).await;
        line.does(&office, vec![goods.pack_case(0, 0..3)]).await;
        office.scan(&goods.units[0], GUANGZHOU).await;
        office.later(MINUTE_MS);
        line.does(&office, vec![Goods::ship(goods.cases[0], document)]).await;
        let vague = json!({ "text": goods.units[1].canonical(), "region": GUANGZHOU, "accuracy_m": 80_000 });
        assert_eq!(answer(office.nobody().post("/api/v1/verifications").json(&vague)).await.0, 200);
        let strange = json!({ "text": goods.units[1].canonical(), "region": "atlantis" });
        assert_eq!(answer(office.nobody().post("/api/v1/verifications").json(&strange)).await.0, 200);
        assert_eq!(suspects(&office, "").await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipment_that_is_heard_of_late_puts_earlier_sightings_in_another_light() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let document = goods.document(&office, "OUT-N", goods.nanjing, 3).await;
        let packed_at = office.now();
        let shipped_at = packed_at.plus_ms(MINUTE_MS);
        office.later(10 * MINUTE_MS);
        office.scan(&goods.units[0], GUANGZHOU).await;
        assert_eq!(suspects(&office, "").await, Vec::<String>::new());
        line.did_at(&office, packed_at, vec![goods.pack_case(0, 0..3)]).await;
        assert_eq!(suspects(&office, "").await, Vec::<String>::new());
        let shipped =
            line.did_at(&office, shipped_at, vec![Goods::ship(goods.cases[0], document)]).await;
        assert_eq!(suspects(&office, "").await, texts(&goods.units[..1]));
        let undo = Action::Correct(Correct { names: shipped, correction: Correction::Undo });
        line.did_at(&office, shipped_at.plus_ms(1), vec![undo]).await;
        assert_eq!(suspects(&office, "").await, Vec::<String>::new());
        agree_with_judging_afresh(&office, &goods).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_a_shipped_pallet_or_got_a_new_label_is_still_under_its_shipment() {
    in_both_offices(async |office| {
        let (goods, mut line) = shipped(&office).await;
        let left = vec![
            Action::Unpack(Unpack::Child(goods.cases[1])),
            Action::Unpack(Unpack::Whole(goods.cases[0])),
        ];
        line.does(&office, left).await;
        office.later(MINUTE_MS);
        office.scan(&goods.units[0], SHANGHAI).await;
        office.scan(&goods.units[3], SHANGHAI).await;
        let (old, new) = (goods.units[4], goods.units[20]);
        let relabel = Action::Relabel(Relabel { old, new, reason: RelabelReason::Damaged });
        line.does(&office, vec![relabel]).await;
        office.later(MINUTE_MS);
        office.scan(&old, SHANGHAI).await;
        office.scan(&new, SHANGHAI).await;
        let mut expected = texts(&[goods.units[0], goods.units[3], old, new]);
        expected.sort();
        let mut found = suspects(&office, "").await;
        found.sort();
        assert_eq!(found, expected);
        let rows = office.get("/diversion/suspects").await;
        for row in
            rows["rows"].as_array().unwrap().iter().filter(|row| row["code"] != new.canonical())
        {
            assert_eq!(row["shipped_at"], json!(START.plus_ms(MINUTE_MS)), "{row}");
        }
        agree_with_judging_afresh(&office, &goods).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disputed_goods_carry_no_suspicion() {
    in_both_offices(async |office| {
        let (goods, _) = shipped(&office).await;
        office.scan(&goods.units[0], GUANGZHOU).await;
        assert_eq!(suspects(&office, "").await, texts(&goods.units[..1]));
        let mut other = Line::enrolled(&office, 8, goods.site).await;
        other.does(&office, vec![goods.pack_case(5, 0..3)]).await;
        let trace = office.get(&format!("/trace?text={}", goods.units[0])).await;
        assert_eq!(trace["disputed"], true, "{trace}");
        assert_eq!(suspects(&office, "").await, Vec::<String>::new());
        agree_with_judging_afresh(&office, &goods).await;
    })
    .await;
}

/// Judging again what movements touch must come to the same as judging everything anew.
async fn agree_with_judging_afresh(office: &Office, goods: &Goods) {
    let mut tx = office.cloud.store.read().await.unwrap();
    let codes = goods.units.iter().chain(&goods.cases).chain(&goods.pallets);
    let mut compared = 0;
    for code in codes {
        let Resolved::Ours { key, .. } = office.cloud.codebook.resolve(code) else { panic!() };
        for sighting in sightings::of_item(&mut tx, key).await.unwrap() {
            let seen = &sighting.seen;
            let seen = Seen {
                at: seen.at,
                region: seen.region,
                accuracy_m: seen.accuracy_m,
                brought_by: None,
            };
            let fresh = diversion::judge(&mut tx, &office.cloud.codebook, key, seen).await.unwrap();
            assert_eq!(fresh, sighting.judgement, "{code}");
            compared += 1;
        }
    }
    assert!(compared > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inspector_learns_where_goods_may_be_sold_and_the_sighting_is_kept() {
    in_both_offices(async |office| {
        let (goods, _) = shipped(&office).await;
        let inspector = office.signed_in("inspector").await;
        let report = async |body: Value| answer(inspector.post("/api/v1/inspections").json(&body)).await;
        let bottle = goods.units[0].canonical();
        let (status, found) = report(json!({
            "text": bottle, "region": SHANGHAI, "accuracy_m": 25, "finding": "diverted", "note": " 便利店 ",
        }))
        .await;
        assert_eq!(status, 201, "{found}");
        assert_eq!(found["suspected"], true);
        assert_eq!(found["entitled_regions"][0]["name"], "南京市");
        assert_eq!(found["item"]["custody"]["dealer"]["name"], "南京经销商");
        assert_eq!((&found["item"]["state"], &found["item"]["level"]), (&json!("active"), &json!("unit")));
        let trace = office.get(&format!("/trace?text={bottle}")).await;
        assert_eq!(
            trace["sightings"],
            json!([{ "id": 1, "at": office.now(), "kind": "inspector", "accuracy_m": 25, "outside": true,
                     "region": { "code": "310100", "name": "上海市", "en": "Shanghai" }, "finding": "diverted", "note": "便利店" }])
        );
        assert_eq!(office.scan(&goods.units[0], NANJING).await["nth"], 1, "an inspector is no consumer");
        let bad = json!({ "text": "", "region": "x", "finding": "fine", "note": "x".repeat(1_001) });
        assert_eq!(
            faults(report(bad).await),
            json!({ "text": "required", "region": "unknown", "finding": "unknown", "note": "too_long" })
        );
        let bad = json!({ "text": bottle, "region": SHANGHAI, "finding": "diverted", "note": "a\u{0}b",
                          "id": "x".repeat(65) });
        assert_eq!(faults(report(bad).await), json!({ "note": "characters", "id": "too_long" }));
        let scanned = |text: &str| json!({ "text": text, "region": SHANGHAI, "finding": "counterfeit" });
        let (status, body) = report(scanned("what is this")).await;
        assert_eq!((status, &body["error"]["code"]), (422, &json!("unreadable")));
        let (status, body) = report(scanned("9A000000000000001")).await;
        assert_eq!((status, &body["error"]["code"]), (404, &json!("no_such_code")));
        let auditor = office.signed_in("auditor").await;
        let refused = auditor.post("/api/v1/inspections").json(&scanned(&bottle));
        assert_eq!(answer(refused).await.0, 403);
        let issued = report(scanned(&goods.units[20].canonical())).await.1;
        assert_eq!((&issued["item"]["state"], &issued["suspected"]), (&json!("issued"), &json!(false)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_scanned_all_day_does_not_hide_where_it_was_outside() {
    in_both_offices(async |office| {
        let (goods, _) = shipped(&office).await;
        let bottle = goods.units[0];
        office.scan(&bottle, SHANGHAI).await;
        for _ in 0..205 {
            office.scan(&bottle, NANJING).await;
        }
        let row = office.get("/diversion/suspects").await["rows"][0].clone();
        assert_eq!((&row["code"], &row["outside"]), (&json!(bottle.canonical()), &json!(1)));
        let shown: Vec<u64> = row["sightings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|sighting| sighting["id"].as_u64().unwrap())
            .collect();
        let newest: Vec<u64> = [1].into_iter().chain(8..=206).collect();
        assert_eq!(shown, newest);
        assert_eq!(row["sightings"][0]["outside"], true);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inspection_sent_again_is_recorded_once() {
    in_both_offices(async |office| {
        let (goods, _) = shipped(&office).await;
        let inspector = office.signed_in("inspector").await;
        let body = |bottle: usize, id: &str| {
            let text = goods.units[bottle].canonical();
            json!({ "id": id, "text": text, "region": SHANGHAI, "finding": "diverted" })
        };
        let send =
            async |body: &Value| answer(inspector.post("/api/v1/inspections").json(body)).await;
        let kept = async |bottle: usize| {
            let path = format!("/trace?text={}", goods.units[bottle].canonical());
            office.get(&path).await["sightings"].as_array().unwrap().len()
        };
        let one = body(0, "walk-1");
        let first = send(&one).await;
        assert_eq!((first.0, &first.1["suspected"]), (201, &json!(true)));
        office.later(MINUTE_MS);
        for again in join_all((0..4).map(|_| send(&one))).await {
            assert_eq!(again, first);
        }
        assert_eq!(kept(0).await, 1);
        // The name is the sender's: another item or another inspector is another inspection.
        assert_eq!(faults(send(&body(1, "walk-1")).await), json!({ "id": "taken" }));
        assert_eq!(office.post("/inspections", one.clone()).await.0, 201);
        assert_eq!((kept(0).await, kept(1).await), (2, 0));
        let raced = body(2, "walk-2");
        for answered in join_all((0..4).map(|_| send(&raced))).await {
            assert_eq!(answered.0, 201, "{}", answered.1);
        }
        assert_eq!(kept(2).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_inspected_is_a_sighting_too() {
    in_both_offices(async |office| {
        let (goods, mut line) = shipped(&office).await;
        let inspect = |code, region| {
            Action::Inspect(Inspect { code, region, accuracy_m: 20, finding: Finding::Suspicious })
        };
        let both = vec![inspect(goods.units[0], 440_103), inspect(goods.cases[1], 320_100)];
        line.does(&office, both).await;
        assert_eq!(suspects(&office, "").await, texts(&goods.units[..1]));
        let trace = office.get(&format!("/trace?text={}", goods.units[0])).await;
        assert_eq!(
            trace["sightings"],
            json!([{ "id": 1, "at": office.now(), "kind": "inspector", "accuracy_m": 20, "outside": true,
                     "region": { "code": "440100", "name": "广州市", "en": "Guangzhou" }, "finding": "suspicious" }])
        );
        agree_with_judging_afresh(&office, &goods).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_of_sightings_equal_the_rows() {
    in_both_offices(async |office| {
        let (goods, _) = shipped(&office).await;
        let inspector = office.signed_in("inspector").await;
        for (region, by_inspector) in [(NANJING, false), (SHANGHAI, true), (SHANGHAI, false), ("", false)] {
            if by_inspector {
                let body = json!({ "text": goods.units[0].canonical(), "region": region, "finding": "suspicious" });
                assert_eq!(answer(inspector.post("/api/v1/inspections").json(&body)).await.0, 201);
            } else {
                office.scan(&goods.units[0], region).await;
            }
        }
        let Resolved::Ours { key, .. } = office.cloud.codebook.resolve(&goods.units[0]) else { panic!() };
        let mut tx = office.cloud.store.read().await.unwrap();
        let rows = sightings::of_item(&mut tx, key).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.nth).collect::<Vec<_>>(), [1, 2, 3, 4]);
        let scans = rows.iter().filter(|row| row.seen.kind == Kind::Consumer).count();
        drop(tx);
        assert_eq!(office.scan(&goods.units[0], "").await["nth"], scans + 1);
    })
    .await;
}

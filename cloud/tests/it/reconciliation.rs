//! 标签核销: whatever happens to labels, all that were issued are accounted for or known to be unaccounted.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{OperationId, TaskId};
use sealtrace_protocol::ledger::{
    Action, Commission, Correct, Correction, Destroy, DestroyReason, Fate, Made, Rejection, Sample,
    SampleReason, Verdict, WriteOff,
};
use serde_json::{Value, json};

use crate::office::{Goods, Line, MINUTE_MS, Office, answer, get, goods, id, in_both_offices};

const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

fn write_off(codes: &[Code], fate: Fate) -> Action {
    let (first, last) = (codes[0], *codes.last().unwrap());
    let count = u32::try_from(codes.len()).unwrap();
    Action::WriteOff(WriteOff { first, last, count, fate })
}

fn undo(names: OperationId) -> Action {
    Action::Correct(Correct { names, correction: Correction::Undo })
}

/// The roll of a level of the first order.
async fn roll(office: &Office, goods: &Goods, level: &str) -> Value {
    let rolls = office.get(&format!("/reconciliation?order={}&level={level}", goods.order)).await;
    assert_eq!(rolls["total"], 1);
    rolls["rows"][0].clone()
}

/// Applied, scrapped, sampled, returned, void, unaccounted; together what was issued, and what the items say one by one.
async fn counts(office: &Office, goods: &Goods, level: &str) -> [i64; 6] {
    let roll = roll(office, goods, level).await;
    let number = |name: &str| roll[name].as_i64().unwrap();
    let counts = ["applied", "scrapped", "sampled", "returned", "void", "unaccounted"].map(number);
    assert_eq!(counts.iter().sum::<i64>(), number("issued"));
    assert_eq!(counts[0..3], counted(office, &roll).await[0..3], "{roll}");
    counts
}

/// What the items of a roll say, one by one, without strips.
async fn counted(office: &Office, roll: &Value) -> [i64; 3] {
    let mut tx = office.cloud.store.read().await.unwrap();
    let strips = "select cast(coalesce(sum(last - first + 1), 0) as bigint) from label_strips
        where code_order = $1 and fate = 'scrapped'";
    let order = roll["id"].as_i64().unwrap();
    let written: i64 = tx.query_one(strips, &[order.into()]).await.unwrap().get(0).unwrap();
    let items = "select count(case when coalesce(custody, 0) < 4 then 1 end),
        count(case when custody = 5 then 1 end), count(case when custody = 4 then 1 end)
        from items where key between $1 and $2 and state <> 0";
    let ends = [(order << 32).into(), (((order + 1) << 32) - 1).into()];
    let row = tx.query_one(items, &ends).await.unwrap();
    [row.get(0).unwrap(), row.get::<i64>(1).unwrap() + written, row.get(2).unwrap()]
}

fn word(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Quarantined { rejection } => rejection.code(),
        Verdict::Applied { .. } => "applied",
        other @ (Verdict::Duplicate { .. } | Verdict::Frozen) => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_label_is_accounted_for_once_whatever_happens_to_it() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        assert_eq!(counts(&office, &goods, "unit").await, [0, 0, 0, 0, 0, 24]);
        line.does(&office, vec![goods.pack_case(0, 0..3), goods.pack_case(1, 3..6)]).await;
        assert_eq!(counts(&office, &goods, "unit").await, [6, 0, 0, 0, 0, 18]);
        assert_eq!(counts(&office, &goods, "case").await, [2, 0, 0, 0, 0, 6]);

        let sample = Sample { codes: vec![goods.units[0]], reason: SampleReason::Inspection };
        let broken = Destroy { codes: vec![goods.units[1]], reason: DestroyReason::Broken };
        let actions = vec![
            Action::Sample(sample),
            Action::Destroy(broken),
            write_off(&goods.units[20..22], Fate::Scrapped),
            write_off(&goods.units[22..24], Fate::Returned),
            write_off(&goods.units[19..20], Fate::Scrapped),
        ];
        let last = line.does(&office, actions).await;
        assert_eq!(counts(&office, &goods, "unit").await, [4, 4, 1, 2, 0, 13]);
        // A label that was given back may come onto goods; a scrapped one may not.
        let made = |units: &[Code]| {
            Action::Commission(Commission { codes: units.to_vec(), made: goods.made() })
        };
        assert_eq!(word(&line.tries(&office, made(&goods.units[20..21])).await), "written_off");
        let put = line.does(&office, vec![made(&goods.units[22..23])]).await;
        assert_eq!(counts(&office, &goods, "unit").await, [5, 4, 1, 1, 0, 13]);
        line.does(&office, vec![undo(put)]).await;
        assert_eq!(counts(&office, &goods, "unit").await, [4, 4, 1, 2, 0, 13]);
        line.does(&office, vec![undo(last)]).await;
        assert_eq!(counts(&office, &goods, "unit").await, [4, 3, 1, 2, 0, 14]);
        line.does(&office, vec![made(&goods.units[19..20])]).await;
        assert_eq!(counts(&office, &goods, "unit").await, [5, 3, 1, 2, 0, 13]);

        let whole = office
            .get(&format!("/reconciliation/{}", roll(&office, &goods, "unit").await["id"]))
            .await;
        assert_eq!(
            whole["used_by"],
            json!([{ "order": { "id": goods.order, "number": "PO-1" }, "applied": 7 }])
        );
        let strips = whole["strips"].as_array().unwrap();
        let told =
            |strip: &Value| (strip["fate"].clone(), strip["count"].clone(), strip["first"].clone());
        assert_eq!(
            strips.iter().map(told).collect::<Vec<_>>(),
            [
                (json!("scrapped"), json!(2), json!(goods.units[20].canonical())),
                (json!("returned"), json!(2), json!(goods.units[22].canonical())),
            ]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strip_is_what_somebody_has_in_hand() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        line.does(&office, vec![goods.pack_case(0, 0..3)]).await;
        let scrapped = Fate::Scrapped;
        line.does(&office, vec![write_off(&goods.units[10..12], scrapped)]).await;
        let mut backwards = goods.units[4..6].to_vec();
        backwards.reverse();
        let mut counted_wrong = write_off(&goods.units[4..8], scrapped);
        if let Action::WriteOff(strip) = &mut counted_wrong {
            strip.count = 5;
        }
        let refused = [
            (write_off(&goods.units[2..6], scrapped), "already_in_use"),
            (write_off(&goods.units[8..12], Fate::Returned), "written_off"),
            (write_off(&backwards, scrapped), "not_one_strip"),
            (write_off(&[goods.units[4], goods.cases[4]], scrapped), "not_one_strip"),
            (counted_wrong, "strip_differs"),
            (write_off(&["9A0BCDEFGH1234567".parse().unwrap()], scrapped), "foreign"),
            (write_off(&goods.units[4..6], Fate::Void), "role_not_permitted"),
        ];
        for (action, expected) in refused {
            assert_eq!(word(&line.tries(&office, action).await), expected);
        }
        let named = line.tries(&office, write_off(&goods.units[1..9], scrapped)).await;
        let rejection = Rejection::AlreadyInUse { code: goods.units[1] };
        assert_eq!(named, Verdict::Quarantined { rejection });
        assert_eq!(counts(&office, &goods, "unit").await, [3, 2, 0, 0, 0, 19]);
    })
    .await;
}

/// Another order of the same product, released to the same line: its task.
async fn another_order(office: &Office, goods: &Goods) -> (u64, TaskId) {
    let order =
        json!({ "number": "PO-2", "product": goods.product, "lot": "L20260801", "quantity": 12 });
    let order = id(&office.create("/orders", order).await);
    office.create(&format!("/orders/{order}/codes"), json!({ "units": 6 })).await;
    let tasks = json!({ "tasks": [{ "site": goods.site, "kind": "line", "quantity": 12 }] });
    let released = office.create(&format!("/orders/{order}/release"), tasks).await;
    (order, TaskId(id(&released["tasks"][0])))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roll_may_be_used_up_by_several_orders() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let (order, task) = another_order(&office, &goods).await;
        let under = |task| {
            let made = Made { task, ..goods.made() };
            move |codes: &[Code]| Action::Commission(Commission { codes: codes.to_vec(), made })
        };
        let (first, second) = (under(goods.task), under(task));
        line.does(&office, vec![first(&goods.units[0..4]), second(&goods.units[4..9])]).await;
        let taken = line.does(&office, vec![second(&goods.units[9..11])]).await;
        line.does(&office, vec![undo(taken)]).await;
        let path = format!("/reconciliation/{}", roll(&office, &goods, "unit").await["id"]);
        let uses = office.get(&path).await["used_by"].clone();
        assert_eq!(
            uses,
            json!([
                { "order": { "id": order, "number": "PO-2" }, "applied": 5 },
                { "order": { "id": goods.order, "number": "PO-1" }, "applied": 4 },
            ])
        );
        let of_second = office.get(&format!("/reconciliation?order={order}&level=unit")).await;
        assert_eq!(of_second["sums"]["from_others"], 5);
        assert_eq!(
            (&of_second["sums"]["issued"], &of_second["sums"]["applied"]),
            (&json!(6), &json!(0))
        );
        let all = office.get("/reconciliation?size=2").await;
        assert_eq!((&all["total"], &all["sums"]["issued"]), (&json!(4), &json!(24 + 8 + 4 + 6)));
        assert_eq!(all["rows"].as_array().unwrap().len(), 2);
        assert_eq!(office.get("/reconciliation?open=0").await["total"], 0);
        assert_eq!(office.get("/reconciliation?q=po-2").await["total"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unaccounted_is_declared_void_by_a_manager_after_the_time_that_was_set() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        line.does(
            &office,
            vec![
                goods.pack_case(0, 0..3),
                write_off(&goods.units[20..22], Fate::Returned),
                goods.pack_case(1, 3..6),
            ],
        )
        .await;
        let id = roll(&office, &goods, "unit").await["id"].clone();
        let path = format!("/reconciliation/{id}/void");
        let auditor = office.signed_in("auditor").await;
        let request = auditor.post(&format!("/api/v1{path}")).json(&json!({}));
        assert_eq!(answer(request).await.0, 403);
        let (status, early) = office.post(&path, json!({})).await;
        assert_eq!((status, &early["error"]["code"]), (409, &json!("rejected")));
        let until = &early["error"]["params"]["rejection"]["too_early"]["until"];
        assert_eq!(until, &roll(&office, &goods, "unit").await["void_from"]);
        assert_eq!(counts(&office, &goods, "unit").await, [6, 0, 0, 2, 0, 16]);

        let settings = json!({ "pending_may_ship": true, "void_after_days": 10 });
        assert_eq!(office.put("/settings", settings).await.0, 200);
        office.later(10 * DAY_MS);
        let void = office.create(&path, json!({})).await;
        assert_eq!((&void["void"], &void["unaccounted"]), (&json!(16), &json!(0)));
        assert_eq!(counts(&office, &goods, "unit").await, [6, 0, 0, 2, 16, 0]);
        let (status, again) = office.post(&path, json!({})).await;
        assert_eq!((status, &again["error"]["code"]), (409, &json!("all_accounted_for")));
        assert_eq!(office.get("/reconciliation?open=0").await["total"], 1);

        // A void label is on nothing; what was taken off its goods is void as well.
        assert_eq!(office.scan(&goods.units[10], "").await["verdict"], "void");
        assert_eq!(office.scan(&goods.units[21], "").await["verdict"], "pending");
        assert_eq!(office.scan(&goods.units[4], "").await["verdict"], "genuine");
        for (unit, state) in [(10, "void"), (21, "label_returned"), (4, "active")] {
            let path = format!("/trace?text={}", goods.units[unit].canonical());
            assert_eq!(office.get(&path).await["state"], state);
        }
        let late = line.tries(&office, goods.pack_case(2, 9..12)).await;
        assert_eq!(word(&late), "written_off");
        assert_eq!(counts(&office, &goods, "unit").await, [6, 0, 0, 2, 16, 0]);
        let (status, trail) = get(&office.admin, "/audit?resource=reconciliation").await;
        assert_eq!((status, &trail["rows"][0]["action"]), (200, &json!("void")));
        assert_eq!(office.post("/reconciliation/999/void", json!({})).await.0, 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_is_undone_after_its_roll_was_declared_void_leaves_void_labels() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let packed = line.does(&office, vec![goods.pack_case(0, 0..3)]).await;
        office.later(30 * DAY_MS);
        let id = roll(&office, &goods, "unit").await["id"].clone();
        office.create(&format!("/reconciliation/{id}/void"), json!({})).await;
        assert_eq!(counts(&office, &goods, "unit").await, [3, 0, 0, 0, 21, 0]);
        line.does(&office, vec![undo(packed)]).await;
        assert_eq!(counts(&office, &goods, "unit").await, [0, 0, 0, 0, 24, 0]);
        // All of the case's labels but one were void: the case has no way back.
        assert_eq!(word(&line.tries(&office, goods.pack_case(0, 0..3)).await), "written_off");
        assert_eq!(counts(&office, &goods, "case").await, [0, 0, 0, 0, 0, 8]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_of_an_unaccounted_label_is_shown_until_its_line_has_reported() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        assert_eq!(office.scan(&goods.units[1], "320100").await["verdict"], "pending");
        office.later(MINUTE_MS);
        office.scan(&goods.units[1], "").await;
        office.scan(&goods.units[9], "").await;
        let listed = roll(&office, &goods, "unit").await;
        assert_eq!((&listed["scanned"], &listed["unaccounted"]), (&json!(2), &json!(24)));
        let path = format!("/reconciliation/{}", listed["id"]);
        let scans = office.get(&path).await["scans"].clone();
        let told = |scan: &Value| (scan["code"].clone(), scan["scans"].clone());
        let codes = [goods.units[1], goods.units[9]].map(|code| json!(code.canonical()));
        let [first, second] = codes;
        assert_eq!(
            scans.as_array().unwrap().iter().map(told).collect::<Vec<_>>(),
            [(first, json!(2)), (second.clone(), json!(1))]
        );
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        line.does(&office, vec![goods.pack_case(0, 0..3)]).await;
        let scans = office.get(&path).await["scans"].clone();
        assert_eq!((scans.as_array().unwrap().len(), &scans[0]["code"]), (1, &second));
        assert_eq!(roll(&office, &goods, "unit").await["scanned"], 1);
        let (status, body) = get(&office.admin, "/reconciliation/999").await;
        assert_eq!((status, &body["error"]["code"]), (404, &json!("no_such_roll")));
        let (status, body) = get(&office.admin, "/reconciliation?level=crate&open=2").await;
        assert_eq!(status, 422);
        assert_eq!(
            body["error"]["params"]["fields"],
            json!({ "level": "unknown", "open": "unknown" })
        );
    })
    .await;
}

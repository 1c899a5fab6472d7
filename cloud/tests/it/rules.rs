//! The rules, as devices meet them: operations in signed batches, judged against what the back office has written down.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DocumentId, OperatorId, ProductId, Revision, SiteId, TaskId};
use sealtrace_protocol::ledger::{
    Action, Commission, Level, Made, Notice, Pack, Party, Receive, Rejection, Ship, Verdict,
    VerifyPack,
};
use sealtrace_protocol::text::Lot;
use serde_json::{Value, json};

use crate::office::{Goods, Line, MINUTE_MS, Office, goods, id, in_both_offices};

/// The word for why it does not count; of what counts, the words of its notices.
pub(crate) fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Applied { notices } => {
            let words: Vec<_> = notices.iter().map(Notice::code).collect();
            format!("applied {}", words.join(" ")).trim_end().to_owned()
        }
        Verdict::Quarantined { rejection } => rejection.code().to_owned(),
        Verdict::Duplicate { .. } => "duplicate".to_owned(),
        Verdict::Frozen => "frozen".to_owned(),
    }
}

/// Says something else in some fields of a row of the back office.
async fn say(office: &Office, path: &str, fields: Value) {
    let mut row = office.get(path).await;
    // References come out by name and go in by id.
    for cell in row.as_object_mut().unwrap().values_mut() {
        if let Some(id) = cell.get("id").cloned() {
            *cell = id;
        }
    }
    for (name, value) in fields.as_object().unwrap() {
        row[name] = value.clone();
    }
    let (status, answer) = office.put(path, row).await;
    assert_eq!(status, 200, "{answer}");
}

/// Says something of the only lot there is.
async fn say_of_lot(office: &Office, fields: Value) {
    let lots = office.get("/lots").await;
    assert_eq!(lots["total"], 1, "{lots}");
    say(office, &format!("/lots/{}", id(&lots["rows"][0])), fields).await;
}

pub(crate) async fn warehouse(office: &Office, implied_receipt: bool) -> SiteId {
    let form = json!({ "name": "外仓", "kind": "warehouse", "implied_receipt": implied_receipt });
    SiteId(id(&office.create("/sites", form).await))
}

async fn operator(office: &Office, login: &str, role: &str, site: SiteId) -> OperatorId {
    let form = json!({
        "login": login, "name": login, "role": role, "pin": "739154", "sites": [site],
    });
    OperatorId(id(&office.create("/operators", form).await))
}

pub(crate) fn receive(code: Code, document: Option<u64>) -> Action {
    Action::Receive(Receive { codes: vec![code], document: document.map(DocumentId) })
}

fn ship(codes: &[Code], document: u64) -> Action {
    Action::Ship(Ship { codes: codes.to_vec(), document: DocumentId(document) })
}

/// Both cases of a pallet, packed and put on it.
pub(crate) async fn on_a_pallet(office: &Office, goods: &Goods, line: &mut Line) {
    let packs =
        vec![goods.pack_case(0, 0..3), goods.pack_case(1, 3..6), goods.pack_pallet(0, 0..2)];
    line.does(office, packs).await;
}

/// Another product of the same plan, with six units of it on an order of its own.
async fn other_product(office: &Office, goods: &Goods) -> (ProductId, Vec<Code>) {
    let plan = json!([{ "level": "case", "holds": 3 }]);
    let product = json!({ "name": "果汁", "gtin": "6901234567908", "plan": plan });
    let product = id(&office.create("/products", product).await);
    let order = json!({ "number": "PO-2", "product": product, "lot": "L9", "quantity": 6 });
    let order = id(&office.create("/orders", order).await);
    office.create(&format!("/orders/{order}/codes"), json!({ "units": 6 })).await;
    let tasks = json!({ "tasks": [{ "site": goods.site, "kind": "line", "quantity": 6 }] });
    office.create(&format!("/orders/{order}/release"), tasks).await;
    let text = office.admin.get(&format!("/api/v1/orders/{order}/rolls/unit")).await.text();
    (ProductId(product), text.lines().map(|line| line.parse().unwrap()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn units_of_another_product_do_not_go_in() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let (product, units) = other_product(&office, &goods).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let children = vec![goods.units[0], goods.units[1], units[0]];
        let (parent, made) = (goods.cases[0], Some(goods.made()));
        let pack =
            Pack { parent, level: Level::Case, children, made, partial: None, mixed_lots: false };
        let verdict = line.tries(&office, Action::Pack(pack)).await;
        let rejection =
            Rejection::WrongProduct { code: units[0], product, expected: goods.product };
        assert_eq!(verdict, Verdict::Quarantined { rejection });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_have_a_product_neither_makes_nor_receives_nor_gets_it() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = warehouse(&office, true).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let mut store_line = Line::enrolled(&office, 8, store).await;
        line.does(&office, vec![goods.pack_case(0, 0..3)]).await;
        let document = goods.document(&office, "OUT-1", goods.nanjing, 6).await;
        let product = format!("/products/{}", goods.product);
        let only = |sites: Value, dealers: Value| {
            json!({ "restricted": true, "sites": sites, "dealers": dealers })
        };
        say(&office, &product, only(json!([goods.site]), json!([goods.shanghai]))).await;
        let verdict = store_line.tries(&office, receive(goods.cases[0], None)).await;
        let (code, product_id, party) = (goods.cases[0], goods.product, Party::Site(store));
        let rejection = Rejection::Unauthorised { code, product: product_id, party };
        assert_eq!(verdict, Verdict::Quarantined { rejection });
        let verdict = line.tries(&office, ship(&[goods.cases[0]], document)).await;
        assert_eq!(word(&verdict), "unauthorised");
        say(&office, &product, only(json!([store]), json!([goods.nanjing]))).await;
        let verdict = line.tries(&office, goods.pack_case(1, 3..6)).await;
        assert_eq!(word(&verdict), "unauthorised");
        let verdict = line.tries(&office, ship(&[goods.cases[0]], document)).await;
        assert_eq!(word(&verdict), "applied");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_lot_comes_in_with_a_word_and_does_not_leave() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = warehouse(&office, true).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let mut store_line = Line::enrolled(&office, 8, store).await;
        on_a_pallet(&office, &goods, &mut line).await;
        say_of_lot(&office, json!({ "status": "blocked" })).await;
        let document = goods.document(&office, "OUT-1", goods.nanjing, 6).await;
        // Found by what is in the pallet, without opening it.
        let verdict = line.tries(&office, ship(&[goods.pallets[0]], document)).await;
        assert_eq!(word(&verdict), "lot_blocked");
        let verdict = store_line.tries(&office, receive(goods.pallets[0], None)).await;
        assert_eq!(word(&verdict), "applied lot_blocked");
        say_of_lot(&office, json!({ "status": "released" })).await;
        let verdict = line.tries(&office, ship(&[goods.pallets[0]], document)).await;
        assert_eq!(word(&verdict), "applied implied_receipt");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_lot_leaves_only_where_the_owner_lets_it() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        on_a_pallet(&office, &goods, &mut line).await;
        let document = goods.document(&office, "OUT-1", goods.nanjing, 6).await;
        assert_eq!(office.put("/settings", json!({ "pending_may_ship": false })).await.0, 200);
        let verdict = line.tries(&office, ship(&[goods.cases[0]], document)).await;
        assert_eq!(word(&verdict), "lot_pending");
        assert_eq!(office.put("/settings", json!({ "pending_may_ship": true })).await.0, 200);
        let verdict = line.tries(&office, ship(&[goods.cases[0]], document)).await;
        assert_eq!(word(&verdict), "applied");
        assert_eq!(office.put("/settings", json!({ "pending_may_ship": false })).await.0, 200);
        say_of_lot(&office, json!({ "status": "released" })).await;
        let verdict = line.tries(&office, ship(&[goods.cases[1]], document)).await;
        assert_eq!(word(&verdict), "applied");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lot_made_for_one_dealer_goes_to_no_other() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        on_a_pallet(&office, &goods, &mut line).await;
        say_of_lot(&office, json!({ "dealer": goods.shanghai })).await;
        let nanjing = goods.document(&office, "OUT-1", goods.nanjing, 6).await;
        let shanghai = goods.document(&office, "OUT-2", goods.shanghai, 6).await;
        let verdict = line.tries(&office, ship(&[goods.pallets[0]], nanjing)).await;
        assert_eq!(word(&verdict), "wrong_dealer");
        let verdict = line.tries(&office, ship(&[goods.pallets[0]], shanghai)).await;
        assert_eq!(word(&verdict), "applied");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_leaves_than_was_asked_for_and_nothing_twice() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        on_a_pallet(&office, &goods, &mut line).await;
        line.does(&office, vec![goods.pack_case(2, 6..9)]).await;
        let document = goods.document(&office, "OUT-1", goods.nanjing, 4).await;
        let verdict = line.tries(&office, ship(&goods.cases[..2], document)).await;
        let rejection = Rejection::Over {
            code: goods.cases[1],
            document: DocumentId(document),
            product: goods.product,
            ordered: 4,
            would: 6,
        };
        assert_eq!(verdict, Verdict::Quarantined { rejection });
        // Both in one batch: the second is judged after the first was counted.
        let at = office.now();
        let twice = [ship(&[goods.cases[0]], document), ship(&[goods.cases[2]], document)];
        let twice = twice.map(|action| line.operation(at, action)).to_vec();
        let verdicts = line.delivers(&office, twice).await;
        assert_eq!(verdicts.iter().map(word).collect::<Vec<_>>(), ["applied", "over"]);
        let verdict = line.tries(&office, ship(&[goods.cases[0]], document)).await;
        assert_eq!(word(&verdict), "already_shipped");
        let other = goods.document(&office, "OUT-2", goods.shanghai, 6).await;
        let verdict = line.tries(&office, ship(&[goods.cases[0]], other)).await;
        assert_eq!(word(&verdict), "applied implied_return");
        let moved =
            office.get(&format!("/documents/{document}")).await["demand"][0]["moved"].clone();
        assert_eq!(moved, 3, "what has left stays counted, also when it came back and left again");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_never_received_leave_only_where_the_site_implies_it() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = warehouse(&office, true).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let mut store_line = Line::enrolled(&office, 8, store).await;
        on_a_pallet(&office, &goods, &mut line).await;
        line.does(&office, vec![goods.pack_case(2, 6..9)]).await;
        let outbound = json!({
            "number": "OUT-1", "kind": "outbound", "site": store, "dealer": goods.nanjing,
            "lines": [{ "product": goods.product, "unit": "case", "quantity": 3 }],
        });
        let document = office.approved(outbound).await;
        let verdict = store_line.tries(&office, ship(&[goods.cases[0]], document)).await;
        assert_eq!(word(&verdict), "applied implied_receipt");
        say(&office, &format!("/sites/{store}"), json!({ "implied_receipt": false })).await;
        let verdict = store_line.tries(&office, ship(&[goods.cases[2]], document)).await;
        let rejection = Rejection::NotReceived { code: goods.cases[2], at: goods.site };
        assert_eq!(verdict, Verdict::Quarantined { rejection });
        store_line.does(&office, vec![receive(goods.cases[2], None)]).await;
        let verdict = store_line.tries(&office, ship(&[goods.cases[2]], document)).await;
        assert_eq!(word(&verdict), "applied");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mixed_package_holds_what_its_plan_says() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let (other, units) = other_product(&office, &goods).await;
        let parts =
            json!([{ "product": goods.product, "units": 2 }, { "product": other, "units": 1 }]);
        let plan = json!([{ "level": "box", "holds": 3, "parts": parts }]);
        let gift = json!({ "name": "礼盒", "gtin": "6901234567915", "plan": plan });
        let gift = id(&office.create("/products", gift).await);
        let order = json!({ "number": "PO-3", "product": gift, "lot": "G1", "quantity": 6 });
        let order = id(&office.create("/orders", order).await);
        let rolls = office.create(&format!("/orders/{order}/codes"), json!({ "boxes": 2 })).await;
        let parent: Code = rolls["rolls"][0]["first"].as_str().unwrap().parse().unwrap();
        let tasks = json!({ "tasks": [{ "site": goods.site, "kind": "device", "quantity": 6 }] });
        let released = office.create(&format!("/orders/{order}/release"), tasks).await;
        let made = Made {
            task: TaskId(id(&released["tasks"][0])),
            product: ProductId(gift),
            lot: Lot::new("G1").unwrap(),
            plan: Revision(1),
        };
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let pack = |children: Vec<Code>| {
            let made = Some(made);
            Action::Pack(Pack {
                parent,
                level: Level::Box,
                children,
                made,
                partial: None,
                mixed_lots: false,
            })
        };
        let (own, foreign) = (&goods.units, &units);
        // Two of the bottles were made before, under their own task; the gift box counts what is put into it.
        let (task, product, lot, plan) = (goods.task, goods.product, goods.lot, Revision(1));
        let commission =
            Commission { codes: own[..2].to_vec(), made: Made { task, product, lot, plan } };
        assert_eq!(word(&line.tries(&office, Action::Commission(commission)).await), "applied");
        let verdict = line.tries(&office, pack(vec![own[0], foreign[0], foreign[1]])).await;
        let rejection = Rejection::WrongMix { parent, product: other, holds: 1, count: 2 };
        assert_eq!(verdict, Verdict::Quarantined { rejection });
        let verdict = line.tries(&office, pack(vec![own[0], own[1], foreign[0]])).await;
        assert_eq!(word(&verdict), "applied");
        assert_eq!(office.get(&format!("/orders/{order}")).await["tasks"][0]["made"], 3);
        // It leaves as what it is, and counts by what is in it.
        let outbound = json!({
            "number": "OUT-1", "kind": "outbound", "site": goods.site, "dealer": goods.nanjing,
            "lines": [{ "product": gift, "unit": "box", "quantity": 1 }],
        });
        let document = office.approved(outbound).await;
        let verdict = line.tries(&office, ship(&[parent], document)).await;
        assert_eq!(word(&verdict), "applied");
        let shown = office.get(&format!("/documents/{document}")).await;
        assert_eq!(shown["state"], "done", "{shown}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_work_where_they_are_permitted_and_what_they_did_before_still_counts() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = warehouse(&office, true).await;
        let here = operator(&office, "here", "operator", goods.site).await;
        let there = operator(&office, "there", "supervisor", store).await;
        let auditor = operator(&office, "looks", "auditor", goods.site).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let by = |line: &Line, operator: u64, action: Action| {
            let operation = line.operation(office.now(), action);
            sealtrace_protocol::ledger::Operation {
                operator: Some(OperatorId(operator)),
                ..operation
            }
        };
        office.later(MINUTE_MS);
        let operations = vec![
            by(&line, there.get(), goods.pack_case(0, 0..3)),
            by(&line, 99, goods.pack_case(0, 0..3)),
            by(&line, auditor.get(), goods.pack_case(0, 0..3)),
            by(&line, here.get(), goods.pack_case(0, 0..3)),
            by(
                &line,
                auditor.get(),
                Action::VerifyPack(VerifyPack {
                    parent: goods.cases[0],
                    seen: goods.units[0..3].to_vec(),
                }),
            ),
        ];
        let verdicts = line.delivers(&office, operations).await;
        assert_eq!(
            verdicts.iter().map(word).collect::<Vec<_>>(),
            [
                "operator_not_permitted",
                "operator_not_permitted",
                "role_not_permitted",
                "applied",
                "applied complete",
            ]
        );
        // Done before somebody left, delivered afterwards: it counts. Done after: it does not.
        let before = by(&line, here.get(), goods.pack_case(1, 3..6));
        office.later(MINUTE_MS);
        let disable = json!({ "ids": [here], "enabled": false });
        office.create("/operators/enabled", disable).await;
        office.later(MINUTE_MS);
        let after = by(&line, here.get(), goods.pack_case(2, 6..9));
        let verdicts = line.delivers(&office, vec![before, after]).await;
        assert_eq!(
            verdicts.iter().map(word).collect::<Vec<_>>(),
            ["applied", "operator_not_permitted"]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_judged_by_the_plan_it_names() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let plan = json!([{ "level": "case", "holds": 4 }]);
        say(&office, &format!("/products/{}", goods.product), json!({ "plan": plan })).await;
        let order = office.get(&format!("/orders/{}", goods.order)).await;
        let edit = json!({
            "number": "PO-1", "product": goods.product, "lot": "L20260801", "quantity": 24,
            "revision": 2, "version": order["version"],
        });
        assert_eq!(office.put(&format!("/orders/{}", goods.order), edit).await.0, 200);
        let pack = |case: usize, units: std::ops::Range<usize>, revision: u32| {
            let made = Some(Made { plan: Revision(revision), ..goods.made() });
            let (parent, children) = (goods.cases[case], goods.units[units].to_vec());
            Action::Pack(Pack {
                parent,
                level: Level::Case,
                children,
                made,
                partial: None,
                mixed_lots: false,
            })
        };
        // A device that had not heard of the change packed three: right by the plan it had.
        assert_eq!(word(&line.tries(&office, pack(0, 0..3, 1)).await), "applied");
        assert_eq!(word(&line.tries(&office, pack(1, 3..6, 2)).await), "too_few");
        assert_eq!(word(&line.tries(&office, pack(1, 3..7, 2)).await), "applied");
        assert_eq!(word(&line.tries(&office, pack(2, 7..10, 3)).await), "task_closed");
    })
    .await;
}

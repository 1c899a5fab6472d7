//! 退货: what comes back from dealers counts under its document, and what comes from the wrong one is evidence.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DealerId, DocumentId};
use sealtrace_protocol::ledger::{
    Action, Correct, Correction, Destroy, DestroyReason, Notice, Return, Verdict,
};
use serde_json::{Value, json};

use crate::office::{Goods, Line, MINUTE_MS, Office, START, goods, in_both_offices};
use crate::rules::{on_a_pallet, receive, ship, warehouse, word};

fn back(codes: &[Code], from: u64, document: Option<u64>) -> Action {
    Action::Return(Return {
        codes: codes.to_vec(),
        from: DealerId(from),
        document: document.map(DocumentId),
        opened: false,
    })
}

fn opened(codes: &[Code], from: u64, document: Option<u64>) -> Action {
    let Action::Return(back) = back(codes, from, document) else { panic!() };
    Action::Return(Return { opened: true, ..back })
}

/// A pallet of two cases with six bottles, shipped to Nanjing a minute ago.
async fn shipped(office: &Office) -> (Goods, Line, u64) {
    let goods = goods(office).await;
    let mut line = Line::enrolled(office, 7, goods.site).await;
    on_a_pallet(office, &goods, &mut line).await;
    let document = goods.document(office, "OUT-1", goods.nanjing, 6).await;
    office.later(MINUTE_MS);
    line.does(office, vec![ship(&goods.pallets[..1], document)]).await;
    office.later(MINUTE_MS);
    (goods, line, document)
}

async fn document(office: &Office, goods: &Goods, number: &str, dealer: u64, units: u32) -> u64 {
    office
        .approved(json!({
            "number": number, "kind": "return", "site": goods.site, "dealer": dealer,
            "lines": [{ "product": goods.product, "unit": "unit", "quantity": units }],
        }))
        .await
}

async fn standing(office: &Office, document: u64) -> (Value, Value) {
    let shown = office.get(&format!("/documents/{document}")).await;
    (shown["state"].clone(), shown["demand"][0]["moved"].clone())
}

async fn trace(office: &Office, code: &Code) -> Value {
    office.get(&format!("/trace?text={}", code.canonical())).await
}

async fn suspects(office: &Office) -> Value {
    office.get("/diversion/suspects").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_counts_what_comes_back_and_undo_takes_it_off_again() {
    in_both_offices(async |office| {
        let (goods, mut line, outbound) = shipped(&office).await;
        let document = document(&office, &goods, "RE-1", goods.nanjing, 4).await;
        let first =
            line.does(&office, vec![back(&goods.cases[..1], goods.nanjing, Some(document))]).await;
        assert_eq!(standing(&office, document).await, (json!("in_work"), json!(3)));
        // Opened: one of the three bottles is there, the others stay with the dealer.
        let bottle = opened(&goods.units[3..4], goods.nanjing, Some(document));
        assert_eq!(word(&line.tries(&office, bottle).await), "applied");
        assert_eq!(standing(&office, document).await, (json!("done"), json!(4)));
        let held = |trace: &Value| trace["custody"]["kind"].clone();
        for (code, kind) in
            [(&goods.cases[0], "at"), (&goods.units[3], "at"), (&goods.units[4], "shipped")]
        {
            assert_eq!(held(&trace(&office, code).await), kind, "{code}");
        }
        assert_eq!(standing(&office, outbound).await, (json!("done"), json!(6)), "it did leave");
        let over = opened(&goods.units[4..5], goods.nanjing, Some(document));
        assert_eq!(word(&line.tries(&office, over).await), "document_closed");

        let undo = Action::Correct(Correct { names: first, correction: Correction::Undo });
        let verdict = line.tries(&office, undo).await;
        assert_eq!(word(&verdict), "moved_on", "the pallet was touched by the second return");
        assert_eq!(suspects(&office).await["total"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_is_refused_for_the_same_reasons_as_on_the_device() {
    in_both_offices(async |office| {
        let (goods, mut line, _) = shipped(&office).await;
        let outbound = goods.document(&office, "OUT-2", goods.nanjing, 6).await;
        let small = document(&office, &goods, "RE-1", goods.nanjing, 2).await;
        let other = document(&office, &goods, "RE-2", goods.shanghai, 6).await;
        let store = warehouse(&office, true).await;
        let mut elsewhere = Line::enrolled(&office, 8, store).await;
        let case = &goods.cases[..1];
        for (action, expected) in [
            (back(case, goods.nanjing, Some(small)), "over"),
            (back(case, goods.nanjing, Some(other)), "document_closed"),
            (back(case, goods.nanjing, Some(outbound)), "wrong_document"),
            (opened(case, goods.nanjing, None), "wrong_level"),
            (receive(case[0], None), "already_shipped"),
        ] {
            assert_eq!(word(&line.tries(&office, action).await), expected);
        }
        let verdict = elsewhere.tries(&office, back(case, goods.nanjing, Some(small))).await;
        assert_eq!(word(&verdict), "wrong_site");
        // Destroyed goods do not come back.
        line.does(&office, vec![back(case, goods.nanjing, None)]).await;
        let reason = DestroyReason::Broken;
        let destroy = Action::Destroy(Destroy { codes: vec![goods.units[0]], reason });
        assert_eq!(word(&line.tries(&office, destroy).await), "applied short");
        let verdict = line.tries(&office, opened(&goods.units[..1], goods.nanjing, None)).await;
        assert_eq!(word(&verdict), "gone");
        assert_eq!(standing(&office, small).await, (json!("approved"), json!(0)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_brings_what_was_sent_to_another_leaves_evidence() {
    in_both_offices(async |office| {
        let (goods, mut line, _) = shipped(&office).await;
        let case = goods.cases[0];
        let verdict = line.tries(&office, back(&[case], goods.shanghai, None)).await;
        let notice = Notice::ReturnedByOther {
            code: case,
            by: DealerId(goods.shanghai),
            shipped_to: Some(DealerId(goods.nanjing)),
        };
        assert_eq!(verdict, Verdict::Applied { notices: vec![notice] });
        let found = suspects(&office).await;
        assert_eq!(found["total"], 1, "{found}");
        let row = &found["rows"][0];
        assert_eq!(row["code"], case.canonical());
        assert_eq!(row["dealer"]["name"], "南京经销商");
        assert_eq!(
            row["sightings"],
            json!([{
                "id": 1, "at": START.plus_ms(2 * MINUTE_MS - 1), "kind": "return", "region": null,
                "accuracy_m": null, "brought_by": { "id": goods.shanghai, "name": "上海经销商" },
                "outside": true,
            }])
        );
        let shown = trace(&office, &case).await;
        assert_eq!(shown["sightings"][0]["kind"], "return");
        let step = shown["life"].as_array().unwrap().last().unwrap();
        assert_eq!(step["kind"], "return");
        assert_eq!(
            step["verdict"]["applied"]["notices"][0]["returned_by_other"]["by"],
            goods.shanghai
        );

        // It was a mistake: nobody had brought it.
        let names = line.newest_operation();
        let undo = Action::Correct(Correct { names, correction: Correction::Undo });
        assert_eq!(word(&line.tries(&office, undo).await), "applied");
        assert_eq!(suspects(&office).await["total"], 0);
        assert_eq!(trace(&office, &case).await["sightings"], json!([]));
        // The same in one batch leaves none either.
        let (_, before) = line.newest();
        let again = back(&[case], goods.shanghai, None);
        let mut names = names;
        names.seq.0 = before.get() + 1;
        let undo = Action::Correct(Correct { names, correction: Correction::Undo });
        line.does(&office, vec![again, undo]).await;
        assert_eq!(suspects(&office).await["total"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_sent_is_taken_back_and_told_and_a_late_shipment_explains_it() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let mut late = Line::enrolled(&office, 8, goods.site).await;
        line.does(&office, vec![goods.pack_case(0, 0..3)]).await;
        let document = goods.document(&office, "OUT-1", goods.nanjing, 3).await;
        office.later(MINUTE_MS);
        let before = office.now();
        office.later(MINUTE_MS);
        let case = goods.cases[0];
        let verdict = line.tries(&office, back(&[case], goods.shanghai, None)).await;
        assert_eq!(word(&verdict), "applied returned_by_other");
        assert_eq!(suspects(&office).await["total"], 0, "it was sent to nobody as far as we know");
        assert_eq!(trace(&office, &case).await["sightings"][0]["brought_by"]["id"], goods.shanghai);
        // Another device reports now that it had shipped it to Nanjing before.
        late.did_at(&office, before, vec![ship(&[case], document)]).await;
        assert_eq!(suspects(&office).await["total"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_back_or_is_gone_raises_no_suspicion() {
    in_both_offices(async |office| {
        const GUANGZHOU: &str = "440100";
        let (goods, mut line, _) = shipped(&office).await;
        line.does(&office, vec![back(&goods.cases[..1], goods.nanjing, None)]).await;
        office.later(MINUTE_MS);
        office.scan(&goods.units[0], GUANGZHOU).await;
        assert_eq!(
            suspects(&office).await["total"],
            0,
            "the territory is not the dealer's any more"
        );
        office.scan(&goods.units[3], GUANGZHOU).await;
        assert_eq!(suspects(&office).await["total"], 1, "the other case is still there");
        office.later(MINUTE_MS);
        line.does(&office, vec![back(&goods.cases[1..2], goods.nanjing, None)]).await;
        let reason = DestroyReason::Expired;
        let codes = vec![goods.cases[1]];
        line.does(&office, vec![Action::Destroy(Destroy { codes, reason })]).await;
        office.later(MINUTE_MS);
        office.scan(&goods.units[4], GUANGZHOU).await;
        let found = suspects(&office).await;
        assert_eq!(found["total"], 1, "only what was seen while the dealer had it: {found}");
        let gone = trace(&office, &goods.units[4]).await;
        assert_eq!(
            gone["custody"],
            json!({
                "kind": "gone", "site": { "id": goods.site, "name": "一号线" }, "how": "destroyed",
                "at": START.plus_ms(4 * MINUTE_MS),
            })
        );
    })
    .await;
}

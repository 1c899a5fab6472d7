//! 盘点: what is seen changes nothing, what is posted does; the count is done then.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DocumentId, OperationId, OperatorId, Seq, SiteId};
use sealtrace_protocol::ledger::{
    Action, Correct, Correction, Count, Operation, PostCount, Unpack,
};
use serde_json::json;

use crate::documents::told;
use crate::office::{Line, Office, goods, id, in_both_offices};
use crate::rules::{on_a_pallet, operator, receive, ship, warehouse, word};

fn count(codes: &[Code], document: u64) -> Action {
    Action::Count(Count { codes: codes.to_vec(), document: DocumentId(document) })
}

fn post(found: &[Code], lost: &[Code], document: u64) -> Action {
    Action::PostCount(PostCount {
        document: DocumentId(document),
        found: found.to_vec(),
        lost: lost.to_vec(),
    })
}

async fn document(office: &Office, site: SiteId, number: &str) -> u64 {
    office.approved(json!({ "number": number, "kind": "count", "site": site })).await
}

async fn state(office: &Office, document: u64) -> String {
    let shown = office.get(&format!("/documents/{document}")).await;
    shown["state"].as_str().unwrap().to_owned()
}

async fn held(office: &Office, code: &Code) -> String {
    let shown = office.get(&format!("/trace?text={}", code.canonical())).await;
    shown["custody"]["kind"].as_str().unwrap_or("nobody").to_owned()
}

fn by(line: &Line, office: &Office, approver: Option<OperatorId>, action: Action) -> Operation {
    Operation { approver, ..line.operation(office.now(), action) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_is_in_work_when_something_was_seen_and_done_when_it_is_posted() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = warehouse(&office, true).await;
        let chief = operator(&office, "chief", "supervisor", store).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let mut device = Line::enrolled(&office, 8, store).await;
        on_a_pallet(&office, &goods, &mut line).await;
        line.does(&office, vec![goods.pack_case(2, 6..9)]).await;
        device.does(&office, vec![receive(goods.pallets[0], None)]).await;
        let document = document(&office, store, "CO-1").await;
        // One case of the pallet is there, and one that should be at the line.
        let seen = count(&[goods.cases[0], goods.cases[2]], document);
        let verdict = device.tries(&office, seen).await;
        assert_eq!(word(&verdict), "applied elsewhere");
        assert_eq!(state(&office, document).await, "in_work");
        assert_eq!(held(&office, &goods.cases[2]).await, "at", "seeing changes nothing");

        let differences = post(&[goods.cases[2]], &[goods.cases[1]], document);
        let alone = device.tries(&office, differences.clone()).await;
        assert_eq!(word(&alone), "role_not_permitted");
        let posted = by(&device, &office, Some(chief), differences);
        let verdicts = device.delivers(&office, vec![posted]).await;
        assert_eq!(word(&verdicts[0]), "applied short");
        assert_eq!(state(&office, document).await, "done");
        assert!(!told(&office, store, document).await.unwrap().document.open);
        assert_eq!(held(&office, &goods.cases[1]).await, "lost");
        let found = office.get(&format!("/trace?text={}", goods.cases[2].canonical())).await;
        assert_eq!(found["custody"]["site"]["name"], "外仓");
        let more = count(&[goods.cases[0]], document);
        assert_eq!(word(&device.tries(&office, more).await), "document_closed");

        // The posting is taken back: the count goes on.
        let names = device.newest_operation();
        let posted = OperationId { seq: Seq(names.seq.get() - 1), ..names };
        let undo = Action::Correct(Correct { names: posted, correction: Correction::Undo });
        assert_eq!(word(&device.tries(&office, undo).await), "applied");
        assert_eq!(state(&office, document).await, "in_work");
        assert_eq!(held(&office, &goods.cases[1]).await, "at");
        assert!(told(&office, store, document).await.unwrap().document.open);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_is_found_by_whoever_scans_it() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let chief = operator(&office, "chief", "manager", goods.site).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        on_a_pallet(&office, &goods, &mut line).await;
        let document = document(&office, goods.site, "CO-1").await;
        let posted = by(&line, &office, Some(chief), post(&[], &goods.pallets[..1], document));
        assert_eq!(word(&line.delivers(&office, vec![posted]).await[0]), "applied");
        assert_eq!(held(&office, &goods.units[0]).await, "lost");
        let outbound = goods.document(&office, "OUT-1", goods.nanjing, 6).await;
        let verdict = line.tries(&office, ship(&goods.cases[..1], outbound)).await;
        assert_eq!(word(&verdict), "applied found_again");
        let verdict = line.tries(&office, receive(goods.pallets[0], None)).await;
        assert_eq!(word(&verdict), "applied found_again");
        assert_eq!(held(&office, &goods.units[3]).await, "at");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_is_refused_for_the_same_reasons_as_on_the_device() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = warehouse(&office, true).await;
        let chief = operator(&office, "chief", "supervisor", goods.site).await;
        let stranger = operator(&office, "stranger", "supervisor", store).await;
        let helper = operator(&office, "helper", "operator", goods.site).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        on_a_pallet(&office, &goods, &mut line).await;
        let here = document(&office, goods.site, "CO-1").await;
        let there = document(&office, store, "CO-2").await;
        let draft = json!({ "number": "CO-3", "kind": "count", "site": goods.site });
        let draft = id(&office.create("/documents", draft).await);
        let outbound = goods.document(&office, "OUT-1", goods.nanjing, 6).await;
        let pallet = &goods.pallets[..1];
        for (action, expected) in [
            (count(pallet, there), "wrong_site"),
            (count(pallet, draft), "document_closed"),
            (count(pallet, outbound), "wrong_document"),
            (count(&goods.cases[5..6], here), "not_in_use"),
            (count(&[pallet[0], pallet[0]], here), "scanned_twice"),
        ] {
            assert_eq!(word(&line.tries(&office, action).await), expected);
        }
        assert_eq!(state(&office, here).await, "approved");
        for (approver, action, expected) in [
            (Some(helper), post(pallet, &[], here), "role_not_permitted"),
            (Some(stranger), post(pallet, &[], here), "role_not_permitted"),
            (Some(OperatorId(99)), post(pallet, &[], here), "role_not_permitted"),
            (Some(chief), post(&goods.cases[5..6], &[], here), "not_in_use"),
            (Some(chief), post(&[], &goods.cases[5..6], here), "not_in_use"),
            (Some(chief), post(pallet, &[], outbound), "wrong_document"),
        ] {
            let operation = by(&line, &office, approver, action);
            let verdicts = line.delivers(&office, vec![operation]).await;
            assert_eq!(word(&verdicts[0]), expected);
        }
        line.does(&office, vec![ship(pallet, outbound)]).await;
        let missing = by(&line, &office, Some(chief), post(&[], pallet, here));
        assert_eq!(word(&line.delivers(&office, vec![missing]).await[0]), "not_here");
        assert_eq!(state(&office, here).await, "approved");
        // Closed by people: nothing is counted any more.
        office.create(&format!("/documents/{here}/close"), json!({})).await;
        assert_eq!(word(&line.tries(&office, count(pallet, here)).await), "document_closed");
        let unpack = Action::Unpack(Unpack::Whole(pallet[0]));
        assert_eq!(word(&line.tries(&office, unpack).await), "applied");
        let trace = office.get(&format!("/trace?text={}", goods.cases[0].canonical())).await;
        assert_eq!(trace["custody"]["kind"], "shipped", "{trace}");
    })
    .await;
}

//! 增加包装, 零散重组, 尾箱, 混批, 取样, 报废: what goes into packages and comes out of them, as devices report it.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{OperatorId, TaskId};
use sealtrace_protocol::ledger::{
    Action, AddTo, Correct, Correction, Destroy, DestroyReason, Level, Made, Operation, Pack,
    PartialReason, Sample, SampleReason, Unpack,
};
use sealtrace_protocol::text::Lot;
use serde_json::{Value, json};

use crate::office::{Goods, Line, Office, goods, id, in_both_offices};
use crate::rules::{operator, other_product, receive, ship, warehouse, word};

fn partial(goods: &Goods, case: usize, units: std::ops::Range<usize>, why: PartialReason) -> Pack {
    let Action::Pack(pack) = goods.pack_case(case, units) else { panic!() };
    Pack { partial: Some(why), ..pack }
}

fn add(goods: &Goods, parent: Code, children: &[Code]) -> AddTo {
    let children = children.to_vec();
    AddTo { parent, children, made: Some(goods.made()), mixed_lots: false }
}

fn sample(codes: &[Code]) -> Action {
    Action::Sample(Sample { codes: codes.to_vec(), reason: SampleReason::Inspection })
}

fn destroy(codes: &[Code]) -> Action {
    Action::Destroy(Destroy { codes: codes.to_vec(), reason: DestroyReason::Broken })
}

async fn made(office: &Office, goods: &Goods) -> Value {
    office.get(&format!("/orders/{}", goods.order)).await["tasks"][0]["made"].clone()
}

async fn trace(office: &Office, code: &Code) -> Value {
    office.get(&format!("/trace?text={}", code.canonical())).await
}

/// Tries each by itself, approved or not; the words.
async fn tried(
    office: &Office,
    line: &mut Line,
    approver: Option<OperatorId>,
    actions: Vec<Action>,
) -> Vec<String> {
    let mut words = Vec::new();
    for action in actions {
        let operation = Operation { approver, ..line.operation(office.now(), action) };
        words.push(word(&line.delivers(office, vec![operation]).await[0]));
    }
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn more_goes_into_a_package_and_counts_for_its_task_once() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let case = goods.cases[0];
        let open = partial(&goods, 0, 0..1, PartialReason::EndOfTask);
        line.does(&office, vec![Action::Pack(open)]).await;
        let verdict =
            line.tries(&office, Action::AddTo(add(&goods, case, &goods.units[1..3]))).await;
        assert_eq!(word(&verdict), "applied");
        assert_eq!(made(&office, &goods).await, 3);
        let shown = trace(&office, &case).await;
        assert_eq!(shown["contents"][0]["units"], 3);
        assert_eq!(shown["life"].as_array().unwrap().last().unwrap()["kind"], "add_to");
        let names = line.newest_operation();
        let undo = Action::Correct(Correct { names, correction: Correction::Undo });
        assert_eq!(word(&line.tries(&office, undo).await), "applied");
        assert_eq!(made(&office, &goods).await, 1);

        // Refused: too many, of another product, in another package, into what is none, or is away.
        let (_, units) = other_product(&office, &goods).await;
        line.does(&office, vec![goods.pack_case(1, 3..6)]).await;
        let document = goods.document(&office, "OUT-1", goods.nanjing, 3).await;
        line.does(&office, vec![ship(&goods.cases[1..2], document)]).await;
        let refused = [
            (case, &goods.units[6..9], "too_many"),
            (case, &units[..1], "wrong_product"),
            (case, &goods.units[3..4], "already_packed"),
            (goods.cases[2], &goods.units[6..7], "not_in_use"),
            (goods.units[0], &goods.units[6..7], "not_a_package"),
            (goods.cases[1], &goods.units[6..7], "already_shipped"),
            (case, &[][..], "nothing"),
        ];
        for (parent, children, expected) in refused {
            let action = Action::AddTo(add(&goods, parent, children));
            assert_eq!(word(&line.tries(&office, action).await), expected);
        }
        let foreign = Made { task: TaskId(99), ..goods.made() };
        let other_task = AddTo { made: Some(foreign), ..add(&goods, case, &goods.units[6..7]) };
        assert_eq!(word(&line.tries(&office, Action::AddTo(other_task)).await), "task_closed");
        assert_eq!(made(&office, &goods).await, 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loose_units_of_several_packages_go_into_a_new_one() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        line.does(&office, vec![goods.pack_case(0, 0..3), goods.pack_case(1, 3..6)]).await;
        let Action::Pack(pack) = goods.pack_case(2, 2..4) else { panic!() };
        let children = [goods.units[2], goods.units[3], goods.units[6]].to_vec();
        let regroup = Pack { children, ..pack };
        let verdict = line.tries(&office, Action::Regroup(regroup.clone())).await;
        assert_eq!(word(&verdict), "applied");
        assert_eq!(made(&office, &goods).await, 7, "only the new bottle was made");
        for (case, units) in [(0, 2), (1, 2), (2, 3)] {
            let shown = trace(&office, &goods.cases[case]).await;
            assert_eq!(shown["contents"][0]["units"], units, "case {case}");
        }
        let names = line.newest_operation();
        let undo = Action::Correct(Correct { names, correction: Correction::Undo });
        assert_eq!(word(&line.tries(&office, undo).await), "applied");
        assert_eq!(made(&office, &goods).await, 6);
        let back = trace(&office, &goods.units[2]).await;
        assert_eq!(back["ancestors"][0]["code"], goods.cases[0].canonical());

        let few = Pack { children: goods.units[2..4].to_vec(), ..regroup.clone() };
        let twice = Pack { children: vec![goods.units[2]; 3], ..regroup.clone() };
        let used = Pack { parent: goods.cases[0], ..regroup };
        for (pack, expected) in
            [(few, "too_few"), (twice, "scanned_twice"), (used, "already_in_use")]
        {
            let verdict = line.tries(&office, Action::Regroup(pack)).await;
            assert_eq!(word(&verdict), expected);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn short_and_mixed_packages_ask_for_somebody_who_may_approve() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = warehouse(&office, true).await;
        let chief = operator(&office, "chief", "supervisor", goods.site).await;
        let elsewhere = operator(&office, "elsewhere", "supervisor", store).await;
        let helper = operator(&office, "helper", "operator", goods.site).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let short = |case| Action::Pack(partial(&goods, case, 0..2, PartialReason::Shortage));
        for approver in [None, Some(helper), Some(elsewhere), Some(OperatorId(99))] {
            let words = tried(&office, &mut line, approver, vec![short(0)]).await;
            assert_eq!(words, ["role_not_permitted"], "{approver:?}");
        }
        assert_eq!(tried(&office, &mut line, Some(chief), vec![short(0)]).await, ["applied"]);

        // A second task of the order makes another lot; its bottles go into a case of the first on purpose only.
        let order = format!("/orders/{}", goods.order);
        let row = office.get(&order).await;
        let more = json!({
            "number": "PO-1", "product": goods.product, "lot": "L20260801", "quantity": 30,
            "version": row["version"],
        });
        assert_eq!(office.put(&order, more).await.0, 200);
        let task =
            json!({ "site": goods.site, "kind": "line", "device": 7, "quantity": 3, "lot": "L9" });
        let released = office.create(&format!("{order}/release"), json!({ "tasks": [task] })).await;
        let second = TaskId(id(&released["tasks"][1]));
        let made = Made { task: second, lot: Lot::new("L9").unwrap(), ..goods.made() };
        let other_lot = goods.units[9];
        let commission = sealtrace_protocol::ledger::Commission { codes: vec![other_lot], made };
        line.does(&office, vec![Action::Commission(commission)]).await;
        let Action::Pack(pack) = goods.pack_case(1, 3..5) else { panic!() };
        let children = [goods.units[3], goods.units[4], other_lot].to_vec();
        let pure = Pack { children, ..pack };
        let mixed = Pack { mixed_lots: true, ..pure.clone() };
        let actions = vec![Action::Pack(pure), Action::Pack(mixed.clone())];
        let words = tried(&office, &mut line, None, actions).await;
        assert_eq!(words, ["wrong_lot", "role_not_permitted"]);
        let words = tried(&office, &mut line, Some(chief), vec![Action::Pack(mixed)]).await;
        assert_eq!(words, ["applied"]);
        let shown = trace(&office, &goods.cases[1]).await;
        assert_eq!((&shown["lot"], shown["contents"].as_array().unwrap().len()), (&json!(null), 2));
        assert_eq!(trace(&office, &other_lot).await["lot"], "L9", "each keeps its own");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sampled_or_destroyed_is_gone_and_its_package_short() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = warehouse(&office, true).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let mut elsewhere = Line::enrolled(&office, 8, store).await;
        line.does(&office, vec![goods.pack_case(0, 0..3), goods.pack_case(1, 3..6)]).await;
        let document = goods.document(&office, "OUT-1", goods.nanjing, 3).await;
        assert_eq!(word(&line.tries(&office, sample(&goods.units[..1])).await), "applied short");
        let verdict = elsewhere.tries(&office, destroy(&goods.cases[1..2])).await;
        assert_eq!(word(&verdict), "applied implied_receipt");
        for (code, how, site) in
            [(goods.units[0], "sampled", "一号线"), (goods.units[3], "destroyed", "外仓")]
        {
            let custody = trace(&office, &code).await["custody"].clone();
            assert_eq!(
                (&custody["kind"], &custody["how"], &custody["site"]["name"]),
                (&json!("gone"), &json!(how), &json!(site))
            );
        }
        assert_eq!(trace(&office, &goods.cases[0]).await["contents"][0]["units"], 2);
        assert_eq!(made(&office, &goods).await, 6, "it was made all the same");
        let into = add(&goods, goods.cases[0], &goods.units[..1]);
        for (action, expected) in [
            (sample(&goods.units[..1]), "gone"),
            (destroy(&goods.cases[1..2]), "gone"),
            (ship(&goods.cases[1..2], document), "gone"),
            (receive(goods.cases[1], None), "gone"),
            (Action::AddTo(into), "gone"),
            (Action::Unpack(Unpack::Whole(goods.cases[1])), "gone"),
            (destroy(&[goods.units[1], goods.units[1]]), "scanned_twice"),
        ] {
            assert_eq!(word(&line.tries(&office, action).await), expected);
        }
        // It was another bottle: the sample is taken back.
        let (mut names, wrong) = (line.newest_operation(), line.newest().1);
        line.does(&office, vec![sample(&goods.units[1..2])]).await;
        names.seq.0 = wrong.get() + 1;
        let undo = Action::Correct(Correct { names, correction: Correction::Undo });
        assert_eq!(word(&line.tries(&office, undo).await), "applied");
        assert_eq!(trace(&office, &goods.cases[0]).await["contents"][0]["units"], 2);
        // Labels that were never used, as far as anybody has heard.
        let verdict = line.tries(&office, destroy(&goods.units[20..21])).await;
        assert_eq!(word(&verdict), "applied contents_to_follow");
        line.does(&office, vec![ship(&goods.cases[..1], document)]).await;
        let verdict = line.tries(&office, destroy(&goods.cases[..1])).await;
        assert_eq!(word(&verdict), "already_shipped");
        assert_eq!(trace(&office, &goods.cases[0]).await["level"], Level::Case.name());
    })
    .await;
}

//! Production orders: created, given codes, released; how far they are is what the ledger says.

use sealtrace_cloud::feed;
use sealtrace_cloud::store::{Store, orders};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{Cursor, OrderId, SiteId, TaskId};
use sealtrace_protocol::ledger::{
    Action, Correct, Correction, Level, Relabel, RelabelReason, Unpack,
};
use sealtrace_protocol::link::{FeedRow, Lease, Roll, TaskRow};
use serde_json::json;

use crate::office::{Line, Office, faults, get, goods, id, in_both_offices};

async fn told(store: &Store, site: SiteId) -> (Vec<TaskRow>, Vec<Roll>) {
    let page = feed::page(store, site, Cursor(0)).await.unwrap();
    let (mut tasks, mut rolls) = (Vec::new(), Vec::new());
    for entry in page.rows {
        match entry.row {
            FeedRow::Task(task) => tasks.push(task),
            FeedRow::Roll(roll) => rolls.push(roll),
            FeedRow::Site(_)
            | FeedRow::Product(_)
            | FeedRow::Dealer(_)
            | FeedRow::Operator(_)
            | FeedRow::Document(_)
            | FeedRow::Package(_) => {}
        }
    }
    (tasks, rolls)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_released_to_two_sites_and_its_labels_are_shared_out() {
    in_both_offices(async |office| {
        let plan = json!([{ "level": "case", "holds": 24 }, { "level": "pallet", "holds": 10 }]);
        let product = json!({ "name": "啤酒", "gtin": "6901234567892", "plan": plan });
        let product = id(&office.create("/products", product).await);
        let line = id(&office.create("/sites", json!({ "name": "line", "kind": "line" })).await);
        let store = id(&office.create("/sites", json!({ "name": "store", "kind": "warehouse" })).await);
        let order = json!({ "number": "PO-9", "product": product, "lot": "L1", "quantity": 720 });
        let order = office.create("/orders", order).await;
        assert_eq!(
            (&order["state"], &order["plan"], &order["produced"]),
            (&json!("draft"), &plan, &json!({ "units": 0, "boxes": 0, "cases": 0, "pallets": 0 }))
        );
        let order = id(&order);
        let rolls = office
            .create(&format!("/orders/{order}/codes"), json!({ "units": 720, "cases": 30, "pallets": 9 }))
            .await;
        let rolls = rolls["rolls"].as_array().unwrap().clone();
        let counts: Vec<_> = rolls.iter().map(|roll| (roll["level"].clone(), roll["count"].clone())).collect();
        assert_eq!(
            counts,
            [(json!("unit"), json!(720)), (json!("case"), json!(30)), (json!("pallet"), json!(9))]
        );
        let printed = office.admin.get(&format!("/api/v1/orders/{order}/rolls/unit")).await;
        assert_eq!(printed.header("content-type"), "text/plain; charset=utf-8");
        let text = printed.text();
        assert_eq!(text.lines().count(), 720);
        assert!(text.lines().all(|line| line.starts_with("HTTPS://TRACE.EXAMPLE.COM/")), "{text:.80}");
        let first: Code = text.lines().next().unwrap().parse().unwrap();
        assert_eq!(rolls[0]["first"], first.canonical());

        let tasks = json!({ "tasks": [
            { "site": line, "kind": "line", "quantity": 480 }, { "site": store, "kind": "device", "quantity": 240 },
        ]});
        let released = office.create(&format!("/orders/{order}/release"), tasks.clone()).await;
        assert_eq!(released["state"], "released");
        assert_eq!(released["codes"], json!({ "units": 720, "boxes": 0, "cases": 30, "pallets": 9 }));
        assert_eq!(
            (&released["tasks"][0]["state"], &released["tasks"][1]["site"]["name"]),
            (&json!("open"), &json!("store"))
        );

        let (line_tasks, line_rolls) = told(&office.cloud.store, SiteId(line)).await;
        let (store_tasks, store_rolls) = told(&office.cloud.store, SiteId(store)).await;
        assert_eq!(line_rolls, store_rolls);
        assert_eq!(line_rolls.len(), 3);
        let pallets = line_rolls.iter().find(|roll| roll.level == Level::Pallet).unwrap();
        let first_body = pallets.first_body.unwrap();
        assert_eq!(line_tasks[0].leases, [Lease { level: Level::Pallet, first_body, count: 6 }]);
        let behind = Lease { level: Level::Pallet, first_body: first_body + 6, count: 3 };
        assert_eq!(store_tasks[0].leases, [behind]);
        assert_eq!(store_tasks[0].order_number, "PO-9");

        let (status, body) = office.post(&format!("/orders/{order}/release"), tasks).await;
        assert_eq!((status, &body["error"]["code"]), (409, &json!("not_draft")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_an_order_is_named() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let bad = json!({ "number": "", "product": 99, "lot": "批次", "quantity": 0 });
        assert_eq!(
            faults(office.post("/orders", bad).await),
            json!({ "number": "required", "product": "unknown", "lot": "unknown", "quantity": "required" })
        );
        let same = json!({ "number": "PO-1", "product": goods.product, "lot": "L20260801", "quantity": 24 });
        assert_eq!(id(&office.create("/orders", same.clone()).await), goods.order);
        let mut other = same;
        other["quantity"] = json!(25);
        let (status, body) = office.post("/orders", other).await;
        assert_eq!(
            (status, &body["error"]["code"], &body["error"]["params"]["field"]),
            (409, &json!("number_taken"), &json!("quantity"))
        );
        let draft = json!({ "number": "PO-2", "product": goods.product, "lot": "L2", "quantity": 10 });
        let draft = id(&office.create("/orders", draft).await);
        let codes = format!("/orders/{draft}/codes");
        assert_eq!(faults(office.post(&codes, json!({})).await), json!({ "units": "required" }));
        assert_eq!(
            faults(office.post(&codes, json!({ "units": 20_000_000, "boxes": 1 })).await),
            json!({ "units": "too_large", "boxes": "not_in_plan" })
        );
        let tasks = json!({ "tasks": [
            { "site": 99, "kind": "robot", "quantity": 0 }, { "site": goods.site, "kind": "line", "quantity": 11 },
        ]});
        assert_eq!(
            faults(office.post(&format!("/orders/{draft}/release"), tasks).await),
            json!({
                "tasks.0.site": "unknown", "tasks.0.kind": "unknown", "tasks.0.quantity": "required",
                "tasks": "more_than_ordered", "codes": "required",
            })
        );
        assert_eq!(get(&office.admin, "/orders/99").await.0, 404);
        assert_eq!(get(&office.admin, &format!("/orders/{draft}/rolls/crate")).await.0, 404);
    })
    .await;
}

/// Progress by task is counted when operations are accepted; this holds it against the ledger itself.
async fn agree(office: &Office, order: u64, units: u64, cases: u64, pallets: u64) {
    let shown = office.get(&format!("/orders/{order}")).await;
    let produced = json!({ "units": units, "boxes": 0, "cases": cases, "pallets": pallets });
    assert_eq!(shown["produced"], produced);
    let by_task: u64 =
        shown["tasks"].as_array().unwrap().iter().map(|task| task["units"].as_u64().unwrap()).sum();
    assert_eq!(by_task, units);
    let mut tx = office.cloud.store.read().await.unwrap();
    assert_eq!(orders::produced(&mut tx, OrderId(order)).await.unwrap().units, units);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_what_the_ledger_holds_also_after_relabelling_unpacking_and_undoing() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        agree(&office, goods.order, 0, 0, 0).await;
        let both =
            vec![goods.pack_case(0, 0..3), goods.pack_case(1, 3..6), goods.pack_pallet(0, 0..2)];
        line.does(&office, both).await;
        agree(&office, goods.order, 6, 2, 1).await;
        assert_eq!(
            office.get(&format!("/orders/{}", goods.order)).await["tasks"][0]["state"],
            "in_work"
        );
        let undone = line.does(&office, vec![goods.pack_case(2, 6..9)]).await;
        agree(&office, goods.order, 9, 3, 1).await;
        let undo = Action::Correct(Correct { names: undone, correction: Correction::Undo });
        line.does(&office, vec![undo]).await;
        agree(&office, goods.order, 6, 2, 1).await;
        let (old, new) = (goods.units[0], goods.units[20]);
        let relabel = Action::Relabel(Relabel { old, new, reason: RelabelReason::Damaged });
        line.does(&office, vec![relabel, Action::Unpack(Unpack::Whole(goods.cases[1]))]).await;
        agree(&office, goods.order, 6, 1, 1).await;
        line.does(&office, vec![goods.pack_case(3, 6..9), goods.pack_case(4, 9..12)]).await;
        agree(&office, goods.order, 12, 3, 1).await;
        let mut tx = office.cloud.store.read().await.unwrap();
        assert!(orders::task(&mut tx, goods.task).await.unwrap().is_some());
        assert!(orders::task(&mut tx, TaskId(999)).await.unwrap().is_none());
    })
    .await;
}

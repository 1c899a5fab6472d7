//! Production orders: created, given codes, released; how far they are is what the ledger says.

use sealtrace_cloud::store::{Store, tasks};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{Cursor, Revision, SiteId, TaskId};
use sealtrace_protocol::ledger::{
    Action, Correct, Correction, Level, Relabel, RelabelReason, Unpack,
};
use sealtrace_protocol::link::{FeedRow, Lease, Roll, TaskRow, TaskState};
use serde_json::json;

use crate::feed::desk_page;
use crate::office::{Line, Office, faults, get, goods, id, in_both_offices};

async fn told(store: &Store, site: SiteId) -> (Vec<TaskRow>, Vec<Roll>) {
    let page = desk_page(store, site, Cursor(0)).await;
    let (mut tasks, mut rolls) = (Vec::new(), Vec::new());
    for entry in page.rows {
        match entry.row {
            FeedRow::Task(task) => tasks.push(task),
            FeedRow::Roll(roll) => rolls.push(roll),
            FeedRow::Site(_)
            | FeedRow::Owner(_)
            | FeedRow::Product(_)
            | FeedRow::Lot(_)
            | FeedRow::Dealer(_)
            | FeedRow::Operator(_)
            | FeedRow::Document(_)
            | FeedRow::Carriers(_)
            | FeedRow::Labels(_) => {}
        }
    }
    (tasks, rolls)
}

/// The task as its site's devices know it.
pub(crate) async fn task(office: &Office, site: SiteId, id: TaskId) -> TaskRow {
    let (tasks, _) = told(&office.cloud.store, site).await;
    tasks.into_iter().find(|task| task.id == id).unwrap()
}

/// An order's unit roll as it is printed: so many lines; the first.
async fn printed(office: &Office, order: u64, units: usize) -> Code {
    let printed = office.admin.get(&format!("/api/v1/orders/{order}/rolls/unit")).await;
    assert_eq!(printed.header("content-type"), "text/plain; charset=utf-8");
    let text = printed.text();
    assert_eq!(text.lines().count(), units);
    let is_address = |line: &str| line.starts_with("HTTPS://TRACE.EXAMPLE.COM/");
    assert!(text.lines().all(is_address), "{text:.80}");
    text.lines().next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_released_to_two_sites_and_its_labels_are_shared_out() {
    in_both_offices(async |office| {
        let step = |level: &str, holds: u32| json!({ "level": level, "holds": holds, "parts": [] });
        let plan = json!([step("case", 24), step("pallet", 10)]);
        let product = json!({ "name": "啤酒", "gtin": "6901234567892", "plan": plan });
        let product = id(&office.create("/products", product).await);
        let line = id(&office.create("/sites", json!({ "name": "line", "kind": "line" })).await);
        let store =
            id(&office.create("/sites", json!({ "name": "store", "kind": "warehouse" })).await);
        let order = json!({ "number": "PO-9", "product": product, "lot": "L1", "quantity": 720 });
        let order = office.create("/orders", order).await;
        assert_eq!(
            (&order["state"], &order["plan"], &order["produced"]),
            (&json!("draft"), &plan, &json!({ "units": 0, "boxes": 0, "cases": 0, "pallets": 0 }))
        );
        let order = id(&order);
        let rolls = office
            .create(
                &format!("/orders/{order}/codes"),
                json!({ "units": 720, "cases": 30, "pallets": 9 }),
            )
            .await;
        let rolls = rolls["rolls"].as_array().unwrap().clone();
        let counts: Vec<_> =
            rolls.iter().map(|roll| (roll["level"].clone(), roll["count"].clone())).collect();
        assert_eq!(
            counts,
            [(json!("unit"), json!(720)), (json!("case"), json!(30)), (json!("pallet"), json!(9))]
        );
        assert_eq!(rolls[0]["first"], printed(&office, order, 720).await.canonical());

        let tasks = json!({ "tasks": [
            {
                "site": line, "kind": "line", "quantity": 480,
                "lot": "L9", "date": "2026-08-01", "shift": "早班",
            },
            { "site": store, "kind": "device", "quantity": 240 },
        ]});
        let released = office.create(&format!("/orders/{order}/release"), tasks.clone()).await;
        assert_eq!(released["state"], "released");
        assert_eq!(
            released["codes"],
            json!({ "units": 720, "boxes": 0, "cases": 30, "pallets": 9 })
        );
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
        assert_eq!(
            (line_tasks[0].lot.as_str(), &line_tasks[0].date, &line_tasks[0].shift),
            ("L9", &Some("2026-08-01".to_owned()), &Some("早班".to_owned()))
        );
        assert_eq!((store_tasks[0].lot.as_str(), store_tasks[0].state), ("L1", TaskState::Open));
        let behind = Lease { level: Level::Pallet, first_body: first_body + 6, count: 3 };
        assert_eq!(store_tasks[0].leases, [behind]);
        assert_eq!(store_tasks[0].order_number, "PO-9");

        // All of it is released: more would be more than ordered.
        let again = office.post(&format!("/orders/{order}/release"), tasks).await;
        assert_eq!(faults(again), json!({ "tasks": "more_than_ordered" }));
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
        let revision = json!({
            "number": "PO-3", "product": goods.product, "lot": "L1", "quantity": 1, "revision": 7,
        });
        assert_eq!(faults(office.post("/orders", revision).await), json!({ "revision": "unknown" }));
        let same = json!({ "number": "PO-1", "product": goods.product, "lot": "L20260801", "quantity": 24 });
        let (status, known) = office.post("/orders", same.clone()).await;
        assert_eq!((status, id(&known)), (200, goods.order));
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
            { "site": 99, "kind": "robot", "quantity": 0, "device": 7 },
            { "site": goods.site, "kind": "line", "quantity": 11, "lot": "批", "date": "2026-02-30" },
        ]});
        assert_eq!(
            faults(office.post(&format!("/orders/{draft}/release"), tasks).await),
            json!({
                "tasks.0.site": "unknown", "tasks.0.kind": "unknown", "tasks.0.quantity": "required",
                "tasks.0.device": "not_permitted", "tasks.1.lot": "unknown", "tasks.1.date": "unknown",
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
        shown["tasks"].as_array().unwrap().iter().map(|task| task["made"].as_u64().unwrap()).sum();
    assert_eq!((by_task, shown["made"].as_u64()), (units, Some(units)));
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
        assert!(tasks::task(&mut tx, goods.task, Revision(1)).await.unwrap().is_some());
        assert!(tasks::task(&mut tx, goods.task, Revision(2)).await.unwrap().is_none());
        assert!(tasks::task(&mut tx, TaskId(999), Revision(1)).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_order_grows_and_changes_its_plan_only_while_nothing_is_in_work() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let path = format!("/orders/{}", goods.order);
        let known = office.get(&path).await;
        let form = |version: &serde_json::Value, quantity: u32, revision: u32| {
            json!({
                "number": "PO-1", "product": goods.product, "lot": "L20260801", "quantity": quantity,
                "revision": revision, "version": version,
            })
        };
        // A new plan: the order stays with its own until somebody says otherwise.
        let product = format!("/products/{}", goods.product);
        let mut changed = office.get(&product).await;
        changed["plan"] = json!([{ "level": "case", "holds": 4 }]);
        let (status, changed) = office.put(&product, changed).await;
        assert_eq!((status, &changed["revision"]), (200, &json!(2)), "{changed}");
        assert_eq!(office.get(&path).await["revision"], 1);

        let stale = office.put(&path, form(&json!(0), 24, 2)).await;
        assert_eq!((stale.0, &stale.1["error"]["code"]), (409, &json!("changed_meanwhile")));
        let (status, edited) = office.put(&path, form(&known["version"], 30, 2)).await;
        assert_eq!((status, &edited["revision"], &edited["quantity"]), (200, &json!(2), &json!(30)));
        assert_eq!(task(&office, goods.site, goods.task).await.revision, Revision(2));
        let less = office.put(&path, form(&edited["version"], 23, 2)).await;
        assert_eq!(faults(less), json!({ "quantity": "less_than_released" }));

        line.does(&office, vec![goods.pack_case(0, 0..3)]).await;
        let version = &office.get(&path).await["version"];
        let in_work = office.put(&path, form(version, 30, 1)).await;
        assert_eq!(faults(in_work), json!({ "revision": "in_work" }));
        let mut renamed = form(version, 30, 2);
        renamed["number"] = json!("PO-X");
        renamed["lot"] = json!("LX");
        let renamed = office.put(&path, renamed).await;
        assert_eq!(faults(renamed), json!({ "number": "released", "lot": "released" }));
        // Six more were ordered: they are released as a task of their own.
        let more = json!({ "tasks": [{ "site": goods.site, "kind": "line", "quantity": 6 }] });
        let more = office.create(&format!("{path}/release"), more).await;
        assert_eq!(more["tasks"].as_array().unwrap().len(), 2);
        assert_eq!(more["tasks"][1]["revision"], 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_made_there_is_refused_when_it_is_ordered_or_released() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = json!({ "name": "外仓", "kind": "warehouse" });
        let store = id(&office.create("/sites", store).await);
        let product = format!("/products/{}", goods.product);
        let mut restricted = office.get(&product).await;
        restricted["restricted"] = json!(true);
        restricted["sites"] = json!([goods.site]);
        restricted["dealers"] = json!([]);
        assert_eq!(office.put(&product, restricted).await.0, 200);
        let order =
            json!({ "number": "PO-2", "product": goods.product, "lot": "L2", "quantity": 6 });
        let order = id(&office.create("/orders", order).await);
        office.create(&format!("/orders/{order}/codes"), json!({ "units": 6 })).await;
        let plan = json!({ "tasks": [{ "site": store, "kind": "device", "quantity": 6 }] });
        let release = format!("/orders/{order}/release");
        let refused = office.post(&release, plan.clone()).await;
        assert_eq!(faults(refused), json!({ "tasks.0.site": "unauthorised" }));

        let disable = json!({ "ids": [goods.product], "enabled": false });
        office.create("/products/enabled", disable).await;
        let refused = office.post(&release, plan).await;
        assert_eq!(
            faults(refused),
            json!({ "product": "disabled", "tasks.0.site": "unauthorised" })
        );
        let order =
            json!({ "number": "PO-3", "product": goods.product, "lot": "L2", "quantity": 6 });
        assert_eq!(faults(office.post("/orders", order).await), json!({ "product": "disabled" }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_found_by_state_product_and_text_and_sorted() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        for (number, quantity) in [("PO-2", 9), ("PO-3", 3)] {
            let order = json!({
                "number": number, "product": goods.product, "lot": "L7", "quantity": quantity,
            });
            office.create("/orders", order).await;
        }
        let same =
            json!({ "number": "PO-2", "product": goods.product, "lot": "L7", "quantity": 9 });
        for (revision, status) in [(1, 200), (2, 409)] {
            let mut again = same.clone();
            again["revision"] = json!(revision);
            let (answered, body) = office.post("/orders", again).await;
            assert_eq!(answered, status, "{body}");
            if status == 409 {
                assert_eq!(body["error"]["params"]["field"], "revision");
            }
        }
        let numbers = async |query: &str| -> Vec<String> {
            let rows = office.get(&format!("/orders?{query}")).await["rows"].clone();
            let rows = rows.as_array().unwrap().iter();
            rows.map(|row| row["number"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(numbers("").await, ["PO-3", "PO-2", "PO-1"]);
        assert_eq!(numbers("state=draft&sort=quantity").await, ["PO-3", "PO-2"]);
        assert_eq!(numbers("state=released").await, ["PO-1"]);
        assert_eq!(numbers("sort=-quantity").await, ["PO-1", "PO-2", "PO-3"]);
        assert_eq!(numbers(&format!("q=l7&product={}", goods.product)).await, ["PO-3", "PO-2"]);
        assert_eq!(numbers("product=99").await, Vec::<String>::new());
        assert_eq!(
            faults(get(&office.admin, "/orders?state=x&sort=colour").await),
            json!({ "state": "unknown", "sort": "unknown" })
        );
        let auditor = office.signed_in("auditor").await;
        let path = format!("/api/v1/orders/{}", goods.order);
        let (status, _) = crate::office::answer(auditor.delete(&path).json(&json!({}))).await;
        assert_eq!(status, 403);
    })
    .await;
}

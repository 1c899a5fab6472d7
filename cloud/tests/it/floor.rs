//! 无单: tasks that are opened on the floor are filed under orders of their own, and worked on like any other.

use sealtrace_protocol::ids::{DeviceId, ProductId, Revision, TaskId};
use sealtrace_protocol::ledger::{
    Action, Commission, Correct, Correction, Level, Made, OpenTask, Pack,
};
use sealtrace_protocol::link::{TaskKind, TaskState};
use sealtrace_protocol::text::{Lot, Text20};
use serde_json::{Value, json};

use crate::office::{Goods, Line, Office, goods, id, in_both_offices};
use crate::orders::task;
use crate::rules::{say, warehouse, word};

fn opening(goods: &Goods, device: u64, nth: u32, quantity: u32) -> OpenTask {
    OpenTask {
        task: TaskId::local(DeviceId(device), nth).unwrap(),
        product: goods.product,
        lot: Lot::new("L7").unwrap(),
        plan: Revision(1),
        quantity,
        date: Some(Text20::new("2026-08-01").unwrap()),
        shift: Some(Text20::new("N2").unwrap()),
    }
}

fn made(open: &OpenTask) -> Made {
    Made { task: open.task, product: open.product, lot: open.lot, plan: open.plan }
}

async fn order(office: &Office, number: &str) -> Value {
    let found = office.get(&format!("/orders?q={number}")).await;
    let rows = found["rows"].as_array().unwrap().clone();
    rows.into_iter().find(|row| row["number"] == number).unwrap_or(Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_opened_on_the_floor_is_filed_worked_on_and_told() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut device = Line::enrolled(&office, 7, goods.site).await;
        let open = opening(&goods, 7, 3, 6);
        let commission = |units: std::ops::Range<usize>| {
            Action::Commission(Commission { codes: goods.units[units].to_vec(), made: made(&open) })
        };
        // Opened and worked on in one batch, as after days without a network.
        let at = office.now();
        let operations = [Action::OpenTask(open), commission(0..2)];
        let operations = operations.map(|action| device.operation(at, action)).to_vec();
        let verdicts = device.delivers(&office, operations).await;
        assert_eq!(verdicts.iter().map(word).collect::<Vec<_>>(), ["applied", "applied"]);

        let order = order(&office, "AD-7-3").await;
        assert_eq!((&order["state"], &order["quantity"]), (&json!("released"), &json!(6)));
        assert_eq!((&order["lot"], &order["made"]), (&json!("L7"), &json!(2)));
        assert_eq!(
            order["tasks"],
            json!([{
                "id": open.task, "site": { "id": goods.site, "name": "一号线" }, "kind": "device",
                "device": { "id": 7, "name": "device 7" }, "quantity": 6, "made": 2, "lot": "L7",
                "date": "2026-08-01", "shift": "N2", "revision": 1, "state": "in_work",
            }])
        );
        let row = task(&office, goods.site, open.task).await;
        assert_eq!((row.order_number.as_str(), row.made), ("AD-7-3", 2));
        assert_eq!((row.kind, row.device), (TaskKind::Device, Some(DeviceId(7))));
        assert_eq!((row.state, row.leases.len()), (TaskState::InWork, 0));
        let lots = office.get("/lots").await;
        let lots = lots["rows"].as_array().unwrap();
        assert!(lots.iter().any(|lot| lot["lot"] == "L7"), "{lots:?}");

        // A package of it: registered units and new ones, progress counts each once.
        let pack = Pack {
            parent: goods.cases[0],
            level: Level::Case,
            children: goods.units[0..3].to_vec(),
            made: Some(made(&open)),
            partial: None,
            mixed_lots: false,
        };
        device.does(&office, vec![Action::Pack(pack), commission(3..6)]).await;
        let row = task(&office, goods.site, open.task).await;
        assert_eq!((row.made, row.state), (6, TaskState::Done));
        let trace = office.get(&format!("/trace?text={}", goods.units[0])).await;
        assert_eq!((&trace["lot"], &trace["order"]["number"]), (&json!("L7"), &json!("PO-1")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_as_there_are_is_never_enough_until_somebody_closes_it() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut device = Line::enrolled(&office, 7, goods.site).await;
        let open = opening(&goods, 7, 0, 0);
        let codes = goods.units[0..5].to_vec();
        let commission = Action::Commission(Commission { codes, made: made(&open) });
        device.does(&office, vec![Action::OpenTask(open), commission]).await;
        let found = order(&office, "AD-7-0").await;
        assert_eq!((&found["state"], &found["made"]), (&json!("released"), &json!(5)));
        assert_eq!(office.get("/orders?state=done").await["total"], 0);
        let row = task(&office, goods.site, open.task).await;
        assert_eq!((row.quantity, row.state), (0, TaskState::InWork));
        office.create(&format!("/tasks/{}/close", open.task), json!({})).await;
        assert_eq!(task(&office, goods.site, open.task).await.state, TaskState::Done);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_opens_what_may_not_be_made_there_or_another_devices_task() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = warehouse(&office, true).await;
        let mut device = Line::enrolled(&office, 7, goods.site).await;
        let mut other = Line::enrolled(&office, 8, store).await;
        let open = opening(&goods, 7, 0, 6);
        for (open, expected) in [
            (OpenTask { task: TaskId(300), ..open }, "task_closed"),
            (opening(&goods, 8, 0, 6), "task_closed"),
            (OpenTask { plan: Revision(9), ..open }, "not_made_here"),
            (OpenTask { product: ProductId(99), ..open }, "not_made_here"),
        ] {
            assert_eq!(word(&device.tries(&office, Action::OpenTask(open)).await), expected);
        }
        assert_eq!(office.get("/orders").await["total"], 1, "nothing was filed");
        let permit = json!({ "restricted": true, "sites": [store], "dealers": [] });
        say(&office, &format!("/products/{}", goods.product), permit).await;
        let verdict = device.tries(&office, Action::OpenTask(open)).await;
        assert_eq!(word(&verdict), "not_made_here");
        let verdict = other.tries(&office, Action::OpenTask(opening(&goods, 8, 0, 6))).await;
        assert_eq!(word(&verdict), "applied", "the other site may");
        let free = json!({ "restricted": false, "sites": [], "dealers": [] });
        say(&office, &format!("/products/{}", goods.product), free).await;
        let disable = json!({ "ids": [goods.product], "enabled": false });
        office.create("/products/enabled", disable).await;
        let verdict = device.tries(&office, Action::OpenTask(open)).await;
        assert_eq!(word(&verdict), "not_made_here", "it is not made any more");
        let commission = Commission { codes: goods.units[..1].to_vec(), made: made(&open) };
        let verdict = device.tries(&office, Action::Commission(commission)).await;
        assert_eq!(word(&verdict), "task_closed", "what was not opened is not worked on");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_opened_once_and_undone_while_nothing_was_made() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        // Somebody has used the number.
        let draft =
            json!({ "number": "AD-7-0", "product": goods.product, "lot": "L1", "quantity": 1 });
        office.create("/orders", draft).await;
        let mut device = Line::enrolled(&office, 7, goods.site).await;
        let open = opening(&goods, 7, 0, 6);
        let undo = |names| Action::Correct(Correct { names, correction: Correction::Undo });
        let opened = device.does(&office, vec![Action::OpenTask(open)]).await;
        assert_eq!(order(&office, "AD-7-0-2").await["state"], "released");
        let again = device.tries(&office, Action::OpenTask(open)).await;
        assert_eq!(word(&again), "task_closed");
        assert_eq!(word(&device.tries(&office, undo(opened)).await), "applied");
        assert_eq!(order(&office, "AD-7-0-2").await["state"], "void");
        assert_eq!(task(&office, goods.site, open.task).await.state, TaskState::Void);
        let again = device.tries(&office, Action::OpenTask(open)).await;
        assert_eq!(word(&again), "task_closed", "its name is used up");

        // Something was made: it stays.
        let next = opening(&goods, 7, 1, 6);
        let opened = device.does(&office, vec![Action::OpenTask(next)]).await;
        let commission = Commission { codes: goods.units[..1].to_vec(), made: made(&next) };
        device.does(&office, vec![Action::Commission(commission), undo(opened)]).await;
        assert_eq!(task(&office, goods.site, next.task).await.state, TaskState::InWork);
        let withdrawn =
            office.delete(&format!("/orders/{}", id(&order(&office, "AD-7-1").await))).await;
        assert_eq!(withdrawn.0, 409, "{}", withdrawn.1);
    })
    .await;
}

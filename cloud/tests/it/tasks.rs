//! Tasks: how far they are, how they end, whose labels are whose.

use sealtrace_cloud::store::tasks;
use sealtrace_protocol::ids::{Cursor, Revision, TaskId};
use sealtrace_protocol::ledger::{Action, Correct, Correction};
use sealtrace_protocol::link::{FeedRow, TaskState};
use serde_json::json;

use crate::feed::desk_page;
use crate::office::{Line, faults, goods, id, in_both_offices};
use crate::orders::task;

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_open_in_work_and_done_as_units_are_made_and_taken_back() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let known = task(&office, goods.site, goods.task).await;
        assert_eq!((known.state, known.made, known.revision), (TaskState::Open, 0, Revision(1)));
        let before = desk_page(&office.cloud.store, goods.site, Cursor(0)).await.cursor;
        let first =
            line.does(&office, vec![goods.pack_case(0, 0..3), goods.pack_case(1, 3..6)]).await;
        let known = task(&office, goods.site, goods.task).await;
        assert_eq!((known.state, known.made), (TaskState::InWork, 6));
        // Two operations of one batch, one row.
        let since = desk_page(&office.cloud.store, goods.site, before).await;
        let of_task = |row: &FeedRow| matches!(row, FeedRow::Task(_));
        assert_eq!(since.rows.iter().filter(|entry| of_task(&entry.row)).count(), 1);
        let undo = Action::Correct(Correct { names: first, correction: Correction::Undo });
        line.does(&office, vec![undo]).await;
        assert_eq!(task(&office, goods.site, goods.task).await.made, 3);
        let rest = (1..8).map(|case| goods.pack_case(case, 3 * case..3 * case + 3)).collect();
        line.does(&office, rest).await;
        let known = task(&office, goods.site, goods.task).await;
        assert_eq!((known.state, known.made), (TaskState::Done, 24));
        assert_eq!(office.get(&format!("/orders/{}", goods.order)).await["state"], "done");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_is_closed_and_only_what_was_not_is_withdrawn() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        line.does(&office, vec![goods.pack_case(0, 0..3)]).await;
        let (order, task_path) = (goods.order, format!("/tasks/{}", goods.task));
        for (status, body) in [
            office.delete(&format!("/orders/{order}")).await,
            office.post(&format!("{task_path}/void"), json!({})).await,
        ] {
            assert_eq!((status, &body["error"]["code"]), (409, &json!("in_work")));
        }
        let closed = office.create(&format!("{task_path}/close"), json!({})).await;
        assert_eq!(closed["tasks"][0]["state"], "done");
        assert_eq!(task(&office, goods.site, goods.task).await.state, TaskState::Done);
        // What was begun on a device is still finished.
        line.does(&office, vec![goods.pack_case(1, 3..6)]).await;
        assert_eq!(task(&office, goods.site, goods.task).await.made, 6);

        // What it will not make any more somebody else may: 18 of 24 bottles.
        let more = async |quantity: u32| {
            let site = goods.site;
            let plan = json!({ "tasks": [{ "site": site, "kind": "device", "device": 7, "quantity": quantity }] });
            office.post(&format!("/orders/{order}/release"), plan).await
        };
        assert_eq!(faults(more(19).await), json!({ "tasks": "more_than_ordered" }));
        assert_eq!(more(18).await.0, 200);

        let other =
            json!({ "number": "PO-2", "product": goods.product, "lot": "L2", "quantity": 6 });
        let other = id(&office.create("/orders", other).await);
        office.create(&format!("/orders/{other}/codes"), json!({ "units": 6 })).await;
        let plan = json!({ "tasks": [{ "site": goods.site, "kind": "line", "quantity": 6 }] });
        let released = office.create(&format!("/orders/{other}/release"), plan).await;
        let (status, withdrawn) = office.delete(&format!("/orders/{other}")).await;
        assert_eq!((status, &withdrawn["state"]), (200, &json!("void")));
        let withdrawn = TaskId(id(&released["tasks"][0]));
        assert_eq!(task(&office, goods.site, withdrawn).await.state, TaskState::Void);
        let mut tx = office.cloud.store.read().await.unwrap();
        assert!(tasks::task(&mut tx, withdrawn, Revision(1)).await.unwrap().is_none());
        drop(tx);
        let (status, body) = office.post(&format!("/tasks/{withdrawn}/close"), json!({})).await;
        assert_eq!((status, &body["error"]["code"]), (409, &json!("void")));
        assert_eq!(office.post("/tasks/99/close", json!({})).await.0, 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_are_leased_to_one_device_and_never_twice() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        Line::enrolled(&office, 7, goods.site).await;
        Line::enrolled(&office, 8, goods.site).await;
        let order = json!({ "number": "PO-2", "product": goods.product, "lot": "L2", "quantity": 60 });
        let order = id(&office.create("/orders", order).await);
        office.create(&format!("/orders/{order}/codes"), json!({ "units": 60, "pallets": 10 })).await;
        let release = format!("/orders/{order}/release");
        let planned = |device: Option<u64>, quantity: u32| {
            let site = goods.site;
            json!({ "tasks": [{ "site": site, "kind": "device", "device": device, "quantity": quantity }] })
        };
        let nobody = office.post(&release, planned(None, 30)).await;
        assert_eq!(faults(nobody), json!({ "tasks.0.device": "required" }));
        let stranger = office.post(&release, planned(Some(9), 30)).await;
        assert_eq!(faults(stranger), json!({ "tasks.0.device": "not_permitted" }));
        let half = office.create(&release, planned(Some(7), 30)).await;
        assert_eq!(half["tasks"][0]["device"], json!({ "id": 7, "name": "device 7" }));
        let both = office.create(&release, planned(Some(8), 30)).await;
        let ids: Vec<TaskId> =
            both["tasks"].as_array().unwrap().iter().map(|task| TaskId(id(task))).collect();
        let mut leased = Vec::new();
        for id in ids {
            for lease in task(&office, goods.site, id).await.leases {
                leased.extend((0..lease.count).map(|index| lease.first_body + u64::from(index)));
            }
        }
        assert_eq!(leased.len(), 10);
        leased.dedup();
        assert_eq!(leased.len(), 10, "each label once");
    })
    .await;
}

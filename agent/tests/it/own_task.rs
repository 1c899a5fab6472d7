//! 无单: a task that nobody released is opened on the device, worked on at once, and found again.

use axum::http::StatusCode;
use sealtrace_agent::config::Config;
use sealtrace_agent::store::verdicts;
use sealtrace_protocol::ids::{Epoch, Seq, SiteId, TaskId};
use sealtrace_protocol::ledger::{Action, Permit, Rejection, Verdict};
use sealtrace_protocol::link::{FeedRow, Judged, Product, TaskRow, TaskState};
use sealtrace_protocol::time::Timestamp;
use serde_json::{Value, json};

use crate::floor::{DEVICE, agent, case, copy_of, hears, product, unit};
use crate::making::operation;
use crate::page::{Floor, page, said, signed_in};

fn asked() -> Value {
    json!({"product": 5, "lot": "L7", "date": "2026-11-20", "shift": "B", "quantity": 6})
}

async fn open(floor: &Floor, asked: Value) -> (StatusCode, Value) {
    let answer = floor.post("tasks", asked).await;
    (answer.status_code(), answer.json())
}

#[tokio::test]
async fn a_task_is_opened_and_worked_on_without_the_network() {
    let floor = signed_in().await;
    let products = floor.get("products").await;
    assert_eq!(products["rows"][0]["name"], "beer");
    assert_eq!(products["rows"][0]["plan"][0]["level"], "case");
    let (status, task) = open(&floor, asked()).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!((&task["order"]["number"], &task["lot"]), (&json!("AD-7-0"), &json!("L7")));
    assert_eq!((&task["state"], &task["shift"]), (&json!("open"), &json!("B")));
    let id = task["id"].as_u64().unwrap();
    assert_eq!(TaskId(id).opened_by(), Some(DEVICE));
    floor.open("pack", json!({"task": id})).await;
    floor.packed(0, [0, 1, 2]).await;
    let listed = floor.get("tasks").await;
    let ours = listed["rows"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
    assert_eq!((&ours["made"], &ours["state"]), (&json!(3), &json!("in_work")));
    let Action::OpenTask(opened) = operation(&floor, 1).await.action else { panic!() };
    assert_eq!((opened.task, opened.quantity), (TaskId(id), 6));
    let (_, second) = open(&floor, json!({"product": 5, "lot": "L8"})).await;
    assert_eq!((&second["id"], &second["quantity"]), (&json!(id + 1), &json!(0)));
}

#[tokio::test]
async fn an_opened_task_is_there_after_a_restart_and_the_cloud_knows_more_of_it_later() {
    let floor = signed_in().await;
    let (_, task) = open(&floor, asked()).await;
    let id = task["id"].as_u64().unwrap();
    let killed = copy_of(floor.folder.path());
    let again = agent(killed.path(), Config::default()).await;
    let floor = Floor { page: page(&again).await, agent: again, folder: killed };
    floor.log_in("li").await;
    floor.open("pack", json!({"task": id})).await;
    floor.packed(0, [0, 1, 2]).await;
    let row =
        floor.agent.store.read(move |conn| sealtrace_agent::store::feed::task(conn, TaskId(id)));
    let filed = TaskRow { order_number: "AD-7-0-2".into(), ..row.await.unwrap().unwrap() };
    hears(&floor.agent.store, FeedRow::Task(filed)).await;
    let view = floor.get("station").await;
    assert_eq!(
        (&view["task"]["order"]["number"], &view["task"]["made"]),
        (&json!("AD-7-0-2"), &json!(3))
    );
}

#[tokio::test]
async fn every_field_that_is_wrong_is_named_and_nothing_is_opened() {
    let floor = signed_in().await;
    let wrong = json!({"product": 5, "lot": " ", "date": "20.11.2026", "shift": "早班", "quantity": 99_000_000});
    let (status, answer) = open(&floor, wrong).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let error = &answer["error"];
    assert_eq!(error["code"], "invalid");
    assert_eq!(
        error["params"]["fields"],
        json!({"lot": "required", "date": "date", "shift": "text20", "quantity": "too_many"})
    );
    let (_, answer) = open(&floor, json!({"product": 77, "lot": "L7"})).await;
    assert_eq!(answer["error"]["params"]["fields"], json!({"product": "unknown"}));
    let (_, answer) = open(&floor, json!({"product": 5, "lot": "x".repeat(21)})).await;
    assert_eq!(answer["error"]["params"]["fields"], json!({"lot": "text20"}));
    let permit = Permit { sites: Some(vec![SiteId(2)]), dealers: None };
    hears(&floor.agent.store, FeedRow::Product(Product { permit, ..product() })).await;
    assert_eq!(floor.get("products").await["rows"], json!([]));
    let (status, answer) = open(&floor, asked()).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("not_made_here")));
    assert_eq!(answer["error"]["params"]["product"]["name"], "beer");
    floor.log_in("zhao").await;
    assert_eq!(open(&floor, asked()).await.0, StatusCode::FORBIDDEN);
    assert_eq!(floor.get("status").await["unsent_operations"], 0);
}

#[tokio::test]
async fn a_task_the_cloud_does_not_accept_is_void_here_too() {
    let floor = signed_in().await;
    let (_, task) = open(&floor, asked()).await;
    let id = task["id"].as_u64().unwrap();
    let rejection = Rejection::TaskClosed { task: TaskId(id) };
    let verdicts =
        [Judged { epoch: Epoch(1), seq: Seq(1), verdict: Verdict::Quarantined { rejection } }];
    let at = Timestamp(1_800_000_002_000);
    let store = &floor.agent.store;
    store.write(move |tx| verdicts::store(tx, DEVICE, &verdicts, at)).await.unwrap();
    assert_eq!(floor.refuses("pack", json!({"task": id})).await.1["code"], "task_void");
    assert_eq!(floor.get("exceptions").await["rows"][0]["rejection"]["task_closed"]["task"], id);
}

#[tokio::test]
async fn a_task_without_a_number_goes_on_and_is_closed_by_the_cloud() {
    let floor = signed_in().await;
    let (_, task) = open(&floor, json!({"product": 5, "lot": "L7"})).await;
    let id = task["id"].as_u64().unwrap();
    floor.open("pack", json!({"task": id})).await;
    floor.packed(0, [0, 1, 2]).await;
    floor.scan(unit(3)).await;
    floor.scan(case(1)).await;
    // Any of its cases may be the last one.
    assert_eq!(said(&floor.command("close").await), ("accepted", "operation_confirmed"));
    let row =
        floor.agent.store.read(move |conn| sealtrace_agent::store::feed::task(conn, TaskId(id)));
    let closed = TaskRow { state: TaskState::Done, ..row.await.unwrap().unwrap() };
    hears(&floor.agent.store, FeedRow::Task(closed)).await;
    assert_eq!(said(&floor.scan(unit(4)).await), ("refused", "task_done"));
}

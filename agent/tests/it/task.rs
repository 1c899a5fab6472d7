//! How far a task is: what the cloud has counted, and what this device made since, counted once.

use sealtrace_agent::store::{feed, verdicts};
use sealtrace_agent::task::progress;
use sealtrace_protocol::ids::{Epoch, Seq};
use sealtrace_protocol::ledger::{Notice, Rejection, Verdict};
use sealtrace_protocol::link::{FeedRow, Judged, TaskKind, TaskRow, TaskState};
use sealtrace_protocol::time::Timestamp;

use crate::floor::{DEVICE, HAND_TASK, case, hears, task_row};
use crate::page::{Floor, signed_in};

async fn row(floor: &Floor) -> TaskRow {
    let task = task_row(HAND_TASK, TaskKind::Device).id;
    floor.agent.store.read(move |conn| feed::task(conn, task)).await.unwrap().unwrap()
}

async fn standing(floor: &Floor) -> (u32, TaskState) {
    let row = row(floor).await;
    let progress = floor.agent.store.read(move |conn| progress(conn, &row)).await.unwrap();
    (progress.made, progress.state)
}

async fn judged(floor: &Floor, seq: u64, verdict: Verdict) {
    let verdicts = [Judged { epoch: Epoch(1), seq: Seq(seq), verdict }];
    let at = Timestamp(1_800_000_002_000);
    let store = &floor.agent.store;
    store.write(move |tx| verdicts::store(tx, DEVICE, &verdicts, at)).await.unwrap();
}

fn applied() -> Verdict {
    Verdict::Applied { notices: Vec::<Notice>::new() }
}

#[tokio::test]
async fn what_is_made_here_counts_at_once_and_once() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, 0..3).await;
    assert_eq!(standing(&floor).await, (3, TaskState::InWork));
    // The verdict is here before the feed counts it: nothing is forgotten in between.
    judged(&floor, 1, applied()).await;
    assert_eq!(standing(&floor).await, (3, TaskState::InWork));
    let counted = TaskRow { made: 21, state: TaskState::InWork, ..row(&floor).await };
    hears(&floor.agent.store, FeedRow::Task(counted)).await;
    assert_eq!(standing(&floor).await, (21, TaskState::InWork));
    floor.packed(1, 3..6).await;
    floor.packed(2, 6..9).await;
    assert_eq!(standing(&floor).await, (27, TaskState::InWork));
    floor.packed(3, 9..12).await;
    assert_eq!(standing(&floor).await, (30, TaskState::Done));
    floor.command("undo").await;
    assert_eq!(standing(&floor).await, (27, TaskState::InWork));
}

#[tokio::test]
async fn what_the_cloud_does_not_count_was_not_made() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, 0..3).await;
    floor.packed(1, 3..6).await;
    let rejection = Rejection::AlreadyInUse { code: case(1) };
    judged(&floor, 1, applied()).await;
    judged(&floor, 2, Verdict::Quarantined { rejection }).await;
    assert_eq!(standing(&floor).await, (3, TaskState::InWork));
}

#[tokio::test]
async fn a_judged_operation_that_is_taken_back_was_not_made_either() {
    let floor = signed_in().await;
    floor.pack().await;
    floor.packed(0, 0..3).await;
    judged(&floor, 1, applied()).await;
    floor.command("undo").await;
    assert_eq!(standing(&floor).await, (0, TaskState::Open));
}

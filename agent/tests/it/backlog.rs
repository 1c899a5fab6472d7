//! What a device that cannot connect has to tell, as a file: from its page while it runs, from the command line else.

use std::path::Path;
use std::process::{Command, Output};

use axum::http::StatusCode;
use sealtrace_agent::config::Config;
use sealtrace_agent::identity::Identity;
use sealtrace_agent::store::{Store, outbox};
use sealtrace_protocol::ids::BatchNo;
use sealtrace_protocol::signing::SealedBatch;
use sealtrace_protocol::signing::backlog::Backlog;
use serde_json::{Value, json};

use crate::floor::{DEVICE, HAND_TASK, agent, unit};
use crate::page::{Floor, page, signed_in};

async fn made(floor: &Floor, units: std::ops::Range<u64>) {
    floor.open("commission", json!({"task": HAND_TASK})).await;
    for n in units {
        floor.scan(unit(n)).await;
        floor.command("confirm").await;
    }
}

async fn download(floor: &Floor, after: u64) -> Vec<u8> {
    let answer = floor.page.get(&format!("/api/backlog?after={after}")).await;
    answer.assert_status_ok();
    assert_eq!(
        answer.header("content-disposition").to_str().unwrap(),
        "attachment; filename=\"sealtrace-backlog-7.bin\""
    );
    answer.into_bytes().to_vec()
}

/// The numbers of the batches in a file, and how many operations each holds; every one is signed by the device.
fn batches(file: &[u8], folder: &Path) -> Vec<(u64, usize)> {
    let key = Identity::load(folder).unwrap().unwrap().signing.public();
    let backlog = Backlog::open(file).unwrap();
    assert_eq!(backlog.device(), DEVICE);
    let read = |sealed: &[u8]| {
        let batch = SealedBatch::from_bytes(sealed).unwrap().verify(&key).unwrap().into_inner();
        (batch.header.batch.get(), batch.records.len())
    };
    backlog.map(|entry| read(entry.unwrap().sealed)).collect()
}

#[tokio::test]
async fn everything_without_a_receipt_is_sealed_and_in_the_file() {
    let floor = signed_in().await;
    let folder = floor.folder.path();
    assert_eq!(batches(&download(&floor, 0).await, folder), []);
    made(&floor, 0..3).await;
    let first = download(&floor, 0).await;
    assert_eq!(batches(&first, folder), [(1, 3)]);
    let status = floor.get("status").await;
    assert_eq!((&status["unsent_operations"], &status["unsent_batches"]), (&json!(3), &json!(1)));
    // It left the device: a store that does not know this batch would be an old copy.
    let mark = Identity::load(folder).unwrap().unwrap().mark().unwrap().unwrap();
    assert_eq!(mark.batch, BatchNo(1));
    // The same again, byte for byte, then what came since; or that alone.
    assert_eq!(download(&floor, 0).await, first);
    made(&floor, 3..5).await;
    let second = download(&floor, 0).await;
    assert_eq!(batches(&second, folder), [(1, 3), (2, 2)]);
    assert_eq!(batches(&download(&floor, 1).await, folder), [(2, 2)]);
    let stored = floor.agent.store.read(|conn| outbox::sealed(conn, BatchNo(2))).await;
    let stored = stored.unwrap().unwrap();
    let entry = Backlog::open(&second).unwrap().last().unwrap().unwrap();
    assert_eq!(entry.sealed, stored, "exactly what would be sent");
}

#[tokio::test]
async fn only_somebody_who_signed_in_gets_it_and_only_of_a_device_that_is_in_order() {
    let floor = signed_in().await;
    floor.page.delete("/api/session").await.assert_status(StatusCode::NO_CONTENT);
    floor.page.get("/api/backlog").await.assert_status(StatusCode::UNAUTHORIZED);
    floor.log_in("li").await;
    floor.agent.store.write(sealtrace_agent::store::stream::lose).await.unwrap();
    let answer = floor.page.get("/api/backlog").await;
    answer.assert_status(StatusCode::CONFLICT);
    assert_eq!(answer.json::<Value>()["error"]["code"], "stream_lost");
}

fn export(data: &Path, file: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealtrace-agent"));
    command.env_remove("SEALTRACE_AGENT_CONFIG").arg("--data").arg(data);
    command.arg("export-backlog").arg(file).output().unwrap()
}

#[tokio::test]
async fn the_command_line_writes_the_same_file_while_nothing_runs() {
    let floor = signed_in().await;
    made(&floor, 0..2).await;
    let file = floor.folder.path().join("backlog.bin");
    let running = export(floor.folder.path(), &file);
    assert!(!running.status.success());
    assert!(String::from_utf8_lossy(&running.stderr).contains("another agent"));
    assert!(!file.exists());

    let Floor { folder, agent: stopping, page: ui } = floor;
    drop(ui);
    let sealtrace_agent::agent::Agent { store, .. } = stopping;
    Store::close(store).await;
    let done = export(folder.path(), &file);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stdout).contains("1 batches are in"));
    let written = std::fs::read(&file).unwrap();
    assert_eq!(batches(&written, folder.path()), [(1, 2)]);
    // It does not write over a file, and the page of the next run gives the same.
    assert!(!export(folder.path(), &file).status.success());
    assert_eq!(std::fs::read(&file).unwrap(), written);
    let agent = agent(folder.path(), Config::default()).await;
    let floor = Floor { page: page(&agent).await, agent, folder };
    floor.log_in("li").await;
    assert_eq!(download(&floor, 0).await, written);
}

#[test]
fn a_device_that_was_never_enrolled_has_nothing_to_tell() {
    let data = tempfile::tempdir().unwrap();
    let output = export(&data.path().join("data"), &data.path().join("file"));
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("not enrolled"));
    assert!(!data.path().join("file").exists());
}

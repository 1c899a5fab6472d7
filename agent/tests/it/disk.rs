//! A disk that is full: refused with the tone for it, nothing half-written, and going on as soon as there is room.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use axum::http::StatusCode;
use sealtrace_agent::config::Config;
use sealtrace_agent::store::Storage;
use serde_json::json;

use crate::floor::{agent, case, drafts, parent, unit};
use crate::page::{Floor, page, said};

const MIB: usize = 1024 * 1024;

/// A small disk of its own, given back at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None, and the reason said aloud, where this user may not mount one.
    fn mount(at: &Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=24m", "sealtrace-test"])
            .arg(at)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(at.to_owned())),
            Ok(output) => {
                eprintln!("SKIPPED: no disk to fill: {}", String::from_utf8_lossy(&output.stderr));
                None
            }
            Err(error) => {
                eprintln!("SKIPPED: no disk to fill: mount cannot be run: {error}");
                None
            }
        }
    }

    /// Fills it with one file, up to this share.
    fn fill(&self, percent: u64) {
        let _ = fs::remove_file(self.0.join("balloon"));
        let storage = Storage::of(&self.0).unwrap();
        let used = storage.total_bytes - storage.free_bytes;
        let bytes = (storage.total_bytes * percent).div_ceil(100).saturating_sub(used);
        fs::write(self.0.join("balloon"), vec![1; bytes.try_into().unwrap()]).unwrap();
    }

    /// To the last byte.
    fn cram(&self) {
        let mut n = 0;
        while fs::write(self.0.join(format!("cram-{n}")), vec![1; MIB / 4]).is_ok() {
            n += 1;
        }
    }

    fn empty(&self) {
        for entry in fs::read_dir(&self.0).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::remove_file(path).unwrap();
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the store may still be closing its file.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn scans_are_refused_from_95_percent_on_and_counted_again_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path()) else { return };
    let data = folder.path().join("data");
    let agent = agent(&data, Config { data: data.clone(), ..Config::default() }).await;
    let floor = Floor { page: page(&agent).await, agent, folder };
    floor.log_in("li").await;
    floor.pack().await;
    floor.scan(unit(0)).await;

    disk.fill(85);
    assert!(floor.agent.store.storage().unwrap().is_low());
    assert_eq!(said(&floor.scan(unit(1)).await), ("accepted", "accepted"));

    for full in [96, 100] {
        disk.fill(full.min(96));
        if full == 100 {
            disk.cram();
        }
        let reply = floor.scan(unit(2)).await;
        assert_eq!(said(&reply), ("critical", "storage_full"), "{full} %: {reply}");
        assert!(reply["message"]["params"]["percent"].as_u64().unwrap() >= 95);
        assert_eq!((&reply["view"]["count"], &reply["view"]["blocked"]), (&json!(2), &json!(true)));
        // Not by a barcode either; and what is there can still be read.
        assert_eq!(said(&floor.scan_text("ST*CLOSE*").await).0, "refused");
        assert_eq!(drafts(&floor.agent.store, "station").await.len(), 2);
        let status = floor.get("status").await;
        assert_eq!((&status["drafts"], &status["unsent_operations"]), (&json!(2), &json!(0)));
        disk.empty();
        // No restart: acknowledged, and on it goes.
        assert_eq!(floor.command("acknowledge").await["view"]["blocked"], false, "{full} %");
    }
    assert_eq!(said(&floor.scan(unit(2)).await), ("accepted", "accepted"));
    assert_eq!(said(&floor.scan(case(0)).await), ("accepted", "operation_confirmed"));
    assert_eq!(parent(&floor.agent.store, unit(0)).await, Some(case(0)));
}

#[tokio::test]
async fn a_disk_without_a_single_byte_left_lets_nobody_half_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path()) else { return };
    let data = folder.path().join("data");
    let agent = agent(&data, Config { data: data.clone(), ..Config::default() }).await;
    let floor = Floor { page: page(&agent).await, agent, folder };
    floor.log_in("li").await;
    disk.cram();
    // Some room may be left inside the database's own files; it ends.
    let mut statuses = Vec::new();
    for _ in 0..40 {
        let body = json!({"login": "wang", "pin": crate::floor::PIN});
        statuses.push(floor.post("session", body).await.status_code());
    }
    let known =
        [StatusCode::OK, StatusCode::INSUFFICIENT_STORAGE, StatusCode::INTERNAL_SERVER_ERROR];
    assert!(statuses.iter().all(|status| known.contains(status)), "{statuses:?}");
    disk.empty();
    floor.log_in("li").await;
    floor.pack().await;
    assert_eq!(said(&floor.scan(unit(0)).await), ("accepted", "accepted"));
}

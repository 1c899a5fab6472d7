//! A database that was damaged outside: noticed at the start, kept aside, and what can be read goes on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use sealtrace_agent::store::exceptions::Kind;
use sealtrace_agent::store::{Store, exceptions, journal, outbox, stream};
use sealtrace_protocol::ids::Epoch;
use sealtrace_protocol::link::{FeedRow, digest};
use tempfile::TempDir;

use crate::cloud::Cloud;
use crate::floor::copy_of;
use crate::store::{confirm, draft, pack, unit};
use crate::sync::{Running, enrolled, fed, within};

const PAGE: usize = 4_096;
/// Operations that were receipted, and those made after the network was cut.
const SENT: u64 = 3;
const UNSENT: u64 = 40;
const DRAFTS: usize = 25;

/// A device that was at work without a network, and its cloud.
async fn at_work() -> (TempDir, std::sync::Arc<Cloud>) {
    let data = tempfile::tempdir().unwrap();
    let cloud = enrolled(data.path()).await;
    issue_more(&cloud);
    let running = Running::start(data.path()).await;
    fed(&running).await;
    for n in 0..SENT {
        confirm(running.store(), pack(n, &[2 * n, 2 * n + 1]), vec![]).await.unwrap();
    }
    within(async || {
        let backlog = running.store().read(outbox::backlog).await.unwrap();
        backlog.unreceipted_operations == 0 && backlog.unjudged == 0
    })
    .await;
    cloud.cut(true);
    for n in SENT..SENT + UNSENT {
        confirm(running.store(), pack(n, &[2 * n, 2 * n + 1]), vec![]).await.unwrap();
        if n == SENT + UNSENT / 2 {
            // Some lie sealed, some do not.
            within(async || running.store().read(outbox::backlog).await.unwrap().unsent > 0).await;
        }
    }
    for n in 0..DRAFTS {
        let draft = draft(unit(u64::try_from(n).unwrap()));
        running.store().write(move |tx| journal::append(tx, &draft)).await.unwrap();
    }
    running.stop().await;
    // All of it lies in the file itself.
    let connection = Connection::open(data.path().join("agent.db")).unwrap();
    connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())).unwrap();
    (data, cloud)
}

/// More codes than other tests need.
fn issue_more(cloud: &Cloud) {
    let units = 2 * (SENT + UNSENT + 1);
    let mut known = cloud.known();
    known.digest = (0..units).flat_map(|n| digest(&unit(n))).collect();
    for entry in known.desk.values_mut().flatten().flat_map(|page| &mut page.rows) {
        if let FeedRow::Roll(roll) = &mut entry.row {
            roll.count = units.try_into().unwrap();
        }
    }
}

/// What of its own work a store has: operations never receipted that will travel, and open scans.
async fn own_work(store: &Store) -> (u64, usize) {
    let known = store.read(stream::read).await.unwrap().unwrap();
    let travelling = store
        .read(move |conn| {
            let rows = conn.query_row(
                "select count(*) from outbox join operation on operation.epoch = operation_epoch
                 and operation.seq = operation_seq where outbox.epoch = ?1 and outbox.seq > ?2",
                [u64::from(known.head.epoch.get()), SENT],
                |row| row.get(0),
            );
            Ok::<_, sealtrace_agent::store::StoreError>(rows.unwrap())
        })
        .await
        .unwrap();
    (travelling, store.read(|conn| journal::drafts(conn, "station")).await.unwrap().len())
}

/// The files that were kept aside, without their logs.
fn aside(data: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    let kept = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("agent.db.2") && !name.ends_with("-wal")
    };
    names.filter(kept).collect()
}

/// What the page says about it, if anything.
async fn told(store: &Store) -> Option<String> {
    let open = store.read(exceptions::open).await.unwrap();
    open.into_iter().find(|one| one.kind == Kind::Critical).map(|one| one.detail)
}

/// Overwrites part of the database.
fn overwrite(data: &Path, at: usize, with: &[u8]) {
    let path = data.join("agent.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[at..at + with.len()].copy_from_slice(with);
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn whichever_page_is_zeroed_the_agent_starts_and_says_what_is_missing() {
    let (data, _cloud) = at_work().await;
    let whole = (UNSENT, DRAFTS);
    let pages = fs::read(data.path().join("agent.db")).unwrap().len() / PAGE;
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    for page in 0..pages {
        let copy = copy_of(data.path());
        overwrite(copy.path(), page * PAGE, &[0; PAGE]);
        let store = Store::open(copy.path()).unwrap_or_else(|error| panic!("page {page}: {error}"));
        let (work, told) = (own_work(&store).await, told(&store).await);
        let lost = store.read(stream::read).await.unwrap().unwrap().lost;
        let outcome = match (aside(copy.path()).len(), told.as_deref()) {
            // Nothing was on it that is used.
            (0, None) => {
                assert_eq!((work, lost), (whole, false), "page {page}");
                "unused"
            }
            (1, Some("database_recovered")) => {
                assert_eq!((work, lost), (whole, true), "page {page}");
                "recovered"
            }
            (1, Some("database_damaged")) => {
                assert!(lost, "page {page}");
                "damaged"
            }
            other => panic!("page {page}: {other:?}"),
        };
        *outcomes.entry(outcome).or_default() += 1;
        // The new file is a whole one.
        store.close().await;
        let again = Store::open(copy.path()).unwrap();
        assert_eq!(own_work(&again).await, work, "page {page}");
        assert!(aside(copy.path()).len() <= 1);
    }
    assert!(outcomes["recovered"] > 5 && outcomes["damaged"] > 5, "{outcomes:?}");
}

#[tokio::test]
async fn a_file_without_its_beginning_or_its_end_goes_on_with_the_rest() {
    let (data, _cloud) = at_work().await;
    let bytes = fs::read(data.path().join("agent.db")).unwrap();
    let garbage: Vec<u8> = (0..PAGE).map(|n| u8::try_from(n * 31 % 251).unwrap()).collect();
    for (name, at, with) in [("header", 0, &garbage[..100]), ("first page", 0, &garbage[..])] {
        let copy = copy_of(data.path());
        overwrite(copy.path(), at, with);
        let store = Store::open(copy.path()).unwrap();
        assert_eq!(own_work(&store).await, (UNSENT, DRAFTS), "{name}");
        assert_eq!(told(&store).await.as_deref(), Some("database_recovered"), "{name}");
        assert_eq!(fs::read(&aside(copy.path())[0]).unwrap()[at..at + with.len()], *with);
    }
    for share in [2, 3] {
        let copy = copy_of(data.path());
        fs::write(copy.path().join("agent.db"), &bytes[..bytes.len() / share]).unwrap();
        let store = Store::open(copy.path()).unwrap();
        assert!(told(&store).await.is_some());
        assert!(store.read(stream::read).await.unwrap().unwrap().lost);
    }
    // Nothing of it can be read at all: an empty store that asks the cloud how to go on.
    let copy = copy_of(data.path());
    let noise: Vec<u8> = (0..bytes.len()).map(|n| u8::try_from(n * 7919 % 255).unwrap()).collect();
    fs::write(copy.path().join("agent.db"), &noise).unwrap();
    let store = Store::open(copy.path()).unwrap();
    assert_eq!(told(&store).await.as_deref(), Some("database_damaged"));
    assert_eq!(own_work(&store).await, (0, 0));
    assert_eq!(fs::read(&aside(copy.path())[0]).unwrap(), noise);
}

#[tokio::test]
async fn a_log_with_garbage_in_it_is_no_quiet_loss() {
    let (data, _cloud) = at_work().await;
    let store = Store::open(data.path()).unwrap();
    for n in 0..6 {
        let draft = draft(unit(n));
        store.write(move |tx| journal::append(tx, &draft)).await.unwrap();
    }
    let copy = copy_of(data.path());
    let log = copy.path().join("agent.db-wal");
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle..middle + 200].fill(0x5a);
    fs::write(&log, &bytes).unwrap();
    let damaged = Store::open(copy.path()).unwrap();
    let (operations, drafts) = own_work(&damaged).await;
    assert_eq!(operations, UNSENT);
    assert!((DRAFTS..DRAFTS + 6).contains(&drafts), "{drafts}");
    assert!(
        told(&damaged).await.is_some() && damaged.read(stream::read).await.unwrap().unwrap().lost
    );
    let log = aside(copy.path())[0].with_added_extension("x");
    assert_eq!(fs::read(log.to_str().unwrap().replace(".x", "-wal")).unwrap(), bytes);
    // A power cut in the middle of the last commit is none.
    let copy = copy_of(data.path());
    let log = copy.path().join("agent.db-wal");
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 100]).unwrap();
    let cut = Store::open(copy.path()).unwrap();
    assert_eq!((told(&cut).await, aside(copy.path()).len()), (None, 0));
}

#[tokio::test]
async fn after_the_damage_the_cloud_grants_a_new_epoch_and_everything_readable_arrives_once() {
    let (data, cloud) = at_work().await;
    let root: usize = Connection::open(data.path().join("agent.db"))
        .unwrap()
        .query_row("select rootpage from sqlite_schema where name = 'item'", [], |row| row.get(0))
        .unwrap();
    overwrite(data.path(), (root - 1) * PAGE, &[0; PAGE]);
    overwrite(data.path(), 0, &[0xee; 16]);
    cloud.cut(false);
    let running = Running::start(data.path()).await;
    within(async || {
        let backlog = running.store().read(outbox::backlog).await.unwrap();
        let known = running.store().read(stream::read).await.unwrap();
        known.is_some_and(|stream| !stream.lost) && backlog.unreceipted_operations == 0
    })
    .await;
    {
        let known = cloud.known();
        assert_eq!(known.resumed, 1);
        let seqs: Vec<_> = known.operations.keys().map(|id| (id.epoch, id.seq.get())).collect();
        let expected: Vec<_> = (1..=SENT + UNSENT).map(|seq| (Epoch(1), seq)).collect();
        assert_eq!(seqs, expected);
    }
    fed(&running).await;
    let n = SENT + UNSENT;
    confirm(running.store(), pack(n, &[2 * n, 2 * n + 1]), vec![]).await.unwrap();
    running.stop().await;
}

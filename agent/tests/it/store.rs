//! The store keeps its promises: green is durable, confirming is all or nothing, the cloud's word never overwrites ours.

use std::path::Path;

use sealtrace_agent::store::journal::{self, Draft};
use sealtrace_agent::store::outbox::{self, ConfirmError, Confirmed};
use sealtrace_agent::store::{
    Store, StoreError, exceptions, feed, items, pruning, settings, stream,
};
use sealtrace_protocol::code::{Code, Minted, Sscc};
use sealtrace_protocol::ids::{
    BatchNo, Cursor, DeviceId, DocumentId, Epoch, OperationId, OrderId, OwnerId, ProductId, Seq,
    SiteId, TaskId, Version,
};
use sealtrace_protocol::ledger::{
    Action, Contents, Custody, Item, Level, Made, Operation, Pack, Plan, Presence, Rejection, Ship,
    State, Step, Unpack, Verdict,
};
use sealtrace_protocol::link::{
    DocumentRow, FeedEntry, FeedPage, FeedRow, Judged, Lease, Product, Roll, TaskKind, TaskRow,
    digest,
};
use sealtrace_protocol::signing::chain::StreamHead;
use sealtrace_protocol::signing::{Hash, SealedBatch, Sealing, SigningKey};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::{Stamp, Timestamp};
use sealtrace_protocol::wire::v1::Receipt;

pub(crate) const SITE: SiteId = SiteId(1);
pub(crate) const DEVICE: DeviceId = DeviceId(7);
const ORDER: OrderId = OrderId(3);
const TASK: TaskId = TaskId(9);
const PRODUCT: ProductId = ProductId(5);
const DOCUMENT: DocumentId = DocumentId(11);
const NOW: Timestamp = Timestamp(1_800_000_000_000);

pub(crate) fn unit(n: u64) -> Code {
    Code::Minted(Minted::new(10, u128::from(n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)).unwrap())
}

pub(crate) fn case(n: u64) -> Code {
    Code::Sscc(Sscc::from_body(6_901_234_500_000_000 + n).unwrap())
}

fn lot() -> Lot {
    Lot::new("L1").unwrap()
}

fn plan() -> Plan {
    let steps =
        vec![Step { level: Level::Case, holds: 2 }, Step { level: Level::Pallet, holds: 2 }];
    Plan::new(steps).unwrap()
}

fn page(cursor: u64, rows: Vec<FeedRow>) -> FeedPage {
    let cursor = Cursor(cursor);
    let rows = rows.into_iter().map(|row| FeedEntry { cursor, row }).collect();
    FeedPage { rows, cursor, more: false }
}

pub(crate) fn task_page() -> FeedPage {
    let leases = vec![Lease { level: Level::Case, first_body: 6_901_234_500_000_000, count: 100 }];
    page(
        4,
        vec![
            FeedRow::Product(Product {
                id: PRODUCT,
                name: "beer".into(),
                gtin: "06901234567892".into(),
                plan: plan(),
            }),
            FeedRow::Task(TaskRow {
                id: TASK,
                order: ORDER,
                order_number: "PO-3".into(),
                site: SITE,
                product: PRODUCT,
                lot: lot(),
                plan: plan(),
                kind: TaskKind::Device,
                quantity: 100,
                open: true,
                leases,
            }),
            FeedRow::Roll(Roll {
                order: ORDER,
                level: Level::Unit,
                product: PRODUCT,
                count: 10,
                first_body: None,
            }),
        ],
    )
}

pub(crate) fn unit_digest() -> Vec<u8> {
    (0..10).flat_map(|n| digest(&unit(n))).collect()
}

/// An enrolled store that knows a task and its units.
pub(crate) async fn ready(folder: &Path) -> Store {
    let store = Store::open(folder).unwrap();
    store
        .write(|tx| {
            stream::begin(tx, DEVICE, Epoch(1))?;
            feed::store_page(tx, SITE, &task_page(), NOW)?;
            feed::store_digest(tx, ORDER, Level::Unit, 0, &unit_digest())?;
            feed::digest_stored(tx, ORDER, Level::Unit, 10)
        })
        .await
        .unwrap();
    store
}

fn draft(code: Code) -> Draft {
    Draft {
        source: "station".into(),
        role: "child".into(),
        text: code.canonical(),
        code: Some(code),
        at: stamp(),
        operator: None,
        site: SITE,
        task: Some(TASK),
        document: None,
        accepted: true,
    }
}

fn stamp() -> Stamp {
    Stamp { wall: NOW, uncertainty_ms: 50 }
}

fn operation(action: Action) -> Operation {
    Operation { at: stamp(), operator: None, site: SITE, basis: Cursor(4), action }
}

pub(crate) fn pack(parent: u64, children: &[u64]) -> Operation {
    operation(Action::Pack(Pack {
        parent: case(parent),
        level: Level::Case,
        children: children.iter().map(|n| unit(*n)).collect(),
        made: Some(Made { task: TASK, product: PRODUCT, lot: lot() }),
        partial: None,
    }))
}

fn unpack(parent: u64) -> Operation {
    operation(Action::Unpack(Unpack::Whole(case(parent))))
}

async fn append(store: &Store, codes: &[u64]) -> Vec<i64> {
    let mut ids = Vec::new();
    for n in codes {
        let draft = draft(unit(*n));
        ids.push(store.scan(move |tx| journal::append(tx, &draft)).await.unwrap());
    }
    ids
}

pub(crate) async fn confirm(
    store: &Store,
    operation: Operation,
    drafts: Vec<i64>,
) -> Result<Confirmed, ConfirmError> {
    store.write(move |tx| outbox::confirm(tx, &operation, &drafts)).await
}

async fn open_drafts(store: &Store) -> Vec<Code> {
    let rows = store.read(|conn| journal::drafts(conn, "station")).await.unwrap();
    rows.into_iter().map(|row| row.draft.code.unwrap()).collect()
}

pub(crate) async fn item(store: &Store, code: Code) -> Option<Item> {
    store.read(move |conn| items::item(conn, code)).await.unwrap()
}

async fn hear(store: &Store, cursor: u64, item: Item) {
    let page = page(cursor, vec![FeedRow::Package(item)]);
    store.write(move |tx| feed::store_page(tx, SITE, &page, NOW)).await.unwrap();
}

async fn judged(store: &Store, seq: u64, verdict: Verdict) {
    let verdicts = [Judged { epoch: Epoch(1), seq: Seq(seq), verdict }];
    store.write(move |tx| outbox::store_verdicts(tx, DEVICE, &verdicts, NOW)).await.unwrap();
}

fn applied() -> Verdict {
    Verdict::Applied { notices: Vec::new() }
}

fn quarantined() -> Verdict {
    Verdict::Quarantined { rejection: Rejection::Disputed { code: case(1) } }
}

#[tokio::test]
async fn drafts_are_there_after_the_process_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    append(&store, &[0, 1]).await;
    // What SIGKILL leaves: the files as they are now, opened by somebody else.
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    drop(store);
    let store = Store::open(copy.path()).unwrap();
    assert_eq!(open_drafts(&store).await, [unit(0), unit(1)]);
}

#[tokio::test]
async fn one_folder_has_one_agent() {
    let folder = tempfile::tempdir().unwrap();
    let _store = ready(folder.path()).await;
    assert!(matches!(Store::open(folder.path()), Err(StoreError::Locked(_))));
}

#[tokio::test]
async fn an_undone_scan_is_no_draft_and_cannot_be_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let ids = append(&store, &[0, 1, 2]).await;
    let second = ids[1];
    let undone = store.write(move |tx| journal::undo(tx, second, NOW, "undo")).await.unwrap();
    assert!(undone);
    assert_eq!(open_drafts(&store).await, [unit(0), unit(2)]);
    let error = confirm(&store, pack(1, &[0, 1]), vec![ids[0], ids[1]]).await.unwrap_err();
    assert!(matches!(error, ConfirmError::Store(StoreError::Settled { .. })), "{error}");
    assert_eq!(open_drafts(&store).await, [unit(0), unit(2)]);
    assert!(!store.write(move |tx| journal::undo(tx, second, NOW, "undo")).await.unwrap());
}

#[tokio::test]
async fn confirming_stores_operation_items_place_and_drafts_together() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let ids = append(&store, &[0, 1]).await;
    let confirmed = confirm(&store, pack(1, &[0, 1]), ids).await.unwrap();
    assert_eq!(confirmed.id, OperationId { device: DEVICE, epoch: Epoch(1), seq: Seq(1) });
    assert!(confirmed.effects.notices.is_empty(), "{:?}", confirmed.effects.notices);
    assert!(open_drafts(&store).await.is_empty());
    let packed = item(&store, case(1)).await.unwrap();
    assert_eq!((packed.children, packed.contents.units()), (2, 2));
    assert_eq!(item(&store, unit(0)).await.unwrap().parent, Some(case(1)));
    let backlog = store.read(outbox::backlog).await.unwrap();
    assert_eq!((backlog.unsealed, backlog.unreceipted_operations), (1, 1));
    let stored = store.read(move |conn| outbox::operation(conn, confirmed.id)).await.unwrap();
    assert_eq!(stored, Some(pack(1, &[0, 1])));
}

#[tokio::test]
async fn a_refused_operation_leaves_nothing_and_uses_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let ids = append(&store, &[0, 1, 2]).await;
    let error = confirm(&store, pack(1, &[0, 1, 2]), ids.clone()).await.unwrap_err();
    assert!(matches!(error, ConfirmError::Refused(Rejection::TooMany { .. })), "{error}");
    assert_eq!(open_drafts(&store).await.len(), 3);
    assert_eq!(item(&store, case(1)).await, None);
    let confirmed = confirm(&store, pack(1, &[0, 1]), ids[..2].to_vec()).await.unwrap();
    assert_eq!(confirmed.id.seq, Seq(1));
}

#[tokio::test]
async fn a_draft_that_fails_late_takes_items_and_number_back_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let ids = append(&store, &[0]).await;
    let error = confirm(&store, pack(1, &[0, 1]), vec![ids[0], 999]).await.unwrap_err();
    assert!(matches!(error, ConfirmError::Store(StoreError::Settled { id: 999 })), "{error}");
    assert_eq!(item(&store, case(1)).await, None);
    assert_eq!(store.read(outbox::backlog).await.unwrap().unsealed, 0);
    assert_eq!(open_drafts(&store).await, [unit(0)]);
}

#[tokio::test]
async fn jobs_share_a_commit_and_one_that_fails_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let commits = store.commits();
    let before = *commits.borrow();
    let jobs = (0..200_u64).map(|n| {
        let store = store.clone();
        async move {
            store
                .write(move |tx| {
                    settings::set(tx, &format!("key {n}"), &n)?;
                    if n % 3 == 0 { Err(StoreError::Corrupt { what: "test" }) } else { Ok(n) }
                })
                .await
        }
    });
    let results = futures_util::future::join_all(jobs).await;
    for (n, result) in (0_u64..).zip(results) {
        let stored: Option<u64> =
            store.read(move |conn| settings::get(conn, &format!("key {n}"))).await.unwrap();
        if n % 3 == 0 {
            assert!(result.is_err() && stored.is_none(), "{n}");
        } else {
            assert_eq!((result.unwrap(), stored), (n, Some(n)));
        }
    }
    let groups = *commits.borrow() - before;
    assert!(groups < 100, "200 jobs took {groups} commits");
}

#[tokio::test]
async fn a_disk_that_takes_no_more_loses_nothing_that_was_green() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    append(&store, &[0]).await;
    let full = store
        .write(|tx| {
            let failed = StoreError::sqlite("fill up");
            let pages: i64 = tx
                .query_row("pragma page_count", [], |row| row.get(0))
                .map_err(StoreError::sqlite("count pages"))?;
            tx.pragma_update(None, "max_page_count", pages + 2)
                .map_err(StoreError::sqlite("limit pages"))?;
            tx.execute(
                "insert into setting (key, value) values ('big', hex(zeroblob(1000000)))",
                [],
            )
            .map_err(failed)
        })
        .await;
    assert!(full.is_err());
    // The file was opened anew, without the limit; what was green is there and work goes on.
    append(&store, &[1]).await;
    assert_eq!(open_drafts(&store).await, [unit(0), unit(1)]);
}

#[tokio::test]
async fn a_newer_layout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(ready(folder.path()).await);
    let path = folder.path().join("agent.db");
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute(
        "insert into refinery_schema_history (version, name, applied_on, checksum)
         values (999, 'future', '2030-01-01T00:00:00Z', '1')",
        [],
    )
    .unwrap();
    drop(conn);
    let reopened = loop {
        match Store::open(folder.path()) {
            Err(StoreError::Locked(_)) => tokio::task::yield_now().await,
            other => break other,
        }
    };
    assert!(matches!(reopened, Err(StoreError::Newer { found: 999, .. })));
}

#[tokio::test]
async fn a_device_without_a_stream_confirms_nothing_and_keeps_its_drafts() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let ids = append(&store, &[0, 1]).await;
    store.write(stream::lose).await.unwrap();
    let error = confirm(&store, pack(1, &[0, 1]), ids).await.unwrap_err();
    assert!(matches!(error, ConfirmError::Store(StoreError::NoStream)), "{error}");
    assert_eq!(open_drafts(&store).await.len(), 2);
}

#[tokio::test]
async fn what_is_known_of_a_code() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let known = |operation: Operation, code: Code| {
        let store = store.clone();
        async move {
            let facts = store.read(move |conn| items::facts(conn, &operation)).await.unwrap();
            facts.presence(code).clone()
        }
    };
    let in_roll = known(pack(1, &[0]), unit(0)).await;
    assert!(
        matches!(&in_roll, Presence::Absent(issued) if issued.level == Level::Unit && issued.product == Some(PRODUCT)),
        "{in_roll:?}"
    );
    let leased = known(pack(1, &[0]), case(1)).await;
    assert!(matches!(&leased, Presence::Absent(issued) if issued.level == Level::Case));
    // The task's whole roll is known and this code is not in it.
    assert_eq!(known(pack(1, &[77]), unit(77)).await, Presence::Foreign);
    // Without a task nobody here can tell.
    assert_eq!(known(unpack(5_000), case(5_000)).await, Presence::Unknown);
    let alien: Code = "(01)04012345678901(21)X1".parse().unwrap();
    let ship = operation(Action::Ship(Ship { codes: vec![alien], document: DOCUMENT }));
    assert_eq!(known(ship, alien).await, Presence::Foreign);
}

#[tokio::test]
async fn codes_are_unknown_until_the_whole_digest_is_here() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let grown = page(
        5,
        vec![FeedRow::Roll(Roll {
            order: ORDER,
            level: Level::Unit,
            product: PRODUCT,
            count: 20,
            first_body: None,
        })],
    );
    store.write(move |tx| feed::store_page(tx, SITE, &grown, NOW)).await.unwrap();
    assert_eq!(store.read(feed::digests_missing).await.unwrap().len(), 1);
    let operation = pack(1, &[77]);
    let facts = store.read(move |conn| items::facts(conn, &operation)).await.unwrap();
    assert_eq!(*facts.presence(unit(77)), Presence::Unknown);
}

#[tokio::test]
async fn the_feed_does_not_overwrite_what_is_not_judged_yet() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    confirm(&store, pack(1, &[0, 1]), vec![]).await.unwrap();
    confirm(&store, unpack(1), vec![]).await.unwrap();
    let ours = item(&store, case(1)).await.unwrap();
    assert_eq!(ours.state, State::Free);
    // The cloud has counted the first operation only.
    let first = Item {
        state: State::Active,
        custody: Some(Custody::At(SITE)),
        contents: Contents::of(PRODUCT, lot(), 2),
        children: 2,
        version: Version(1),
        ..ours.clone()
    };
    hear(&store, 6, first).await;
    assert_eq!(item(&store, case(1)).await.unwrap(), ours);
    judged(&store, 1, applied()).await;
    assert_eq!(item(&store, case(1)).await.unwrap(), ours);
    judged(&store, 2, applied()).await;
    // An older word is no news; the next page brings what the cloud made of the second.
    assert_eq!(item(&store, case(1)).await.unwrap(), ours);
    hear(&store, 7, Item { version: Version(3), disputed: true, ..ours.clone() }).await;
    assert!(item(&store, case(1)).await.unwrap().disputed);
}

#[tokio::test]
async fn what_the_cloud_said_meanwhile_counts_once_ours_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    confirm(&store, pack(1, &[0, 1]), vec![]).await.unwrap();
    let ours = item(&store, case(1)).await.unwrap();
    let theirs = Item { version: Version(4), disputed: true, ..ours.clone() };
    hear(&store, 6, theirs.clone()).await;
    assert_eq!(item(&store, case(1)).await.unwrap(), ours);
    judged(&store, 1, applied()).await;
    assert_eq!(item(&store, case(1)).await.unwrap(), theirs);
}

#[tokio::test]
async fn a_quarantined_operation_is_taken_back_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    confirm(&store, pack(1, &[0, 1]), vec![]).await.unwrap();
    let packed = item(&store, case(1)).await.unwrap();
    confirm(&store, unpack(1), vec![]).await.unwrap();
    judged(&store, 1, applied()).await;
    judged(&store, 2, quarantined()).await;
    assert_eq!(item(&store, case(1)).await.unwrap(), packed);
    assert_eq!(item(&store, unit(0)).await.unwrap().parent, Some(case(1)));
    let open = store.read(exceptions::open).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].kind.as_str(), open[0].detail.as_str()), ("verdict", "disputed"));
    assert_eq!(open[0].code, Some(case(1).canonical()));
    // The same page of verdicts again changes nothing.
    judged(&store, 2, quarantined()).await;
    assert_eq!(store.read(exceptions::open).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_package_that_never_counted_is_unknown_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    confirm(&store, pack(1, &[0, 1]), vec![]).await.unwrap();
    judged(&store, 1, quarantined()).await;
    assert_eq!(item(&store, case(1)).await, None);
    assert_eq!(item(&store, unit(0)).await, None);
}

#[tokio::test]
async fn what_we_moved_counts_on_the_document_until_the_cloud_counts_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    confirm(&store, pack(1, &[0, 1]), vec![]).await.unwrap();
    let row = |moved| {
        let line = sealtrace_protocol::ledger::DocumentLine { product: PRODUCT, units: 4, moved };
        let document = sealtrace_protocol::ledger::Document {
            id: DOCUMENT,
            from: SITE,
            to: sealtrace_protocol::ids::DealerId(2),
            open: true,
            lines: vec![line],
        };
        page(8, vec![FeedRow::Document(DocumentRow { document, number: "OUT-1".into() })])
    };
    let (first, second) = (row(0), row(2));
    store.write(move |tx| feed::store_page(tx, SITE, &first, NOW)).await.unwrap();
    let ship = Ship { codes: vec![case(1)], document: DOCUMENT };
    confirm(&store, operation(Action::Ship(ship)), vec![]).await.unwrap();
    let moved = || async {
        let row = store.read(|conn| feed::document(conn, DOCUMENT)).await.unwrap().unwrap();
        row.document.lines[0].moved
    };
    assert_eq!(moved().await, 2);
    judged(&store, 2, applied()).await;
    store.write(move |tx| feed::store_page(tx, SITE, &second, NOW)).await.unwrap();
    assert_eq!(moved().await, 2);
}

#[tokio::test]
async fn only_what_is_receipted_judged_and_old_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    for n in 0..3 {
        let ids = append(&store, &[2 * n, 2 * n + 1]).await;
        confirm(&store, pack(n, &[2 * n, 2 * n + 1]), ids).await.unwrap();
        seal_and_receipt(&store, n).await;
    }
    judged(&store, 1, applied()).await;
    let forgotten = |at: Timestamp| {
        let store = store.clone();
        async move {
            let mut times = 0;
            while store.write(move |tx| pruning::forget_some(tx, at)).await.unwrap() {
                times += 1;
            }
            times
        }
    };
    assert_eq!(forgotten(NOW.plus_ms(pruning::KEEP_MS)).await, 0);
    // The second is old and not judged, the third is the newest.
    let later = NOW.plus_ms(pruning::KEEP_MS + 1);
    assert_eq!(forgotten(later).await, 1);
    let left: Vec<bool> = store
        .read(|conn| {
            (1..=3)
                .map(|seq| {
                    let id = OperationId { device: DEVICE, epoch: Epoch(1), seq: Seq(seq) };
                    Ok::<_, StoreError>(outbox::operation(conn, id)?.is_some())
                })
                .collect()
        })
        .await
        .unwrap();
    assert_eq!(left, [false, true, true]);
    judged(&store, 2, applied()).await;
    assert_eq!(forgotten(later).await, 1);
    judged(&store, 3, applied()).await;
    assert_eq!(forgotten(later).await, 0);
    assert!(item(&store, case(0)).await.is_some());
}

/// Seals what waits and stores a receipt, as the driver does with a cloud that answers.
async fn seal_and_receipt(store: &Store, batch: u64) {
    let (head, records) = store.read(outbox::to_seal).await.unwrap().unwrap();
    let key = SigningKey::from_seed(&[1; 32]).unwrap();
    let sealing = Sealing {
        owner: OwnerId(1),
        device: DEVICE,
        last_receipt: Hash::ZERO,
        boot: [0; 16],
        monotonic_ms: 0,
        sealed_at: stamp(),
        software: "test".into(),
        configuration: 0,
    };
    let sealed = SealedBatch::seal(&key, &head, &records, sealing).unwrap();
    let header = sealed.verify(&key.public()).unwrap().into_inner().header;
    let after = StreamHead::after(&header, sealed.hash());
    let receipt = key.seal_receipt(&Receipt {
        owner: OwnerId(1),
        device: DEVICE,
        epoch: Epoch(1),
        batch: BatchNo(batch + 1),
        batch_hash: sealed.hash(),
        stored_at: NOW,
    });
    store
        .write(move |tx| {
            outbox::store_sealed(tx, &head, &after, &sealed, NOW)?;
            outbox::store_receipt(tx, Epoch(1), after.batch, &receipt, NOW)
        })
        .await
        .unwrap();
}

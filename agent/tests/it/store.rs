//! The store keeps its promises: green is durable, confirming is all or nothing, the cloud's word never overwrites ours.

use std::path::Path;

use sealtrace_agent::store::journal::{self, Draft};
use sealtrace_agent::store::outbox::{self, ConfirmError, Confirmed};
use sealtrace_agent::store::{Store, StoreError, feed, items, pruning, settings, stream, verdicts};
use sealtrace_protocol::code::{Code, Minted, Sscc};
use sealtrace_protocol::ids::{
    BatchNo, Cursor, DeviceId, Epoch, OperationId, OrderId, OwnerId, ProductId, Revision, Seq,
    SiteId, TaskId,
};
use sealtrace_protocol::ledger::{
    Action, Item, Level, Made, Operation, Pack, Permit, Plan, Rejection, Step, Unpack, Verdict,
};
use sealtrace_protocol::link::{
    FeedEntry, FeedPage, FeedRow, Judged, Lease, Product, Roll, TaskKind, TaskRow, TaskState,
    digest,
};
use sealtrace_protocol::signing::chain::StreamHead;
use sealtrace_protocol::signing::{Hash, SealedBatch, Sealing, SigningKey};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::{Stamp, Timestamp};
use sealtrace_protocol::wire::v1::Receipt;

pub(crate) const SITE: SiteId = SiteId(1);
pub(crate) const DEVICE: DeviceId = DeviceId(7);
pub(crate) const ORDER: OrderId = OrderId(3);
pub(crate) const TASK: TaskId = TaskId(9);
pub(crate) const PRODUCT: ProductId = ProductId(5);
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);

pub(crate) fn unit(n: u64) -> Code {
    Code::Minted(Minted::new(10, u128::from(n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)).unwrap())
}

pub(crate) fn case(n: u64) -> Code {
    Code::Sscc(Sscc::from_body(6_901_234_500_000_000 + n).unwrap())
}

pub(crate) fn lot() -> Lot {
    Lot::new("L1").unwrap()
}

pub(crate) fn plan() -> Plan {
    Plan::new(vec![Step::new(Level::Case, 2), Step::new(Level::Pallet, 2)]).unwrap()
}

pub(crate) fn page(cursor: u64, rows: Vec<FeedRow>) -> FeedPage {
    let cursor = Cursor(cursor);
    let rows = rows.into_iter().map(|row| FeedEntry { cursor, row }).collect();
    FeedPage { rows, cursor, more: false }
}

pub(crate) fn task_page() -> FeedPage {
    page(
        4,
        vec![
            FeedRow::Product(product()),
            FeedRow::Task(task_row()),
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

pub(crate) fn product() -> Product {
    Product {
        id: PRODUCT,
        name: "beer".into(),
        gtin: "06901234567892".into(),
        plan: plan(),
        revision: Revision(1),
        permit: Permit::default(),
        enabled: true,
    }
}

pub(crate) fn task_row() -> TaskRow {
    TaskRow {
        id: TASK,
        order: ORDER,
        order_number: "PO-3".into(),
        site: SITE,
        product: PRODUCT,
        lot: lot(),
        date: None,
        shift: None,
        plan: plan(),
        revision: Revision(1),
        kind: TaskKind::Device,
        device: None,
        quantity: 100,
        made: 0,
        state: TaskState::Open,
        leases: vec![Lease { level: Level::Case, first_body: 6_901_234_500_000_000, count: 100 }],
    }
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
            feed::store_desk(tx, SITE, &task_page(), NOW)?;
            feed::store_digest(tx, ORDER, Level::Unit, 0, &unit_digest())?;
            feed::digest_stored(tx, ORDER, Level::Unit, 10)
        })
        .await
        .unwrap();
    store
}

pub(crate) fn draft(code: Code) -> Draft {
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

pub(crate) fn stamp() -> Stamp {
    Stamp { wall: NOW, uncertainty_ms: 50 }
}

pub(crate) fn operation(action: Action) -> Operation {
    let (operator, approver) = (None, None);
    Operation { at: stamp(), operator, approver, site: SITE, basis: Cursor(4), action }
}

pub(crate) fn pack(parent: u64, children: &[u64]) -> Operation {
    operation(Action::Pack(Pack {
        parent: case(parent),
        level: Level::Case,
        children: children.iter().map(|n| unit(*n)).collect(),
        made: Some(made()),
        partial: None,
        mixed_lots: false,
    }))
}

pub(crate) fn made() -> Made {
    Made { task: TASK, product: PRODUCT, lot: lot(), plan: Revision(1) }
}

pub(crate) fn unpack(parent: u64) -> Operation {
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

pub(crate) async fn judged(store: &Store, seq: u64, verdict: Verdict) {
    let verdicts = [Judged { epoch: Epoch(1), seq: Seq(seq), verdict }];
    store.write(move |tx| verdicts::store(tx, DEVICE, &verdicts, NOW)).await.unwrap();
}

pub(crate) fn applied() -> Verdict {
    Verdict::Applied { notices: Vec::new() }
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
    ready(folder.path()).await.close().await;
    let path = folder.path().join("agent.db");
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute(
        "insert into refinery_schema_history (version, name, applied_on, checksum)
         values (999, 'future', '2030-01-01T00:00:00Z', '1')",
        [],
    )
    .unwrap();
    drop(conn);
    let reopened = Store::open(folder.path());
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
async fn only_what_is_receipted_judged_and_old_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    for n in 0..4 {
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
    // The second is old and not judged; the newest two stay.
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
    judged(&store, 4, applied()).await;
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

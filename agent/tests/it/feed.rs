//! What the cloud tells a site is kept as it is told: two streams, each going on where it was.

use sealtrace_agent::store::{Store, feed, items};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{Cursor, DeviceId, DocumentId, OperatorId, SiteId, TaskId, Version};
use sealtrace_protocol::ledger::{
    Contents, Custody, Document, Item, Level, Presence, Role, Route, State,
};
use sealtrace_protocol::link::{
    DocumentRow, FeedRow, FeedStream, Operator, Roll, TaskRow, TaskState,
};

use crate::floor::copy_of;
use crate::store::{
    DEVICE, NOW, ORDER, PRODUCT, SITE, case, item, lot, page, product, ready, task_row, unit,
};

const OTHER_SITE: SiteId = SiteId(2);

/// A case as the cloud tells of it.
pub(crate) fn told(n: u64) -> Item {
    Item {
        code: case(n),
        level: Level::Case,
        state: State::Active,
        parent: None,
        custody: Some(Custody::At(SITE)),
        contents: Contents::of(PRODUCT, lot(), 2),
        children: 2,
        disputed: false,
        version: Version(1),
    }
}

async fn hear_desk(store: &Store, site: SiteId, cursor: u64, row: FeedRow) {
    let page = page(cursor, vec![row]);
    store.write(move |tx| feed::store_desk(tx, site, &page, NOW)).await.unwrap();
}

async fn cursors(store: &Store, site: SiteId) -> [u64; 2] {
    let read = move |conn: &_| {
        FeedStream::ALL.into_iter().map(|stream| feed::cursor(conn, site, stream)).collect()
    };
    let cursors: Vec<Cursor> = store.read(read).await.unwrap();
    [cursors[0].get(), cursors[1].get()]
}

fn operator(sites: &[SiteId], enabled: bool) -> FeedRow {
    FeedRow::Operator(Operator {
        id: OperatorId(3),
        login: "li".into(),
        name: "Li Na".into(),
        role: Role::Operator,
        pin_verifier: "$argon2id$".into(),
        sites: sites.to_vec(),
        enabled,
    })
}

#[tokio::test]
async fn a_first_fill_that_was_killed_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let items: Vec<Item> = (0..90).map(told).collect();
    let part = |store: Store, items: Vec<Item>, reached: Option<u64>| async move {
        let reached = reached.map(Cursor);
        store.write(move |tx| feed::store_goods(tx, SITE, &items, reached, NOW)).await.unwrap();
    };
    part(store.clone(), items[..30].to_vec(), Some(30)).await;
    // The page after it is half stored when the power goes.
    part(store.clone(), items[30..45].to_vec(), None).await;
    let copy = copy_of(folder.path());
    let store = Store::open(copy.path()).unwrap();
    assert_eq!(cursors(&store, SITE).await, [4, 30]);
    assert!(item(&store, case(44)).await.is_some());
    part(store.clone(), items[30..60].to_vec(), Some(60)).await;
    part(store.clone(), items[60..].to_vec(), Some(90)).await;
    assert_eq!(cursors(&store, SITE).await, [4, 90]);
    for (n, told) in (0..).zip(items) {
        assert_eq!(item(&store, case(n)).await, Some(told));
    }
    assert_eq!(store.read(|conn| feed::basis(conn, SITE)).await.unwrap(), Cursor(90));
}

#[tokio::test]
async fn two_sites_have_their_own_cursors() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    hear_desk(&store, OTHER_SITE, 700, operator(&[OTHER_SITE], true)).await;
    let item = told(1);
    store
        .write(move |tx| feed::store_goods(tx, OTHER_SITE, &[item], Some(Cursor(9)), NOW))
        .await
        .unwrap();
    assert_eq!(cursors(&store, SITE).await, [4, 0]);
    assert_eq!(cursors(&store, OTHER_SITE).await, [700, 9]);
}

#[tokio::test]
async fn who_may_not_work_here_any_more_is_forgotten_but_for_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let may_log_in = || async {
        store.read(|conn| feed::operator_by_login(conn, "li")).await.unwrap().is_some()
    };
    hear_desk(&store, OTHER_SITE, 5, operator(&[OTHER_SITE], true)).await;
    assert!(may_log_in().await);
    let permitted = |site| {
        let store = store.clone();
        async move {
            let worker =
                store.read(move |conn| feed::may_work(conn, OperatorId(3), site)).await.unwrap();
            worker.unwrap().permitted
        }
    };
    assert!(permitted(OTHER_SITE).await && !permitted(SITE).await);
    for (cursor, row) in [(6, operator(&[SiteId(44)], true)), (8, operator(&[SITE], false))] {
        hear_desk(&store, SITE, cursor, row).await;
        assert!(!may_log_in().await && !permitted(SITE).await);
        let kept = store.read(|conn| feed::operator(conn, OperatorId(3))).await.unwrap().unwrap();
        assert_eq!((kept.name.as_str(), kept.pin_verifier.as_str()), ("Li Na", ""));
        hear_desk(&store, SITE, cursor + 1, operator(&[SITE], true)).await;
        assert!(may_log_in().await && permitted(SITE).await);
    }
    let nobody = store.read(|conn| feed::may_work(conn, OperatorId(9), SITE)).await.unwrap();
    assert!(nobody.is_none());
}

#[tokio::test]
async fn leases_are_for_the_device_the_task_names_and_their_codes_are_known_to_all() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let id = task_row().id;
    for (device, leases) in [(None, 1), (Some(DEVICE), 1), (Some(DeviceId(99)), 0)] {
        hear_desk(&store, SITE, 5, FeedRow::Task(TaskRow { device, ..task_row() })).await;
        let row = store.read(move |conn| feed::task(conn, id)).await.unwrap().unwrap();
        assert_eq!((row.device, row.leases.len()), (device, leases));
        let presence = store.read(|conn| items::presence(conn, case(7))).await.unwrap();
        assert_eq!(presence.level(), Some(Level::Case));
    }
}

#[tokio::test]
async fn an_order_has_several_ranges_of_labels() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let level = |code: Code| {
        let store = store.clone();
        async move { store.read(move |conn| items::presence(conn, code)).await.unwrap().level() }
    };
    let range = |first_body| {
        FeedRow::Roll(Roll {
            order: ORDER,
            level: Level::Pallet,
            product: PRODUCT,
            count: 10,
            first_body: Some(first_body),
        })
    };
    let Code::Sscc(first) = case(500) else { panic!("a case is an SSCC") };
    hear_desk(&store, SITE, 5, range(first.body())).await;
    hear_desk(&store, SITE, 6, range(first.body() + 100)).await;
    for (n, expected) in [(499, None), (500, Some(Level::Pallet)), (509, Some(Level::Pallet))] {
        assert_eq!(level(case(n)).await, expected, "{n}");
        assert_eq!(level(case(n + 100)).await, expected, "{n}");
    }
    assert_eq!(level(case(510)).await, None);
    assert_eq!(level(unit(0)).await, Some(Level::Unit));
}

#[tokio::test]
async fn what_is_closed_is_not_among_what_is_open_until_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let task = task_row().id;
    let other = TaskRow { id: TaskId(task.get() + 1), ..task_row() };
    hear_desk(&store, SITE, 5, FeedRow::Task(other.clone())).await;
    let cases = [
        (TaskState::Done, vec![other.id], vec![task]),
        (TaskState::InWork, vec![task, other.id], vec![]),
        (TaskState::Void, vec![other.id], vec![task]),
        (TaskState::Open, vec![task, other.id], vec![]),
    ];
    for (state, open, closed) in cases {
        hear_desk(&store, SITE, 6, FeedRow::Task(TaskRow { state, ..task_row() })).await;
        let ids = |rows: Vec<TaskRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
        assert_eq!(ids(store.read(feed::open_tasks).await.unwrap()), open, "{state:?}");
        assert_eq!(ids(store.read(feed::closed_tasks).await.unwrap()), closed, "{state:?}");
    }
    for open in [true, false, true] {
        let route = Route::Count { at: SITE };
        let document =
            Document { id: DocumentId(3), route, open, lines: Vec::new(), sets: Vec::new() };
        let row = DocumentRow { document, number: "C-3".into(), shares: Vec::new() };
        hear_desk(&store, SITE, 7, FeedRow::Document(row)).await;
        assert_eq!(store.read(feed::open_documents).await.unwrap().len(), usize::from(open));
    }
}

#[tokio::test]
async fn of_the_newest_closed_tasks_some_are_looked_at_and_all_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let closed = |n| FeedRow::Task(TaskRow { id: TaskId(n), state: TaskState::Done, ..task_row() });
    let page = page(5, (100..300).map(closed).collect());
    store.write(move |tx| feed::store_desk(tx, SITE, &page, NOW)).await.unwrap();
    let rows = store.read(feed::closed_tasks).await.unwrap();
    assert_eq!((rows[0].id, rows[1].id, rows.len()), (TaskId(299), TaskId(298), 100));
    assert!(store.read(|conn| feed::task(conn, TaskId(100))).await.unwrap().is_some());
}

#[tokio::test]
async fn a_gtin_is_foreign_when_no_product_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    for (gtin, expected) in
        [(product().gtin, Presence::Unknown), ("04012345678901".into(), Presence::Foreign)]
    {
        let code: Code = format!("(01){gtin}(21)X1").parse().unwrap();
        let presence = store.read(move |conn| items::presence(conn, code)).await.unwrap();
        assert_eq!(presence, expected, "{gtin}");
    }
}

//! What the device believes: its own doing until it is judged, then the cloud's word.

use sealtrace_agent::store::exceptions::Kind;
use sealtrace_agent::store::{Store, exceptions, feed, items, outbox};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{Cursor, DealerId, DocumentId, Version};
use sealtrace_protocol::ledger::{
    Action, Contents, Custody, Document, DocumentLine, Item, Level, Operation, Presence, Rejection,
    Route, Ship, State, Verdict,
};
use sealtrace_protocol::link::{DocumentRow, FeedRow, Roll};

use crate::store::{
    NOW, ORDER, PRODUCT, SITE, applied, case, confirm, item, judged, lot, operation, pack, page,
    ready, unit, unpack,
};

const DOCUMENT: DocumentId = DocumentId(11);

async fn hear(store: &Store, cursor: u64, item: Item) {
    let reached = Some(Cursor(cursor));
    store.write(move |tx| feed::store_goods(tx, SITE, &[item], reached, NOW)).await.unwrap();
}

async fn hear_document(store: &Store, cursor: u64, moved: u32) {
    let line = DocumentLine { product: PRODUCT, units: 4, moved };
    let page = page(cursor, vec![FeedRow::Document(outbound(line))]);
    store.write(move |tx| feed::store_desk(tx, SITE, &page, NOW)).await.unwrap();
}

fn ship(n: u64) -> Operation {
    operation(Action::Ship(Ship { codes: vec![case(n)], document: DOCUMENT }))
}

fn outbound(line: DocumentLine) -> DocumentRow {
    let route = Route::Outbound { from: SITE, to: DealerId(2) };
    let document =
        Document { id: DOCUMENT, route, open: true, lines: vec![line], sets: Vec::new() };
    DocumentRow { document, number: "OUT-1".into(), shares: Vec::new() }
}

fn quarantined() -> Verdict {
    Verdict::Quarantined { rejection: Rejection::Disputed { code: case(1) } }
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
        matches!(&in_roll, Presence::Untold(issued) if issued.level == Level::Unit && issued.product == Some(PRODUCT)),
        "{in_roll:?}"
    );
    let leased = known(pack(1, &[0]), case(1)).await;
    assert!(matches!(&leased, Presence::Untold(issued) if issued.level == Level::Case));
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
    store.write(move |tx| feed::store_desk(tx, SITE, &grown, NOW)).await.unwrap();
    assert_eq!(store.read(feed::digests_missing).await.unwrap().len(), 1);
    let operation = pack(1, &[77]);
    let facts = store.read(move |conn| items::facts(conn, &operation)).await.unwrap();
    assert_eq!(*facts.presence(unit(77)), Presence::Unknown);
}

#[tokio::test]
async fn what_others_did_lies_under_what_we_did() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let theirs = Item { version: Version(2), disputed: true, ..counted(&store).await };
    confirm(&store, unpack(1), vec![]).await.unwrap();
    hear(&store, 6, theirs.clone()).await;
    // Opening it settles what was disputed, on top of what they say.
    let ours = item(&store, case(1)).await.unwrap();
    assert_eq!((ours.state, ours.version, ours.disputed), (State::Free, Version(3), false));
    assert_eq!(item(&store, unit(0)).await.unwrap().parent, None);
    judged(&store, 2, applied()).await;
    assert_eq!(item(&store, case(1)).await, Some(ours.clone()));
    // A page that was on its way is no news, a newer word is.
    hear(&store, 7, theirs).await;
    assert_eq!(item(&store, case(1)).await, Some(ours.clone()));
    hear(&store, 8, Item { version: Version(4), disputed: true, ..ours }).await;
    assert!(item(&store, case(1)).await.unwrap().disputed);
}

/// The cloud knows this case, packed elsewhere.
async fn taken_elsewhere(store: &Store) -> Item {
    confirm(store, pack(1, &[0, 1]), vec![]).await.unwrap();
    let theirs = Item { version: Version(4), ..item(store, case(1)).await.unwrap() };
    hear(store, 6, theirs.clone()).await;
    theirs
}

#[tokio::test]
async fn what_cannot_have_been_leaves_no_effects_and_is_still_on_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let theirs = taken_elsewhere(&store).await;
    assert_eq!(item(&store, case(1)).await, Some(theirs.clone()));
    assert_eq!(item(&store, unit(0)).await, None);
    assert_eq!(store.read(outbox::backlog).await.unwrap().unsealed, 1);
    assert!(store.read(exceptions::open).await.unwrap().is_empty());
    judged(&store, 1, quarantined()).await;
    assert_eq!(item(&store, case(1)).await, Some(theirs));
    assert_eq!(store.read(exceptions::open).await.unwrap().len(), 1);
}

#[tokio::test]
async fn of_what_was_not_thought_possible_only_the_cloud_can_tell() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let theirs = taken_elsewhere(&store).await;
    judged(&store, 1, applied()).await;
    assert_eq!(item(&store, case(1)).await, Some(theirs));
    assert_eq!(item(&store, unit(0)).await, None);
    let open = store.read(exceptions::open).await.unwrap();
    assert!(open.is_empty(), "{open:?}");
}

#[tokio::test]
async fn an_item_never_looks_older_between_a_verdict_and_the_feed() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let packed = counted(&store).await;
    hear(&store, 6, packed.clone()).await;
    hear_document(&store, 8, 0).await;
    confirm(&store, ship(1), vec![]).await.unwrap();
    judged(&store, 2, applied()).await;
    let shipped = item(&store, case(1)).await.unwrap();
    assert!(matches!(shipped.custody, Some(Custody::Shipped { document: DOCUMENT, .. })));
    hear(&store, 9, packed).await;
    assert_eq!(item(&store, case(1)).await, Some(shipped));
}

#[tokio::test]
async fn what_ships_after_more_than_was_thought_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let packed = counted(&store).await;
    confirm(&store, pack(2, &[2, 3]), vec![]).await.unwrap();
    hear_document(&store, 8, 0).await;
    confirm(&store, ship(1), vec![]).await.unwrap();
    confirm(&store, ship(2), vec![]).await.unwrap();
    let shipped = async |n| {
        let custody = item(&store, case(n)).await.unwrap().custody;
        matches!(custody, Some(Custody::Shipped { .. }))
    };
    assert!(shipped(1).await && shipped(2).await);
    // Somebody put two more into the first: the document asks for four in all.
    let contents = Contents::of(PRODUCT, lot(), 4);
    hear(&store, 9, Item { contents, children: 4, version: Version(2), ..packed }).await;
    assert!(shipped(1).await && !shipped(2).await);
    judged(&store, 2, applied()).await;
    judged(&store, 3, quarantined()).await;
    assert!(!shipped(1).await && shipped(2).await);
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
    assert_eq!((open[0].kind, open[0].detail.as_str()), (Kind::Verdict, "disputed"));
    assert_eq!(open[0].code, Some(case(1)));
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
    hear_document(&store, 8, 0).await;
    confirm(&store, ship(1), vec![]).await.unwrap();
    let moved = async || {
        let row = store.read(|conn| feed::document(conn, DOCUMENT)).await.unwrap().unwrap();
        row.document.lines[0].moved
    };
    assert_eq!(moved().await, 2);
    judged(&store, 1, applied()).await;
    assert_eq!(store.read(feed::counted).await.unwrap(), None);
    judged(&store, 2, applied()).await;
    // The document may have been told before the cloud counted it: it is rather counted twice than not at all.
    assert_eq!(moved().await, 2);
    let upto = store.read(feed::counted).await.unwrap().unwrap();
    hear_document(&store, 9, 2).await;
    store.write(move |tx| feed::forget_counted(tx, upto)).await.unwrap();
    assert_eq!(moved().await, 2);
}

/// A case of ours that the cloud has counted.
async fn counted(store: &Store) -> Item {
    confirm(store, pack(1, &[0, 1]), vec![]).await.unwrap();
    judged(store, 1, applied()).await;
    item(store, case(1)).await.unwrap()
}

#[tokio::test]
async fn units_of_a_package_that_others_opened_are_free_to_be_packed() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let ours = counted(&store).await;
    let opened = Item {
        state: State::Free,
        custody: None,
        contents: Contents::none(),
        children: 0,
        version: Version(2),
        ..ours
    };
    hear(&store, 6, opened).await;
    assert_eq!(item(&store, unit(0)).await, None);
    confirm(&store, pack(2, &[0, 1]), vec![]).await.unwrap();
}

#[tokio::test]
async fn units_follow_a_label_that_others_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    let ours = counted(&store).await;
    let at = operation(Action::Unpack(sealtrace_protocol::ledger::Unpack::Whole(case(1)))).at;
    let state = State::Replaced { by: case(2), at: at.interval() };
    let none = Contents::none();
    let old = Item { state, contents: none, children: 0, version: Version(2), ..ours.clone() };
    hear(&store, 6, old).await;
    hear(&store, 7, Item { code: case(2), ..ours }).await;
    assert_eq!(item(&store, unit(0)).await.unwrap().parent, Some(case(2)));
    let facts = store.read(|conn| items::facts(conn, &unpack(2))).await.unwrap();
    assert_eq!(facts.children(case(2)).len(), 2);
}

#[tokio::test]
async fn units_follow_a_label_that_was_replaced_again_before_anybody_here_heard_of_it() {
    for (busy, in_order) in [(false, true), (true, true), (false, false), (true, false)] {
        let folder = tempfile::tempdir().unwrap();
        let store = ready(folder.path()).await;
        let ours = counted(&store).await;
        if busy {
            confirm(&store, pack(9, &[8, 9]), vec![]).await.unwrap();
        }
        let at = operation(Action::Unpack(sealtrace_protocol::ledger::Unpack::Whole(case(1)))).at;
        let replaced = |n: u64, by: u64| Item {
            code: case(n),
            state: State::Replaced { by: case(by), at: at.interval() },
            contents: Contents::none(),
            custody: None,
            children: 0,
            version: Version(2),
            ..ours.clone()
        };
        // Two sites tell of it, each in its own time.
        let (first, then) = if in_order { (1, 2) } else { (2, 1) };
        hear(&store, 6, replaced(first, first + 1)).await;
        hear(&store, 7, replaced(then, then + 1)).await;
        hear(&store, 8, Item { code: case(3), ..ours.clone() }).await;
        assert_eq!(item(&store, unit(0)).await.unwrap().parent, Some(case(3)), "busy: {busy}");
        let facts = store.read(|conn| items::facts(conn, &unpack(3))).await.unwrap();
        assert_eq!(facts.children(case(3)).len(), 2);
    }
}

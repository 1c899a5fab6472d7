//! What the device believes: its own doing until it is judged, then the cloud's word.

use sealtrace_agent::store::{Store, exceptions, feed, items};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DealerId, DocumentId, Version};
use sealtrace_protocol::ledger::{
    Action, Contents, Custody, Document, DocumentLine, Item, Level, Operation, Presence, Rejection,
    Ship, State, Verdict,
};
use sealtrace_protocol::link::{DocumentRow, FeedRow, Roll};

use crate::store::{
    NOW, ORDER, PRODUCT, SITE, applied, case, confirm, item, judged, lot, operation, pack, page,
    ready, unit, unpack,
};

const DOCUMENT: DocumentId = DocumentId(11);

async fn hear(store: &Store, cursor: u64, item: Item) {
    let page = page(cursor, vec![FeedRow::Package(item)]);
    store.write(move |tx| feed::store_page(tx, SITE, &page, NOW)).await.unwrap();
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
        let line = DocumentLine { product: PRODUCT, units: 4, moved };
        let document =
            Document { id: DOCUMENT, from: SITE, to: DealerId(2), open: true, lines: vec![line] };
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

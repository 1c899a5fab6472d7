//! What the cloud said of tasks, people, lots, products and documents reaches the rules.

use sealtrace_agent::store::outbox::ConfirmError;
use sealtrace_agent::store::{Store, feed, items};
use sealtrace_protocol::ids::{
    Cursor, DealerId, DocumentId, OperatorId, ProductId, Revision, SiteId, Version,
};
use sealtrace_protocol::ledger::{
    Action, Document, DocumentLine, Facts, Item, LotStatus, LotTerms, Operation, Party, Permit,
    Presence, Reassign, Receive, Rejection, Role, Route, Ship, State, VerifyPack,
};
use sealtrace_protocol::link::{
    DocumentRow, FeedRow, LotRow, Operator, OwnerRules, Product, Share, Site, TaskRow, TaskState,
};

use crate::feed::told;
use crate::store::{
    DEVICE, NOW, PRODUCT, SITE, applied, case, confirm, judged, lot, operation, pack, page,
    product, ready, task_row, unit,
};

const OUTBOUND: DocumentId = DocumentId(11);
const OTHER: DocumentId = DocumentId(12);
const INBOUND: DocumentId = DocumentId(13);
const LI: OperatorId = OperatorId(3);

async fn hear(store: &Store, row: FeedRow) {
    let page = page(9, vec![row]);
    store.write(move |tx| feed::store_desk(tx, SITE, &page, NOW)).await.unwrap();
}

async fn stock(store: &Store, items: Vec<Item>) {
    let reached = Some(Cursor(9));
    store.write(move |tx| feed::store_goods(tx, SITE, &items, reached, NOW)).await.unwrap();
}

fn document(id: DocumentId, route: Route, shares: Vec<Share>) -> FeedRow {
    let lines = vec![DocumentLine { product: PRODUCT, units: 6, moved: 0 }];
    let document = Document { id, route, open: true, lines, sets: Vec::new() };
    FeedRow::Document(DocumentRow { document, number: id.to_string(), shares })
}

fn outbound(id: DocumentId) -> FeedRow {
    document(id, Route::Outbound { from: SITE, to: DealerId(2) }, Vec::new())
}

fn ship(n: u64) -> Operation {
    operation(Action::Ship(Ship { codes: vec![case(n)], document: OUTBOUND }))
}

fn lot_row(status: LotStatus, dealer: Option<DealerId>) -> FeedRow {
    FeedRow::Lot(LotRow { id: 1, product: PRODUCT, lot: lot(), terms: LotTerms { status, dealer } })
}

/// A store that knows a document and a few cases in stock.
async fn stocked(folder: &std::path::Path) -> Store {
    let store = ready(folder).await;
    hear(&store, outbound(OUTBOUND)).await;
    stock(&store, (1..9).map(told).collect()).await;
    store
}

async fn refused(store: &Store, operation: Operation) -> Rejection {
    match confirm(store, operation.clone(), Vec::new()).await {
        Err(ConfirmError::Refused(rejection)) => rejection,
        other => panic!("{operation:?} gave {other:?}"),
    }
}

async fn facts(store: &Store, operation: Operation) -> Facts {
    store.read(move |conn| items::facts(conn, &operation)).await.unwrap()
}

#[tokio::test]
async fn lots_decide_what_leaves_and_for_whom() {
    let folder = tempfile::tempdir().unwrap();
    let store = stocked(folder.path()).await;
    hear(&store, lot_row(LotStatus::Blocked, None)).await;
    assert!(matches!(refused(&store, ship(1)).await, Rejection::LotBlocked { .. }));
    hear(&store, lot_row(LotStatus::Released, Some(DealerId(77)))).await;
    let wrong = refused(&store, ship(1)).await;
    assert!(matches!(wrong, Rejection::WrongDealer { expected: DealerId(77), .. }), "{wrong}");
    hear(&store, lot_row(LotStatus::Pending, None)).await;
    hear(&store, FeedRow::Owner(OwnerRules { pending_may_ship: false, void_after_days: 30 })).await;
    assert!(matches!(refused(&store, ship(1)).await, Rejection::LotPending { .. }));
    hear(&store, FeedRow::Owner(OwnerRules { pending_may_ship: true, void_after_days: 30 })).await;
    confirm(&store, ship(1), Vec::new()).await.unwrap();
}

#[tokio::test]
async fn permits_decide_who_may_have_a_product() {
    let folder = tempfile::tempdir().unwrap();
    let store = stocked(folder.path()).await;
    let permit = Permit { sites: Some(vec![SiteId(9)]), dealers: Some(vec![DealerId(2)]) };
    hear(&store, FeedRow::Product(Product { permit, ..product() })).await;
    let made = refused(&store, pack(20, &[0, 1])).await;
    let party = Party::Site(SITE);
    assert_eq!(made, Rejection::Unauthorised { code: case(20), product: PRODUCT, party });
    confirm(&store, ship(1), Vec::new()).await.unwrap();
    let permit = Permit { sites: None, dealers: Some(Vec::new()) };
    hear(&store, FeedRow::Product(Product { permit, ..product() })).await;
    assert!(matches!(refused(&store, ship(2)).await, Rejection::Unauthorised { .. }));
    confirm(&store, pack(20, &[0, 1]), Vec::new()).await.unwrap();
}

#[tokio::test]
async fn goods_never_received_leave_where_the_site_allows_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = stocked(folder.path()).await;
    let elsewhere = sealtrace_protocol::ledger::Custody::At(SiteId(2));
    stock(&store, vec![Item { custody: Some(elsewhere), version: Version(2), ..told(1) }]).await;
    let site =
        |implied_receipt| FeedRow::Site(Site { id: SITE, name: "line 1".into(), implied_receipt });
    hear(&store, site(false)).await;
    let refusal = refused(&store, ship(1)).await;
    assert_eq!(refusal, Rejection::NotReceived { code: case(1), at: SiteId(2) });
    hear(&store, site(true)).await;
    confirm(&store, ship(1), Vec::new()).await.unwrap();
}

#[tokio::test]
async fn people_do_what_their_role_and_sites_allow() {
    let folder = tempfile::tempdir().unwrap();
    let store = stocked(folder.path()).await;
    let by_li = |action| Operation { operator: Some(LI), ..operation(action) };
    let operator = |role, sites: &[SiteId]| {
        FeedRow::Operator(Operator {
            id: LI,
            login: "li".into(),
            name: "Li".into(),
            role,
            pin_verifier: "x".into(),
            sites: sites.to_vec(),
            enabled: true,
        })
    };
    let ship = || by_li(ship(1).action);
    assert!(facts(&store, ship()).await.worker.is_none());
    hear(&store, operator(Role::Operator, &[SiteId(2)])).await;
    let refusal = refused(&store, ship()).await;
    assert_eq!(refusal, Rejection::OperatorNotPermitted { operator: LI, site: SITE });
    hear(&store, operator(Role::Auditor, &[SITE])).await;
    assert!(matches!(refused(&store, ship()).await, Rejection::RoleNotPermitted { .. }));
    let verify = VerifyPack { parent: case(2), seen: Vec::new() };
    confirm(&store, by_li(Action::VerifyPack(verify)), Vec::new()).await.unwrap();
    hear(&store, operator(Role::Supervisor, &[SITE])).await;
    confirm(&store, ship(), Vec::new()).await.unwrap();
    // What was permitted when it was done stays so when it is judged again.
    hear(&store, operator(Role::Auditor, &[SiteId(2)])).await;
    stock(&store, vec![Item { disputed: false, version: Version(3), ..told(1) }]).await;
    let shipped = crate::store::item(&store, case(1)).await.unwrap();
    assert_eq!(shipped.version, Version(4));
}

#[tokio::test]
async fn a_task_is_worked_on_by_the_plan_it_has_now() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    hear(&store, FeedRow::Task(TaskRow { state: TaskState::Done, ..task_row() })).await;
    confirm(&store, pack(1, &[0, 1]), Vec::new()).await.unwrap();
    hear(&store, FeedRow::Task(TaskRow { revision: Revision(2), ..task_row() })).await;
    assert!(matches!(refused(&store, pack(2, &[2, 3])).await, Rejection::TaskClosed { .. }));
    hear(&store, FeedRow::Task(TaskRow { state: TaskState::Void, ..task_row() })).await;
    assert!(matches!(refused(&store, pack(2, &[2, 3])).await, Rejection::TaskClosed { .. }));
}

#[tokio::test]
async fn a_share_is_what_this_device_may_move() {
    let folder = tempfile::tempdir().unwrap();
    let store = stocked(folder.path()).await;
    let share = |device, units, moved| Share { device, product: PRODUCT, units, moved };
    let other = sealtrace_protocol::ids::DeviceId(99);
    let route = Route::Outbound { from: SITE, to: DealerId(2) };
    let shares = vec![share(DEVICE, 4, 1), share(other, 2, 2)];
    hear(&store, document(OUTBOUND, route, shares)).await;
    let line = async || {
        let row = store.read(|conn| feed::document(conn, OUTBOUND)).await.unwrap().unwrap();
        let line = row.document.lines[0];
        (line.units, line.moved)
    };
    assert_eq!(line().await, (4, 1));
    confirm(&store, ship(1), Vec::new()).await.unwrap();
    assert_eq!(line().await, (4, 3));
    assert!(matches!(refused(&store, ship(2)).await, Rejection::Over { ordered: 4, .. }));
    let shares = vec![share(other, 2, 2)];
    hear(&store, document(OUTBOUND, route, shares)).await;
    assert_eq!(line().await, (4, 2));
}

#[tokio::test]
async fn every_document_an_operation_names_is_stated() {
    let folder = tempfile::tempdir().unwrap();
    let store = stocked(folder.path()).await;
    hear(&store, outbound(OTHER)).await;
    confirm(&store, ship(1), Vec::new()).await.unwrap();
    let reassign = Reassign { codes: vec![case(1)], from: OUTBOUND, to: OTHER };
    confirm(&store, operation(Action::Reassign(reassign)), Vec::new()).await.unwrap();
    for (id, moved) in [(OUTBOUND, 0), (OTHER, 2)] {
        let row = store.read(move |conn| feed::document(conn, id)).await.unwrap().unwrap();
        assert_eq!(row.document.lines[0].moved, moved, "{id}");
    }
}

#[tokio::test]
async fn goods_that_come_in_count_on_their_document_and_can_be_taken_off_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = ready(folder.path()).await;
    hear(&store, document(INBOUND, Route::Inbound { from: None, to: SITE }, Vec::new())).await;
    let elsewhere = sealtrace_protocol::ledger::Custody::At(SiteId(2));
    stock(&store, vec![Item { custody: Some(elsewhere), ..told(1) }]).await;
    let receive = Receive { codes: vec![case(1), unit(0)], document: Some(INBOUND) };
    let done = confirm(&store, operation(Action::Receive(receive)), Vec::new()).await.unwrap();
    let moved = async || {
        let row = store.read(|conn| feed::document(conn, INBOUND)).await.unwrap().unwrap();
        row.document.lines[0].moved
    };
    assert_eq!(moved().await, 2);
    // A unit that came in before it was heard of may still only stand for what it was issued for.
    let announced = facts(&store, pack(30, &[0])).await.presence(unit(0)).clone();
    let Presence::Present(item) = announced else { panic!("{announced:?}") };
    assert_eq!(item.state, State::Announced { under: Some(INBOUND) });
    let correct = sealtrace_protocol::ledger::Correct {
        names: done.id,
        correction: sealtrace_protocol::ledger::Correction::Undo,
    };
    let undo = operation(Action::Correct(correct));
    let past = facts(&store, undo.clone()).await.past.unwrap();
    let taken: Vec<_> = past.moves.iter().map(|one| (one.document, one.on.units())).collect();
    assert_eq!(taken, [(INBOUND, 2)]);
    confirm(&store, undo, Vec::new()).await.unwrap();
    assert_eq!(moved().await, 0);
    judged(&store, 1, applied()).await;
    assert_eq!(moved().await, 0);
}

#[tokio::test]
async fn what_is_not_said_of_a_product_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let store = stocked(folder.path()).await;
    let facts = facts(&store, ship(1)).await;
    assert_eq!(facts.products().into_iter().collect::<Vec<ProductId>>(), [PRODUCT]);
    assert!(facts.rules.pending_may_ship && facts.rules.implied_receipt);
}

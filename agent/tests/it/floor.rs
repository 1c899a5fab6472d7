//! A floor to test on: an enrolled agent that has heard of a product, its codes, a task for a PDA and one for a line.

use std::path::Path;

use data_encoding::BASE64;
use sealtrace_agent::agent::Agent;
use sealtrace_agent::clock::Clock;
use sealtrace_agent::config::Config;
use sealtrace_agent::identity::{DeviceFile, Identity, NewKeys};
use sealtrace_agent::store::{Store, feed, items, journal, stream};
use sealtrace_agent::ui;
use sealtrace_protocol::code::{Code, Minted, Sscc};
use sealtrace_protocol::ids::{
    Cursor, DealerId, DeviceId, DocumentId, Epoch, OperatorId, OrderId, OwnerId, ProductId,
    Revision, SiteId, TaskId,
};
use sealtrace_protocol::ledger::{
    Document, DocumentLine, Item, Level, LotStatus, LotTerms, Permit, Plan, Role, Route, Step,
};
use sealtrace_protocol::link::{
    Dealer, DocumentRow, FeedEntry, FeedPage, FeedRow, Lease, LotRow, Operator, Product, Roll,
    Site, TaskKind, TaskRow, TaskState, digest,
};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::Timestamp;

pub(crate) const SITE: SiteId = SiteId(1);
pub(crate) const OTHER_SITE: SiteId = SiteId(2);
pub(crate) const HAND_TASK: u64 = 9;
pub(crate) const LINE_TASK: u64 = 10;
pub(crate) const DEVICE: DeviceId = DeviceId(7);
pub(crate) const OUTBOUND: u64 = 11;
pub(crate) const INBOUND: u64 = 12;
pub(crate) const DEALER: DealerId = DealerId(4);
pub(crate) const PRODUCT: ProductId = ProductId(5);
/// Operators by login: an operator, a supervisor, an auditor, one who may work elsewhere only, one who left.
pub(crate) const STAFF: [(u64, &str, Role, &[SiteId], bool); 5] = [
    (1, "li", Role::Operator, &[SITE, OTHER_SITE], true),
    (2, "wang", Role::Supervisor, &[SITE, OTHER_SITE], true),
    (3, "zhao", Role::Auditor, &[SITE], true),
    (4, "qian", Role::Operator, &[OTHER_SITE], true),
    (5, "sun", Role::Operator, &[SITE], false),
];
/// Units in a case, and cases on a pallet.
pub(crate) const CASE_HOLDS: u32 = 3;
pub(crate) const PALLET_HOLDS: u32 = 2;
pub(crate) const PIN: &str = "2580";
const UNITS: u64 = 60;
const ORDER: OrderId = OrderId(3);
const CASE_BODY: u64 = 6_901_234_500_000_000;
const PALLET_BODY: u64 = 6_901_234_590_000_000;

/// What short URLs of unit codes begin with.
pub(crate) const CODE_HOST: &str = "t.example";

pub(crate) fn unit(n: u64) -> Code {
    Code::Minted(Minted::new(10, u128::from(n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)).unwrap())
}

pub(crate) fn case(n: u64) -> Code {
    Code::Sscc(Sscc::from_body(CASE_BODY + n).unwrap())
}

pub(crate) fn pallet(n: u64) -> Code {
    Code::Sscc(Sscc::from_body(PALLET_BODY + n).unwrap())
}

/// What a label of this code says when it is read.
pub(crate) fn printed(code: Code) -> String {
    match code {
        Code::Minted(minted) => format!("https://t.example/{minted}"),
        Code::Sscc(sscc) => format!("]C100{sscc}"),
        Code::Sgtin(_) => code.canonical(),
    }
}

/// An agent with everything it needs to work offline.
pub(crate) async fn agent(folder: &Path, config: Config) -> Agent {
    let store = Store::open(folder).unwrap();
    if Identity::load(folder).unwrap().is_none() {
        enrol(folder);
        fill(&store).await;
    }
    let identity = Identity::load(folder).unwrap();
    Agent::new(store, Clock::new(), config, identity, [0; 16])
}

/// What lies on the disk now, as SIGKILL would leave it, for a second agent.
pub(crate) fn copy_of(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_into(folder, copy.path());
    copy
}

fn copy_into(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_into(&entry.path(), &target);
        } else if let Err(error) = std::fs::copy(entry.path(), target) {
            // A file that the agent removed meanwhile would not be there after SIGKILL either.
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
        }
    }
}

pub(crate) async fn item(store: &Store, code: Code) -> Option<Item> {
    store.read(move |conn| items::item(conn, code)).await.unwrap()
}

pub(crate) async fn parent(store: &Store, code: Code) -> Option<Code> {
    item(store, code).await.and_then(|item| item.parent)
}

pub(crate) async fn drafts(store: &Store, source: &'static str) -> Vec<String> {
    let rows = store.read(move |conn| journal::drafts(conn, source)).await.unwrap();
    rows.into_iter().map(|row| row.draft.role).collect()
}

fn enrol(folder: &Path) {
    let keys = NewKeys::draw().unwrap();
    let sites = [site(SITE, "line one"), site(OTHER_SITE, "warehouse")];
    let device = DeviceFile {
        owner: OwnerId(1),
        device: DEVICE,
        name: "PDA 7".into(),
        epoch: Epoch(1),
        certificate_pem: String::new(),
        authority_pem: String::new(),
        receipt_key: BASE64.encode(&keys.signing.public().0),
        device_url: "https://127.0.0.1:1".into(),
        code_host: CODE_HOST.into(),
        sites: sites.into(),
        cloud: "http://127.0.0.1:1".into(),
    };
    Identity::store(folder, &keys, &device).unwrap();
}

async fn fill(store: &Store) {
    let digests: Vec<u8> = (0..UNITS).flat_map(|n| digest(&unit(n))).collect();
    let page = page();
    store
        .write(move |tx| {
            stream::begin(tx, DEVICE, Epoch(1))?;
            let at = Timestamp(1_800_000_000_000);
            let nothing = FeedPage { rows: Vec::new(), cursor: Cursor(1), more: false };
            feed::store_desk(tx, OTHER_SITE, &nothing, at)?;
            feed::store_desk(tx, SITE, &page, at)?;
            feed::store_digest(tx, ORDER, Level::Unit, 0, &digests)?;
            feed::digest_stored(tx, ORDER, Level::Unit, UNITS)
        })
        .await
        .unwrap();
}

fn page() -> FeedPage {
    let cursor = Cursor(4);
    let rows = rows().into_iter().map(|row| FeedEntry { cursor, row }).collect();
    FeedPage { rows, cursor, more: false }
}

fn rows() -> Vec<FeedRow> {
    let roll = |level, count, first_body| {
        FeedRow::Roll(Roll { order: ORDER, level, product: PRODUCT, count, first_body })
    };
    let mut rows = vec![
        FeedRow::Site(site(SITE, "line one")),
        FeedRow::Site(site(OTHER_SITE, "warehouse")),
        FeedRow::Product(product()),
        lot(LotTerms { status: LotStatus::Released, dealer: None }),
        FeedRow::Dealer(Dealer { id: DEALER, name: "Nanjing Trading".into(), enabled: true }),
        FeedRow::Task(task_row(HAND_TASK, TaskKind::Device)),
        FeedRow::Task(task_row(LINE_TASK, TaskKind::Line)),
        roll(Level::Unit, u32::try_from(UNITS).unwrap(), None),
        roll(Level::Case, 30, Some(CASE_BODY)),
        FeedRow::Document(document(OUTBOUND, Route::Outbound { from: SITE, to: DEALER })),
    ];
    let pin_verifier = ui::hash_pin(PIN).unwrap();
    rows.extend(STAFF.map(|(id, login, role, sites, enabled)| {
        FeedRow::Operator(Operator {
            id: OperatorId(id),
            login: login.into(),
            name: login.into(),
            role,
            pin_verifier: pin_verifier.clone(),
            sites: sites.into(),
            enabled,
        })
    }));
    rows
}

pub(crate) fn site(id: SiteId, name: &str) -> Site {
    Site { id, name: name.into(), implied_receipt: true }
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

/// What quality control says of the lot everything here is made in.
pub(crate) fn lot(terms: LotTerms) -> FeedRow {
    FeedRow::Lot(LotRow { id: 1, product: PRODUCT, lot: Lot::new("L1").unwrap(), terms })
}

/// An open document over one case.
pub(crate) fn document(id: u64, route: Route) -> DocumentRow {
    let lines = vec![DocumentLine { product: PRODUCT, units: CASE_HOLDS, moved: 0 }];
    let document = Document { id: DocumentId(id), route, open: true, lines, sets: Vec::new() };
    DocumentRow { document, number: format!("DOC-{id}"), shares: Vec::new() }
}

fn plan() -> Plan {
    let steps = vec![Step::new(Level::Case, CASE_HOLDS), Step::new(Level::Pallet, PALLET_HOLDS)];
    Plan::new(steps).unwrap()
}

pub(crate) fn task_row(id: u64, kind: TaskKind) -> TaskRow {
    TaskRow {
        id: TaskId(id),
        order: ORDER,
        order_number: "PO-3".into(),
        site: SITE,
        product: PRODUCT,
        lot: Lot::new("L1").unwrap(),
        date: Some("2026-11-20".into()),
        shift: Some("A".into()),
        plan: plan(),
        revision: Revision(1),
        kind,
        device: None,
        quantity: 30,
        made: 0,
        state: TaskState::Open,
        leases: vec![Lease { level: Level::Pallet, first_body: PALLET_BODY, count: 9 }],
    }
}

/// The feed says this.
pub(crate) async fn hears(store: &Store, row: FeedRow) {
    let cursor = Cursor(5);
    let page = FeedPage { rows: vec![FeedEntry { cursor, row }], cursor, more: false };
    let at = Timestamp(1_800_000_001_000);
    store.write(move |tx| feed::store_desk(tx, SITE, &page, at)).await.unwrap();
}

/// The feed knows of this package.
pub(crate) async fn hears_of(store: &Store, item: Item) {
    let at = Timestamp(1_800_000_001_000);
    let reached = Some(Cursor(6));
    store.write(move |tx| feed::store_goods(tx, SITE, &[item], reached, at)).await.unwrap();
}

//! An enrolled device with codes to scan: what enrolment and the feed leave in its data folder, written through the
//! agent's own store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};
use sealtrace_agent::agent::Agent;
use sealtrace_agent::clock::Clock;
use sealtrace_agent::config::Config;
use sealtrace_agent::identity::{DeviceFile, Identity, NewKeys};
use sealtrace_agent::store::{Store, feed, stream};
use sealtrace_agent::ui;
use sealtrace_protocol::code::{Code, Minted, Sscc};
use sealtrace_protocol::ids::{
    Cursor, DeviceId, Epoch, OperatorId, OrderId, OwnerId, ProductId, Revision, SiteId, TaskId,
};
use sealtrace_protocol::ledger::{Level, LotStatus, LotTerms, Permit, Plan, Role, Step};
use sealtrace_protocol::link::{
    FeedEntry, FeedPage, FeedRow, Lease, LotRow, Operator, Product, Roll, Site, TaskKind, TaskRow,
    TaskState, digest,
};
use sealtrace_protocol::signing::SigningKey;
use sealtrace_protocol::text::Lot;

use super::scans::UNITS_PER_CASE;

pub(super) const SITE: SiteId = SiteId(1);
pub(super) const PRODUCT: ProductId = ProductId(5);
pub(super) const OPERATOR: OperatorId = OperatorId(1);
pub(super) const LOGIN: &str = "li";
pub(super) const PIN: &str = "2580";
/// The task of whoever has the PDA.
pub(super) const HAND_TASK: TaskId = TaskId(9);
/// Lanes, each with a task of its own.
pub(super) const LANES: u64 = 8;
pub(super) const CASES_PER_PALLET: u32 = 48;
const DEVICE: DeviceId = DeviceId(7);
const ORDER: OrderId = OrderId(3);
const CASE_BODY: u64 = 6_901_234_500_000_000;
const PALLET_BODY: u64 = 6_901_234_590_000_000;
/// Pallets that may be built under one task.
const PALLETS_PER_TASK: u32 = 100_000;
/// Digests stored in one transaction.
const DIGESTS_AT_ONCE: u32 = 10_000;
/// A device that works without a network: nobody listens there.
const NOWHERE: &str = "https://127.0.0.1:1";

/// A device's data folder, and the codes nobody has scanned yet. Clones take from the same ones.
#[derive(Clone)]
pub(super) struct Floor {
    folder: PathBuf,
    cases: u32,
    next: Arc<AtomicU32>,
}

/// One case to be packed, as its labels read.
pub(super) struct Case {
    pub(super) bottles: Vec<String>,
    pub(super) label: String,
}

/// The task of a lane.
pub(super) fn lane_task(lane: u64) -> TaskId {
    TaskId(HAND_TASK.get() + 1 + lane)
}

impl Floor {
    /// A device whose order has codes for this many cases.
    pub(super) async fn build(folder: &Path, cases: u32) -> Result<Self> {
        let store = Store::open(folder).context("the agent's store")?;
        enrol(folder)?;
        let units = cases * u32::try_from(UNITS_PER_CASE)?;
        let page = page(units, cases)?;
        let at = Clock::new().now();
        store
            .write(move |tx| {
                stream::begin(tx, DEVICE, Epoch(1))?;
                feed::store_desk(tx, SITE, &page, at)
            })
            .await?;
        for first in (0..units).step_by(usize::try_from(DIGESTS_AT_ONCE)?) {
            let until = units.min(first + DIGESTS_AT_ONCE);
            let digests: Result<Vec<_>> = (first..until).map(|n| Ok(digest(&unit(n)?))).collect();
            let digests: Vec<u8> = digests?.into_iter().flatten().collect();
            store
                .write(move |tx| {
                    feed::store_digest(tx, ORDER, Level::Unit, u64::from(first), &digests)
                })
                .await?;
        }
        store
            .write(move |tx| feed::digest_stored(tx, ORDER, Level::Unit, u64::from(units)))
            .await?;
        store.close().await;
        Ok(Self { folder: folder.to_owned(), cases, next: Arc::default() })
    }

    /// Where its data lies.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The agent on this folder, as the program opens it.
    pub(super) fn agent(&self) -> Result<Agent> {
        let store = Store::open(&self.folder).context("the agent's store")?;
        let identity = Identity::load(&self.folder)?;
        let config = Config { data: self.folder.clone(), ..Config::default() };
        Ok(Agent::new(store, Clock::new(), config, identity, [0; 16]))
    }

    /// The next case nobody has packed.
    pub(super) fn case(&self) -> Result<Case> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        ensure!(n < self.cases, "all {} cases are packed; give fewer --seconds", self.cases);
        let units = u32::try_from(UNITS_PER_CASE)?;
        let bottles: Result<Vec<String>> =
            (n * units..(n + 1) * units).map(|n| Ok(printed(unit(n)?))).collect();
        let label = Sscc::from_body(CASE_BODY + u64::from(n)).context("no such label")?;
        Ok(Case { bottles: bottles?, label: printed(Code::Sscc(label)) })
    }
}

impl Case {
    /// In the order they are scanned: the label last.
    pub(super) fn scans(&self) -> impl Iterator<Item = &str> {
        self.bottles.iter().chain([&self.label]).map(String::as_str)
    }
}

fn unit(n: u32) -> Result<Code> {
    let body = (u128::from(n) + 1) * 0x9E37_79B9_7F4A_7C15 % (1 << 80);
    Ok(Code::Minted(Minted::new(10, body).context("no such code")?))
}

/// What a label of this code says when it is read.
fn printed(code: Code) -> String {
    match code {
        Code::Minted(minted) => format!("https://t.example/{minted}"),
        Code::Sscc(sscc) => format!("]C100{sscc}"),
        Code::Sgtin(_) => code.canonical(),
    }
}

fn enrol(folder: &Path) -> Result<()> {
    let keys = NewKeys::draw()?;
    let cloud = SigningKey::from_seed(&[7; 32]).context("key")?;
    let device = DeviceFile {
        owner: OwnerId(1),
        device: DEVICE,
        name: "PDA 7".into(),
        epoch: Epoch(1),
        certificate_pem: String::new(),
        authority_pem: String::new(),
        receipt_key: data_encoding::BASE64.encode(&cloud.public().0),
        device_url: NOWHERE.into(),
        code_host: "t.example".into(),
        sites: vec![site()],
        cloud: NOWHERE.into(),
    };
    Ok(Identity::store(folder, &keys, &device)?)
}

fn site() -> Site {
    Site { id: SITE, name: "成品仓库".into(), implied_receipt: true }
}

fn page(units: u32, cases: u32) -> Result<FeedPage> {
    let steps = vec![
        Step::new(Level::Case, u32::try_from(UNITS_PER_CASE)?),
        Step::new(Level::Pallet, CASES_PER_PALLET),
    ];
    let plan = Plan::new(steps).context("plan")?;
    let lot = Lot::new("L20261120").context("lot")?;
    let roll = |level, count, first_body| {
        FeedRow::Roll(Roll { order: ORDER, level, product: PRODUCT, count, first_body })
    };
    let mut rows = vec![
        FeedRow::Site(site()),
        FeedRow::Product(Product {
            id: PRODUCT,
            name: "晨泉啤酒 500 ml".into(),
            gtin: "06901234567892".into(),
            plan: plan.clone(),
            revision: Revision(1),
            permit: Permit::default(),
            enabled: true,
        }),
        FeedRow::Lot(LotRow {
            id: 1,
            product: PRODUCT,
            lot,
            terms: LotTerms { status: LotStatus::Released, dealer: None },
        }),
        roll(Level::Unit, units, None),
        roll(Level::Case, cases, Some(CASE_BODY)),
        FeedRow::Operator(Operator {
            id: OPERATOR,
            login: LOGIN.into(),
            name: "李师傅".into(),
            role: Role::Operator,
            pin_verifier: ui::hash_pin(PIN).context("PIN")?,
            sites: vec![SITE],
            enabled: true,
        }),
    ];
    rows.push(FeedRow::Task(task(HAND_TASK, TaskKind::Device, &plan, lot)));
    rows.extend(
        (0..LANES).map(|lane| FeedRow::Task(task(lane_task(lane), TaskKind::Line, &plan, lot))),
    );
    let cursor = Cursor(4);
    let rows = rows.into_iter().map(|row| FeedEntry { cursor, row }).collect();
    Ok(FeedPage { rows, cursor, more: false })
}

fn task(id: TaskId, kind: TaskKind, plan: &Plan, lot: Lot) -> TaskRow {
    let first_body = PALLET_BODY + id.get() * u64::from(PALLETS_PER_TASK);
    TaskRow {
        id,
        order: ORDER,
        order_number: "PO-2026-1120".into(),
        site: SITE,
        product: PRODUCT,
        lot,
        date: Some("2026-11-20".into()),
        shift: Some("A".into()),
        plan: plan.clone(),
        revision: Revision(1),
        kind,
        device: None,
        quantity: 0,
        made: 0,
        state: TaskState::Open,
        leases: vec![Lease { level: Level::Pallet, first_body, count: PALLETS_PER_TASK }],
    }
}

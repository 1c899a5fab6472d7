//! What a site needs to know besides goods: sites, rules, people, products, lots, dealers, tasks.

use rusqlite::{Connection, OptionalExtension, Params, Transaction, params};
use sealtrace_protocol::code::Gtin;
use sealtrace_protocol::ids::{DealerId, OperatorId, ProductId, SiteId, TaskId};
use sealtrace_protocol::ledger::{LotTerms, Permit, Rules, Task, Worker};
use sealtrace_protocol::link::{
    Dealer, FeedRow, LotRow, Operator, OwnerRules, Product, Site, TaskRow, TaskState,
};
use sealtrace_protocol::text::Lot;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::{StoreError, stream};
use super::rolls;
use crate::store::labels;

/// There is one owner.
const OWNER: u64 = 0;
const ALL: &str = "select body from reference where kind = ?1 order by id";
/// Tasks that are done or void and still looked at.
const CLOSED_TASKS_MAX: u32 = 100;

pub(super) fn store(tx: &Transaction<'_>, row: &FeedRow) -> Result<(), StoreError> {
    match row {
        FeedRow::Site(row) => refer(tx, "site", row.id.get(), row),
        FeedRow::Owner(row) => refer(tx, "owner", OWNER, row),
        FeedRow::Product(row) => refer(tx, "product", row.id.get(), row),
        FeedRow::Lot(row) => store_lot(tx, row),
        FeedRow::Dealer(row) => refer(tx, "dealer", row.id.get(), row),
        FeedRow::Operator(row) => store_operator(tx, row),
        FeedRow::Task(row) => {
            rolls::store_leases(tx, row)?;
            work(tx, "task", row.id.get(), row.state.is_open(), row)
        }
        FeedRow::Document(row) => work(tx, "document", row.id().get(), row.document.open, row),
        FeedRow::Roll(row) => rolls::store_roll(tx, row),
        FeedRow::Carriers(row) => rolls::store_carriers(tx, *row),
        FeedRow::Labels(row) => labels::told(tx, row),
    }
}

fn refer<T: Serialize>(
    tx: &Transaction<'_>,
    kind: &str,
    id: u64,
    row: &T,
) -> Result<(), StoreError> {
    work(tx, kind, id, false, row)
}

fn work<T: Serialize>(
    tx: &Transaction<'_>,
    kind: &str,
    id: u64,
    open: bool,
    row: &T,
) -> Result<(), StoreError> {
    let body = serde_json::to_string(row).map_err(|_| StoreError::Corrupt { what: "feed row" })?;
    tx.prepare_cached(
        "insert into reference (kind, id, open, body) values (?1, ?2, ?3, ?4)
         on conflict (kind, id) do update set open = excluded.open, body = excluded.body",
    )
    .and_then(|mut insert| insert.execute(params![kind, id, open, body]))
    .map_err(StoreError::sqlite("store a feed row"))?;
    Ok(())
}

fn store_lot(tx: &Transaction<'_>, row: &LotRow) -> Result<(), StoreError> {
    let terms =
        serde_json::to_string(&row.terms).map_err(|_| StoreError::Corrupt { what: "feed row" })?;
    tx.prepare_cached(
        "insert into lot (product, lot, terms) values (?1, ?2, ?3)
         on conflict (product, lot) do update set terms = excluded.terms",
    )
    .and_then(|mut insert| insert.execute(params![row.product.get(), row.lot.as_str(), terms]))
    .map_err(StoreError::sqlite("store a feed row"))?;
    Ok(())
}

/// Who may not log in here any more stays known by name; the verifier of the PIN is forgotten.
fn store_operator(tx: &Transaction<'_>, row: &Operator) -> Result<(), StoreError> {
    let ours = sites(tx)?;
    let mut row = row.clone();
    if !row.enabled || !row.sites.iter().any(|site| ours.contains(site)) {
        row.pin_verifier.clear();
    }
    refer(tx, "operator", row.id.get(), &row)
}

/// The sites this device is told about.
fn sites(conn: &Connection) -> Result<Vec<SiteId>, StoreError> {
    conn.prepare_cached("select distinct site from feed")
        .and_then(|mut query| query.query_map([], |row| row.get(0).map(SiteId))?.collect())
        .map_err(StoreError::sqlite("list this device's sites"))
}

/// A task; its leases only when they are not another device's.
pub fn task(conn: &Connection, id: TaskId) -> Result<Option<TaskRow>, StoreError> {
    let row: Option<TaskRow> = one(conn, "task", id.get())?;
    row.map(|row| with_own_leases(conn, row)).transpose()
}

/// The open tasks this device heard of, oldest first.
pub fn open_tasks(conn: &Connection) -> Result<Vec<TaskRow>, StoreError> {
    let rows: Vec<TaskRow> = open(conn, "task")?;
    rows.into_iter().map(|row| with_own_leases(conn, row)).collect()
}

/// The newest tasks that are done or void, newest first.
pub fn closed_tasks(conn: &Connection) -> Result<Vec<TaskRow>, StoreError> {
    let sql =
        "select body from reference where kind = 'task' and open = 0 order by id desc limit ?1";
    let rows: Vec<TaskRow> = many(conn, "task", sql, [CLOSED_TASKS_MAX])?;
    rows.into_iter().map(|row| with_own_leases(conn, row)).collect()
}

fn with_own_leases(conn: &Connection, mut row: TaskRow) -> Result<TaskRow, StoreError> {
    if let Some(device) = row.device
        && stream::read(conn)?.is_none_or(|stream| stream.device != device)
    {
        row.leases.clear();
    }
    Ok(row)
}

/// Keeps a task that was opened here until the feed tells of it.
pub fn store_opened(tx: &Transaction<'_>, task: &TaskRow) -> Result<(), StoreError> {
    work(tx, "task", task.id.get(), task.state.is_open(), task)
}

/// A task that was opened here does not count.
pub(in super::super) fn void_opened(tx: &Transaction<'_>, id: TaskId) -> Result<(), StoreError> {
    match task(tx, id)? {
        Some(row) => store_opened(tx, &TaskRow { state: TaskState::Void, ..row }),
        None => Ok(()),
    }
}

/// The last task with a name between these two.
pub fn last_task_between(
    conn: &Connection,
    first: TaskId,
    last: TaskId,
) -> Result<Option<TaskId>, StoreError> {
    let id: Option<u64> = conn
        .prepare_cached(
            "select max(id) from reference where kind = 'task' and id between ?1 and ?2",
        )
        .and_then(|mut query| query.query_row([first.get(), last.get()], |row| row.get(0)))
        .map_err(StoreError::sqlite("look the feed up"))?;
    Ok(id.map(TaskId))
}

/// What the rules must know of a task; nothing of one that is void.
pub(in super::super) fn ledger_task(row: TaskRow) -> Option<Task> {
    match row.state {
        TaskState::Open | TaskState::InWork | TaskState::Done => Some(Task {
            id: row.id,
            order: row.order,
            site: row.site,
            product: row.product,
            lot: row.lot,
            plan: row.plan,
            revision: row.revision,
        }),
        TaskState::Void => None,
    }
}

/// A product.
pub fn product(conn: &Connection, id: ProductId) -> Result<Option<Product>, StoreError> {
    one(conn, "product", id.get())
}

/// All products, oldest first.
pub fn products(conn: &Connection) -> Result<Vec<Product>, StoreError> {
    many(conn, "product", ALL, ["product"])
}

/// Who may have a product.
pub(in super::super) fn permit(
    conn: &Connection,
    id: ProductId,
) -> Result<Option<Permit>, StoreError> {
    Ok(product(conn, id)?.map(|product| product.permit))
}

/// What the cloud has said of a lot.
pub(in super::super) fn terms(
    conn: &Connection,
    product: ProductId,
    lot: Lot,
) -> Result<Option<LotTerms>, StoreError> {
    let text: Option<String> = conn
        .prepare_cached("select terms from lot where product = ?1 and lot = ?2")
        .and_then(|mut query| {
            query.query_row(params![product.get(), lot.as_str()], |row| row.get(0)).optional()
        })
        .map_err(StoreError::sqlite("look a lot up"))?;
    text.map(|text| read("lot", &text)).transpose()
}

/// What owner and site have settled on; what neither has spoken of is allowed.
pub(in super::super) fn rules(conn: &Connection, at: SiteId) -> Result<Rules, StoreError> {
    let owner: Option<OwnerRules> = one(conn, "owner", OWNER)?;
    let usual = Rules::default();
    Ok(Rules {
        pending_may_ship: owner.map_or(usual.pending_may_ship, |owner| owner.pending_may_ship),
        implied_receipt: site(conn, at)?.map_or(usual.implied_receipt, |site| site.implied_receipt),
        void_after_days: owner.map_or(usual.void_after_days, |owner| owner.void_after_days),
    })
}

/// True when we have heard of our products and none has this GTIN.
pub(in super::super) fn is_other_gtin(conn: &Connection, gtin: Gtin) -> Result<bool, StoreError> {
    conn.prepare_cached(
        "select exists (select 1 from reference where kind = 'product')
           and not exists (select 1 from reference where kind = 'product' and body ->> 'gtin' = ?1)",
    )
    .and_then(|mut query| query.query_row([gtin.to_string()], |row| row.get(0)))
    .map_err(StoreError::sqlite("look the feed up"))
}

/// A dealer.
pub fn dealer(conn: &Connection, id: DealerId) -> Result<Option<Dealer>, StoreError> {
    one(conn, "dealer", id.get())
}

/// All dealers, oldest first.
pub fn dealers(conn: &Connection) -> Result<Vec<Dealer>, StoreError> {
    many(conn, "dealer", ALL, ["dealer"])
}

/// A site.
pub fn site(conn: &Connection, id: SiteId) -> Result<Option<Site>, StoreError> {
    one(conn, "site", id.get())
}

/// A person who works on devices, or did.
pub fn operator(conn: &Connection, id: OperatorId) -> Result<Option<Operator>, StoreError> {
    one(conn, "operator", id.get())
}

/// The person who may log in with this name.
pub fn operator_by_login(conn: &Connection, login: &str) -> Result<Option<Operator>, StoreError> {
    let sql = "select body from reference where kind = 'operator' and body ->> 'login' = ?1";
    let operators: Vec<Operator> = many(conn, "operator", sql, [login])?;
    Ok(operators.into_iter().find(|operator| !operator.pin_verifier.is_empty()))
}

/// What somebody may do at a site, as far as this device was told.
pub fn may_work(
    conn: &Connection,
    id: OperatorId,
    site: SiteId,
) -> Result<Option<Worker>, StoreError> {
    let operator = operator(conn, id)?;
    Ok(operator.map(|operator| Worker {
        role: operator.role,
        permitted: operator.enabled && operator.sites.contains(&site),
    }))
}

pub(super) fn one<T: DeserializeOwned>(
    conn: &Connection,
    kind: &'static str,
    id: u64,
) -> Result<Option<T>, StoreError> {
    let body: Option<String> = conn
        .prepare_cached("select body from reference where kind = ?1 and id = ?2")
        .and_then(|mut query| query.query_row(params![kind, id], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("look the feed up"))?;
    body.map(|body| read(kind, &body)).transpose()
}

/// Those under which work may begin, oldest first.
pub(super) fn open<T: DeserializeOwned>(
    conn: &Connection,
    kind: &'static str,
) -> Result<Vec<T>, StoreError> {
    let sql = "select body from reference where kind = ?1 and open = 1 order by id";
    many(conn, kind, sql, [kind])
}

fn many<T: DeserializeOwned>(
    conn: &Connection,
    kind: &'static str,
    sql: &str,
    params: impl Params,
) -> Result<Vec<T>, StoreError> {
    let bodies: Vec<String> = conn
        .prepare_cached(sql)
        .and_then(|mut query| query.query_map(params, |row| row.get(0))?.collect())
        .map_err(StoreError::sqlite("look the feed up"))?;
    bodies.iter().map(|body| read(kind, body)).collect()
}

fn read<T: DeserializeOwned>(kind: &'static str, body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|_| StoreError::Corrupt { what: kind })
}

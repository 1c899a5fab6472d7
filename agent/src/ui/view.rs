//! What the page is sent: the station's view, tasks, documents, items and lanes as JSON, names looked up.

use rusqlite::Connection;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DocumentId, SiteId};
use sealtrace_protocol::ledger::{Contents, Custody, Item, Level, Party, Presence, Route, State};
use sealtrace_protocol::link::{DocumentRow, TaskRow};
use sealtrace_protocol::time::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::exceptions;
use super::names::{dealer, number, party, product, site};
use crate::lane::LaneState;
use crate::station::desk::{Opened, Shown};
use crate::station::{Difference, Screen};
use crate::store::{self, StoreError, counting, feed, items, stream};
use crate::task;

/// Packages above an item; deeper trees do not exist.
const DEPTH_MAX: usize = 8;
/// Codes of a difference that are listed on each side.
const DIFFERENCES_SHOWN_MAX: usize = 100;

/// The station's view.
pub(super) fn station(conn: &Connection, shown: Shown, here: SiteId) -> Result<Value, StoreError> {
    let face = shown.face;
    let mut view = Map::new();
    view.insert("screen".to_owned(), json!(shown.screen));
    view.insert("revision".to_owned(), json!(shown.revision));
    if let Some(opened) = shown.opened {
        view.extend(work(conn, opened, here, &face.load)?);
    }
    let mut set = |key: &str, value: Value| view.insert(key.to_owned(), value);
    if let Some(choosing) = shown.choosing {
        let device = stream::read(conn)?.map(|stream| stream.device);
        set("choice", json!(exceptions::choice(conn, choosing, here, device)?));
    }
    let of_open = |(document, _): &&(Option<DocumentId>, usize)| {
        *document == shown.opened.and_then(|opened| opened.document)
    };
    set("scans", json!(shown.scans.iter().find(of_open).map_or(0, |(_, count)| *count)));
    let mut waiting = Vec::new();
    for (id, count) in shown.scans.iter().filter(|scans| !of_open(scans)) {
        let document = id.map(|id| number(conn, id)).transpose()?;
        waiting.push(json!({"document": document, "scans": count}));
    }
    set("waiting", json!(waiting));
    set("asks", json!(shown.asks));
    set("offer", json!(shown.offer.map(|id| offer(conn, id)).transpose()?));
    set("mixed_lots", json!(face.mixed_lots));
    if let Some((code, level)) = face.parent {
        set("parent", json!({"code": code, "level": level}));
    }
    set("count", json!(face.count));
    if let Some(of) = face.of {
        set("of", json!(of));
    }
    set("prompt", json!(face.prompt));
    set("last", json!(shown.last));
    set("blocked", json!(shown.blocked));
    set("can", json!(face.can));
    if let Some(code) = face.item {
        set("item", item(conn, code)?);
    }
    if let Some(difference) = face.difference {
        let Difference { missing, foreign } = difference;
        let first =
            |codes: &[Code]| json!(codes.iter().take(DIFFERENCES_SHOWN_MAX).collect::<Vec<_>>());
        set(
            "difference",
            json!({
                "missing": first(&missing),
                "missing_count": missing.len(),
                "foreign": first(&foreign),
                "foreign_count": foreign.len(),
            }),
        );
    }
    Ok(Value::Object(view))
}

/// What the open screen works on.
fn work(
    conn: &Connection,
    opened: Opened,
    here: SiteId,
    load: &Contents,
) -> Result<Map<String, Value>, StoreError> {
    let mut work = Map::new();
    let mut set = |key: &str, value: Value| work.insert(key.to_owned(), value);
    if let Some(row) = opened.task.map(|id| feed::task(conn, id)).transpose()?.flatten() {
        set("task", task(conn, &row)?);
    }
    let row = opened.document.map(|id| feed::document(conn, id)).transpose()?.flatten();
    if let Some(row) = row {
        set("document", document(conn, &row, here, load)?);
    }
    if let Some(id) = opened.dealer {
        set("dealer", dealer(conn, id)?);
    }
    if opened.screen == Screen::Return {
        set("opened", json!(opened.opened));
    }
    if let Some(reason) = opened.reason {
        set("reason", json!(reason));
    }
    if let Some(row) =
        opened.exception.map(|id| store::exceptions::one(conn, id)).transpose()?.flatten()
    {
        set("exception", exceptions::shown(conn, &row)?);
        set("resolution", json!(opened.resolution));
    }
    if let (Screen::Count, Some(id)) = (opened.screen, opened.document) {
        set("seen", json!(counting::seen_count(conn, id)?));
    }
    Ok(work)
}

/// A document that a scan fits better than the open one.
pub(super) fn offer(conn: &Connection, id: DocumentId) -> Result<Value, StoreError> {
    let route = feed::document(conn, id)?.map(|row| row.document.route);
    let dealer = route.and_then(Route::dealer).map(|id| dealer(conn, id)).transpose()?;
    Ok(with(number(conn, id)?, "dealer", dealer))
}

/// An object and one thing more.
pub(super) fn with(mut object: Value, key: &str, value: impl Serialize) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.insert(key.to_owned(), json!(value));
    }
    object
}

/// A task with its progress.
pub(super) fn task(conn: &Connection, row: &TaskRow) -> Result<Value, StoreError> {
    let progress = task::progress(conn, row)?;
    Ok(json!({
        "id": row.id,
        "order": {"id": row.order, "number": row.order_number},
        "product": product(conn, row.product)?,
        "lot": row.lot,
        "date": row.date,
        "shift": row.shift,
        "plan": row.plan,
        "kind": row.kind,
        "quantity": row.quantity,
        "made": progress.made,
        "state": progress.state,
    }))
}

/// A document: what of it this device is to move, what has moved, what is on its way under it (`load`).
pub(super) fn document(
    conn: &Connection,
    row: &DocumentRow,
    here: SiteId,
    load: &Contents,
) -> Result<Value, StoreError> {
    let document = &row.document;
    let whole = feed::whole_document(conn, document.id)?.map(|row| row.document);
    let mut lines = Vec::with_capacity(document.lines.len());
    for line in &document.lines {
        let of_it = load.iter().filter(|content| content.product == line.product);
        let asked = whole.as_ref().and_then(|whole| whole.line(line.product));
        lines.push(json!({
            "product": product(conn, line.product)?,
            "units": line.units,
            "moved": line.moved,
            "loaded": of_it.map(|content| content.units).sum::<u32>(),
            "asked": asked.map_or(line.units, |asked| asked.units),
        }));
    }
    let moved = document.lines.iter().any(|line| line.moved > 0);
    let state = match (document.open, moved) {
        (false, _) => "done",
        (true, true) => "in_work",
        (true, false) => "approved",
    };
    let route = document.route;
    let works = |screen: &Screen| screen.works_on(route) == Some(here);
    let parties = [route.from(), Some(route.to())];
    let other = parties.into_iter().flatten().find(|party| *party != Party::Site(here));
    Ok(json!({
        "id": document.id,
        "number": row.number,
        "kind": route.kind(),
        "screen": Screen::ALL.into_iter().find(works),
        "other": other.map(|other| party(conn, other)).transpose()?,
        "lines": lines,
        "state": state,
    }))
}

/// A lane.
pub(super) fn lane(
    conn: &Connection,
    state: &LaneState,
    exceptions: u32,
) -> Result<Value, StoreError> {
    let row = state.task.map(|id| feed::task(conn, id)).transpose()?.flatten();
    let task = row.map(|row| task(conn, &row)).transpose()?;
    let pallet =
        state.pallet.map(|pallet| json!({"code": null, "cases": pallet.cases, "of": pallet.of}));
    Ok(json!({
        "name": state.name,
        "task": task,
        "waits": state.waits,
        "open_units": state.open_units,
        "of": state.of,
        "pallet": pallet,
        "accepted_cases": state.accepted_cases,
        "rejected_cases": state.rejected_cases,
        "no_reads": state.no_reads,
        "rate_per_min": state.rate_per_min,
        "reader": if state.connected { "connected" } else { "lost" },
        "finishing": state.finishing,
        "stop": state.stop,
        "resync": state.resync,
        "exceptions": exceptions,
        "last": state.last,
    }))
}

/// What this device knows of one code.
fn item(conn: &Connection, code: Code) -> Result<Value, StoreError> {
    let fresh_at = items::fresh_at(conn, code)?;
    let heard_at = feed::last_at(conn)?;
    let done = items::last_done(conn, code)?;
    let moved = done.map(|(kind, at)| json!({"kind": kind, "at": at}));
    let item = match items::presence(conn, code)? {
        Presence::Present(item) => item,
        Presence::Absent(issued) | Presence::Untold(issued) => {
            let product = issued.product.map(|id| product(conn, id)).transpose()?;
            return Ok(unused(code, Some(issued.level), product, heard_at, true));
        }
        Presence::Unknown | Presence::Foreign => {
            return Ok(unused(code, None, None, heard_at, false));
        }
    };
    let mut contents = Vec::new();
    for content in item.contents.iter() {
        let product = product(conn, content.product)?;
        contents.push(json!({"product": product, "lot": content.lot, "units": content.units}));
    }
    let (state, replaced_by) = match item.state {
        State::Free => ("free", None),
        State::Announced { .. } => ("announced", None),
        State::Active => ("active", None),
        State::Replaced { by, .. } => ("replaced", Some(by)),
    };
    let parent = item.parent.map(|parent| items::item(conn, parent)).transpose()?.flatten();
    let parent_level = parent.map(|parent| parent.level);
    Ok(json!({
        "code": code,
        "level": item.level,
        "state": state,
        "replaced_by": replaced_by,
        "product": item.product().map(|id| product(conn, id)).transpose()?,
        "lot": item.lot(),
        "parent": item.parent.map(|parent| json!({"code": parent, "level": parent_level})),
        "children": item.children,
        "contents": contents,
        "custody": custody(conn, &item)?,
        "disputed": item.disputed,
        "last_done": moved,
        "fresh_at": fresh_at,
        "heard_at": heard_at,
        "known": true,
    }))
}

fn unused(
    code: Code,
    level: Option<Level>,
    product: Option<Value>,
    heard_at: Option<Timestamp>,
    known: bool,
) -> Value {
    json!({
        "code": code,
        "level": level,
        "state": "free",
        "product": product,
        "lot": null,
        "parent": null,
        "children": 0,
        "contents": [],
        "custody": null,
        "disputed": false,
        "last_done": null,
        "fresh_at": null,
        "heard_at": heard_at,
        "known": known,
    })
}

/// Whose custody it is in: its root's.
fn custody(conn: &Connection, item: &Item) -> Result<Value, StoreError> {
    let mut root = item.clone();
    for _ in 0..DEPTH_MAX {
        let Some(parent) = root.parent else { break };
        let Some(above) = items::item(conn, parent)? else { break };
        root = above;
    }
    Ok(match root.custody {
        None => Value::Null,
        Some(Custody::At(id)) => json!({"kind": "at", "site": site(conn, id)?}),
        Some(Custody::Sent { from, to, document }) => json!({
            "kind": "sent",
            "from": site(conn, from)?,
            "site": site(conn, to)?,
            "document": number(conn, document)?,
        }),
        Some(Custody::Shipped { from, to, document }) => json!({
            "kind": "shipped",
            "from": site(conn, from)?,
            "dealer": dealer(conn, to)?,
            "document": number(conn, document)?,
        }),
        Some(Custody::Lost { at }) => json!({"kind": "lost", "site": site(conn, at)?}),
        Some(Custody::Gone { at, how }) => {
            json!({"kind": "gone", "site": site(conn, at)?, "how": how})
        }
    })
}

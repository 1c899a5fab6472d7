//! The exception queue, and what is chosen from before a screen opens, as the page is sent them.

use axum::Json;
use axum::extract::{Query, State};
use rusqlite::Connection;
use sealtrace_protocol::ids::{DeviceId, OperationId, SiteId};
use sealtrace_protocol::ledger::Contents;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Page;
use super::error::ApiError;
use super::names::{named_rejection, operator};
use super::session::Session;
use super::view;
use crate::station::{Choice, Choosing, Entry, Matter, Resolution};
use crate::store::exceptions::{self, ExceptionRow};
use crate::store::{StoreError, outbox};

#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    state: Listed,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Listed {
    #[default]
    Open,
    Resolved,
}

/// `GET /api/exceptions`.
pub(super) async fn list(
    State(page): State<Page>,
    _: Session,
    Query(Which { state }): Query<Which>,
) -> Result<Json<Value>, ApiError> {
    let list = move |conn: &Connection| {
        let rows = match state {
            Listed::Open => exceptions::open(conn)?,
            Listed::Resolved => exceptions::resolved(conn)?,
        };
        rows.iter().map(|row| shown(conn, row)).collect::<Result<Vec<_>, StoreError>>()
    };
    let rows = page.agent.store.read(list).await?;
    Ok(Json(json!({ "rows": rows })))
}

/// An exception, with names in the answer that said no.
pub(super) fn shown(conn: &Connection, row: &ExceptionRow) -> Result<Value, StoreError> {
    let rejection = row.rejection.clone().map(|no| named_rejection(conn, no)).transpose()?;
    let resolutions = match row.resolved {
        Some(_) => Vec::new(),
        None => Matter::of(conn, row)?.resolutions(),
    };
    let way = |way: &Resolution| json!({"name": way, "scans": way.scans_max()});
    let resolved = match &row.resolved {
        None => Value::Null,
        Some(resolved) => json!({
            "at": resolved.at,
            "by": resolved.by.map(|by| operator(conn, by)).transpose()?,
            "how": resolved.how,
            "reason": resolved.reason,
            "operation": operation(conn, resolved.operation)?,
        }),
    };
    Ok(json!({
        "id": row.id,
        "at": row.at,
        "kind": row.kind,
        "code": row.code,
        "rejection": rejection,
        "detail": row.detail,
        "times": row.times,
        "lane": row.lane,
        "screen": row.screen,
        "operation": operation(conn, row.operation)?,
        "resolutions": resolutions.iter().map(way).collect::<Vec<_>>(),
        "resolved": resolved,
    }))
}

/// An operation of this device; no more than its name once it is forgotten here.
fn operation(conn: &Connection, id: Option<OperationId>) -> Result<Value, StoreError> {
    let Some(id) = id else { return Ok(Value::Null) };
    let done = outbox::operation(conn, id)?;
    Ok(json!({
        "epoch": id.epoch,
        "seq": id.seq,
        "kind": done.as_ref().map(|done| done.action.kind()),
        "at": done.as_ref().map(|done| done.at.wall),
        "codes": done.as_ref().map_or(0, |done| done.needs().len()),
    }))
}

/// What is to be chosen from; nothing once it was chosen.
pub(super) fn choice(
    conn: &Connection,
    choosing: Choosing,
    here: SiteId,
    device: Option<DeviceId>,
) -> Result<Option<Value>, StoreError> {
    let Some(Choice { what, entries, none, more }) = choosing.choice(conn, here, device)? else {
        return Ok(None);
    };
    let mut rows = Vec::with_capacity(entries.len());
    for (number, entry) in (1..).zip(&entries) {
        let value = match entry {
            Entry::Task(row) => view::task(conn, row)?,
            Entry::Document(row) => view::document(conn, row, here, &Contents::none())?,
            Entry::Dealer(dealer) => json!({"id": dealer.id, "name": dealer.name}),
            Entry::Opened(opened) => json!(opened),
            Entry::Reason(reason) => json!(reason),
            Entry::Exception(row) => shown(conn, row)?,
            Entry::Resolution(resolution) => json!(resolution),
        };
        rows.push(json!({"number": number, "value": value}));
    }
    Ok(Some(json!({"what": what, "entries": rows, "none": none, "more": more})))
}

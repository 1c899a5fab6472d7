//! The lists of the page: status, tasks, documents, exceptions, lanes.

use std::cmp::Reverse;

use axum::Json;
use axum::extract::State;
use rusqlite::Connection;
use sealtrace_firmware_config::Profile;
use sealtrace_protocol::ledger::{Contents, Party};
use sealtrace_protocol::link::{Dealer, DocumentRow, Product, TaskKind, TaskState};
use serde_json::{Value, json};

use super::Page;
use super::error::ApiError;
use super::session::Session;
use super::view;
use crate::status;
use crate::store::{StoreError, feed};
use crate::task;

/// Tasks that are done and still listed.
const DONE_SHOWN_MAX: usize = 3;

/// `GET /api/status`.
pub(super) async fn status(State(page): State<Page>) -> Result<Json<status::Status>, ApiError> {
    let agent = page.agent;
    let storage = agent.store.storage()?;
    let identity = agent.identity.clone();
    let mut status = agent
        .store
        .read(move |conn| {
            status::read(Some(conn), identity.as_ref().map(|known| &known.device), storage)
        })
        .await?;
    status.online = Some(agent.link.borrow().online);
    status.clock_offset_ms = Some(agent.clock.offset_ms());
    Ok(Json(status))
}

/// `GET /api/tasks`: what this device may work on at the operator's site, then the last ones that are done.
pub(super) async fn tasks(
    State(page): State<Page>,
    session: Session,
) -> Result<Json<Value>, ApiError> {
    let (site, device) = (session.site, page.agent.device());
    let tasks = move |conn: &Connection| {
        let (mut open, mut done) = (Vec::new(), Vec::new());
        for row in feed::open_tasks(conn)?.into_iter().chain(feed::closed_tasks(conn)?) {
            if !task::is_for(&row, TaskKind::Device, site, device) {
                continue;
            }
            match task::progress(conn, &row)?.state {
                TaskState::Open | TaskState::InWork => open.push(row),
                TaskState::Done => done.push(row),
                TaskState::Void => {}
            }
        }
        done.sort_by_key(|row| Reverse(row.id));
        open.extend(done.into_iter().take(DONE_SHOWN_MAX));
        open.iter().map(|row| view::task(conn, row)).collect()
    };
    rows(&page, tasks).await
}

/// `GET /api/documents`: the open ones of the operator's site.
pub(super) async fn documents(
    State(page): State<Page>,
    session: Session,
) -> Result<Json<Value>, ApiError> {
    let here = session.site;
    let scans = page.desk.shown().await.scans;
    let documents = move |conn: &Connection| {
        let mut documents = feed::open_documents(conn)?;
        documents.retain(|row| row.document.route.sites().any(|site| site == here));
        let view = |row: &DocumentRow| {
            let waiting = scans.iter().find(|(document, _)| *document == Some(row.id()));
            let scans = waiting.map_or(0, |(_, count)| *count);
            let document = view::document(conn, row, here, &Contents::none())?;
            Ok(view::with(document, "scans", scans))
        };
        documents.iter().map(view).collect()
    };
    rows(&page, documents).await
}

/// `GET /api/products`: what may be made at the operator's site.
pub(super) async fn products(
    State(page): State<Page>,
    session: Session,
) -> Result<Json<Value>, ApiError> {
    let here = Party::Site(session.site);
    let products = move |conn: &Connection| {
        let mut products = feed::products(conn)?;
        products.retain(|product| product.enabled && product.permit.allows(here));
        let row = |product: &Product| {
            let Product { id, name, gtin, plan, .. } = product;
            json!({"id": id, "name": name, "gtin": gtin, "plan": plan})
        };
        Ok(products.iter().map(row).collect())
    };
    rows(&page, products).await
}

/// `GET /api/dealers`: who may bring goods back; also those that get no more.
pub(super) async fn dealers(State(page): State<Page>, _: Session) -> Result<Json<Value>, ApiError> {
    let dealers = |conn: &Connection| {
        let row = |dealer: &Dealer| json!({"id": dealer.id, "name": dealer.name});
        Ok(feed::dealers(conn)?.iter().map(row).collect())
    };
    rows(&page, dealers).await
}

async fn rows<F>(page: &Page, read: F) -> Result<Json<Value>, ApiError>
where
    F: FnOnce(&Connection) -> Result<Vec<Value>, StoreError> + Send + 'static,
{
    let rows = page.agent.store.read(read).await?;
    Ok(Json(json!({ "rows": rows })))
}

/// `GET /api/broadcast/profiles`: what a shell app has to listen to, by maker; nothing of it is this device's own.
pub(super) async fn broadcast_profiles() -> Json<Value> {
    let row = |profile: Profile| {
        let pda = profile.pda().ok()?;
        Some(json!({
            "name": profile.name,
            "maker": profile.maker,
            "model": profile.model,
            "summary": profile.summary,
            "action": pda.action,
            "extra": pda.extra,
            "symbology": pda.symbology,
            "claim": pda.claim,
            "unverified": profile.unverified,
        }))
    };
    let profiles = Profile::builtin_names().filter_map(|name| Profile::builtin(name).ok());
    Json(json!({"rows": profiles.filter_map(row).collect::<Vec<_>>()}))
}

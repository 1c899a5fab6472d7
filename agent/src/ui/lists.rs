//! The lists of the page: status, tasks, documents, exceptions, lanes.

use axum::Json;
use axum::extract::State;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::Page;
use super::error::ApiError;
use super::session::Session;
use super::view;
use crate::status;
use crate::store::{StoreError, exceptions, feed};

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

/// `GET /api/tasks`: the open ones of the operator's site.
pub(super) async fn tasks(
    State(page): State<Page>,
    session: Session,
) -> Result<Json<Value>, ApiError> {
    let site = session.site;
    let tasks = move |conn: &Connection| {
        let mut tasks = feed::tasks(conn)?;
        tasks.retain(|task| task.open && task.site == site);
        tasks.iter().map(|task| view::task(conn, task)).collect()
    };
    rows(&page, tasks).await
}

/// `GET /api/documents`: the open ones of the operator's site.
pub(super) async fn documents(
    State(page): State<Page>,
    session: Session,
) -> Result<Json<Value>, ApiError> {
    let site = session.site;
    let documents = move |conn: &Connection| {
        let mut documents = feed::documents(conn)?;
        documents.retain(|row| row.document.open && row.document.from == site);
        documents.iter().map(|row| view::document(conn, row)).collect()
    };
    rows(&page, documents).await
}

async fn rows<F>(page: &Page, read: F) -> Result<Json<Value>, ApiError>
where
    F: FnOnce(&Connection) -> Result<Vec<Value>, StoreError> + Send + 'static,
{
    let rows = page.agent.store.read(read).await?;
    Ok(Json(json!({ "rows": rows })))
}

/// `GET /api/exceptions`.
pub(super) async fn exceptions(
    State(page): State<Page>,
    _: Session,
) -> Result<Json<Value>, ApiError> {
    let rows = page.agent.store.read(exceptions::open).await?;
    Ok(Json(json!({ "rows": rows })))
}

/// `GET /api/lanes`: for the screen above the line, which nobody signs in to.
pub(super) async fn lanes(State(page): State<Page>) -> Result<Json<Value>, ApiError> {
    let states: Vec<_> = page.lanes.iter().map(|lane| lane.borrow().clone()).collect();
    let rows = page
        .agent
        .store
        .read(move |conn| {
            states
                .iter()
                .map(|state| view::lane(conn, state))
                .collect::<Result<Vec<_>, StoreError>>()
        })
        .await?;
    Ok(Json(json!({ "rows": rows })))
}

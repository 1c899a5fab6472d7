//! `/api/station`: what the station shows, and what it is told.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use sealtrace_protocol::ids::{DocumentId, TaskId};
use sealtrace_protocol::ledger::Rejection;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Page;
use super::error::ApiError;
use super::names::named;
use super::session::Session;
use super::view;
use crate::feedback::Say;
use crate::station::desk::{Command, Opened, Source};
use crate::station::{OpenError, Screen};

#[derive(Deserialize)]
pub(super) struct Open {
    screen: Screen,
    task: Option<u64>,
    document: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct Scan {
    text: String,
    source: Source,
}

#[derive(Deserialize)]
pub(super) struct Commanded {
    command: Command,
}

/// `GET /api/station`.
pub(super) async fn show(
    State(page): State<Page>,
    session: Session,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(shown(&page, &session).await?))
}

/// `POST /api/station/open`.
pub(super) async fn open(
    State(page): State<Page>,
    session: Session,
    body: Result<Json<Open>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(Open { screen, task, document }) = body?;
    let opened = Opened { screen, task: task.map(TaskId), document: document.map(DocumentId) };
    let (desk, person) = (Arc::clone(&page.desk), session.person());
    match to_the_end(async move { desk.open(&person, opened).await }).await? {
        Ok(()) => Ok(Json(shown(&page, &session).await?)),
        Err(OpenError::Store(error)) => Err(error.into()),
        Err(no) => Err(refusal(&page, &no).await?),
    }
}

/// `POST /api/station/scan`.
pub(super) async fn scan(
    State(page): State<Page>,
    session: Session,
    body: Result<Json<Scan>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(Scan { text, source }) = body?;
    let say = take(&page, &session, text, source).await?;
    reply(&page, &session, say).await
}

/// `POST /api/station/command`.
pub(super) async fn command(
    State(page): State<Page>,
    session: Session,
    body: Result<Json<Commanded>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(Commanded { command }) = body?;
    let (desk, person) = (Arc::clone(&page.desk), session.person());
    let say = to_the_end(async move { desk.command(&person, command).await }).await?;
    reply(&page, &session, say).await
}

/// Gives a text to the station.
pub(super) async fn take(
    page: &Page,
    session: &Session,
    text: String,
    source: Source,
) -> Result<Say, ApiError> {
    let (desk, person) = (Arc::clone(&page.desk), session.person());
    to_the_end(async move { desk.scan(&person, &text, source).await }).await
}

/// Runs work on after its browser has gone: a request is dropped together with its connection, and what the store has
/// written by then the station must hold as well.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::spawn(work).await;
    done.map_err(|_| ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal"))
}

/// An answer together with what is shown now.
pub(super) async fn reply(
    page: &Page,
    session: &Session,
    say: Say,
) -> Result<Json<Value>, ApiError> {
    let Say { tone, message, provisional } = say;
    let message = page.agent.store.read(move |conn| named(conn, message)).await?;
    Ok(Json(json!({
        "tone": tone,
        "message": message,
        "provisional": provisional,
        "view": shown(page, session).await?,
    })))
}

async fn shown(page: &Page, session: &Session) -> Result<Value, ApiError> {
    let (shown, here) = (page.desk.shown().await, session.site);
    Ok(page.agent.store.read(move |conn| view::station(conn, shown, here)).await?)
}

/// Why a screen did not open, as an answer.
async fn refusal(page: &Page, no: &OpenError) -> Result<ApiError, ApiError> {
    let status = match no {
        OpenError::Refused(Rejection::RoleNotPermitted { .. }) => StatusCode::FORBIDDEN,
        OpenError::DocumentMissing => StatusCode::UNPROCESSABLE_ENTITY,
        OpenError::PackageOpen
        | OpenError::TaskVoid
        | OpenError::TaskDone
        | OpenError::Refused(_)
        | OpenError::Store(_) => StatusCode::CONFLICT,
    };
    let message = no.message();
    Ok(ApiError::new(status, page.agent.store.read(move |conn| named(conn, message)).await?))
}

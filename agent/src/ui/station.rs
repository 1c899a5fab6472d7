//! `/api/station`: what the station shows, and what it is told.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rusqlite::Connection;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DealerId, DocumentId, TaskId};
use sealtrace_protocol::ledger::Rejection;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Page;
use super::error::ApiError;
use super::names::named;
use super::print;
use super::session::{Credentials, Session};
use super::view;
use crate::feedback::{Message, Say};
use crate::station::desk::{Command, Opened, Source};
use crate::station::{OpenError, Reason, Resolution, Screen};
use crate::store::StoreError;

/// Pages that may wait for news at once.
pub(super) const WAITERS_MAX: usize = 8;
/// Last characters of a code that may win a prize, in the log.
const LOGGED_CHARACTERS: usize = 5;
/// How long one waits before it has to ask again.
const WAIT_MS_MAX: u64 = 25_000;

#[derive(Deserialize)]
pub(super) struct Open {
    screen: Screen,
    task: Option<TaskId>,
    document: Option<DocumentId>,
    dealer: Option<DealerId>,
    #[serde(default)]
    opened: bool,
    reason: Option<Reason>,
    exception: Option<i64>,
    resolution: Option<Resolution>,
}

#[derive(Deserialize)]
pub(super) struct Scan {
    text: String,
    source: Source,
}

/// What a shell app heard from the device's scanner service.
#[derive(Deserialize)]
pub(super) struct Broadcast {
    text: String,
    /// What the service calls the kind of barcode; only for the log.
    symbology: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Heard {
    /// The revision the page has seen.
    after: u64,
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
    let Json(asked) = body?;
    let Open { screen, task, document, dealer, opened, reason, exception, resolution } = asked;
    let opened = Opened { screen, task, document, dealer, opened, reason, exception, resolution };
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

/// `POST /api/broadcast`: a scan like any other; the page hears of it through `next`.
pub(super) async fn broadcast(
    State(page): State<Page>,
    session: Session,
    body: Result<Json<Broadcast>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(Broadcast { text, symbology }) = body?;
    tracing::debug!(scan.symbology = symbology, "a shell app delivered a scan");
    let say = take(&page, &session, text, Source::Broadcast).await?;
    reply(&page, &session, say).await
}

/// `GET /api/station/next`: the newest answer, as soon as it is another than the page has; 204 when there is none.
pub(super) async fn next(
    State(page): State<Page>,
    session: Session,
    heard: Result<Query<Heard>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(Heard { after }) = heard?;
    let _place = page
        .waiters
        .try_acquire()
        .map_err(|_| ApiError::of(StatusCode::SERVICE_UNAVAILABLE, "busy"))?;
    let mut news = page.desk.news();
    let say = tokio::select! {
        news = news.wait_for(|news| news.revision != after) => news.ok().map(|news| news.say.clone()),
        () = page.agent.clock.sleep_ms(WAIT_MS_MAX) => None,
        () = page.stop.cancelled() => None,
    };
    match say {
        Some(say) => Ok(answer(&page, &session, say, None).await?.into_response()),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
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

/// `POST /api/station/approve`: somebody who may approves what waits for it.
pub(super) async fn approve(
    State(page): State<Page>,
    session: Session,
    body: Result<Json<Credentials>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(credentials) = body?;
    let approver = session.approver(&page, &credentials).await?;
    let (desk, person) = (Arc::clone(&page.desk), session.person());
    let say = to_the_end(async move { desk.approve(&person, approver).await }).await?;
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
pub(super) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::spawn(work).await;
    done.map_err(|_| ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal"))
}

/// An answer to whoever asked, together with what is shown now. What follows from it is done and logged once.
pub(super) async fn reply(
    page: &Page,
    session: &Session,
    say: Say,
) -> Result<Json<Value>, ApiError> {
    if say.tone.blocks() {
        tell_refused(session, &say.message);
    }
    let label = print::label_full_package(page, session).await;
    answer(page, session, say, label).await
}

async fn answer(
    page: &Page,
    session: &Session,
    say: Say,
    label: Option<Value>,
) -> Result<Json<Value>, ApiError> {
    let Say { tone, message, provisional, offer, revision } = say;
    let (shown, here) = (page.desk.shown().await, session.site);
    let answer = move |conn: &Connection| {
        Ok::<_, StoreError>(json!({
            "tone": tone,
            "message": named(conn, message)?,
            "provisional": provisional,
            "offer": offer.map(|id| view::offer(conn, id)).transpose()?,
            "revision": revision,
            "label": label,
            "view": view::station(conn, shown, here)?,
        }))
    };
    Ok(Json(page.agent.store.read(answer).await?))
}

/// A refusal as a line of the log. Of a code that may win a prize only as much as tells one from another.
fn tell_refused(session: &Session, message: &Message) {
    let code = message.params.get("code").and_then(Value::as_str);
    let shown = code.and_then(|code| code.parse().ok()).map(|code: Code| match code {
        Code::Sscc(_) => code.canonical(),
        Code::Minted(_) | Code::Sgtin(_) => {
            let text = code.canonical();
            let hidden = text.chars().count().saturating_sub(LOGGED_CHARACTERS);
            format!("…{}", text.chars().skip(hidden).collect::<String>())
        }
    });
    tracing::info!(
        operator.id = session.operator.id.get(),
        site.id = session.site.get(),
        message.code = message.code,
        item.code = shown,
        "a scan was refused"
    );
}

async fn shown(page: &Page, session: &Session) -> Result<Value, ApiError> {
    let (shown, here) = (page.desk.shown().await, session.site);
    Ok(page.agent.store.read(move |conn| view::station(conn, shown, here)).await?)
}

/// Why a screen did not open, as an answer.
async fn refusal(page: &Page, no: &OpenError) -> Result<ApiError, ApiError> {
    let status = match no {
        OpenError::Refused(Rejection::RoleNotPermitted { .. }) => StatusCode::FORBIDDEN,
        OpenError::DocumentMissing
        | OpenError::TaskMissing
        | OpenError::DealerMissing
        | OpenError::ReasonMissing
        | OpenError::ExceptionMissing
        | OpenError::ResolutionMissing => StatusCode::UNPROCESSABLE_ENTITY,
        OpenError::PackageOpen
        | OpenError::TaskVoid
        | OpenError::TaskDone
        | OpenError::ResolvedAlready
        | OpenError::NoSuchResolution
        | OpenError::Refused(_)
        | OpenError::Store(_) => StatusCode::CONFLICT,
    };
    let message = no.message();
    Ok(ApiError::new(status, page.agent.store.read(move |conn| named(conn, message)).await?))
}

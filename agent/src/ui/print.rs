//! `/api/print`: printers and how they stand, the queue, previews, printing, and what a person decides about a job.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use sealtrace_protocol::ids::TaskId;
use sealtrace_protocol::ledger::Level;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Page;
use super::error::ApiError;
use super::names;
use super::session::Session;
use super::station::to_the_end;
use crate::config::PrinterConfig;
use crate::print::fields;
use crate::print::request::{self, Asking, PrintError, Queued, Wanted, What};
use crate::store::print::{self as stored, Decision, Job};
use crate::store::{StoreError, labels};

/// A label as asked for; for previews, in the address.
#[derive(Deserialize)]
pub(super) struct Asked {
    what: Kind,
    level: Option<Level>,
    task: Option<TaskId>,
    count: Option<u32>,
    text: Option<String>,
    why: Option<String>,
    printer: Option<String>,
    template: Option<String>,
    copies: Option<u32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Fresh,
    Replacing,
    Again,
    Test,
}

/// What a person decides about a job.
#[derive(Deserialize)]
pub(super) struct Decided {
    decision: Word,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Printed,
    Again,
    Cancel,
}

/// Why a job is printed once more, and where.
#[derive(Deserialize)]
pub(super) struct Reprint {
    why: String,
    printer: Option<String>,
}

/// `GET /api/print`: printers, what is loaded, how they stand, and how many labels this device still has.
pub(super) async fn printers(
    State(page): State<Page>,
    _: Session,
) -> Result<Json<Value>, ApiError> {
    let config = Arc::clone(&page.agent.config);
    let levels: Vec<Level> = config.printed_levels().collect();
    let stocks = page
        .agent
        .store
        .read(move |conn| {
            let stock = |level| Ok((level, labels::stock(conn, level)?));
            levels.into_iter().map(stock).collect::<Result<Vec<_>, StoreError>>()
        })
        .await?;
    let stock = |(level, stock): &(Level, labels::Stock)| json!({"level": level, "left": stock.left, "low": stock.runs_out()});
    let labels: Vec<_> = stocks.iter().map(stock).collect();
    let rows: Vec<_> = config.printers.iter().map(|one| printer(&page, one)).collect();
    Ok(Json(json!({ "rows": rows, "labels": labels })))
}

/// `GET /api/print/jobs`: what somebody must decide about, then the newest.
pub(super) async fn jobs(State(page): State<Page>, _: Session) -> Result<Json<Value>, ApiError> {
    let rows = page
        .agent
        .store
        .read(|conn| {
            let jobs = stored::list(conn)?;
            jobs.into_iter().map(|job| shown(conn, job)).collect::<Result<Vec<_>, StoreError>>()
        })
        .await?;
    Ok(Json(json!({ "rows": rows })))
}

/// `GET /api/print/jobs/{id}`: one, with everything that happened to it.
pub(super) async fn job(
    State(page): State<Page>,
    _: Session,
    Path(id): Path<i64>,
) -> Result<Json<Value>, ApiError> {
    let found = page
        .agent
        .store
        .read(move |conn| {
            let Some(job) = stored::by_id(conn, id)? else { return Ok(None) };
            let mut events = Vec::new();
            for event in stored::events(conn, id)? {
                let by = event.operator.map(|id| names::operator(conn, id)).transpose()?;
                events.push(json!({"at": event.at, "event": event.event, "operator": by, "detail": event.detail}));
            }
            let mut shown = shown(conn, job)?;
            if let Some(shown) = shown.as_object_mut() {
                shown.insert("events".to_owned(), events.into());
            }
            Ok::<_, StoreError>(Some(shown))
        })
        .await?;
    found.map(Json).ok_or_else(no_such_job)
}

/// `GET /api/print/preview`: the label as it would be printed, SVG.
pub(super) async fn preview(
    State(page): State<Page>,
    _: Session,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let Query(asked) = asked.map_err(|error| invalid(&error.body_text()))?;
    let wanted = wanted(asked)?;
    let (config, host) = (Arc::clone(&page.agent.config), code_host(&page));
    let layout = page
        .agent
        .store
        .read(move |conn| request::preview(conn, (&config, host.as_deref()), &wanted))
        .await?;
    Ok(picture(layout.svg()))
}

/// `GET /api/print/jobs/{id}/preview`: the label of a job, SVG.
pub(super) async fn job_preview(
    State(page): State<Page>,
    _: Session,
    Path(id): Path<i64>,
) -> Result<impl IntoResponse, ApiError> {
    let job = page.agent.store.read(move |conn| stored::by_id(conn, id)).await?;
    let job = job.ok_or_else(no_such_job)?;
    let printer = request::named(&page.agent.config, &job.printer)?;
    let layout = fields::layout_of(printer, &job).map_err(PrintError::Refused)?;
    Ok(picture(layout.svg()))
}

/// `POST /api/print`: a label is queued.
pub(super) async fn print(
    State(page): State<Page>,
    session: Session,
    body: Result<Json<Asked>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Json(asked) = body?;
    let (wanted, asking) = (wanted(asked)?, asking(&page, &session));
    let (store, config) = (page.agent.store.clone(), Arc::clone(&page.agent.config));
    let host = code_host(&page);
    let queue = async move {
        store.write(move |tx| request::queue(tx, (&config, host.as_deref()), &wanted, asking)).await
    };
    Ok((StatusCode::CREATED, Json(queued(&to_the_end(queue).await??))))
}

/// `POST /api/print/jobs/{id}/reprint`: the same label once more, with a reason.
pub(super) async fn reprint(
    State(page): State<Page>,
    session: Session,
    Path(id): Path<i64>,
    body: Result<Json<Reprint>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Json(Reprint { why, printer }) = body?;
    let asking = asking(&page, &session);
    let (store, config) = (page.agent.store.clone(), Arc::clone(&page.agent.config));
    let queue = async move {
        store
            .write(move |tx| {
                let Some(job) = stored::by_id(tx, id)? else { return Ok(None) };
                let again = (&job, why.as_str());
                request::queue_again(tx, &config, again, printer.as_deref(), asking).map(Some)
            })
            .await
    };
    let again: Result<Option<Queued>, PrintError> = to_the_end(queue).await?;
    let again = again?.ok_or_else(no_such_job)?;
    tracing::info!(
        operator.id = session.operator.id.get(),
        print.job = id,
        print.again = again.job,
        "a label is printed again"
    );
    Ok((StatusCode::CREATED, Json(queued(&again))))
}

/// `POST /api/print/jobs/{id}`: what a person says of a job.
pub(super) async fn decide(
    State(page): State<Page>,
    session: Session,
    Path(id): Path<i64>,
    body: Result<Json<Decided>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(Decided { decision }) = body?;
    let decision = match decision {
        Word::Printed => Decision::FoundPrinted,
        Word::Again => Decision::Again,
        Word::Cancel => Decision::Cancel,
    };
    let (by, at) = (session.operator.id, page.agent.clock.now());
    let (decided, job) = page
        .agent
        .store
        .write(move |tx| {
            let decided = stored::decide(tx, id, decision, by, at)?;
            let job = stored::by_id(tx, id)?.map(|job| shown(tx, job)).transpose()?;
            Ok::<_, StoreError>((decided, job))
        })
        .await?;
    match job {
        None => Err(no_such_job()),
        Some(job) if decided => Ok(Json(job)),
        Some(_) => Err(ApiError::of(StatusCode::CONFLICT, "print_state")),
    }
}

/// A package that has filled up gets its label where a printer does that by itself. What prevents it does not stop the
/// work: the person sees no label come out, and can print one by hand.
pub(super) async fn label_full_package(page: &Page, session: &Session) -> Option<Value> {
    if page.agent.config.printers.iter().all(|printer| printer.automatic.is_empty()) {
        return None;
    }
    let package = page.desk.full_package().await?;
    let asking = Asking { operator: None, ..asking(page, session) };
    let config = Arc::clone(&page.agent.config);
    let result =
        page.agent.store.write(move |tx| request::queue_full(tx, &config, package, asking)).await;
    match result {
        Ok(label) => label.as_ref().map(queued),
        Err(PrintError::Refused(message)) => {
            tracing::warn!(print.problem = message.code, "a full package gets no label by itself");
            Some(json!({ "problem": message }))
        }
        Err(PrintError::Store(error)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a full package gets no label by itself"
            );
            None
        }
    }
}

fn code_host(page: &Page) -> Option<String> {
    page.agent.identity.as_ref().map(|identity| identity.device.code_host.clone())
}

fn printer(page: &Page, printer: &PrinterConfig) -> Value {
    let label = |label: &sealtrace_firmware_config::label::Template| json!({"name": label.name, "summary": label.summary, "levels": label.levels});
    json!({
        "name": printer.name,
        "profile": printer.profile.name,
        "labels": printer.labels.iter().map(label).collect::<Vec<_>>(),
        "automatic": printer.automatic,
        "standing": page.agent.printers.of(&printer.name).unwrap_or_default(),
    })
}

fn shown(conn: &rusqlite::Connection, job: Job) -> Result<Value, StoreError> {
    let operator = job.operator.map(|id| names::operator(conn, id)).transpose()?;
    let mut shown = serde_json::to_value(job).unwrap_or_default();
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("operator".to_owned(), json!(operator));
    }
    Ok(shown)
}

fn wanted(asked: Asked) -> Result<Wanted, ApiError> {
    let Asked { what, level, task, count, text, why, printer, template, copies } = asked;
    let text = text.ok_or_else(|| invalid("text is missing"));
    let what = match what {
        Kind::Fresh => {
            let level = level.ok_or_else(|| invalid("level is missing"))?;
            What::Fresh { level, task, count }
        }
        Kind::Test => What::Test { level: level.ok_or_else(|| invalid("level is missing"))? },
        Kind::Replacing => What::Replacing { text: text? },
        Kind::Again => What::Again { text: text?, why: why.unwrap_or_default() },
    };
    Ok(Wanted { what, printer, template, copies: copies.unwrap_or(1) })
}

fn asking(page: &Page, session: &Session) -> Asking {
    let operator = Some(session.operator.id);
    Asking { operator, site: session.site, at: page.agent.clock.now() }
}

fn queued(label: &Queued) -> Value {
    json!({ "job": label.job, "code": label.code, "printer": label.printer })
}

fn picture(svg: String) -> impl IntoResponse {
    ([(CONTENT_TYPE, "image/svg+xml")], svg)
}

fn invalid(why: &str) -> ApiError {
    let message = crate::feedback::Message::new("invalid").with("why", why);
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, message)
}

fn no_such_job() -> ApiError {
    ApiError::of(StatusCode::NOT_FOUND, "no_such_job")
}

impl From<PrintError> for ApiError {
    fn from(error: PrintError) -> Self {
        match error {
            PrintError::Refused(message) => {
                let status = match message.code.as_str() {
                    "no_such_printer" | "no_such_label" | "task_missing" | "unknown_code" => {
                        StatusCode::NOT_FOUND
                    }
                    "labels_used_up" | "no_printer" | "print_not_over" => StatusCode::CONFLICT,
                    _ => StatusCode::UNPROCESSABLE_ENTITY,
                };
                Self::new(status, message)
            }
            PrintError::Store(StoreError::NoStream) => Self::of(StatusCode::CONFLICT, "no_stream"),
            PrintError::Store(error) => error.into(),
        }
    }
}

//! `POST /api/associations`: a file of associations is imported while the agent runs.

use std::fs::File;
use std::io::{Seek, SeekFrom};

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt as _;
use sealtrace_protocol::ids::TaskId;
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;

use super::Page;
use super::error::ApiError;
use super::session::Session;
use super::station::to_the_end;
use crate::associations::{self, FileError, Report, Request, offset};
use crate::feedback::Message;

/// The largest file.
const FILE_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// How it is imported.
#[derive(Deserialize)]
pub(super) struct Asked {
    task: Option<u64>,
    #[serde(default)]
    check: bool,
    #[serde(default)]
    partial: bool,
    #[serde(default)]
    trust: bool,
    #[serde(default)]
    now: bool,
    utc_offset: Option<String>,
}

pub(super) async fn import(
    State(page): State<Page>,
    session: Session,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Report>, ApiError> {
    let Query(asked) = asked?;
    if !is_table(&headers) {
        return Err(ApiError::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_csv"));
    }
    if !associations::is_for(session.operator.role) {
        return Err(ApiError::of(StatusCode::FORBIDDEN, "not_for_role"));
    }
    let offset = offset(asked.utc_offset.as_deref().unwrap_or("+08:00"))
        .ok_or_else(|| ApiError::of(StatusCode::BAD_REQUEST, "unreadable_query"))?;
    let turn = page.importing.clone().try_lock_owned();
    let turn = turn.map_err(|_| ApiError::of(StatusCode::CONFLICT, "import_running"))?;
    let file = received(&page, body).await?;
    let request = Request {
        operator: session.operator.id,
        site: session.site,
        task: asked.task.map(TaskId),
        check: asked.check,
        partial: asked.partial,
        trust: asked.trust,
        now: asked.now,
        offset,
    };
    let agent = page.agent.clone();
    let done = to_the_end(async move {
        let done = associations::import(&agent, request, file).await;
        drop(turn);
        done
    });
    Ok(Json(done.await??))
}

/// The body, in a file without a name: a browser may be quicker than the store.
async fn received(page: &Page, body: Body) -> Result<File, ApiError> {
    let failed = |error: std::io::Error| {
        tracing::error!(error = &error as &dyn std::error::Error, "an upload could not be kept");
        ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal")
    };
    let path = page.agent.store.folder().join("associations.csv");
    let mut options = File::options();
    let file = options.read(true).write(true).create(true).truncate(true).open(&path);
    let file = file.map_err(failed)?;
    std::fs::remove_file(&path).map_err(failed)?;
    let mut file = tokio::fs::File::from_std(file);
    let (mut bytes, mut parts) = (0, body.into_data_stream());
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| ApiError::of(StatusCode::BAD_REQUEST, "incomplete_body"))?;
        bytes += part.len();
        if bytes > FILE_BYTES_MAX {
            return Err(ApiError::of(StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
        }
        file.write_all(&part).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    let mut file = file.into_std().await;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    Ok(file)
}

/// Only types that a foreign page cannot send without being asked first.
fn is_table(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/csv") || kind == "application/octet-stream")
}

impl From<FileError> for ApiError {
    fn from(error: FileError) -> Self {
        let code = match error {
            FileError::Store(error) => return error.into(),
            FileError::Read(_) => "incomplete_body",
            FileError::Empty
            | FileError::NoRows
            | FileError::Workbook
            | FileError::Utf16
            | FileError::HeaderEncoding
            | FileError::ColumnMissing { .. }
            | FileError::ColumnTwice { .. }
            | FileError::RowTooLong(_)
            | FileError::TooManyColumns(_)
            | FileError::TooManyRows(_)
            | FileError::TooManyLots(_) => "bad_file",
        };
        let message = Message::new(code).with("why", error.to_string());
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }
}

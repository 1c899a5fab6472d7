//! `/api/log`: what happened on this device, from its own log files.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio_util::io::ReaderStream;

use super::Page;
use super::error::ApiError;
use super::session::Session;
use crate::log::reading::{self, Filter, Level, Line, Place};

const SIZE_DEFAULT: usize = 100;
const SIZE_MAX: usize = 200;
/// A longer line is taken in pieces.
const LINE_BYTES_MAX: u64 = 64 * 1024;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    level: Option<Level>,
    before: Option<String>,
    size: Option<usize>,
}

impl Asked {
    fn filter(&self) -> Filter {
        Filter::new(&self.q, self.level)
    }
}

/// `GET /api/log`: the newest lines, or those before a line.
pub(super) async fn show(
    State(page): State<Page>,
    _: Session,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let Query(asked) = asked?;
    let before = asked.before.as_deref().map(str::parse::<Place>).transpose();
    let before = before.map_err(|()| ApiError::of(StatusCode::BAD_REQUEST, "unreadable_query"))?;
    let (filter, size) = (asked.filter(), asked.size.unwrap_or(SIZE_DEFAULT).clamp(1, SIZE_MAX));
    let folder = page.agent.store.folder().to_owned();
    // A search may read all of it: one at a time.
    let turn = Arc::clone(&page.log_turn).lock_owned().await;
    let read = move || {
        let found = reading::newest(&folder, &filter, before, size);
        drop(turn);
        found
    };
    let found = tokio::task::spawn_blocking(read).await.map_err(|_| internal())?;
    let (rows, next) = found.map_err(|error| unreadable(&error))?;
    Ok(Json(json!({"rows": rows, "next": next})))
}

/// `GET /api/log/export`: the wanted lines as they are, oldest first.
pub(super) async fn export(
    State(page): State<Page>,
    _: Session,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(asked) = asked?;
    let filter = asked.filter();
    let paths: Vec<_> = reading::paths(page.agent.store.folder()).collect();
    let name = format!(
        "attachment; filename=\"sealtrace-log-{}.txt\"",
        page.agent.device().map_or_else(String::new, |device| device.to_string())
    );
    let turn = Arc::clone(&page.log_turn).lock_owned().await;
    let (mut sink, source) = tokio::io::duplex(usize::try_from(LINE_BYTES_MAX).unwrap_or_default());
    tokio::spawn(async move {
        // A browser that goes closes its end, which ends this.
        let _turn = turn;
        for path in paths {
            if let Err(error) = copy_wanted(path, &filter, &mut sink).await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "a log was not downloaded to its end"
                );
                return;
            }
        }
    });
    let headers =
        [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CONTENT_DISPOSITION, name.as_str())];
    Ok((headers, Body::from_stream(ReaderStream::new(source))).into_response())
}

async fn copy_wanted(
    path: PathBuf,
    filter: &Filter,
    sink: &mut (impl AsyncWrite + Unpin),
) -> std::io::Result<()> {
    let mut log = BufReader::new(File::open(path).await?);
    let mut bytes = Vec::new();
    while (&mut log).take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes).await? > 0 {
        if filter.takes(&Line::parse(Place::NOWHERE, &bytes)) {
            sink.write_all(&bytes).await?;
        }
        bytes.clear();
    }
    sink.flush().await
}

fn unreadable(error: &std::io::Error) -> ApiError {
    tracing::error!(error = error as &dyn std::error::Error, "the log could not be read");
    internal()
}

fn internal() -> ApiError {
    ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal")
}

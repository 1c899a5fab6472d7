//! `GET /api/backlog`: what has no receipt yet, as a file to carry to the cloud.

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sealtrace_protocol::ids::BatchNo;
use serde::Deserialize;
use tokio_util::io::ReaderStream;

use super::Page;
use super::error::ApiError;
use super::session::Session;
use crate::sync::export::{Export, ExportError};

/// Bytes under way between store and browser: about one batch.
const UNDER_WAY_BYTES: usize = 256 * 1024;

#[derive(Deserialize)]
pub(super) struct Behind {
    /// The last batch of the file before.
    #[serde(default)]
    after: u64,
}

pub(super) async fn download(
    State(page): State<Page>,
    _: Session,
    Query(Behind { after }): Query<Behind>,
) -> Result<Response, ApiError> {
    let agent = page.agent;
    let export = Export::prepare(&agent, BatchNo(after)).await?;
    let name = format!(
        "attachment; filename=\"sealtrace-backlog-{}.bin\"",
        agent.device().map_or_else(String::new, |device| device.to_string())
    );
    let (mut sink, source) = tokio::io::duplex(UNDER_WAY_BYTES);
    tokio::spawn(async move {
        // Without its end the file is refused as cut short where it is imported.
        if let Err(error) = export.write(&agent, &mut sink).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "a backlog was not downloaded to its end");
        }
    });
    let headers =
        [(CONTENT_TYPE, "application/octet-stream"), (CONTENT_DISPOSITION, name.as_str())];
    Ok((headers, Body::from_stream(ReaderStream::new(source))).into_response())
}

impl From<ExportError> for ApiError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::NotEnrolled => Self::of(StatusCode::CONFLICT, "not_enrolled"),
            ExportError::Lost => Self::of(StatusCode::CONFLICT, "stream_lost"),
            ExportError::Store(error) => error.into(),
            ExportError::Sync(_)
            | ExportError::Identity(_)
            | ExportError::Entry(_)
            | ExportError::Write(_) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "a backlog could not be made");
                Self::of(StatusCode::INTERNAL_SERVER_ERROR, "internal")
            }
        }
    }
}

//! Traces and batches over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sealtrace_protocol::ids::{BatchNo, DeviceId, Epoch};
use serde::Deserialize;

use super::batch::Batch;
use super::{Trace, TracingError};
use crate::cloud::Cloud;
use crate::http::auth::Auditor;
use crate::http::{ApiError, Asked, At};
use crate::store;

/// What is asked for.
#[derive(Deserialize)]
pub struct Query {
    text: String,
}

/// `GET /trace?text=…`.
pub async fn trace(
    _: Auditor,
    State(cloud): State<Cloud>,
    Asked(Query { text }): Asked<Query>,
) -> Result<Json<Trace>, ApiError> {
    let mut tx = cloud.store.read().await?;
    Ok(Json(super::trace(&mut tx, &cloud.codebook, &cloud.config.codes.host, &text).await?))
}

/// `GET /batches/{device}/{epoch}/{batch}`.
pub async fn batch(
    _: Auditor,
    State(cloud): State<Cloud>,
    At(place): At<(DeviceId, Epoch, BatchNo)>,
) -> Result<Json<Batch>, ApiError> {
    let mut tx = cloud.store.read().await?;
    Ok(Json(super::batch::batch(&mut tx, &cloud.keys.receipt.public(), place).await?))
}

/// `GET /batches/{device}/{epoch}/{batch}/raw` — the bytes as they came.
pub async fn raw(
    _: Auditor,
    State(cloud): State<Cloud>,
    At((device, epoch, batch)): At<(DeviceId, Epoch, BatchNo)>,
) -> Result<Response, ApiError> {
    let mut tx = cloud.store.read().await?;
    let stored = store::tracing::batch(&mut tx, device, epoch, batch).await?;
    let stored = stored.ok_or(TracingError::NoSuchBatch)?;
    let name = format!("attachment; filename=\"batch-{device}-{epoch}-{batch}.bin\"");
    let kind = "application/octet-stream".to_owned();
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], stored.sealed).into_response())
}

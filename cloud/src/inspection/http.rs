//! Inspections over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::{Inspected, Report};
use crate::cloud::Cloud;
use crate::http::auth::Inspector;
use crate::http::{ApiError, Input};

/// `POST /inspections`.
pub async fn inspect(
    Inspector(account): Inspector,
    State(cloud): State<Cloud>,
    Input(report): Input<Report>,
) -> Result<(StatusCode, Json<Inspected>), ApiError> {
    let now = cloud.clock.now();
    let inspected = super::inspect(&cloud.store, &cloud.codebook, account.id, &report, now);
    Ok((StatusCode::CREATED, Json(inspected.await?)))
}

//! Verifications over HTTP: open to everyone, so limited per address.

use axum::Json;
use axum::extract::State;

use super::{Question, Verification};
use crate::cloud::Cloud;
use crate::http::callers::Caller;
use crate::http::{ApiError, Input};

/// `POST /verifications`.
pub async fn verify(
    State(cloud): State<Cloud>,
    caller: Caller,
    Input(question): Input<Question>,
) -> Result<Json<Verification>, ApiError> {
    let now = cloud.clock.now();
    cloud.callers.may_verify(&caller, now)?;
    Ok(Json(super::verify(&cloud.store, &cloud.codebook, &question, now).await?))
}

//! The device listener's requests about streams.

use axum::Json;
use axum::extract::State;
use sealtrace_protocol::ids::{Epoch, Seq};
use sealtrace_protocol::link::{Delivery, Resumed, Verdicts};
use serde::Deserialize;

use super::{accept, judging, resume as resuming};
use crate::cloud::Cloud;
use crate::devices::Device;
use crate::http::{ApiError, Asked, SealedBytes};

/// A place in a device's stream.
#[derive(Deserialize)]
pub struct After {
    #[serde(default)]
    epoch: u32,
    #[serde(default)]
    seq: u64,
}

/// `POST /device/v1/batches` — a device delivers one signed batch.
pub async fn deliver(
    device: Device,
    State(cloud): State<Cloud>,
    SealedBytes(body): SealedBytes,
) -> Result<Json<Delivery>, ApiError> {
    Ok(Json(accept(&cloud, &device, &body).await?))
}

/// `GET /device/v1/verdicts` — what became of a device's operations, in stream order.
pub async fn verdicts(
    device: Device,
    State(cloud): State<Cloud>,
    Asked(after): Asked<After>,
) -> Result<Json<Verdicts>, ApiError> {
    let after = (Epoch(after.epoch), Seq(after.seq));
    Ok(Json(judging::verdicts(&cloud.store, device.id, after).await?))
}

/// `POST /device/v1/resume` — a restored device asks for a new epoch.
pub async fn resume(
    device: Device,
    State(cloud): State<Cloud>,
    SealedBytes(body): SealedBytes,
) -> Result<Json<Resumed>, ApiError> {
    Ok(Json(resuming(&cloud, &device, &body).await?))
}

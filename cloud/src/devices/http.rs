//! Enrolment over HTTP, and who is asking on the device listener.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use sealtrace_protocol::link::{EnrolRequest, Enrolled};
use sealtrace_protocol::signing::Hash;

use super::listener::Peer;
use super::{Device, enrolment};
use crate::cloud::Cloud;
use crate::http::{ApiError, Input};
use crate::store::devices as stored;

/// `POST /api/v1/enrol` — a new device asks for its certificate.
pub async fn enrol(
    State(cloud): State<Cloud>,
    Input(request): Input<EnrolRequest>,
) -> Result<Json<Enrolled>, ApiError> {
    Ok(Json(enrolment::enrol(&cloud, &request).await?))
}

/// The device whose certificate the connection was opened with.
impl FromRequestParts<Cloud> for Device {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, cloud: &Cloud) -> Result<Self, ApiError> {
        let peer = parts.extensions.get::<Peer>();
        let Some(Peer(certificate)) = peer else {
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, "no_certificate"));
        };
        let hash = Hash::of(certificate);
        let known = stored::by_certificate(&mut cloud.store.read().await?, hash).await?;
        let Some(known) = known else {
            tracing::warn!(certificate.hash = %hash, "an unknown device asks");
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, "unknown_device"));
        };
        if known.revoked {
            tracing::warn!(device.id = %known.device.id, "a revoked device asks");
            return Err(ApiError::forbidden("device_revoked"));
        }
        Ok(known.device)
    }
}

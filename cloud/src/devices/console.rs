//! Devices as the console sees them: which there are, how far each is, and tokens for new ones.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealtrace_protocol::ids::{BatchNo, DeviceId, Epoch, SiteId};
use sealtrace_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::tokens;
use crate::cloud::Cloud;
use crate::http::auth::{Admin, Auditor};
use crate::http::{ApiError, Input, Paged};
use crate::named::Named;
use crate::serve;
use crate::store;
use crate::store::search::Listing;

/// A device and how far its stream is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceShown {
    /// Its id.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
    /// Where it may work.
    pub sites: Vec<Named<SiteId>>,
    /// active, frozen or revoked.
    pub state: &'static str,
    /// The generation of its stream.
    pub epoch: Epoch,
    /// When it was let in.
    pub enrolled_at: Timestamp,
    /// When it last asked for anything.
    pub last_seen_at: Option<Timestamp>,
    /// The newest batch in its chain; 0 = none.
    pub last_batch: BatchNo,
    /// How many operations it delivered.
    pub operations: u64,
    /// As its newest batch says.
    pub software: Option<String>,
    /// When its newest certificate ends.
    pub certificate_expires_at: Option<Timestamp>,
}

/// What a token is asked for with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    name: String,
    sites: Vec<SiteId>,
}

/// A token; its text is shown once.
#[derive(Serialize)]
pub struct TokenShown {
    token: String,
    expires_at: Timestamp,
    /// What the device pins when it enrols over HTTPS.
    ca_pin: Option<String>,
}

/// `GET /devices`.
pub async fn list(
    _: Auditor,
    State(cloud): State<Cloud>,
    Paged(page): Paged,
) -> Result<Json<Listing<DeviceShown>>, ApiError> {
    Ok(Json(store::fleet::devices(&mut cloud.store.read().await?, &page).await?))
}

/// `POST /devices/tokens`.
pub async fn token(
    _: Admin,
    State(cloud): State<Cloud>,
    Input(Wanted { name, sites }): Input<Wanted>,
) -> Result<(StatusCode, Json<TokenShown>), ApiError> {
    let token = tokens::issue(&cloud.store, &name, &sites, cloud.clock.now()).await?;
    let pin = serve::web_pin(&cloud.config).map_err(|error| ApiError::failure(&error))?;
    let (tokens::Token { text, expires_at }, ca_pin) = (token, pin.map(|pin| pin.to_string()));
    Ok((StatusCode::CREATED, Json(TokenShown { token: text, expires_at, ca_pin })))
}

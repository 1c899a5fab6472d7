//! Settings over HTTP.

use axum::Json;
use axum::extract::State;
use sealtrace_protocol::link::OwnerRules;

use crate::cloud::Cloud;
use crate::http::auth::{Admin, Auditor};
use crate::http::{ApiError, Input};
use crate::store;

/// `GET /settings`.
pub async fn read(_: Auditor, State(cloud): State<Cloud>) -> Result<Json<OwnerRules>, ApiError> {
    Ok(Json(store::settings::owner_rules(&mut cloud.store.read().await?).await?))
}

/// `PUT /settings`.
pub async fn change(
    Admin(account): Admin,
    State(cloud): State<Cloud>,
    Input(rules): Input<OwnerRules>,
) -> Result<Json<OwnerRules>, ApiError> {
    Ok(Json(super::change(&cloud.store, rules, account.id, cloud.clock.now()).await?))
}

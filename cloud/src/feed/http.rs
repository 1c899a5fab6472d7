//! The feed over HTTP.

use axum::Json;
use axum::extract::State;
use sealtrace_protocol::ids::{Cursor, SiteId};
use sealtrace_protocol::link::FeedPage;
use serde::Deserialize;

use crate::cloud::Cloud;
use crate::devices::Device;
use crate::http::{ApiError, Asked};

/// Whose feed, from where.
#[derive(Deserialize)]
pub struct Position {
    site: u64,
    #[serde(default)]
    after: u64,
}

/// `GET /device/v1/feed` — what a site's devices must know.
pub async fn page(
    device: Device,
    State(cloud): State<Cloud>,
    Asked(position): Asked<Position>,
) -> Result<Json<FeedPage>, ApiError> {
    let site = permitted(&device, SiteId(position.site))?;
    Ok(Json(super::page(&cloud.store, site, Cursor(position.after)).await?))
}

fn permitted(device: &Device, site: SiteId) -> Result<SiteId, ApiError> {
    if device.may_work_at(site) {
        return Ok(site);
    }
    tracing::warn!(device.id = %device.id, site.id = %site, "a device asks for a site it may not work at");
    Err(ApiError::forbidden("site_not_permitted"))
}

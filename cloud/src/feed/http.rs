//! The feed over HTTP: a page of either stream behind a position.

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use sealtrace_protocol::ids::{Cursor, SiteId};
use sealtrace_protocol::wire;
use serde::Deserialize;

use super::{DeskPage, goods};
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

/// `GET /device/v1/feed/desk` — what a site's devices must know besides goods.
pub async fn desk(
    device: Device,
    State(cloud): State<Cloud>,
    Asked(position): Asked<Position>,
) -> Result<Json<DeskPage>, ApiError> {
    let site = permitted(&device, SiteId(position.site))?;
    Ok(Json(super::desk(&cloud.store, site, Cursor(position.after)).await?))
}

/// `GET /device/v1/feed/goods` — packages, and the units of open ones, in the wire encoding.
pub async fn goods(
    device: Device,
    State(cloud): State<Cloud>,
    Asked(position): Asked<Position>,
) -> Result<Response, ApiError> {
    let site = permitted(&device, SiteId(position.site))?;
    let page = goods::page(&cloud.store, &cloud.codebook, site, Cursor(position.after)).await?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], wire::encode(&page)).into_response())
}

fn permitted(device: &Device, site: SiteId) -> Result<SiteId, ApiError> {
    if device.may_work_at(site) {
        return Ok(site);
    }
    tracing::warn!(device.id = %device.id, site.id = %site, "a device asks for a site it may not work at");
    Err(ApiError::forbidden("site_not_permitted"))
}

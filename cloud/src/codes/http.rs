//! Rolls over HTTP, sent piece by piece.

use std::convert::Infallible;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use sealtrace_firmware_config::label::Symbology;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::OrderId;
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::link::{Labels, LabelsWanted};
use serde::Deserialize;

use super::carriers::{self, CarrierRoll, WantedCarriers};
use super::roll::Roll;
use super::{Purpose, label, leasing};
use crate::cloud::Cloud;
use crate::devices::Device;
use crate::form::Invalid;
use crate::http::auth::{Admin, Auditor, Manager};
use crate::http::{ApiError, Asked, At, Input, Paged};
use crate::store::search::Listing;
use crate::store::{codes as stored, tasks};

/// `GET /device/v1/rolls/{order}/{level}` — eight bytes a code, by index; for devices where the order is worked on.
pub async fn digest(
    device: Device,
    State(cloud): State<Cloud>,
    At((order, level)): At<(u64, String)>,
) -> Result<Response, ApiError> {
    let roll = named(&cloud, order, &level).await?;
    permitted(&cloud, &device, OrderId(order)).await?;
    let body = Body::from_stream(stream::iter(
        roll.chunks().map(|chunk| Ok::<_, Infallible>(chunk.digest())),
    ));
    Ok(([(CONTENT_TYPE, "application/octet-stream")], body).into_response())
}

/// One printed text a line, for `GET /api/v1/orders/{id}/rolls/{level}`.
pub async fn printed(cloud: &Cloud, order: u64, level: &str) -> Result<Response, ApiError> {
    Ok(lines(cloud, &named(cloud, order, level).await?))
}

/// `POST /device/v1/labels` — a device is leased labels to print by itself.
pub async fn lease(
    device: Device,
    State(cloud): State<Cloud>,
    Input(wanted): Input<LabelsWanted>,
) -> Result<Json<Labels>, ApiError> {
    Ok(Json(leasing::lease(&cloud, &device, wanted).await?))
}

/// As what a code is drawn.
#[derive(Deserialize)]
pub struct Drawn {
    symbology: String,
}

/// `GET /codes/{code}/label.svg?symbology=` — one code as a picture.
pub async fn label(
    _: Manager,
    State(cloud): State<Cloud>,
    At(code): At<String>,
    Asked(Drawn { symbology }): Asked<Drawn>,
) -> Result<Response, ApiError> {
    let symbology =
        Symbology::from_name(&symbology).ok_or_else(|| Invalid::field("symbology", "unknown"))?;
    let code: Code = code.parse().map_err(|_| ApiError::not_found("no_such_code"))?;
    cloud.codebook.refresh(&cloud.store).await?;
    let mut tx = cloud.store.read().await?;
    let host = &cloud.config.codes.host;
    let picture = label::picture(&mut tx, &cloud.codebook, host, &code, symbology).await?;
    let name = format!("attachment; filename=\"{}.svg\"", code.canonical());
    let kind = "image/svg+xml".to_owned();
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], picture).into_response())
}

/// `POST /codes/carriers` — labels of reusable pallets are made.
pub async fn issue_carriers(
    by: Admin,
    State(cloud): State<Cloud>,
    Input(wanted): Input<WantedCarriers>,
) -> Result<(StatusCode, Json<CarrierRoll>), ApiError> {
    let (store, now) = (&cloud.store, cloud.clock.now());
    let roll = carriers::issue(store, &cloud.codebook, wanted, by.0.id, now).await?;
    Ok((StatusCode::CREATED, Json(roll)))
}

/// `GET /codes/carriers`.
pub async fn list_carriers(
    _: Auditor,
    State(cloud): State<Cloud>,
    Paged(page): Paged,
) -> Result<Json<Listing<CarrierRoll>>, ApiError> {
    let found = stored::carriers(&mut cloud.store.read().await?, &page).await?;
    let shown = |(order, at)| CarrierRoll::of(&cloud.codebook, &order, at);
    Ok(Json(Listing { rows: found.rows.into_iter().map(shown).collect(), total: found.total }))
}

/// `GET /codes/carriers/{id}` — what is printed, one text a line.
pub async fn carriers_roll(
    _: Manager,
    State(cloud): State<Cloud>,
    At(id): At<u32>,
) -> Result<Response, ApiError> {
    cloud.codebook.refresh(&cloud.store).await?;
    let order = cloud.codebook.order(id).filter(|order| order.purpose == Purpose::Carriers);
    let order = order.ok_or_else(|| ApiError::not_found("no_such_roll"))?;
    Ok(lines(&cloud, &Roll::only(&cloud.codebook, order)))
}

fn lines(cloud: &Cloud, roll: &Roll) -> Response {
    let host = cloud.config.codes.host.clone();
    let body = Body::from_stream(stream::iter(
        roll.chunks().map(move |chunk| Ok::<_, Infallible>(chunk.printed(&host))),
    ));
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

async fn permitted(cloud: &Cloud, device: &Device, order: OrderId) -> Result<(), ApiError> {
    let sites = tasks::sites(&mut cloud.store.read().await?, order).await?;
    if sites.into_iter().any(|site| device.may_work_at(site)) {
        return Ok(());
    }
    tracing::warn!(device.id = %device.id, order.id = %order, "a device asks for a roll of another site");
    Err(ApiError::forbidden("site_not_permitted"))
}

async fn named(cloud: &Cloud, order: u64, level: &str) -> Result<Roll, ApiError> {
    cloud.codebook.refresh(&cloud.store).await?;
    let level = Level::from_name(level).ok_or_else(|| ApiError::not_found("no_such_level"))?;
    let roll = Roll::of(&cloud.codebook, OrderId(order), level);
    if roll.is_empty() { Err(ApiError::not_found("no_such_roll")) } else { Ok(roll) }
}

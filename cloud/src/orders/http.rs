//! Orders over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sealtrace_protocol::ids::OrderId;
use serde::Serialize;

use super::{Draft, IssuedRoll, Order, ReleasePlan, WantedCodes};
use crate::cloud::Cloud;
use crate::http::auth::{Admin, Auditor};
use crate::http::{ApiError, At, Input, Paged};
use crate::store;
use crate::store::search::Listing;

/// Codes that were issued.
#[derive(Serialize)]
pub struct Issued {
    rolls: Vec<IssuedRoll>,
}

/// `GET /orders`.
pub async fn list(
    _: Auditor,
    State(cloud): State<Cloud>,
    Paged(page): Paged,
) -> Result<Json<Listing<Order>>, ApiError> {
    Ok(Json(store::orders::list(&mut cloud.store.read().await?, &page).await?))
}

/// `GET /orders/{id}`.
pub async fn one(
    _: Auditor,
    State(cloud): State<Cloud>,
    At(id): At<OrderId>,
) -> Result<Json<Order>, ApiError> {
    let order = store::orders::order(&mut cloud.store.read().await?, id).await?;
    order.map(Json).ok_or_else(|| ApiError::not_found("not_found"))
}

/// `POST /orders`.
pub async fn create(
    _: Admin,
    State(cloud): State<Cloud>,
    Input(draft): Input<Draft>,
) -> Result<(StatusCode, Json<Order>), ApiError> {
    let order = super::create(&cloud.store, &draft, cloud.clock.now()).await?;
    Ok((StatusCode::CREATED, Json(order)))
}

/// `POST /orders/{id}/codes`.
pub async fn issue(
    _: Admin,
    State(cloud): State<Cloud>,
    At(id): At<OrderId>,
    Input(wanted): Input<WantedCodes>,
) -> Result<(StatusCode, Json<Issued>), ApiError> {
    let now = cloud.clock.now();
    let rolls = super::issue(&cloud.store, &cloud.codebook, id, wanted, now).await?;
    Ok((StatusCode::CREATED, Json(Issued { rolls })))
}

/// `GET /orders/{id}/rolls/{level}` — what is printed, one text a line.
pub async fn roll(
    _: Admin,
    State(cloud): State<Cloud>,
    At((id, level)): At<(u64, String)>,
) -> Result<Response, ApiError> {
    crate::codes::http::printed(&cloud, id, &level).await
}

/// `POST /orders/{id}/release`.
pub async fn release(
    _: Admin,
    State(cloud): State<Cloud>,
    At(id): At<OrderId>,
    Input(plan): Input<ReleasePlan>,
) -> Result<Json<Order>, ApiError> {
    Ok(Json(super::release(&cloud.store, id, &plan).await?))
}

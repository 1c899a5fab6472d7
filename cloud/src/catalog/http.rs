//! Products over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealtrace_protocol::link::Product;

use super::NewProduct;
use crate::cloud::Cloud;
use crate::http::auth::{Admin, Auditor};
use crate::http::{ApiError, Input, Paged};
use crate::store;
use crate::store::search::Listing;

/// `GET /products`.
pub async fn list(
    _: Auditor,
    State(cloud): State<Cloud>,
    Paged(page): Paged,
) -> Result<Json<Listing<Product>>, ApiError> {
    Ok(Json(store::catalog::products(&mut cloud.store.read().await?, &page).await?))
}

/// `POST /products`.
pub async fn create(
    _: Admin,
    State(cloud): State<Cloud>,
    Input(new): Input<NewProduct>,
) -> Result<(StatusCode, Json<Product>), ApiError> {
    let product = super::add_product(&cloud.store, &new, cloud.clock.now()).await?;
    Ok((StatusCode::CREATED, Json(product)))
}

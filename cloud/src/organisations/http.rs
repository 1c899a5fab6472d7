//! Sites, dealers, operators over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::{Dealer, NewDealer, NewOperator, NewSite, Operator, Site};
use crate::cloud::Cloud;
use crate::http::auth::{Admin, Auditor};
use crate::http::{ApiError, Input, Paged};
use crate::store;
use crate::store::search::Listing;

/// `GET /sites`.
pub async fn sites(
    _: Auditor,
    State(cloud): State<Cloud>,
    Paged(page): Paged,
) -> Result<Json<Listing<Site>>, ApiError> {
    Ok(Json(store::organisations::sites(&mut cloud.store.read().await?, &page).await?))
}

/// `POST /sites`.
pub async fn create_site(
    _: Admin,
    State(cloud): State<Cloud>,
    Input(new): Input<NewSite>,
) -> Result<(StatusCode, Json<Site>), ApiError> {
    let site = super::add_site(&cloud.store, &new, cloud.clock.now()).await?;
    Ok((StatusCode::CREATED, Json(site)))
}

/// `GET /dealers`.
pub async fn dealers(
    _: Auditor,
    State(cloud): State<Cloud>,
    Paged(page): Paged,
) -> Result<Json<Listing<Dealer>>, ApiError> {
    Ok(Json(store::organisations::dealers(&mut cloud.store.read().await?, &page).await?))
}

/// `POST /dealers`.
pub async fn create_dealer(
    _: Admin,
    State(cloud): State<Cloud>,
    Input(new): Input<NewDealer>,
) -> Result<(StatusCode, Json<Dealer>), ApiError> {
    let dealer = super::add_dealer(&cloud.store, &new, cloud.clock.now()).await?;
    Ok((StatusCode::CREATED, Json(dealer)))
}

/// `GET /operators`.
pub async fn operators(
    _: Admin,
    State(cloud): State<Cloud>,
    Paged(page): Paged,
) -> Result<Json<Listing<Operator>>, ApiError> {
    Ok(Json(store::organisations::operators(&mut cloud.store.read().await?, &page).await?))
}

/// `POST /operators`.
pub async fn create_operator(
    _: Admin,
    State(cloud): State<Cloud>,
    Input(new): Input<NewOperator>,
) -> Result<(StatusCode, Json<Operator>), ApiError> {
    let operator = super::add_operator(&cloud.store, &new, cloud.clock.now()).await?;
    Ok((StatusCode::CREATED, Json(operator)))
}

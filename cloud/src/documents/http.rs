//! Documents over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealtrace_protocol::ids::DocumentId;

use super::{Document, Draft};
use crate::cloud::Cloud;
use crate::http::auth::{Admin, Auditor};
use crate::http::{ApiError, At, Input, Paged};
use crate::store;
use crate::store::search::Listing;

/// `GET /documents`.
pub async fn list(
    _: Auditor,
    State(cloud): State<Cloud>,
    Paged(page): Paged,
) -> Result<Json<Listing<Document>>, ApiError> {
    Ok(Json(store::documents::list(&mut cloud.store.read().await?, &page).await?))
}

/// `GET /documents/{id}`.
pub async fn one(
    _: Auditor,
    State(cloud): State<Cloud>,
    At(id): At<DocumentId>,
) -> Result<Json<Document>, ApiError> {
    let document = store::documents::shown(&mut cloud.store.read().await?, id).await?;
    document.map(Json).ok_or_else(|| ApiError::not_found("not_found"))
}

/// `POST /documents`.
pub async fn create(
    _: Admin,
    State(cloud): State<Cloud>,
    Input(draft): Input<Draft>,
) -> Result<(StatusCode, Json<Document>), ApiError> {
    let document = super::create(&cloud.store, &draft, cloud.clock.now()).await?;
    Ok((StatusCode::CREATED, Json(document)))
}

/// `DELETE /documents/{id}` — withdraw it.
pub async fn withdraw(
    _: Admin,
    State(cloud): State<Cloud>,
    At(id): At<DocumentId>,
) -> Result<Json<Document>, ApiError> {
    Ok(Json(super::withdraw(&cloud.store, id).await?))
}

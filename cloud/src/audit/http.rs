//! The audit trail over HTTP.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use crate::cloud::Cloud;
use crate::form::Check;
use crate::http::auth::Auditor;
use crate::http::{ApiError, Asked, Paged};
use crate::store;
use crate::store::audit::{Audited, Filter};
use crate::store::search::Listing;

/// Which changes are asked for.
#[derive(Deserialize)]
pub struct Query {
    resource: Option<String>,
    subject: Option<u64>,
    account: Option<u64>,
}

/// `GET /audit`.
pub async fn list(
    _: Auditor,
    State(cloud): State<Cloud>,
    Asked(Query { resource, subject, account }): Asked<Query>,
    Paged(page): Paged,
) -> Result<Json<Listing<Audited>>, ApiError> {
    let mut check = Check::new();
    let resource = resource.map(|name| check.name("resource", &name));
    check.done()?;
    let filter = Filter { resource, subject, account };
    Ok(Json(store::audit::list(&mut cloud.store.read().await?, &filter, &page).await?))
}

//! Suspects and regions over HTTP.

use axum::Json;
use axum::extract::State;
use sealtrace_protocol::ids::{DealerId, ProductId};
use serde::Deserialize;

use super::regions::{self, Region};
use super::{Suspect, suspects};
use crate::accounts::Account;
use crate::cloud::Cloud;
use crate::form::Invalid;
use crate::http::auth::Auditor;
use crate::http::{ApiError, Asked, Paged};
use crate::store::search::{Listing, Page};
use crate::store::sightings::Filter;
use crate::store::tracing::key_of;

/// Which suspects are asked for.
#[derive(Deserialize)]
pub struct Query {
    region: Option<String>,
    dealer: Option<DealerId>,
    product: Option<ProductId>,
}

/// `GET /diversion/suspects`.
pub async fn list(
    _: Auditor,
    State(cloud): State<Cloud>,
    Asked(query): Asked<Query>,
    Paged(page): Paged,
) -> Result<Json<Listing<Suspect>>, ApiError> {
    let Some(filter) = filter(&cloud, &query, &page)? else {
        return Ok(Json(Listing { rows: Vec::new(), total: 0 }));
    };
    let mut tx = cloud.store.read().await?;
    Ok(Json(suspects(&mut tx, &cloud.codebook, &filter, &page).await?))
}

/// None when a code is searched for that is not one of ours.
fn filter(cloud: &Cloud, query: &Query, page: &Page) -> Result<Option<Filter>, Invalid> {
    let region = match query.region.as_deref().filter(|region| !region.is_empty()) {
        Some(code) => {
            let region = regions::prefecture(code);
            Some(region.ok_or_else(|| Invalid::field("region", "unknown"))?.code)
        }
        None => None,
    };
    let mut filter = Filter { item: None, region, dealer: query.dealer, product: query.product };
    if !page.q.trim().is_empty() {
        filter.item = page.q.parse().ok().and_then(|code| key_of(&cloud.codebook, &code));
        return Ok(filter.item.map(|_| filter));
    }
    Ok(Some(filter))
}

/// `GET /regions` — the prefectures we know, by code.
pub async fn regions(_: Account, Paged(page): Paged) -> Json<Listing<&'static Region>> {
    Json(page.of(regions::named(&page.q)))
}

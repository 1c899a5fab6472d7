//! Suspects and regions over HTTP.

use axum::Json;
use axum::extract::State;
use sealtrace_protocol::ids::{DealerId, ProductId};
use serde::Deserialize;

use super::regions::{self, REGIONS, Region};
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
    let q = page.q.trim().to_lowercase();
    let matches = |region: &&Region| {
        region.name.contains(&q)
            || region.en.to_lowercase().contains(&q)
            || region.code.to_string().starts_with(&q)
    };
    let found: Vec<&Region> = REGIONS.iter().filter(matches).collect();
    let total = u64::try_from(found.len()).unwrap_or(u64::MAX);
    let size = usize::try_from(page.size).unwrap_or(usize::MAX);
    let skipped = size.saturating_mul(usize::try_from(page.page - 1).unwrap_or(usize::MAX));
    Json(Listing { rows: found.into_iter().skip(skipped).take(size).collect(), total })
}

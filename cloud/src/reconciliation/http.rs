//! Reconciliation over HTTP.

use axum::Json;
use axum::extract::State;
use sealtrace_protocol::ids::OrderId;
use sealtrace_protocol::ledger::Level;
use serde::Deserialize;

use super::WholeRoll;
use crate::cloud::Cloud;
use crate::form::Check;
use crate::http::auth::{Auditor, Manager};
use crate::http::{ApiError, Asked, At, Paged};
use crate::store::reconciliation::{self as stored, Rolls, Wanted};
use crate::store::search::Page;

/// Which rolls are listed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Filter {
    order: Option<u64>,
    level: String,
    open: String,
}

impl Filter {
    fn read(self, page: Page) -> Result<Wanted, ApiError> {
        let mut check = Check::new();
        let level = check.optional("level", &self.level, Level::from_name);
        let open = check.optional("open", &self.open, |text| match text {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        });
        check.done()?;
        Ok(Wanted { page, order: self.order.map(OrderId), level, open })
    }
}

/// `GET /reconciliation`.
pub async fn list(
    _: Auditor,
    State(cloud): State<Cloud>,
    Paged(page): Paged,
    Asked(filter): Asked<Filter>,
) -> Result<Json<Rolls>, ApiError> {
    let wanted = filter.read(page)?;
    Ok(Json(stored::rolls(&mut cloud.store.read().await?, &wanted).await?))
}

/// `GET /reconciliation/{id}`.
pub async fn one(
    _: Auditor,
    State(cloud): State<Cloud>,
    At(id): At<u32>,
) -> Result<Json<WholeRoll>, ApiError> {
    cloud.codebook.refresh(&cloud.store).await?;
    Ok(Json(super::whole(&mut cloud.store.read().await?, &cloud.codebook, id).await?))
}

/// `POST /reconciliation/{id}/void` — what nobody has accounted for is void.
pub async fn declare_void(
    by: Manager,
    State(cloud): State<Cloud>,
    At(id): At<u32>,
) -> Result<Json<WholeRoll>, ApiError> {
    Ok(Json(super::declare_void(&cloud, id, by.0.id, cloud.clock.now()).await?))
}

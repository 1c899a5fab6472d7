//! Orders over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sealtrace_protocol::ids::{OrderId, ProductId, TaskId};
use serde::{Deserialize, Serialize};

use super::{Draft, Ending, IssuedRoll, Order, OrderState, ReleasePlan, WantedCodes};
use crate::cloud::Cloud;
use crate::form::Check;
use crate::http::auth::{Auditor, Manager};
use crate::http::{ApiError, Asked, At, Input, Paged};
use crate::store;
use crate::store::orders::{SORTS, Wanted};
use crate::store::search::{Listing, Page, Sort};

/// Codes that were issued.
#[derive(Serialize)]
pub struct Issued {
    rolls: Vec<IssuedRoll>,
}

/// Which orders are listed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Filter {
    state: String,
    product: Option<u64>,
    sort: String,
}

impl Filter {
    fn read(self, page: Page) -> Result<Wanted, ApiError> {
        let mut check = Check::new();
        let state = check.optional("state", &self.state, OrderState::from_name);
        let sort = check.optional("sort", &self.sort, |text| Sort::parse(text, SORTS));
        check.done()?;
        Ok(Wanted { page, state, product: self.product.map(ProductId), sort })
    }
}

/// `GET /orders`.
pub async fn list(
    _: Auditor,
    State(cloud): State<Cloud>,
    Paged(page): Paged,
    Asked(filter): Asked<Filter>,
) -> Result<Json<Listing<Order>>, ApiError> {
    let wanted = filter.read(page)?;
    Ok(Json(store::orders::list(&mut cloud.store.read().await?, &wanted).await?))
}

/// `GET /orders/{id}`.
pub async fn one(
    _: Auditor,
    State(cloud): State<Cloud>,
    At(id): At<OrderId>,
) -> Result<Json<Order>, ApiError> {
    let order = store::orders::order(&mut cloud.store.read().await?, id).await?;
    shown(&cloud, order.ok_or_else(|| ApiError::not_found("not_found"))?).await
}

/// An order with what is in use under its codes.
async fn shown(cloud: &Cloud, order: Order) -> Result<Json<Order>, ApiError> {
    let produced = store::orders::produced(&mut cloud.store.read().await?, order.id).await?;
    Ok(Json(Order { produced: Some(produced), ..order }))
}

/// `POST /orders`.
pub async fn create(
    by: Manager,
    State(cloud): State<Cloud>,
    Input(draft): Input<Draft>,
) -> Result<(StatusCode, Json<Order>), ApiError> {
    let (order, new) = super::create(&cloud.store, &draft, by.0.id, cloud.clock.now()).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, shown(&cloud, order).await?))
}

/// `PUT /orders/{id}`.
pub async fn edit(
    by: Manager,
    State(cloud): State<Cloud>,
    At(id): At<OrderId>,
    Input(draft): Input<Draft>,
) -> Result<Json<Order>, ApiError> {
    shown(&cloud, super::edit(&cloud.store, id, &draft, by.0.id, cloud.clock.now()).await?).await
}

/// `DELETE /orders/{id}` — withdraw it and its tasks.
pub async fn withdraw(
    by: Manager,
    State(cloud): State<Cloud>,
    At(id): At<OrderId>,
) -> Result<Json<Order>, ApiError> {
    shown(&cloud, super::withdraw(&cloud.store, id, by.0.id, cloud.clock.now()).await?).await
}

/// `POST /orders/{id}/codes`.
pub async fn issue(
    by: Manager,
    State(cloud): State<Cloud>,
    At(id): At<OrderId>,
    Input(wanted): Input<WantedCodes>,
) -> Result<(StatusCode, Json<Issued>), ApiError> {
    let now = cloud.clock.now();
    let rolls = super::issue(&cloud.store, &cloud.codebook, id, wanted, by.0.id, now).await?;
    Ok((StatusCode::CREATED, Json(Issued { rolls })))
}

/// `GET /orders/{id}/rolls/{level}` — what is printed, one text a line.
pub async fn roll(
    _: Manager,
    State(cloud): State<Cloud>,
    At((id, level)): At<(u64, String)>,
) -> Result<Response, ApiError> {
    crate::codes::http::printed(&cloud, id, &level).await
}

/// `POST /orders/{id}/release` — the first tasks, or more of them.
pub async fn release(
    by: Manager,
    State(cloud): State<Cloud>,
    At(id): At<OrderId>,
    Input(plan): Input<ReleasePlan>,
) -> Result<Json<Order>, ApiError> {
    shown(&cloud, super::release(&cloud.store, id, &plan, by.0.id, cloud.clock.now()).await?).await
}

/// `POST /tasks/{id}/close` — what was made is enough.
pub async fn close_task(
    by: Manager,
    State(cloud): State<Cloud>,
    At(id): At<TaskId>,
) -> Result<Json<Order>, ApiError> {
    let now = cloud.clock.now();
    shown(&cloud, super::end(&cloud.store, id, Ending::Closed, by.0.id, now).await?).await
}

/// `POST /tasks/{id}/void` — withdraw it.
pub async fn void_task(
    by: Manager,
    State(cloud): State<Cloud>,
    At(id): At<TaskId>,
) -> Result<Json<Order>, ApiError> {
    shown(&cloud, super::end(&cloud.store, id, Ending::Void, by.0.id, cloud.clock.now()).await?)
        .await
}

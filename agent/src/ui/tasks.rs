//! `POST /api/tasks`: a task that nobody released (无单) is opened, if its fields make sense.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use sealtrace_protocol::ids::{ProductId, TaskId};
use sealtrace_protocol::ledger::Rejection;
use sealtrace_protocol::text::{Lot, Text20};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::Date;
use time::macros::format_description;

use super::Page;
use super::error::ApiError;
use super::names::named;
use super::session::Session;
use super::station::to_the_end;
use super::view;
use crate::feedback::{Message, message_of};
use crate::station::{OwnTaskError, Wanted};
use crate::store::{StoreError, feed};

/// The most units one task may ask for.
const QUANTITY_MAX: u32 = 10_000_000;

#[derive(Deserialize)]
pub(super) struct Asked {
    product: ProductId,
    lot: String,
    date: Option<String>,
    shift: Option<String>,
    #[serde(default)]
    quantity: u32,
}

pub(super) async fn open(
    State(page): State<Page>,
    session: Session,
    body: Result<Json<Asked>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Json(asked) = body?;
    let wanted = asked.read().map_err(faults)?;
    let (desk, person) = (Arc::clone(&page.desk), session.person());
    match to_the_end(async move { desk.open_task(&person, wanted).await }).await? {
        Ok(id) => Ok((StatusCode::CREATED, Json(shown(&page, id).await?))),
        Err(OwnTaskError::Store(error)) => Err(error.into()),
        Err(OwnTaskError::NoProduct) => {
            let unknown = Map::from_iter([("product".to_owned(), json!("unknown"))]);
            Err(faults(unknown))
        }
        Err(OwnTaskError::NoName) => Err(ApiError::of(StatusCode::CONFLICT, "not_enrolled")),
        Err(OwnTaskError::Refused(no)) => Err(refused(&page, &no).await?),
    }
}

impl Asked {
    /// What is asked for, or what is wrong with which field.
    fn read(&self) -> Result<Wanted, Map<String, Value>> {
        let mut wrong = Map::new();
        let mut fault = |field: &str, why: &str| {
            wrong.insert(field.to_owned(), json!(why));
        };
        let lot = Lot::new(self.lot.trim());
        if self.lot.trim().is_empty() {
            fault("lot", "required");
        } else if lot.is_err() {
            fault("lot", "text20");
        }
        let given = |text: &Option<String>| {
            text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let (date, shift) = (given(&self.date), given(&self.shift));
        let day = format_description!("[year]-[month]-[day]");
        if date.as_ref().is_some_and(|date| Date::parse(date, day).is_err()) {
            fault("date", "date");
        }
        let text = |text: Option<String>| text.map(|text| Text20::new(&text)).transpose();
        let (date, shift) = (text(date), text(shift));
        if shift.is_err() {
            fault("shift", "text20");
        }
        if self.quantity > QUANTITY_MAX {
            fault("quantity", "too_many");
        }
        match (lot, date, shift) {
            (Ok(lot), Ok(date), Ok(shift)) if wrong.is_empty() => {
                let (product, quantity) = (self.product, self.quantity);
                Ok(Wanted { product, lot, date, shift, quantity })
            }
            (_, _, _) => Err(wrong),
        }
    }
}

fn faults(fields: Map<String, Value>) -> ApiError {
    let message = Message::new("invalid").with("fields", fields);
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, message)
}

async fn refused(page: &Page, no: &Rejection) -> Result<ApiError, ApiError> {
    let by_role = matches!(no, Rejection::RoleNotPermitted { .. });
    let status = if by_role { StatusCode::FORBIDDEN } else { StatusCode::CONFLICT };
    let message = message_of(no);
    Ok(ApiError::new(status, page.agent.store.read(move |conn| named(conn, message)).await?))
}

async fn shown(page: &Page, id: TaskId) -> Result<Value, ApiError> {
    let task = move |conn: &rusqlite::Connection| {
        let row = feed::task(conn, id)?;
        row.map_or(Ok(Value::Null), |row| view::task(conn, &row))
    };
    Ok(page.agent.store.read::<_, StoreError, _>(task).await?)
}

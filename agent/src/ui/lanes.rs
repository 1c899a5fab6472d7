//! `/api/lanes`: how the lanes stand, and what a person asks of one.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::session::Session;
use super::{Page, view};
use crate::lane::Command;
use crate::store::rejected::{self, RejectedRow};
use crate::store::{StoreError, exceptions};

/// `GET /api/lanes`: for the screen above the line, which nobody signs in to.
pub(super) async fn list(State(page): State<Page>) -> Result<Json<Value>, ApiError> {
    let states: Vec<_> = page.lanes.iter().map(|lane| lane.state.borrow().clone()).collect();
    let rows = page
        .agent
        .store
        .read(move |conn| {
            let open = exceptions::open_by_lane(conn)?;
            let of = |name: &str| open.get(name).copied().unwrap_or_default();
            states
                .iter()
                .map(|state| view::lane(conn, state, of(&state.name)))
                .collect::<Result<Vec<_>, StoreError>>()
        })
        .await?;
    Ok(Json(json!({ "rows": rows })))
}

/// `GET /api/lanes/{name}/rejected`: the lane's cases that wait for rework, and what of each must be scanned again.
pub(super) async fn rejected(
    State(page): State<Page>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    if !page.lanes.iter().any(|lane| lane.state.borrow().name == name) {
        return Err(ApiError::of(StatusCode::NOT_FOUND, "no_such_lane"));
    }
    let rows = page.agent.store.read(move |conn| rejected::of_lane(conn, &name)).await?;
    let rows: Vec<_> = rows.iter().map(waiting).collect();
    Ok(Json(json!({ "rows": rows })))
}

fn waiting(row: &RejectedRow) -> Value {
    let case = &row.case;
    let is_doubtful = |place: &rejected::Place| case.unsure || place.fault.is_some();
    let doubtful: Vec<_> = (1..)
        .zip(&case.places)
        .filter(|(_, place)| is_doubtful(place))
        .map(|(number, place)| {
            json!({"place": number, "code": place.code, "text": place.text, "reason": place.fault})
        })
        .collect();
    json!({
        "exception": row.exception,
        "at": row.at,
        "code": case.label,
        "level": case.level,
        "reason": case.word,
        "of": case.holds,
        "sure": case.sure().len(),
        "unsure": case.unsure,
        "doubtful": doubtful,
    })
}

/// What can be asked of a lane, as its address says it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Asked {
    GoOn,
    Finish,
}

/// `POST /api/lanes/{name}/{command}`: somebody stands at the line and asks it for something.
pub(super) async fn command(
    State(page): State<Page>,
    _signed_in: Session,
    Path((name, asked)): Path<(String, Asked)>,
) -> Result<StatusCode, ApiError> {
    let found = page.lanes.iter().find(|lane| lane.state.borrow().name == name);
    let unknown = || ApiError::of(StatusCode::NOT_FOUND, "no_such_lane");
    let command = match asked {
        Asked::GoOn => Command::GoOn,
        Asked::Finish => Command::Finish,
    };
    found.ok_or_else(unknown)?.commands.send(command).await.map_err(|_| unknown())?;
    Ok(StatusCode::NO_CONTENT)
}

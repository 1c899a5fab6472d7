//! Sessions over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::Account;
use crate::cloud::Cloud;
use crate::http::auth;
use crate::http::callers::Caller;
use crate::http::{ApiError, Input};

/// What somebody types to log in.
#[derive(Deserialize)]
pub struct Credentials {
    login: String,
    password: String,
}

/// Who is signed in.
#[derive(Serialize)]
pub struct SignedIn {
    account: Account,
}

/// `POST /session` — log in.
pub async fn log_in(
    State(cloud): State<Cloud>,
    session: Session,
    caller: Caller,
    Input(Credentials { login, password }): Input<Credentials>,
) -> Result<Json<SignedIn>, ApiError> {
    let (logins, now) = (&cloud.callers.logins, cloud.clock.now());
    let (credentials, caller) = ((login.as_str(), password), caller.name());
    let account = super::log_in(&cloud.store, logins, credentials, &caller, now).await?;
    auth::begin(&session, &account).await?;
    Ok(Json(SignedIn { account }))
}

/// `GET /session` — who is signed in.
pub async fn who(account: Account) -> Json<SignedIn> {
    Json(SignedIn { account })
}

/// `DELETE /session` — log out.
pub async fn log_out(_: Account, session: Session) -> Result<StatusCode, ApiError> {
    auth::end(&session).await?;
    Ok(StatusCode::NO_CONTENT)
}

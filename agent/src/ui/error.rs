//! The one mapping from failures to answers: `{"error":{"code","params"}}`.

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::feedback::Message;
use crate::store::StoreError;

/// An answer that is no.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    message: Message,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, message: Message) -> Self {
        Self { status, message }
    }

    pub(super) fn of(status: StatusCode, code: &str) -> Self {
        Self::new(status, Message::new(code))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.message }))).into_response()
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_full() {
            let message = Message::new("storage_full").with("percent", error.percent());
            return Self::new(StatusCode::INSUFFICIENT_STORAGE, message);
        }
        tracing::error!(error = &error as &dyn std::error::Error, "a request failed in the store");
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, "internal")
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        let code = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => "too_large",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "not_json",
            _ => "invalid",
        };
        let message = Message::new(code).with("why", rejection.body_text());
        Self::new(rejection.status(), message)
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        let message = Message::new("unreadable_query").with("why", rejection.body_text());
        Self::new(StatusCode::BAD_REQUEST, message)
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        let code = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => "too_large",
            _ => "invalid",
        };
        Self::of(rejection.status(), code)
    }
}

/// `/api/…` that is not there.
pub(super) async fn no_such_route() -> ApiError {
    ApiError::of(StatusCode::NOT_FOUND, "no_such_route")
}

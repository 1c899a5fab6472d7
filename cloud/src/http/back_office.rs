//! The same mapping as in [`super::error`], for the back office's errors.

use axum::http::StatusCode;
use sealtrace_protocol::code::ParseError;

use super::ApiError;
use super::callers::too_many;
use crate::accounts::LoginError;
use crate::documents::DocumentsError;
use crate::inspection::InspectionError;
use crate::orders::OrdersError;
use crate::resource::ResourceError;
use crate::tracing::TracingError;

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Wrong => Self::new(StatusCode::UNAUTHORIZED, "wrong_login"),
            LoginError::TooMany { wait_ms } => too_many(wait_ms),
            LoginError::Store(error) => error.into(),
        }
    }
}

impl From<ResourceError> for ApiError {
    fn from(error: ResourceError) -> Self {
        match error {
            ResourceError::Invalid(invalid) => invalid.into(),
            ResourceError::NotFound => Self::not_found("not_found"),
            ResourceError::ChangedMeanwhile { version } => {
                Self::new(StatusCode::CONFLICT, "changed_meanwhile").with("version", version)
            }
            ResourceError::InUse { by, count } => {
                Self::new(StatusCode::CONFLICT, "in_use").with("by", by).with("count", count)
            }
            ResourceError::Hash(error) => Self::failure(&error),
            ResourceError::Store(error) => error.into(),
        }
    }
}

impl From<DocumentsError> for ApiError {
    fn from(error: DocumentsError) -> Self {
        match error {
            DocumentsError::Invalid(invalid) => invalid.into(),
            DocumentsError::NumberTaken { number, id, field } => {
                number_taken(number).with("id", id).with("field", field)
            }
            DocumentsError::NotFound => Self::not_found("not_found"),
            DocumentsError::Store(error) => error.into(),
        }
    }
}

impl From<OrdersError> for ApiError {
    fn from(error: OrdersError) -> Self {
        match error {
            OrdersError::Invalid(invalid) => invalid.into(),
            OrdersError::NumberTaken { number, id, field } => {
                number_taken(number).with("id", id).with("field", field)
            }
            OrdersError::NotDraft { id } => {
                Self::new(StatusCode::CONFLICT, "not_draft").with("id", id)
            }
            OrdersError::NotFound => Self::not_found("not_found"),
            OrdersError::Codes(error) => error.into(),
            OrdersError::Store(error) => error.into(),
        }
    }
}

impl From<TracingError> for ApiError {
    fn from(error: TracingError) -> Self {
        match error {
            TracingError::Unreadable(error) => unreadable(&error),
            TracingError::NoSuchCode => Self::not_found("no_such_code"),
            TracingError::NoSuchBatch => Self::not_found("no_such_batch"),
            TracingError::Store(error) => error.into(),
        }
    }
}

impl From<InspectionError> for ApiError {
    fn from(error: InspectionError) -> Self {
        match error {
            InspectionError::Invalid(invalid) => invalid.into(),
            InspectionError::Unreadable(error) => unreadable(&error),
            InspectionError::Foreign => Self::not_found("no_such_code"),
            InspectionError::Store(error) => error.into(),
        }
    }
}

fn unreadable(error: &ParseError) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable").with("at", error.at)
}

fn number_taken(number: String) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "number_taken").with("number", number)
}

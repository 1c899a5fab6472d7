//! The same mapping as in [`super::error`], for the back office's errors.

use axum::http::StatusCode;
use sealtrace_protocol::code::ParseError;

use super::ApiError;
use super::callers::too_many;
use crate::accounts::LoginError;
use crate::documents::DocumentsError;
use crate::inspection::InspectionError;
use crate::orders::OrdersError;
use crate::reconciliation::ReconciliationError;
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
            DocumentsError::ChangedMeanwhile { version } => changed_meanwhile(version),
            DocumentsError::WrongState { state } => {
                Self::new(StatusCode::CONFLICT, "wrong_state").with("state", state)
            }
            DocumentsError::InWork => Self::new(StatusCode::CONFLICT, "in_work"),
            DocumentsError::Decided { state } => {
                Self::new(StatusCode::CONFLICT, "decided").with("state", state)
            }
            DocumentsError::SecondPerson => Self::forbidden("second_person"),
            DocumentsError::Rejected { rejection } => {
                Self::new(StatusCode::CONFLICT, "rejected").with("rejection", rejection)
            }
            DocumentsError::NotFound => Self::not_found("not_found"),
            DocumentsError::Office(error) => Self::failure(&error),
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
            OrdersError::ChangedMeanwhile { version } => changed_meanwhile(version),
            OrdersError::Void => Self::new(StatusCode::CONFLICT, "void"),
            OrdersError::InWork => Self::new(StatusCode::CONFLICT, "in_work"),
            OrdersError::NotFound => Self::not_found("not_found"),
            OrdersError::Codes(error) => error.into(),
            OrdersError::Store(error) => error.into(),
        }
    }
}

impl From<ReconciliationError> for ApiError {
    fn from(error: ReconciliationError) -> Self {
        match error {
            ReconciliationError::NotFound => Self::not_found("no_such_roll"),
            ReconciliationError::Nothing => Self::new(StatusCode::CONFLICT, "all_accounted_for"),
            ReconciliationError::Rejected { rejection } => {
                Self::new(StatusCode::CONFLICT, "rejected").with("rejection", rejection)
            }
            ReconciliationError::Office(error) => Self::failure(&error),
            ReconciliationError::Store(error) => error.into(),
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

fn changed_meanwhile(version: u64) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "changed_meanwhile").with("version", version)
}

fn number_taken(number: String) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "number_taken").with("number", number)
}

//! What goes wrong, as HTTP: the one mapping from errors to status, code and parameters.
//!
//! Pages word the code; servers never send sentences. A failure of ours is logged here, once, with its whole chain,
//! and the caller learns only that it was ours.

use std::error::Error;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use crate::codes::CodesError;
use crate::codes::label::LabelError;
use crate::devices::enrolment::EnrolError;
use crate::devices::tokens::TokenError;
use crate::form::Invalid;
use crate::ingest::IngestError;
use crate::store::{Retry, StoreError};

/// An answer with a 4xx or 5xx status: `{"error":{"code":…,"params":{…}}}`.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    params: Value,
}

impl ApiError {
    /// An answer without parameters.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code, params: json!({}) }
    }

    /// The same with a parameter more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        if let (Value::Object(params), Ok(value)) = (&mut self.params, serde_json::to_value(value))
        {
            params.insert(name.to_owned(), value);
        }
        self
    }

    /// 404: there is no such thing.
    #[must_use]
    pub fn not_found(code: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code)
    }

    /// 403: known, but not for this caller.
    #[must_use]
    pub fn forbidden(code: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, code)
    }

    /// 422: a form whose fields are wrong, each with a word for it.
    #[must_use]
    pub fn invalid(fields: impl Serialize) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid").with("fields", fields)
    }

    /// 500, logged with its causes.
    #[must_use]
    pub fn failure(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = chain(error), "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
    }

    /// Its code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }
}

/// An error with its causes, outermost first.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "code": self.code, "params": self.params } });
        (self.status, Json(body)).into_response()
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_conflict() || matches!(error, StoreError::Connection(_)) {
            tracing::warn!(error = chain(&error), "the database is busy");
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy");
        }
        Self::failure(&error)
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        let refused = Self::invalid(invalid.fields);
        if invalid.details.is_empty() { refused } else { refused.with("details", invalid.details) }
    }
}

impl From<CodesError> for ApiError {
    fn from(error: CodesError) -> Self {
        match error {
            CodesError::Count(_) => Self::from(Invalid::field("count", "out_of_range")),
            CodesError::OrdersExhausted | CodesError::RangeExhausted { .. } => {
                tracing::error!(error = chain(&error), "codes have run out");
                Self::new(StatusCode::CONFLICT, "codes_exhausted")
            }
            CodesError::TooMany { .. } => {
                tracing::error!(
                    error = chain(&error),
                    "a device is not leased any more labels today"
                );
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_labels")
            }
            CodesError::Units => Self::from(Invalid::field("level", "out_of_range")),
            CodesError::Interrupted => Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy"),
            CodesError::Store(error) => error.into(),
        }
    }
}

impl From<LabelError> for ApiError {
    fn from(error: LabelError) -> Self {
        match error {
            LabelError::NoSuchCode => Self::not_found("no_such_code"),
            LabelError::NoProduct(_) | LabelError::Unfit { .. } => {
                Self::from(Invalid::field("symbology", "unexpected"))
            }
            LabelError::Store(error) => error.into(),
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Name { fault } => Self::from(Invalid::field("name", fault)),
            TokenError::NoSite => Self::from(Invalid::field("sites", "required")),
            TokenError::NoSuchSite(_) => Self::from(Invalid::field("sites", "unknown")),
            TokenError::Keys(error) => Self::failure(&error),
            TokenError::Store(error) => error.into(),
        }
    }
}

impl From<EnrolError> for ApiError {
    fn from(error: EnrolError) -> Self {
        let (status, code) = match error {
            EnrolError::UnknownToken => (StatusCode::UNAUTHORIZED, "unknown_token"),
            EnrolError::UsedToken => (StatusCode::UNAUTHORIZED, "used_token"),
            EnrolError::ExpiredToken { .. } => (StatusCode::UNAUTHORIZED, "expired_token"),
            EnrolError::SigningKey => (StatusCode::UNPROCESSABLE_ENTITY, "bad_signing_key"),
            EnrolError::Proof => (StatusCode::UNPROCESSABLE_ENTITY, "bad_proof"),
            EnrolError::Request(_) => (StatusCode::UNPROCESSABLE_ENTITY, "bad_certificate_request"),
            EnrolError::Authority(error) => return Self::failure(&error),
            EnrolError::Keys(error) => return Self::failure(&error),
            EnrolError::Store(error) => return error.into(),
        };
        Self::new(status, code)
    }
}

impl From<IngestError> for ApiError {
    fn from(error: IngestError) -> Self {
        let code = error.code();
        match error {
            IngestError::Unreadable(_) => Self::new(StatusCode::BAD_REQUEST, code),
            IngestError::Unverified(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, code),
            IngestError::OtherDevice { .. } | IngestError::OtherOwner { .. } => {
                Self::new(StatusCode::FORBIDDEN, code)
            }
            IngestError::Forked { .. } => Self::new(StatusCode::CONFLICT, code),
            IngestError::OtherEpoch { expected } => {
                Self::new(StatusCode::CONFLICT, code).with("expected", expected)
            }
            IngestError::TooFarAhead { expected } => {
                Self::new(StatusCode::CONFLICT, code).with("expected", expected)
            }
            IngestError::StaleResume { epoch } | IngestError::Frozen { epoch } => {
                Self::new(StatusCode::CONFLICT, code).with("epoch", epoch)
            }
            IngestError::NoStream => Self::failure(&error),
            IngestError::Store(error) => error.into(),
        }
    }
}

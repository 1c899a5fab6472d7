//! What comes in: bodies and queries, refused with a code of ours instead of the framework's sentences.

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use sealtrace_protocol::wire::v1::BATCH_WIRE_BYTES_MAX;
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// The most bytes of a JSON body: a dealer's territories, all over the country for dozens of products.
pub const JSON_BYTES_MAX: usize = 256 * 1024;
/// The most bytes of a body that are read and thrown away behind its limit.
const DISCARDED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A JSON body. Anything else is refused, so that no form of another site can be sent here.
pub struct Input<T>(pub T);

/// A JSON body that arrives in peace from devices and pages is small; bytes are counted while they stream in.
impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let is_json =
            request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(
                |kind| kind.split(';').next().map(str::trim) == Some("application/json"),
            );
        if !is_json {
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json"));
        }
        let body = limited(request, JSON_BYTES_MAX).await?;
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            ApiError::new(StatusCode::BAD_REQUEST, "unreadable_json")
                .with("at", format!("{}:{}", error.line(), error.column()))
        })
    }
}

/// Sealed bytes of a device.
pub struct SealedBytes(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for SealedBytes {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        limited(request, BATCH_WIRE_BYTES_MAX).await.map(Self)
    }
}

/// Parts of the address; what cannot be read as them is no address of ours.
pub struct At<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let place = Path::<T>::from_request_parts(parts, state).await;
        place.map(|Path(place)| Self(place)).map_err(|_| ApiError::not_found("no_such_address"))
    }
}

/// Query parameters.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(asked)| Self(asked))
            .map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "unreadable_query"))
    }
}

/// Reads a body, counting while it streams in.
///
/// What is too large is read on for a while and thrown away: a sender that is cut off in the middle of its sentence
/// never hears the answer.
async fn limited(request: Request, bytes_max: usize) -> Result<Bytes, ApiError> {
    let mut stream = request.into_body().into_data_stream();
    let mut body = BytesMut::new();
    let mut read = 0_usize;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| {
            tracing::warn!(error = %error, body.bytes = read, "a body was cut off");
            ApiError::new(StatusCode::BAD_REQUEST, "incomplete_body")
        })?;
        read = read.saturating_add(piece.len());
        if read <= bytes_max {
            body.extend_from_slice(&piece);
        } else if read > bytes_max.saturating_add(DISCARDED_BYTES_MAX) {
            break;
        }
    }
    if read > bytes_max {
        tracing::warn!(body.bytes = read, body.limit = bytes_max, "a body is too large");
        let refused = ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large");
        return Err(refused.with("limit", bytes_max));
    }
    Ok(body.freeze())
}

//! `POST /api/station/picture`: a photo of a label becomes a scan. `POST /api/camera`: what a frame of a stream shows, which
//! the page turns into a scan once it is sure which label is meant.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::Page;
use super::error::ApiError;
use super::session::Session;
use super::station::{reply, take};
use crate::clock::Clock;
use crate::feedback::{Message, Say, Tone};
use crate::input::picture::{self, Found, LOOKING_MS_MAX, PictureError};
use crate::station::desk::Source;

pub(super) async fn scan(
    State(page): State<Page>,
    session: Session,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, ApiError> {
    let found = codes(&page, &headers, body?).await?;
    let say = match found.as_slice() {
        [] => page.desk.no_scan(warning("no_code_in_picture")).await,
        [only] => take(&page, &session, only.scanned().into_owned(), Source::Camera).await?,
        several => {
            let say = warning("several_codes");
            let message = say.message.with("count", several.len());
            page.desk.no_scan(Say::new(Tone::Warning, message)).await
        }
    };
    let Json(mut answer) = reply(&page, &session, say).await?;
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("decoded".to_owned(), shown(&found));
    }
    Ok(Json(answer))
}

/// One frame at a time: the next is taken when this one is answered, so that a stream never takes more than one core.
pub(super) async fn look_at(
    State(page): State<Page>,
    _: Session,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, ApiError> {
    let _turn = page
        .frames
        .try_acquire()
        .map_err(|_| ApiError::of(StatusCode::SERVICE_UNAVAILABLE, "busy"))?;
    let found = codes(&page, &headers, body?).await?;
    Ok(Json(json!({ "decoded": shown(&found) })))
}

async fn codes(page: &Page, headers: &HeaderMap, bytes: Bytes) -> Result<Vec<Found>, ApiError> {
    if !is_picture(headers) {
        return Err(ApiError::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_a_picture"));
    }
    let clock = page.agent.clock.clone();
    tokio::task::spawn_blocking(move || look(&bytes, &clock))
        .await
        .map_err(|_| ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal"))?
        .map_err(|error| {
            let message = Message::new("bad_picture").with("why", error.to_string());
            ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, message)
        })
}

/// As the page chooses among them: with what a scanner would send.
fn shown(found: &[Found]) -> Value {
    let one = |found: &Found| {
        json!({
            "text": found.text,
            "symbology": found.symbology,
            "identifier": found.identifier,
            "scan": found.scanned(),
            "place": found.place,
        })
    };
    found.iter().map(one).collect()
}

fn look(bytes: &[u8], clock: &Clock) -> Result<Vec<Found>, PictureError> {
    let until_ms = clock.monotonic_ms().saturating_add(LOOKING_MS_MAX);
    picture::decode(bytes, &|| clock.monotonic_ms() > until_ms)
}

fn warning(code: &str) -> Say {
    Say::new(Tone::Warning, Message::new(code))
}

/// Only types that a foreign page cannot send without being asked first.
fn is_picture(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("image/") || kind == "application/octet-stream")
}

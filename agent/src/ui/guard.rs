//! Who may talk to the page: this machine's own pages. Other names for it and other pages are refused.
//!
//! A name that resolves to 127.0.0.1 (DNS rebinding) shows in Host; a foreign page's request shows in Origin.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;

const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
                      object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
];

pub(super) async fn guard(request: Request, next: Next) -> Response {
    if let Err(error) = admit(request.headers()) {
        return error.into_response();
    }
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_api {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn admit(headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or(""));
    let host = text(HOST).unwrap_or("");
    if !NAMES.contains(&without_port(host)) {
        return Err(ApiError::of(StatusCode::MISDIRECTED_REQUEST, "wrong_host"));
    }
    match text(ORIGIN) {
        Some(origin) if origin.strip_prefix("http://") != Some(host) => {
            Err(ApiError::of(StatusCode::FORBIDDEN, "wrong_origin"))
        }
        Some(_) | None => Ok(()),
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        admit(&headers).is_ok()
    }

    #[test]
    fn only_this_machines_names_are_admitted() {
        assert!(admits("127.0.0.1:7070", None));
        assert!(admits("localhost", None));
        assert!(admits("[::1]:7070", None));
        assert!(!admits("pda.example:7070", None));
        assert!(!admits("127.0.0.1.example", None));
        assert!(admit(&HeaderMap::new()).is_err());
    }

    #[test]
    fn only_the_page_itself_may_ask() {
        assert!(admits("127.0.0.1:7070", Some("http://127.0.0.1:7070")));
        assert!(!admits("127.0.0.1:7070", Some("http://127.0.0.1:8080")));
        assert!(!admits("127.0.0.1:7070", Some("https://evil.example")));
        assert!(!admits("127.0.0.1:7070", Some("null")));
    }
}

//! The pages: console, inspector, consumer, embedded in this program.

mod policy;

use std::borrow::Cow;
use std::sync::OnceLock;

use axum::Router;
use axum::extract::{OriginalUri, Path};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::Embed;
use sealtrace_protocol::signing::Hash;

/// What `build.rs` put together.
#[derive(Embed)]
#[folder = "$OUT_DIR/pages"]
struct Files;

/// Names of files below `assets/` carry their hash: they never change.
const CACHE_FOR_EVER: &str = "public, max-age=31536000, immutable";
const CACHE_NEVER: &str = "no-cache";

/// Every page and file of the three applications.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(async || Redirect::to("/console/")))
        .route("/console", get(async || Redirect::to("/console/")))
        .route("/inspector", get(async || Redirect::to("/inspector/")))
        .route("/console/", get(async |headers: HeaderMap| page("console", &headers)))
        .route("/inspector/", get(async |headers: HeaderMap| page("inspector", &headers)))
        .route("/console/{*path}", get(console))
        .route("/inspector/{*path}", get(inspector))
        .route("/consumer/{*path}", get(consumer_file))
        .route("/{code}", get(consumer))
        .route("/00/{*rest}", get(consumer))
        .route("/01/{*rest}", get(consumer))
}

async fn console(Path(path): Path<String>, headers: HeaderMap) -> Response {
    application("console", &path, &headers)
}

async fn inspector(Path(path): Path<String>, headers: HeaderMap) -> Response {
    application("inspector", &path, &headers)
}

async fn consumer_file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    file(&format!("consumer/{path}"), &headers).unwrap_or_else(not_found)
}

/// The consumer page for anything that can stand on a label; the page asks the API what it is.
async fn consumer(OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    // Only the path counts: `code::parse` reads it as it would the whole URL. Over HTTP/2 the host stands in front of it.
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let is_code = sealtrace_protocol::code::parse(&format!("https://host{path}")).is_ok();
    let is_link = uri.path().starts_with("/00/") || uri.path().starts_with("/01/");
    if is_code || is_link { page("consumer", &headers) } else { not_found() }
}

/// A file of an application, or its page: the page's router knows its own paths.
fn application(name: &str, path: &str, headers: &HeaderMap) -> Response {
    if let Some(response) = file(&format!("{name}/{path}"), headers) {
        return response;
    }
    if path.starts_with("assets/") { not_found() } else { page(name, headers) }
}

fn page(name: &str, headers: &HeaderMap) -> Response {
    file(&format!("{name}/index.html"), headers).unwrap_or_else(not_found)
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "not found\n").into_response()
}

fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    let embedded = Files::get(path)?;
    let extension = path.rsplit('.').next().unwrap_or_default();
    let mut answer = HeaderMap::new();
    answer.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(extension)));
    let is_hashed = path.split('/').nth(1) == Some("assets");
    let cache = if is_hashed { CACHE_FOR_EVER } else { CACHE_NEVER };
    answer.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    let tag = format!("\"{}\"", Hash(embedded.metadata.sha256_hash()));
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str());
    answer.extend(HeaderValue::from_str(&tag).ok().map(|tag| (ETAG, tag)));
    if extension == "html" {
        let policy = policies().iter().find(|(known, _)| known == path);
        answer.extend(policy.map(|(_, policy)| (CONTENT_SECURITY_POLICY, policy.clone())));
    }
    if is_known {
        return Some((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    Some((answer, embedded.data).into_response())
}

/// The content security policy of each page: its own scripts and styles only, inline ones by their hash.
fn policies() -> &'static [(String, HeaderValue)] {
    static POLICIES: OnceLock<Vec<(String, HeaderValue)>> = OnceLock::new();
    POLICIES.get_or_init(|| {
        let pages = Files::iter().filter(|path| path.ends_with(".html"));
        pages
            .filter_map(|path: Cow<'static, str>| {
                let html = Files::get(&path)?.data;
                let policy = policy::of(&String::from_utf8_lossy(&html));
                Some((path.into_owned(), HeaderValue::from_str(&policy).ok()?))
            })
            .collect()
    })
}

/// Headers every answer carries.
pub const SECURITY_HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), geolocation=(self), microphone=()",
    ),
];

fn content_type(extension: &str) -> &'static str {
    match extension {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

//! Every route in one place: pages and API on the web listener, devices on theirs.

pub mod auth;
mod back_office;
pub mod callers;
pub mod error;
pub mod input;
pub mod limit;
mod page;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::from_fn;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

pub use error::ApiError;
pub use input::{Asked, At, Input, SealedBytes};
pub use page::Paged;

use crate::cloud::Cloud;
use crate::{
    accounts, audit, codes, devices, diversion, documents, feed, ingest, inspection, orders, pages,
    reconciliation, resource, settings, tracing, verifications,
};

/// The web listener.
pub fn web(cloud: Cloud) -> Router {
    let open = Router::new()
        .route("/verifications", post(verifications::http::verify))
        .route("/enrol", post(devices::http::enrol));
    let api = open
        .merge(signed_in())
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn(auth::same_origin))
        .layer(auth::sessions(&cloud));
    let mut router = Router::new()
        .route("/healthz", get(healthz))
        .nest("/api/v1", api.fallback(no_such_address))
        .merge(pages::routes())
        .layer(CompressionLayer::new())
        .with_state(cloud);
    for (name, value) in pages::SECURITY_HEADERS {
        let value = HeaderValue::from_static(value);
        router = router.layer(SetResponseHeaderLayer::if_not_present(name, value));
    }
    router
}

/// What needs an account; each handler names the role it asks for.
fn signed_in() -> Router<Cloud> {
    Router::new()
        .route(
            "/session",
            get(accounts::http::who).post(accounts::http::log_in).delete(accounts::http::log_out),
        )
        // What is declared: accounts, brands, categories, products, lots, sites, dealers, stores, operators.
        .merge(resource::http::routes())
        .route("/settings", get(settings::http::read).put(settings::http::change))
        .route("/audit", get(audit::http::list))
        .route("/regions", get(diversion::http::regions))
        .route("/orders", get(orders::http::list).post(orders::http::create))
        .route(
            "/orders/{id}",
            get(orders::http::one).put(orders::http::edit).delete(orders::http::withdraw),
        )
        .route("/orders/{id}/codes", post(orders::http::issue))
        .route("/orders/{id}/rolls/{level}", get(orders::http::roll))
        .route("/orders/{id}/release", post(orders::http::release))
        .route("/codes/carriers", get(codes::http::list_carriers).post(codes::http::issue_carriers))
        .route("/codes/{code}/label.svg", get(codes::http::label_svg))
        .route("/codes/{code}/label.pdf", get(codes::http::label_pdf))
        .route("/orders/{id}/labels.pdf", get(codes::http::sheets))
        .route("/codes/carriers/{id}", get(codes::http::carriers_roll))
        .route("/tasks/{id}/close", post(orders::http::close_task))
        .route("/tasks/{id}/void", post(orders::http::void_task))
        .route("/documents", get(documents::http::list).post(documents::http::create))
        // A document's id, or what is to be done with many of them.
        .route(
            "/documents/{id}",
            get(documents::http::one).put(documents::http::edit).post(documents::http::act_on_all),
        )
        .route("/documents/{id}/shares", put(documents::http::share))
        .route("/documents/{id}/reassign", post(documents::http::reassign))
        .route("/documents/{id}/{action}", post(documents::http::act))
        .route("/reassignments", get(documents::http::reassignments))
        .route("/reassignments/{id}/approve", post(documents::http::approve))
        .route("/reassignments/{id}/reject", post(documents::http::reject))
        .route("/reconciliation", get(reconciliation::http::list))
        .route("/reconciliation/{id}", get(reconciliation::http::one))
        .route("/reconciliation/{id}/void", post(reconciliation::http::declare_void))
        .route("/devices", get(devices::console::list))
        .route("/devices/tokens", post(devices::console::token))
        .route("/trace", get(tracing::http::trace))
        .route("/batches/{device}/{epoch}/{batch}", get(tracing::http::batch))
        .route("/batches/{device}/{epoch}/{batch}/raw", get(tracing::http::raw))
        .route("/diversion/suspects", get(diversion::http::list))
        .route("/inspections", post(inspection::http::inspect))
}

/// `GET /healthz` — the program answers and its database too.
async fn healthz(State(cloud): State<Cloud>) -> Result<Json<serde_json::Value>, ApiError> {
    drop(cloud.store.read().await?);
    Ok(Json(serde_json::json!({ "ok": true, "version": env!("CARGO_PKG_VERSION") })))
}

/// The device listener. Every handler takes a [`devices::Device`], so none answers without a known certificate.
pub fn device(cloud: Cloud) -> Router {
    Router::new()
        .route("/device/v1/batches", post(ingest::http::deliver))
        .route("/device/v1/verdicts", get(ingest::http::verdicts))
        .route("/device/v1/resume", post(ingest::http::resume))
        .route("/device/v1/feed/desk", get(feed::http::desk).layer(compression()))
        .route("/device/v1/feed/goods", get(feed::http::goods).layer(compression()))
        .route("/device/v1/rolls/{order}/{level}", get(codes::http::digest))
        .route("/device/v1/labels", post(codes::http::lease))
        .method_not_allowed_fallback(no_such_method)
        .fallback(no_such_address)
        .with_state(cloud)
}

/// For devices that ask for it: their networks are slow, and feed rows are much alike.
fn compression() -> CompressionLayer {
    CompressionLayer::new().quality(CompressionLevel::Fastest)
}

async fn no_such_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "no_such_method")
}

async fn no_such_address() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "no_such_address")
}

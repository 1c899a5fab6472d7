//! The page on this machine: its API and the embedded files. On loopback only, for one operator at a time.

mod assets;
mod associations;
mod backlog;
mod commands;
mod error;
mod exceptions;
mod guard;
mod lanes;
mod lists;
mod log;
mod names;
mod picture;
mod print;
mod session;
mod station;
mod tasks;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post, put};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::agent::Agent;
use crate::input::picture::PICTURE_BYTES_MAX;
use crate::lane::Remote;
use crate::station::desk::Desk;
use crate::store::StoreError;

pub use session::hash_pin;
pub(crate) use session::verifies;

/// The largest body of a request that is no picture.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The largest frame of a camera's stream.
const FRAME_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum UiError {
    /// What was open cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The listener failed.
    #[error("the local page cannot be served; is another program using its port?")]
    Serve(#[from] std::io::Error),
}

/// What every request sees.
#[derive(Clone)]
pub struct Page {
    agent: Agent,
    desk: Arc<Desk>,
    lanes: Arc<[Remote]>,
    sessions: Arc<session::Sessions>,
    tries: Arc<session::Tries>,
    waiters: Arc<Semaphore>,
    frames: Arc<Semaphore>,
    log_turn: Arc<Mutex<()>>,
    importing: Arc<Mutex<()>>,
    stop: CancellationToken,
}

impl Page {
    async fn of(
        agent: Agent,
        lanes: Vec<Remote>,
        stop: CancellationToken,
    ) -> Result<Self, StoreError> {
        let (store, clock) = (agent.store.clone(), agent.clock.clone());
        let desk = Arc::new(Desk::restore(store, clock, agent.device()).await?);
        let sessions = Arc::new(session::restore(&agent).await?);
        let waiters = Arc::new(Semaphore::new(station::WAITERS_MAX));
        let lanes = lanes.into();
        Ok(Self {
            agent,
            desk,
            lanes,
            sessions,
            tries: Arc::default(),
            waiters,
            frames: Arc::new(Semaphore::new(1)),
            log_turn: Arc::default(),
            importing: Arc::default(),
            stop,
        })
    }
}

/// The page of an agent with these lanes: every route.
pub async fn router(agent: Agent, lanes: Vec<Remote>) -> Result<Router, StoreError> {
    Ok(routes(Page::of(agent, lanes, CancellationToken::new()).await?))
}

fn routes(page: Page) -> Router {
    Router::new()
        .route("/api/session", post(session::log_in).get(session::show).delete(session::log_out))
        .route("/api/session/lock", post(session::lock))
        .route("/api/session/unlock", post(session::unlock))
        .route("/api/session/site", put(session::change_site))
        .route("/api/status", get(lists::status))
        .route("/api/lanes", get(lanes::list))
        .route("/api/lanes/{name}/rejected", get(lanes::rejected))
        .route("/api/lanes/{name}/{command}", post(lanes::command))
        .route("/api/tasks", get(lists::tasks).post(tasks::open))
        .route("/api/products", get(lists::products))
        .route("/api/dealers", get(lists::dealers))
        .route("/api/documents", get(lists::documents))
        .route("/api/backlog", get(backlog::download))
        .route("/api/exceptions", get(exceptions::list))
        .route("/api/associations", post(associations::import).layer(DefaultBodyLimit::disable()))
        .route("/api/station", get(station::show))
        .route("/api/station/next", get(station::next))
        .route("/api/station/open", post(station::open))
        .route("/api/station/scan", post(station::scan))
        .route("/api/station/command", post(station::command))
        .route("/api/station/approve", post(station::approve))
        .route(
            "/api/station/picture",
            post(picture::scan).layer(DefaultBodyLimit::max(PICTURE_BYTES_MAX)),
        )
        .route("/api/camera", post(picture::look_at).layer(DefaultBodyLimit::max(FRAME_BYTES_MAX)))
        .route("/api/log", get(log::show))
        .route("/api/log/export", get(log::export))
        .route("/api/broadcast", post(station::broadcast))
        .route("/api/broadcast/profiles", get(lists::broadcast_profiles))
        .merge(printing())
        .route("/api/{*rest}", axum::routing::any(error::no_such_route))
        .route("/commands", get(commands::sheet))
        .fallback(assets::file)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(guard::guard))
        .with_state(page)
}

/// Labels on the spot.
fn printing() -> Router<Page> {
    Router::new()
        .route("/api/print", get(print::printers).post(print::print))
        .route("/api/print/preview", get(print::preview))
        .route("/api/print/jobs", get(print::jobs))
        .route("/api/print/jobs/{id}", get(print::job).post(print::decide))
        .route("/api/print/jobs/{id}/preview", get(print::job_preview))
        .route("/api/print/jobs/{id}/reprint", post(print::reprint))
}

/// Serves the page until `stop`.
pub async fn serve(
    agent: Agent,
    lanes: Vec<Remote>,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<(), UiError> {
    let page = Page::of(agent, lanes, stop.clone()).await?;
    tokio::spawn(session::watch(page.clone(), stop.clone()));
    tracing::info!(ui.address = %listener.local_addr()?, "the local page is up");
    axum::serve(listener, routes(page)).with_graceful_shutdown(stop.cancelled_owned()).await?;
    Ok(())
}

//! `sealtrace-agent run`: opens the store, starts lanes, page and synchronisation, stops in order.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agent::Agent;
use crate::clock::Clock;
use crate::config::Config;
use crate::identity::{Identity, IdentityError, random};
use crate::lane::{self, Lane};
use crate::store::{Store, StoreError};
use crate::sync::driver;

/// Why the agent does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The identity belongs to another store.
    #[error(
        "the data folder's identity is device {identity}, its database is device {store}; restore the right copy"
    )]
    Mixed {
        /// The identity's device.
        identity: u64,
        /// The store's device.
        store: u64,
    },
    /// Signals cannot be heard.
    #[error("the program could not listen for signals")]
    Signals(#[source] std::io::Error),
}

/// Opens everything an agent consists of.
pub async fn open(config: Config) -> Result<Agent, RunError> {
    let store = Store::open(&config.data)?;
    let identity = Identity::load(&config.data)?;
    let known = store.read(crate::store::stream::read).await?;
    if let (Some(identity), Some(known)) = (&identity, known)
        && identity.device.device != known.device
    {
        let (identity, store) = (identity.device.device.get(), known.device.get());
        return Err(RunError::Mixed { identity, store });
    }
    Ok(Agent::new(store, Clock::new(), config, identity, random()?))
}

/// Runs until `stop`.
pub async fn run(agent: Agent, stop: CancellationToken) -> Result<(), RunError> {
    let tasks = TaskTracker::new();
    match &agent.identity {
        Some(identity) => {
            tracing::info!(
                device.id = identity.device.device.get(),
                device.name = identity.device.name,
                agent.version = env!("CARGO_PKG_VERSION"),
                agent.data = %agent.store.folder().display(),
                "the agent starts"
            );
            tasks.spawn(driver::run(agent.clone(), Arc::clone(identity), stop.clone()));
        }
        None => tracing::warn!(
            agent.data = %agent.store.folder().display(),
            "this device is not enrolled: run `sealtrace-agent enrol --help`"
        ),
    }
    let lanes: Vec<Lane> = (agent.config.lanes.iter().cloned())
        .filter_map(|config| lane::start(&agent, config))
        .collect();
    stop.cancelled().await;
    // Every answer a lane gave is on the disk already: it can be stopped anywhere.
    for lane in &lanes {
        lane.task.abort();
    }
    tasks.close();
    tasks.wait().await;
    tracing::info!("the agent has stopped");
    Ok(())
}

/// Cancelled by SIGTERM or Ctrl-C.
pub fn stop_on_signals() -> Result<CancellationToken, RunError> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signals)?;
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("asked to stop"),
            _ = interrupt.recv() => tracing::info!("asked to stop"),
        }
        token.cancel();
    });
    Ok(stop)
}

//! `sealtrace-agent run`: opens the store, starts lanes, page and synchronisation, stops in order.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agent::Agent;
use crate::clock::Clock;
use crate::config::Config;
use crate::identity::{Identity, IdentityError, random};
use crate::lane::{self, Lane, LaneError};
use crate::log::operations;
use crate::print;
use crate::station;
use crate::store::exceptions::{self, Exception, Kind};
use crate::store::{Store, StoreError, journal, print as labelled, pruning};
use crate::sync::{driver, resume};
use crate::ui::{self, UiError};

/// How often it is looked for what is old.
const FORGET_INTERVAL_MS: u64 = 24 * 60 * 60 * 1_000;
/// Between two portions, so that scans get their turn.
const FORGET_PAUSE_MS: u64 = 50;

/// How long after the start the rest of a large database is checked.
const CHECK_AFTER_MS: u64 = 10 * 60 * 1_000;

/// How long open requests of the page may take to end.
const STOP_PATIENCE_MS: u64 = 3_000;

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
    /// A lane.
    #[error(transparent)]
    Lane(#[from] LaneError),
    /// The page's address is taken.
    #[error("the page cannot listen on {address}; stop what uses it or give another with --ui")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The page.
    #[error(transparent)]
    Ui(#[from] UiError),
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
    if let Some(identity) = &identity
        && let Err(error) = resume::notice_lost(&store, identity).await
    {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "whether this store is an old copy could not be found out; if it was restored, stop and enrol anew"
        );
    }
    let clock = Clock::new();
    if let Some(heard) = known.and_then(|stream| stream.receipt_at) {
        clock.remember(heard);
    }
    Ok(Agent::new(store, clock, config, identity, random()?))
}

/// Runs until `stop`.
pub async fn run(agent: Agent, stop: CancellationToken) -> Result<(), RunError> {
    let address = agent.config.ui.address;
    let page =
        TcpListener::bind(address).await.map_err(|source| RunError::Listen { address, source })?;
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
    tasks.spawn(forget(agent.clone(), stop.clone()));
    tasks.spawn(check_rest(agent.clone(), stop.clone()));
    tasks.spawn(tell_operations(agent.clone(), stop.clone()));
    let mut lanes = Vec::new();
    for config in agent.config.lanes.clone() {
        lanes.push(lane::start(&agent, config).await?);
    }
    print::start(&agent, &tasks, &stop).await?;
    report_left_behind(&agent).await?;
    let states = lanes.iter().map(Lane::remote).collect();
    let served = tokio::select! {
        served = ui::serve(agent.clone(), states, page, stop.clone()) => served,
        () = patience(&agent, &stop) => Ok(()),
    };
    stop.cancel();
    // Every answer a lane gave is on the disk already: it can be stopped anywhere.
    for lane in &lanes {
        lane.task.abort();
    }
    tasks.close();
    tasks.wait().await;
    tracing::info!("the agent has stopped");
    Ok(served?)
}

/// Scans of a lane that is not configured any more stay on the disk, but nothing goes on with them.
async fn report_left_behind(agent: &Agent) -> Result<(), StoreError> {
    for source in left_behind(agent).await? {
        tracing::error!(
            journal.source = source,
            "scans shown green belong to a lane that is not configured: give it its name back, or count that case anew"
        );
    }
    Ok(())
}

/// Whose drafts neither the station nor a configured lane takes up.
async fn left_behind(agent: &Agent) -> Result<Vec<String>, StoreError> {
    let mut sources = agent.store.read(journal::sources).await?;
    let lanes: Vec<_> = agent.config.lanes.iter().map(|lane| lane::source(&lane.name)).collect();
    sources.retain(|source| source != station::SOURCE && !lanes.contains(source));
    Ok(sources)
}

/// Ends a while after `stop`: a page that is still being loaded does not keep the program from ending.
async fn patience(agent: &Agent, stop: &CancellationToken) {
    stop.cancelled().await;
    agent.clock.sleep_ms(STOP_PATIENCE_MS).await;
}

/// Once a day what is old, receipted and judged is forgotten, a little at a time.
async fn forget(agent: Agent, stop: CancellationToken) {
    loop {
        let now = agent.clock.best();
        let more = agent
            .store
            .write_later(move |tx| {
                Ok::<_, StoreError>(
                    pruning::forget_some(tx, now)? || labelled::forget_some(tx, now)?,
                )
            })
            .await;
        let pause = match more {
            Ok(true) => FORGET_PAUSE_MS,
            Ok(false) => FORGET_INTERVAL_MS,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "what is old could not be forgotten; it is tried again tomorrow"
                );
                FORGET_INTERVAL_MS
            }
        };
        tokio::select! {
            () = agent.clock.sleep_ms(pause) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Behind the work, once, what the start had no time to check.
async fn check_rest(agent: Agent, stop: CancellationToken) {
    tokio::select! {
        () = agent.clock.sleep_ms(CHECK_AFTER_MS) => {}
        () = stop.cancelled() => return,
    }
    let Err(error) = agent.store.check_rest().await else { return };
    tracing::error!(
        error = &error as &dyn std::error::Error,
        "the rest of the database could not be checked, or is damaged: start the agent again when no package is open"
    );
    let exception = Exception {
        at: agent.clock.now(),
        kind: Kind::Critical,
        code: None,
        lane: None,
        operation: None,
        rejection: None,
        detail: "database_damaged".to_owned(),
    };
    if let Err(error) = agent.store.write(move |tx| exceptions::add(tx, &exception)).await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "that could not be shown on the page"
        );
    }
}

async fn tell_operations(agent: Agent, stop: CancellationToken) {
    if let Err(error) = operations::tell(agent, stop).await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "operations are not told in the log any more, until the next start"
        );
    }
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

#[cfg(test)]
mod tests {
    use sealtrace_protocol::ids::SiteId;

    use super::*;
    use crate::store::journal::Draft;

    #[tokio::test]
    async fn scans_of_a_lane_that_is_gone_from_the_configuration_are_noticed() {
        let data = tempfile::tempdir().unwrap();
        let config = Config { data: data.path().to_owned(), ..Config::default() };
        let agent = open(config).await.unwrap();
        for source in [station::SOURCE.to_owned(), lane::source("line-1")] {
            let draft = Draft {
                source,
                role: "unit".into(),
                text: "x".into(),
                code: None,
                at: agent.clock.stamp(),
                operator: None,
                site: SiteId(1),
                task: None,
                document: None,
                accepted: true,
            };
            agent.store.write(move |tx| journal::append(tx, &draft)).await.unwrap();
        }
        assert_eq!(left_behind(&agent).await.unwrap(), ["lane.line-1"]);
    }
}

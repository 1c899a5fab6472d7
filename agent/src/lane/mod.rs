//! Production lines: readers in, cases and pallets out, without hands.
//!
//! [`sequential`] decides which units go into which case and knows nothing else; [`driver`] reads, asks the rules,
//! writes, and only then answers reader and gate. One task per lane; lanes share nothing but the store.

mod choice;
mod driver;
mod gate;
mod record;
pub mod sequential;
mod stack;

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{SiteId, TaskId};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::agent::Agent;
use crate::config::{LaneConfig, TaskSource};
use crate::input::serial::Event;
use crate::store::StoreError;

pub use choice::Waits;

/// A case as the line screen lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCase {
    /// Its label, if one was read.
    pub case: Option<Code>,
    /// When.
    pub at: i64,
    /// Whether it was packed.
    pub accepted: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A pallet that is being filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PalletState {
    /// Cases on it.
    pub cases: u32,
    /// Cases it holds.
    pub of: u32,
}

/// A lane as the line screen shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaneState {
    /// Its name.
    pub name: String,
    /// The task it works on.
    pub task: Option<TaskId>,
    /// Why it works on none.
    pub waits: Option<Waits>,
    /// Units read for the open case.
    pub open_units: u32,
    /// Units a case holds.
    pub of: u32,
    /// The pallet in work.
    pub pallet: Option<PalletState>,
    /// Cases packed since the lane was set up.
    pub accepted_cases: u64,
    /// Cases set aside.
    pub rejected_cases: u64,
    /// Units and labels that passed unread.
    pub no_reads: u64,
    /// Cases in the last minute.
    pub rate_per_min: u32,
    /// True while both readers are connected.
    pub connected: bool,
    /// Newest first.
    pub last: Vec<LastCase>,
}

/// A running lane.
pub struct Lane {
    /// How it stands.
    pub state: watch::Receiver<LaneState>,
    /// Its task; ends only when aborted or when the store has stopped.
    pub task: JoinHandle<()>,
}

/// What the drafts of the lane of this name are stored under.
pub(crate) fn source(name: &str) -> String {
    format!("lane.{name}")
}

/// Starts a lane, in the middle of the case that was open when the program ended; how it stands is known on return.
pub async fn start(agent: &Agent, config: LaneConfig) -> Result<Lane, LaneError> {
    let sites = agent.identity.as_ref().map(|identity| identity.device.sites.as_slice());
    let only = match sites {
        Some([only]) => Some(only.id),
        Some(_) | None => None,
    };
    let name = config.name.clone();
    let site = config.site.or(only).ok_or(LaneError::NoSite { name })?;
    let (ready, state) = restored(agent, &config.name, site, config.task).await?;
    let ends = driver::Ends::of(&config, &agent.clock);
    Ok(Lane { state, task: tokio::spawn(driver::run(ready, ends)) })
}

/// What is told to a lane that has no reader on a port: a simulated line says what passes.
pub struct Readers {
    /// Units.
    pub units: mpsc::Receiver<Event>,
    /// Case labels.
    pub cases: mpsc::Receiver<Event>,
}

/// [`start`] without ports; the lane ends when one of its readers is dropped.
pub async fn start_told(
    agent: &Agent,
    name: &str,
    site: SiteId,
    task: TaskSource,
    readers: Readers,
) -> Result<Lane, LaneError> {
    let (ready, state) = restored(agent, name, site, task).await?;
    let ends = driver::Ends::told(readers);
    Ok(Lane { state, task: tokio::spawn(driver::run(ready, ends)) })
}

async fn restored(
    agent: &Agent,
    name: &str,
    site: SiteId,
    task: TaskSource,
) -> Result<(driver::Ready, watch::Receiver<LaneState>), LaneError> {
    if agent.identity.as_ref().is_some_and(|identity| !identity.permits(site)) {
        return Err(LaneError::NotPermitted { name: name.to_owned(), site });
    }
    let initial = LaneState { name: name.to_owned(), ..LaneState::default() };
    let (tell, state) = watch::channel(initial);
    Ok((driver::restore(agent, name, site, task, tell).await?, state))
}

/// Why a lane does not start.
#[derive(Debug, thiserror::Error)]
pub enum LaneError {
    /// Neither the configuration nor the device says where it stands.
    #[error(
        "lane {name:?} has no site; write in the configuration at which of the device's sites it stands"
    )]
    NoSite {
        /// The lane.
        name: String,
    },
    /// The device may not work where the configuration puts the lane.
    #[error(
        "lane {name:?} stands at site {site}, where this device may not work; correct the site in the configuration, or \
         enrol the device with a token for that site"
    )]
    NotPermitted {
        /// The lane.
        name: String,
        /// Its site.
        site: SiteId,
    },
    /// What it had open cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

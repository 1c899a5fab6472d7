//! Production lines: readers in, cases and pallets out, without hands.
//!
//! [`sequential`] decides which units go into which case and knows nothing else; [`driver`] reads, asks the rules,
//! writes, and only then answers reader and gate. One task per lane; lanes share nothing but the store.

mod apply;
mod choice;
mod driver;
#[cfg(test)]
mod fuzz_tests;
mod gate;
mod held;
#[cfg(test)]
mod line_tests;
mod listen;
mod owed;
#[cfg(test)]
mod pass_tests;
mod record;
pub mod sequential;
mod stack;
mod telling;

use sealtrace_firmware_config::ProfileError;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{SiteId, TaskId};
use sealtrace_protocol::ledger::Level;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::agent::Agent;
use crate::config::{LaneConfig, TaskSource};
use crate::input::reader::Event;
use crate::store::StoreError;

use apply::Applies;
pub use choice::Waits;

/// What a person asked that may wait for a lane.
const COMMANDS_MAX: usize = 4;

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

/// How a lane found its place again after something that it could not see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resync {
    /// When.
    pub at: i64,
    /// What it had missed: `reader_lost`, `reader_restarted`, `agent_restarted`, `label_missing`.
    pub gap: String,
    /// The label that ended what was open; none = the first unit beyond a full case did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Code>,
    /// Places of the case that was set aside for it.
    pub places: u32,
}

/// Why a lane lets no case pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// A reader is away for longer than its profile allows; it goes on when that is back.
    ReaderLost,
    /// The gate did not confirm a reject; it goes on when a person has looked and said so.
    RejectUnconfirmed,
}

impl Stop {
    /// The word a case is set aside with that comes all the same.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ReaderLost => "reader_lost",
            Self::RejectUnconfirmed => "reject_unconfirmed",
        }
    }
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
    /// Its task ends here: the open case may stay short.
    pub finishing: bool,
    /// Why no case may pass now.
    pub stop: Option<Stop>,
    /// How it found its place again after the last gap.
    pub resync: Option<Resync>,
    /// Newest first.
    pub last: Vec<LastCase>,
}

/// What a person asks of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// It has been looked why a reject was not confirmed: let it go on.
    GoOn,
    /// The task ends here: the open case may stay short, and what waits becomes partial pallets.
    Finish,
}

/// How a lane stands and what it is asked, for the page.
#[derive(Clone)]
pub struct Remote {
    /// How it stands.
    pub state: watch::Receiver<LaneState>,
    /// What it is asked.
    pub commands: mpsc::Sender<Command>,
}

/// A running lane.
pub struct Lane {
    /// How it stands.
    pub state: watch::Receiver<LaneState>,
    /// What it is asked.
    pub commands: mpsc::Sender<Command>,
    /// Its task; ends only when aborted or when the store has stopped.
    pub task: JoinHandle<()>,
}

impl Lane {
    /// For the page.
    #[must_use]
    pub fn remote(&self) -> Remote {
        Remote { state: self.state.clone(), commands: self.commands.clone() }
    }
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
    let site = config.site.or(only).ok_or(LaneError::NoSite { name: name.clone() })?;
    let ends = listen::Ends::of(&config, &agent.clock)?;
    let others = agent.config.lanes.iter().filter(|other| other.name != name);
    let elsewhere = others.filter_map(|other| other.packs).collect();
    let LaneConfig { task, packs, pictures, prints, .. } = config;
    let applies = prints.map(|prints| Applies { prints, config: agent.config.clone() });
    let setup = Setup { name, site, task, packs, elsewhere, pictures, applies };
    begin(agent, setup, ends).await
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
    let (packs, elsewhere, pictures, applies) = (None, Vec::new(), false, None);
    let name = name.to_owned();
    let setup = Setup { name, site, task, packs, elsewhere, pictures, applies };
    begin(agent, setup, listen::Ends::told(readers, &agent.clock)).await
}

/// What a lane is for.
struct Setup {
    name: String,
    site: SiteId,
    task: TaskSource,
    packs: Option<Level>,
    elsewhere: Vec<Level>,
    pictures: bool,
    applies: Option<Applies>,
}

async fn begin(agent: &Agent, setup: Setup, ends: listen::Ends) -> Result<Lane, LaneError> {
    let (name, site) = (setup.name.clone(), setup.site);
    if agent.identity.as_ref().is_some_and(|identity| !identity.permits(site)) {
        return Err(LaneError::NotPermitted { name, site });
    }
    let (tell, state) = watch::channel(LaneState { name, ..LaneState::default() });
    let (commands, queue) = mpsc::channel(COMMANDS_MAX);
    let ready = driver::restore(agent, setup, ends, tell, queue).await?;
    Ok(Lane { state, commands, task: tokio::spawn(driver::run(ready)) })
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
    /// The gate's profile is none of a gate, or does not say how to reach it.
    #[error(transparent)]
    Gate(#[from] ProfileError),
    /// What it had open cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

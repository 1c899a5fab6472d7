//! The main job, end to end, with the real programs: set up, make, pack, cut, synchronise, ship, move, sell, audit.

mod browser;
mod floor;
mod plan;
mod sale;
mod warehouse;
mod world;

use std::path::{Path, PathBuf};

use anyhow::{Error, Result};

use self::plan::Job;
use self::sale::Sold;
use self::warehouse::Moved;
pub use world::{Settings, Shown, World};

use crate::check::{Summary, summarise};
use crate::clock::Stopwatch;

/// A job that was run to its end, or until something was not as expected.
pub struct Finished {
    /// Everything that runs, for whoever wants to look around.
    pub world: World,
    /// What both sides' databases say.
    pub summary: Summary,
    /// The first thing that was not as expected.
    pub complaint: Option<Error>,
}

/// Runs the whole job. An error means that it went wrong before there was anything to count.
pub async fn run(settings: &Settings) -> Result<Finished> {
    let stopwatch = Stopwatch::start();
    let mut world = World::build(settings).await?;
    let done = work(&mut world, settings).await;
    let agents = world.agent_folders();
    let agents: Vec<&Path> = agents.iter().map(PathBuf::as_path).collect();
    let counted = summarise(&agents, &world.database()).await;
    let (mut summary, complaint) = match (done, counted) {
        (Ok((job, sold, moved)), Ok(summary)) => {
            let complaint = plan::expect(&job, &sold, &moved, &summary).err();
            (summary, complaint)
        }
        (Err(complaint), Ok(summary)) => (summary, Some(complaint)),
        (Err(complaint), Err(_)) | (Ok(_), Err(complaint)) => return Err(complaint),
    };
    summary.ok = complaint.is_none();
    summary.seconds = stopwatch.seconds();
    Ok(Finished { world, summary, complaint })
}

async fn work(world: &mut World, settings: &Settings) -> Result<(Job, Sold, Moved)> {
    let job = plan::release(world).await?;
    floor::work(world, &job).await?;
    let sold = sale::ship_and_sell(world, &job).await?;
    let moved = warehouse::work_alone(world, &job, &sold).await?;
    sale::audit(world, &job, &sold).await?;
    if settings.browser {
        tokio::task::block_in_place(|| browser::audit(world))?;
    }
    Ok((job, sold, moved))
}

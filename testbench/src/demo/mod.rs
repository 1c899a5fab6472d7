//! The main job, end to end, with the real programs: set up, make, pack, cut, synchronise, ship, sell, audit.

mod browser;
mod floor;
mod plan;
mod sale;
mod world;

use anyhow::Result;

pub use world::{Settings, Shown, World};

use crate::check::{Summary, summarise};
use crate::clock::Stopwatch;

/// Runs the whole job; the world stays up for whoever wants to look around.
pub async fn run(settings: &Settings) -> Result<(World, Summary)> {
    let stopwatch = Stopwatch::start();
    let mut world = World::build(settings).await?;
    let job = plan::release(&mut world).await?;
    floor::work(&mut world, &job).await?;
    let sold = sale::ship_and_sell(&mut world, &job).await?;
    sale::audit(&mut world, &job, &sold).await?;
    if settings.browser {
        tokio::task::block_in_place(|| browser::audit(&world))?;
    }
    let agents = [world.line_folder(), world.pda_folder()];
    let mut summary = summarise(&[&agents[0], &agents[1]], &world.database()).await?;
    summary.seconds = stopwatch.seconds();
    plan::expect(&job, &sold, &summary)?;
    summary.ok = true;
    Ok((world, summary))
}

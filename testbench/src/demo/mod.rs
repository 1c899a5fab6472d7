//! The main job, end to end, with the real programs: set up, make, pack, cut, synchronise, ship, sell, audit.

mod floor;
mod plan;
mod sale;
mod world;

use std::time::Instant;

use anyhow::Result;

pub use world::{Settings, Shown, World};

use crate::check::{Summary, summarise};

/// Runs the whole job; the world stays up for whoever wants to look around.
pub async fn run(settings: &Settings) -> Result<(World, Summary)> {
    let started = Instant::now();
    let mut world = World::build(settings).await?;
    let job = plan::release(&mut world).await?;
    floor::work(&mut world, &job).await?;
    let sold = sale::ship_and_sell(&mut world, &job).await?;
    sale::audit(&mut world, &job, &sold).await?;
    let agents = [world.line_folder(), world.pda_folder()];
    let mut summary = summarise(&[&agents[0], &agents[1]], &world.database()).await?;
    summary.seconds = (started.elapsed().as_secs_f64() * 10.0).round() / 10.0;
    plan::expect(&job, &sold, &summary)?;
    summary.ok = true;
    Ok((world, summary))
}

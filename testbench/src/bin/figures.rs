//! `cargo figures`: measurements with the real programs, each beside its control.
#![expect(clippy::print_stdout, reason = "this is what the command answers")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use sealtrace_testbench::figures::{decode, feed, lane, parse, scan_commit};
use sealtrace_testbench::pictures::Set;
use tempfile::TempDir;

/// Measures what the programs achieve on this machine.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    figure: Figure,
}

#[derive(Subcommand)]
enum Figure {
    /// A new device of a site with many packages: when it can work, when it knows everything, what a change costs.
    Feed(Feed),
    /// A scan's way to green: beside what the disk takes for the same bytes, with a large site known, on a slow disk.
    ScanCommit(ScanCommit),
    /// Four lines that stand still for nobody on one agent: what is dropped, when gates hear, how fast belts may go.
    Lane(Lane),
    /// GS1 element strings and Digital Links that one core reads in a second.
    Parse(Parse),
    /// Degraded pictures of labels: how many our reader reads and how long that takes, beside each library alone.
    Decode(Decode),
}

#[derive(clap::Args)]
struct Decode {
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// How many pictures.
    #[arg(long, default_value_t = 1_560, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pictures: u32,
    /// Other pictures of the same kind.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Which kind: labels as scanners see them, or photos from the floor.
    #[arg(long, value_enum, default_value_t = Set::Bench)]
    set: Set,
    /// Where to put the pictures with a list of what they say, instead of measuring.
    #[arg(long)]
    save: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Parse {
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// How long it takes in all.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
}

#[derive(clap::Args)]
struct ScanCommit {
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// How many packages the device knows.
    #[arg(long, default_value_t = 5_000_000, value_parser = clap::value_parser!(u32).range(100..=20_000_000))]
    packages: u32,
    /// How long each way of working is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Where to put everything; emptied before. The disk it is on is what is measured.
    #[arg(long)]
    data: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Lane {
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// How long the lines work before they are made faster and faster.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Where to put everything; emptied before. The disk it is on is what is measured.
    #[arg(long)]
    data: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Feed {
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// How many packages the site has.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=5_000_000))]
    packages: u32,
    /// `sqlite`, or the URL of an empty PostgreSQL database.
    #[arg(long, default_value = "sqlite")]
    database: String,
    /// Where to put everything; emptied before.
    #[arg(long)]
    data: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let answer = match Arguments::parse().figure {
        Figure::Feed(options) => measure_feed(&options).await,
        Figure::ScanCommit(options) => measure_scan_commit(&options).await,
        Figure::Lane(options) => measure_lane(&options).await,
        Figure::Parse(options) => measure_parse(&options),
        Figure::Decode(options) => measure_decode(&options),
    };
    match answer {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("\nthe figure failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure_feed(options: &Feed) -> Result<String> {
    let place = Place::new(options.data.as_deref())?;
    let settings = feed::Settings {
        folder: place.folder(),
        postgres: (options.database != "sqlite").then(|| options.database.clone()),
        packages: options.packages,
    };
    let report = feed::run(&settings).await?;
    if options.json { Ok(serde_json::to_string(&report)?) } else { Ok(report.table()) }
}

async fn measure_scan_commit(options: &ScanCommit) -> Result<String> {
    let place = Place::new(options.data.as_deref())?;
    let settings = scan_commit::Settings {
        folder: place.folder(),
        packages: options.packages,
        time: Duration::from_secs(options.seconds),
    };
    let report = scan_commit::run(&settings).await?;
    if options.json { Ok(serde_json::to_string(&report)?) } else { Ok(report.table()) }
}

async fn measure_lane(options: &Lane) -> Result<String> {
    let place = Place::new(options.data.as_deref())?;
    let settings =
        lane::Settings { folder: place.folder(), time: Duration::from_secs(options.seconds) };
    let report = lane::run(&settings).await?;
    if options.json { Ok(serde_json::to_string(&report)?) } else { Ok(report.table()) }
}

fn measure_parse(options: &Parse) -> Result<String> {
    let report = parse::run(options.seconds)?;
    if options.json { Ok(serde_json::to_string(&report)?) } else { Ok(report.table()) }
}

fn measure_decode(options: &Decode) -> Result<String> {
    let pictures = usize::try_from(options.pictures)?;
    let settings = decode::Settings { set: options.set, pictures, seed: options.seed };
    if let Some(folder) = &options.save {
        return decode::save(settings, folder);
    }
    let report = decode::run(settings)?;
    if options.json { Ok(serde_json::to_string(&report)?) } else { Ok(report.table()) }
}

/// Where a figure puts its files: a folder that goes with it, or one that was asked for and is emptied first.
enum Place {
    Ours(TempDir),
    Asked(PathBuf),
}

impl Place {
    fn new(asked: Option<&Path>) -> Result<Self> {
        let Some(folder) = asked else {
            let folder = tempfile::Builder::new().prefix("sealtrace-figures-").tempdir()?;
            return Ok(Self::Ours(folder));
        };
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        Ok(Self::Asked(folder.to_owned()))
    }

    fn folder(&self) -> PathBuf {
        match self {
            Self::Ours(folder) => folder.path().to_owned(),
            Self::Asked(folder) => folder.clone(),
        }
    }
}

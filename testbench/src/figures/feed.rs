//! `feed`: a new device of a large site. When can it work, when does it know everything, and what does a change cost?

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::control::{Download, Downloader, insert_again};
use super::memory::{Watch, peak_mb};
use super::plant::{Device, Plant};
use super::scans::Waits;
use super::stock::Stock;
use super::{Machine, percentile, rounded, say};
use crate::clock::Stopwatch;
use crate::pda::until;

/// Sites this large are measured, up to the one asked for.
const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];
/// Devices that arrive at the largest site, each followed by the control.
const ROUNDS: u32 = 2;
/// Rows changed at each size.
const CHANGES: u32 = 20;
/// Scans for comparison, once a device knows everything.
const SCANS_AFTER: u32 = 250;
/// How long a device may take to know everything.
const ARRIVAL_PATIENCE: Duration = Duration::from_secs(1_800);
/// How long it may take to hear of one change.
const CHANGE_PATIENCE: Duration = Duration::from_secs(60);

/// What the caller chooses.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where everything goes.
    pub folder: PathBuf,
    /// PostgreSQL instead of the embedded database.
    pub postgres: Option<String>,
    /// How many packages the largest site has.
    pub packages: u32,
}

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    figure: &'static str,
    database: &'static str,
    machine: Machine,
    /// Smallest site first.
    sites: Vec<Measured>,
    controls: Controls,
}

/// One size of site.
#[derive(Clone, Debug, Serialize)]
struct Measured {
    packages: u32,
    arrivals: Vec<Arrival>,
    change: Change,
}

/// A new device.
#[derive(Clone, Copy, Debug, Serialize)]
struct Arrival {
    /// From the start of its enrolment until its operator is shown a task.
    first_task_seconds: f64,
    /// Until it knows every package.
    complete_seconds: f64,
    /// Both directions, with TLS.
    wire_bytes: u64,
    cloud_peak_mb: f64,
    cloud_growth_mb: f64,
    agent_peak_mb: f64,
    /// Its operator's scans meanwhile …
    scans_meanwhile: Waits,
    /// … and after that.
    scans_after: Waits,
}

/// One changed row.
#[derive(Clone, Copy, Debug, Serialize)]
struct Change {
    /// From the commit in the cloud until the device knows; devices ask once a second.
    known_ms_p50: f64,
    known_ms_max: f64,
    /// Between the two on the wire, with TLS.
    wire_bytes_p50: f64,
    /// How long the cloud takes to answer with it.
    answer_ms_p50: f64,
    /// Rows in that answer, at most.
    rows_max: usize,
}

/// The same at the largest site without our programs' work.
#[derive(Clone, Debug, Serialize)]
struct Controls {
    /// Writing the device's rows into a bare file, after each arrival.
    insert_seconds: Vec<f64>,
    /// Fetching every page and dropping it.
    download: Download,
    /// The same, compressed.
    download_gzip: Download,
}

/// Measures all of it.
pub async fn run(settings: &Settings) -> Result<Report> {
    let mut plant = Plant::build(settings).await?;
    let packages = settings.packages;
    let mut stock =
        Stock::new(&plant.database, plant.site, plant.product, plant.order, packages).await?;
    let mut sizes: Vec<u32> = SIZES.into_iter().filter(|size| *size < packages).collect();
    sizes.push(packages);
    let mut sites = Vec::new();
    let mut insert_seconds = Vec::new();
    let mut downloads = (Download::default(), Download::default());
    for size in sizes {
        let is_last = size == packages;
        say(&format!("the site gets {size} packages"));
        let grown = stock.grow_to(size).await?;
        let mut arrivals = Vec::new();
        let mut device = None;
        for round in 0..if is_last { ROUNDS } else { 1 } {
            drop(device.take());
            let (arrived, arrival) =
                arrive(&mut plant, &stock, &format!("pda-{size}-{round}")).await?;
            say(&format!(
                "a new device shows a task after {:.1} s, knows everything after {:.1} s",
                arrival.first_task_seconds, arrival.complete_seconds
            ));
            ensure!(arrived.knowledge()?.items()? >= u64::from(grown), "the device lacks packages");
            if is_last {
                let bare = settings.folder.join(format!("bare-{round}.db"));
                insert_seconds.push(rounded(insert_again(&arrived.file(), &bare)?));
                std::fs::remove_file(bare)?;
            }
            arrivals.push(arrival);
            device = Some(arrived);
        }
        let device = device.context("no device arrived")?;
        let mut downloader = Downloader::new(&device.identity(), plant.site)?;
        let change = changes(&plant, &stock, &device, &downloader).await?;
        if is_last {
            say("the same pages are fetched and dropped");
            downloads = (downloader.plain().await?, downloader.compressed("gzip").await?);
        }
        sites.push(Measured { packages: grown, arrivals, change });
    }
    let (download, download_gzip) = downloads;
    Ok(Report {
        figure: "feed",
        database: if settings.postgres.is_some() { "postgres" } else { "sqlite" },
        machine: Machine::this(),
        sites,
        controls: Controls { insert_seconds, download, download_gzip },
    })
}

/// A new device enrols and is watched until it knows everything.
async fn arrive(plant: &mut Plant, stock: &Stock, name: &str) -> Result<(Device, Arrival)> {
    let newest = stock.newest().await?;
    let watch = Watch::begin(plant.cloud.pid())?;
    let passed = plant.network.passed_bytes();
    let mut work = plant.work()?;
    let since = Stopwatch::start();
    let mut device = plant.device(name).await?;
    let pda = device.shows_a_task().await?;
    let first_task_seconds = since.elapsed().as_secs_f64();
    let knowledge = device.knowledge()?;
    let mut complete_seconds = None;
    let knows_all = || {
        let knows_all = knowledge.goods_cursor()? >= newest;
        if knows_all {
            complete_seconds.get_or_insert(since.elapsed().as_secs_f64());
        }
        Ok(knows_all)
    };
    let scans_meanwhile = work.pack(&pda, knows_all).await?;
    until(ARRIVAL_PATIENCE, "the device does not get to the end of the feed", async || {
        knowledge.goods_cursor().ok().filter(|cursor| *cursor >= newest)
    })
    .await
    .with_context(|| device.program.last_words())?;
    let complete_seconds = complete_seconds.unwrap_or_else(|| since.elapsed().as_secs_f64());
    let wire_bytes = plant.network.passed_bytes() - passed;
    let (cloud_peak_mb, cloud_growth_mb) = watch.peak_and_growth_mb()?;
    let agent_peak_mb = peak_mb(device.program.pid())?;
    let mut scans = 0;
    let scans_after = work
        .pack(&pda, || {
            scans += 1;
            Ok(scans > SCANS_AFTER)
        })
        .await?;
    let arrival = Arrival {
        first_task_seconds: rounded(first_task_seconds),
        complete_seconds: rounded(complete_seconds),
        wire_bytes,
        cloud_peak_mb,
        cloud_growth_mb,
        agent_peak_mb,
        scans_meanwhile,
        scans_after,
    };
    Ok((device, arrival))
}

/// Packages change one by one; a device that knows everything hears of each.
async fn changes(
    plant: &Plant,
    stock: &Stock,
    device: &Device,
    downloader: &Downloader,
) -> Result<Change> {
    device.is_quiet().await?;
    let knowledge = device.knowledge()?;
    let (mut known_ms, mut wire_bytes, mut answer_ms) = (Vec::new(), Vec::new(), Vec::new());
    let mut rows_max = 0;
    for nth in 0..CHANGES {
        // Anywhere between two of the device's questions.
        tokio::time::sleep(Duration::from_millis(u64::from(nth * 370 % 1_000))).await;
        let before = stock.newest().await?;
        let passed = plant.network.passed_bytes();
        let (code, version) = stock.change(nth).await?;
        let since = Stopwatch::start();
        while knowledge.version(code)? != Some(version) {
            ensure!(since.elapsed() < CHANGE_PATIENCE, "the device does not hear of a change");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        known_ms.push(since.elapsed().as_secs_f64() * 1_000.0);
        wire_bytes.push(f64::from(u32::try_from(plant.network.passed_bytes() - passed)?));
        let (rows, seconds) = downloader.rows_after(before).await?;
        rows_max = rows_max.max(rows);
        answer_ms.push(seconds * 1_000.0);
    }
    for measured in [&mut known_ms, &mut wire_bytes, &mut answer_ms] {
        measured.sort_by(f64::total_cmp);
    }
    Ok(Change {
        known_ms_p50: percentile(&known_ms, 50),
        known_ms_max: percentile(&known_ms, 100),
        wire_bytes_p50: percentile(&wire_bytes, 50),
        answer_ms_p50: percentile(&answer_ms, 50),
        rows_max,
    })
}

impl Report {
    /// The same for people.
    #[must_use]
    pub fn table(&self) -> String {
        let Self { database, machine, sites, controls, .. } = self;
        let mut text = format!(
            "feed: a new device of a large site ({database}; {} cores, {} MB)\n\n",
            machine.cores, machine.memory_mb
        );
        text +=
            "  packages  first task  complete    wire MB  cloud peak (growth) MB  agent peak MB\n";
        for site in sites {
            for arrival in &site.arrivals {
                let _ = writeln!(
                    text,
                    "{:>10}  {:>8.1} s  {:>6.1} s  {:>9.1}  {:>13.1} ({:>6.1})  {:>13.1}",
                    site.packages,
                    arrival.first_task_seconds,
                    arrival.complete_seconds,
                    mb(arrival.wire_bytes),
                    arrival.cloud_peak_mb,
                    arrival.cloud_growth_mb,
                    arrival.agent_peak_mb,
                );
            }
        }
        text += "\n  scans while the goods come, and after: number, ms to green p50, p99, max\n";
        for site in sites {
            for Arrival { scans_meanwhile, scans_after, .. } in &site.arrivals {
                let _ = writeln!(
                    text,
                    "{:>10}  {}   {}",
                    site.packages,
                    shown(scans_meanwhile),
                    shown(scans_after)
                );
            }
        }
        text += "\n  one row    known p50      max  answer p50  wire bytes  rows\n";
        for Measured { packages, change, .. } in sites {
            let _ = writeln!(
                text,
                "{packages:>10}  {:>7.0} ms  {:>4.0} ms  {:>7.2} ms  {:>10.0}  {:>4}",
                change.known_ms_p50,
                change.known_ms_max,
                change.answer_ms_p50,
                change.wire_bytes_p50,
                change.rows_max,
            );
        }
        let inserts: Vec<String> =
            controls.insert_seconds.iter().map(|seconds| format!("{seconds:.1} s")).collect();
        let _ = writeln!(text, "\n  controls at the largest site");
        let _ = writeln!(text, "  the same rows into a bare file   {}", inserts.join(", "));
        for (name, done) in [("", controls.download), (", gzip", controls.download_gzip)] {
            let _ = writeln!(
                text,
                "  the same pages, dropped{name:<6}    {:.1} s, {:.1} MB",
                done.seconds,
                mb(done.bytes)
            );
        }
        text
    }
}

fn shown(waits: &Waits) -> String {
    let Waits { scans, green_ms_p50, green_ms_p99, green_ms_max } = waits;
    format!("{scans:>4}  {green_ms_p50:>5.1} {green_ms_p99:>5.1} {green_ms_max:>5.1}")
}

/// To a tenth.
fn mb(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0
}

//! `scan-commit`: how long does a scan take until it is green, which is when it is on the disk, and what does the disk
//! alone take for the same bytes?

#[cfg(feature = "slow-disk")]
mod disk;
mod goals;
mod known;
mod making;
mod program;
mod slow;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use sealtrace_agent::agent::Agent;
use sealtrace_agent::store::DATABASE_FILE;
use serde::Serialize;

use super::floor::{Floor, LANES};
use super::goal::Goal;
use super::times::{Pace, Times};
use super::{Machine, append, load, rounded, say};
use crate::clock::Stopwatch;
use making::{Line, Page, Station};

/// Each way of working is measured in so many parts, with the control before each.
const ROUNDS: u32 = 6;
/// Cases that show how many bytes the store writes for a scan.
const CASES_WEIGHED: u32 = 4;
/// More cases than these nobody packs in a second, and as many more while the clock is not looked at.
const CASES_PER_SECOND: u32 = 400;
const CASES_SPARE: u32 = 16;
/// Ways of working in a round.
const LEGS: u32 = 4;
/// Where files live in memory: what is left of a scan when the disk costs nothing.
const MEMORY: &str = "/dev/shm";

/// What the caller chooses.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where everything goes.
    pub folder: PathBuf,
    /// How many packages the device knows.
    pub packages: u32,
    /// How long each way of working is measured.
    pub time: Duration,
}

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    figure: &'static str,
    machine: Machine,
    /// Programs that wanted to run at the same time: at the start, and at the end.
    load: [f64; 2],
    goals: Vec<Goal>,
    on_disk: OnDisk,
    in_memory: InMemory,
    known: known::Known,
    program: program::Running,
    /// None when the program was built without its own file system.
    slow_disk: Option<slow::Slow>,
}

/// Ways of working on the disk that is measured.
#[derive(Clone, Debug, Serialize)]
struct OnDisk {
    /// What the store's log grows by for a scan, labels and pallets included.
    bytes_per_scan: usize,
    /// As many bytes appended to a plain file.
    control: Pace,
    /// One person, without a page.
    station: Pace,
    /// One person at the page.
    page: Pace,
    one_lane: Pace,
    eight_lanes: Pace,
    rounds: Vec<Round>,
}

/// One after the other, each behind the control.
#[derive(Clone, Copy, Debug, Serialize)]
struct Round {
    controls: [Pace; 3],
    station: Pace,
    page: Pace,
    one_lane: Pace,
    eight_lanes: Pace,
}

/// Station and page by turns, case by case, where the disk costs nothing.
#[derive(Clone, Copy, Debug, Serialize)]
struct InMemory {
    station: Pace,
    page: Pace,
}

/// Measures all of it.
pub async fn run(settings: &Settings) -> Result<Report> {
    let before = load()?;
    let folder = |name: &str| settings.folder.join(name);
    say("scans on the disk");
    let on_disk = on_disk(&folder("disk"), settings.time).await?;
    say("scans in memory");
    let memory = tempfile::Builder::new().prefix("sealtrace-figures-").tempdir_in(MEMORY)?;
    let in_memory = in_memory(memory.path(), settings.time).await?;
    drop(memory);
    say(&format!("a device that knows {} packages", settings.packages));
    let (known, floor) = known::measure(&folder("known"), settings.packages, settings.time).await?;
    say("the program on the same device");
    let program = program::measure(&floor, &settings.folder, settings.time).await?;
    #[cfg(feature = "slow-disk")]
    let slow_disk = Some(slow::measure(&folder("slow"), settings.time).await?);
    #[cfg(not(feature = "slow-disk"))]
    let slow_disk = None;
    let mut report = Report {
        figure: "scan-commit",
        machine: Machine::this(),
        load: [before, load()?],
        goals: Vec::new(),
        on_disk,
        in_memory,
        known,
        program,
        slow_disk,
    };
    report.goals = goals::of(&report);
    Ok(report)
}

async fn on_disk(folder: &Path, time: Duration) -> Result<OnDisk> {
    let cases = CASES_WEIGHED + LEGS * cases(time) + LEGS * ROUNDS * CASES_SPARE;
    let time = time / ROUNDS;
    let floor = Floor::build(folder, cases).await?;
    let agent = floor.agent()?;
    let bytes_per_scan = weigh(&floor, &agent).await?;
    let mut sums = [(); 5].map(|()| Times::default());
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let control = async || append::append(folder, bytes_per_scan, time).await;
        let first = control().await?;
        let (station, page) = by_turns(&floor, &agent, time).await?;
        let second = control().await?;
        let one_lane = lanes(&floor, &agent, 1, time).await?;
        let third = control().await?;
        let eight_lanes = lanes(&floor, &agent, LANES, time).await?;
        rounds.push(Round {
            controls: [first.pace(), second.pace(), third.pace()],
            station: station.pace(),
            page: page.pace(),
            one_lane: one_lane.pace(),
            eight_lanes: eight_lanes.pace(),
        });
        let [controls, stations, pages, single, eight] = &mut sums;
        [first, second, third].into_iter().for_each(|times| controls.then(times));
        stations.then(station);
        pages.then(page);
        single.then(one_lane);
        eight.then(eight_lanes);
    }
    let [control, station, page, one_lane, eight_lanes] = sums.map(|times| times.pace());
    agent.store.close().await;
    Ok(OnDisk { bytes_per_scan, control, station, page, one_lane, eight_lanes, rounds })
}

async fn in_memory(folder: &Path, time: Duration) -> Result<InMemory> {
    let floor = Floor::build(folder, 2 * cases(time)).await?;
    let agent = floor.agent()?;
    let (station, page) = by_turns(&floor, &agent, time).await?;
    agent.store.close().await;
    Ok(InMemory { station: station.pace(), page: page.pace() })
}

/// Enough of them for a way of working that lasts so long.
fn cases(time: Duration) -> u32 {
    let seconds = u32::try_from(time.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
    seconds.saturating_mul(CASES_PER_SECOND).saturating_add(CASES_SPARE)
}

/// How many bytes the store's log grows by for a scan.
async fn weigh(floor: &Floor, agent: &Agent) -> Result<usize> {
    let log = floor.folder().join(format!("{DATABASE_FILE}-wal"));
    let size = || std::fs::metadata(&log).map_or(0, |file| file.len());
    let line = Line::start(agent, 0).await?;
    let mut times = Times::default();
    let before = size();
    for _ in 0..CASES_WEIGHED {
        line.pack(&floor.case()?, &mut times).await?;
    }
    line.end().await?;
    Ok(usize::try_from(size().saturating_sub(before))? / times.count().max(1))
}

/// The station alone and with its page, a case each by turns, for as long as asked each.
async fn by_turns(floor: &Floor, agent: &Agent, time: Duration) -> Result<(Times, Times)> {
    let (mut alone, mut paged) = (Times::default(), Times::default());
    let (mut alone_took, mut paged_took) = (Duration::ZERO, Duration::ZERO);
    let page = Page::open(agent).await?;
    let station = Station::open(agent).await?;
    while alone_took.min(paged_took) < time {
        let turn = Stopwatch::start();
        station.pack(&floor.case()?, &mut alone).await?;
        alone_took += turn.elapsed();
        let turn = Stopwatch::start();
        page.pack(&floor.case()?, &mut paged).await?;
        paged_took += turn.elapsed();
    }
    page.close().await?;
    Ok((alone.lasted(alone_took), paged.lasted(paged_took)))
}

/// So many lanes at once.
async fn lanes(floor: &Floor, agent: &Agent, count: u64, time: Duration) -> Result<Times> {
    let mut running = Vec::new();
    for n in 0..count {
        let line = Line::start(agent, n).await?;
        let floor = floor.clone();
        running.push(tokio::spawn(async move {
            let times = line.run(&floor, time).await?;
            line.end().await?;
            Ok::<_, anyhow::Error>(times)
        }));
    }
    let mut all = Times::default();
    for line in running {
        all.beside(line.await??);
    }
    Ok(all)
}

impl Report {
    /// The same for people.
    #[must_use]
    pub fn table(&self) -> String {
        let Self { machine, load, goals, on_disk, in_memory, known, program, slow_disk, .. } = self;
        let mut text = format!(
            "scan-commit: a scan's way to green ({} cores, {} MB, load {} to {})\n\n",
            machine.cores, machine.memory_mb, load[0], load[1]
        );
        let mut rows = vec![
            (format!("{} bytes appended", on_disk.bytes_per_scan), on_disk.control),
            ("station".to_owned(), on_disk.station),
            ("page".to_owned(), on_disk.page),
            ("one lane".to_owned(), on_disk.one_lane),
            ("eight lanes".to_owned(), on_disk.eight_lanes),
            ("station, in memory".to_owned(), in_memory.station),
            ("page, in memory".to_owned(), in_memory.page),
            ("look-up, cold".to_owned(), known.cold),
            ("look-up, again".to_owned(), known.warm),
            ("asking for nothing".to_owned(), known.control),
            ("the program's page".to_owned(), program.page),
        ];
        if let Some(slow) = slow_disk {
            rows.push((format!("page, fsync + {} ms", slow.added_ms), slow.page));
            rows.push((format!("lane, fsync + {} ms", slow.added_ms), slow.one_lane));
        }
        text += "                            number     /s      p50     p95     p99     max ms\n";
        for (name, pace) in rows {
            let Pace { count, per_second, ms_p50, ms_p95, ms_p99, ms_max } = pace;
            let _ = writeln!(
                text,
                "{name:<24} {count:>9} {per_second:>7.0} {ms_p50:>7.3} {ms_p95:>7.3} {ms_p99:>7.3} {ms_max:>7.1}"
            );
        }
        text += "\n";
        for goal in goals {
            let _ = writeln!(text, "{goal}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long enough for a case or two of each.
    const BRIEF: Duration = Duration::from_millis(1);

    #[tokio::test(flavor = "multi_thread")]
    async fn a_brief_run_measures_every_way_of_working() {
        let folder = tempfile::tempdir().unwrap();
        let on_disk = on_disk(&folder.path().join("disk"), BRIEF).await.unwrap();
        let scans = u32::try_from(on_disk.one_lane.count).unwrap();
        assert_eq!((on_disk.rounds.len(), scans % 25), (6, 0));
        assert!(on_disk.eight_lanes.count >= 8 * 25 && on_disk.page.count >= 25);
        assert!(on_disk.bytes_per_scan > 100, "{} bytes", on_disk.bytes_per_scan);
        let known = folder.path().join("known");
        let (known, floor) = known::measure(&known, 1_000, BRIEF).await.unwrap();
        assert!(known.cold.count > 0 && known.warm.ms_p99 > 0.0);
        assert!(floor.case().is_ok());
    }
}
